"""Pinch targets, and which source of heat suits which user."""
