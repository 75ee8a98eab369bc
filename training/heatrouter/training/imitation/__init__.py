"""Imitation: labels of a planner with foresight, a network that answers as it would, rounds of it."""
