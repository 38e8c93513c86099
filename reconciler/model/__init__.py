"""The domain in its own words: frozen values, and the rules of sameness. Imports no other room."""
