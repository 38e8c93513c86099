"""Immich Reconciler: a photo library's curation as YAML, planned, reviewed and made true."""
