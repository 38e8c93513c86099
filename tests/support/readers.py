"""Readers for tests that have nothing but a connection."""

from __future__ import annotations

from reconciler.immich.reader import Reader, read_version
from reconciler.immich.transport import Transport
from reconciler.immich.versions import dialect_for


def open_reader(transport: Transport) -> Reader:
    """A reader that speaks the server's dialect: asks for its version, once."""
    return Reader(transport, dialect_for(read_version(transport)))
