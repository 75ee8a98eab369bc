"""What commands that simulate share: how a run is set up, and states on disk."""
