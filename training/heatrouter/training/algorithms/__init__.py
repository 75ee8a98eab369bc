"""The algorithms that a training can choose from."""
