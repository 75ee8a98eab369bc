"""Planning: forecasts, a twin of the plant, a linear programme of the hours ahead, and its plan."""
