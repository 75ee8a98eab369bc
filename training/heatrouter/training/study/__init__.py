"""A study: many trainings at equal cost, judged on the same held-out weeks, and its page."""
