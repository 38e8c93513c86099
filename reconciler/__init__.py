"""Immich Reconciler: a photo library's curation as YAML, planned, reviewed and made true."""

__version__ = "0.1.0"
