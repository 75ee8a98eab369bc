"""The least that any controller can pay on a week: a linear programme, optimistic throughout."""
