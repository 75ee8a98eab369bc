"""The compiled, batched simulation of a district and the closed loop over it."""
