"""Small changes of the code that keeps a plant safe, and whether a test notices each of them."""
