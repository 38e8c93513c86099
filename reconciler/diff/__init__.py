"""Pure comparison: (desired, live) → changes. No I/O, no clock, no randomness."""

from reconciler.diff.compare import compare

__all__ = ["compare"]
