"""What all tests share: hypothesis without deadlines, and the same examples in every run."""

from hypothesis import settings

# The first call of a kernel compiles it, so a deadline would measure the compiler; derandomised
# examples keep a red run red and a green run green.
settings.register_profile("heatrouter", deadline=None, derandomize=True)
settings.load_profile("heatrouter")
