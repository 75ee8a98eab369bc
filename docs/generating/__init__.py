"""What docs/generate.py makes its pages of, one module for each kind."""
