"""The simulator against measurements, other tools, and its own energy balance."""
