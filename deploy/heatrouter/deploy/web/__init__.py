"""The web process of the control service: page, API, metrics, health. Nothing here controls."""
