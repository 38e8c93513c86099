"""YAML text → located documents → schema-checked → desired state."""

from reconciler.config.loading import Loaded, load
from reconciler.config.values.references import resolve, secret_of_file

__all__ = ["Loaded", "load", "resolve", "secret_of_file"]
