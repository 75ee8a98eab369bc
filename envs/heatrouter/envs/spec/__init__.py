"""The description of a district and of a task: what users write, checked at load."""
