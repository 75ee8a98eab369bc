"""Bundles that must not run, in families; each mutation starts from one that passes."""
