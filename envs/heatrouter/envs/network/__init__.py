"""The network as index arrays, and its hydraulics."""
