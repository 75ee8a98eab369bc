"""The fault board: what goes wrong beside a plant, and what the service does about it, measured."""
