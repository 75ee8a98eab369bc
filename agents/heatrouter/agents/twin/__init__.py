"""The 72-hour twin: a plant from a saved state, ahead over a fan of what may come."""
