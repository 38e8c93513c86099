"""YAML files as text and as nodes with their places: found, parsed, edited, laid out."""
