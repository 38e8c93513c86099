"""Blocks of keys that say which photos are meant → selectors."""
