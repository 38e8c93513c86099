"""Desired state → which reads are needed → the live state, or the same from a snapshot file."""

from reconciler.live.read import read_live

__all__ = ["read_live"]
