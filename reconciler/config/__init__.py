"""YAML text → located documents → schema-checked → desired state."""

from reconciler.config.loading import Loaded, load
from reconciler.config.references import resolve

__all__ = ["Loaded", "load", "resolve"]
