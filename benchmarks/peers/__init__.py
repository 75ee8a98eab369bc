"""What `run_peers.py` runs: one module per side of a comparison, each in a process of its own."""
