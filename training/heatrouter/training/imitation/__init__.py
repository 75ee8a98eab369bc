"""Imitation: labels of a planner with foresight, and a network that answers as it would."""
