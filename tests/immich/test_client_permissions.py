"""What a key needs, and how it is said."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.immich.permissions import explain_missing, missing, needed, permissions_of
from reconciler.immich.reader import Reader
from reconciler.immich.versions import Version, dialect_for
from reconciler.immich.writer import Writer


def methods(kind: type) -> list[Any]:
    return [
        member for name, member in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")
    ]


@pytest.mark.parametrize("kind", [Reader, Writer])
def test_every_public_method_says_what_it_needs(kind: type) -> None:
    names = {method.__name__: permissions_of(method) for method in methods(kind)}
    assert len(names) > 10
    for permissions in names.values():
        assert all(name.partition(".")[2] for name in permissions)


def test_reading_needs_no_writing_permission() -> None:
    """Asking which files are there is filed under uploading; nothing that a plan is made of needs it."""
    verbs = {name.partition(".")[2] for name in needed(*methods(Reader)) - {"asset.upload"}}
    assert verbs == {"read", "statistics", "download", "view"}
    assert permissions_of(Reader.known_files) == {"asset.upload"}


def test_needed_by_version() -> None:
    assert needed(Reader.queues, Writer.pause, dialect=dialect_for(Version(2, 5))) == {
        "queue.read",
        "queue.update",
    }
    assert needed(Reader.queues, Writer.pause, dialect=dialect_for(Version(2, 3))) == {
        "job.read",
        "job.create",
    }


def test_missing() -> None:
    wanted = needed(Reader.scan, Writer.update_assets, Writer.tag_assets)
    assert missing(["asset.read"], wanted) == ("asset.update", "tag.asset")
    assert missing(["all"], wanted) == ()
    assert missing(wanted, wanted) == ()


def test_one_message_names_them_all() -> None:
    text = explain_missing(("tag.asset", "asset.update"), ("queue.update",), account_key="laptop")
    account, admin = text.splitlines()
    assert account.startswith(
        'The account\'s API key "laptop" lacks these permissions: asset.update, tag.asset.'
    )
    assert admin.startswith("The administrator's API key lacks these permissions: queue.update.")
    assert "API keys" in account and "pencil" in account
    assert explain_missing() == ""
    assert len(explain_missing(admin=["job.read"]).splitlines()) == 1


def test_the_names_are_the_servers() -> None:
    """The names were taken from the API's own document; this holds them against a typing mistake."""
    known = set(json.loads((Path(__file__).parent / "data" / "permissions.json").read_text("utf-8")))
    assert needed(*methods(Reader), *methods(Writer)) <= known
