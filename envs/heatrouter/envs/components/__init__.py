"""Physics of single components: compiled scalar functions without state of their own."""
