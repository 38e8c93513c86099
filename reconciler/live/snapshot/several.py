"""Snapshots of several accounts of one server in one file, each with the name that the files give it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import orjson

from reconciler.live.snapshot.document import (
    BadSnapshot,
    Snapshot,
    document_of,
    json_of,
    snapshot_of,
    to_bytes,
)

VERSION = 1
KIND = "immich-lives"
UNNAMED = ""
"""The name of the only snapshot of a file that is of one account whose name isn't known."""


def snapshots_to_bytes(snapshots: Mapping[str, Snapshot]) -> bytes:
    """The snapshots by the names of their accounts, as compressed JSON; the same ones give the same bytes."""
    if UNNAMED in snapshots:
        return to_bytes(snapshots[UNNAMED])
    document = {
        "kind": KIND,
        "version": VERSION,
        "accounts": {name: document_of(snapshot) for name, snapshot in snapshots.items()},
    }
    return gzip.compress(orjson.dumps(document), compresslevel=9, mtime=0)


def read_snapshots(data: bytes) -> dict[str, Snapshot]:
    """The snapshots of a file by the names of their accounts, compressed or not. Raises BadSnapshot."""
    document = json_of(data)
    if not isinstance(document, dict) or document.get("kind") != KIND:
        return {UNNAMED: snapshot_of(document)}
    if document.get("version") != VERSION:
        found = document.get("version")
        raise BadSnapshot(f"this snapshot has version {found!r}, this program reads {VERSION}: make it anew")
    accounts = document.get("accounts")
    if not isinstance(accounts, dict) or not accounts:
        raise BadSnapshot("this snapshot can't be read (it has no accounts): make one with immich-snapshot")
    return {name: snapshot_of(part) for name, part in accounts.items()}
