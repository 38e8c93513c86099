"""Rows of people, stacks and external libraries for photos that come in as if all jobs were done."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox.store.assets import change_flags
from reconciler.sandbox.store.database import Writer

_BOX = {"imageWidth": 200, "imageHeight": 150, "x": 10, "y": 20, "width": 30, "height": 40}

Member = tuple[Mapping[str, Any], str]
"""An asset's row, and the name of what it belongs to."""


def add_faces(db: Writer, members: Iterable[Member]) -> None:
    """Puts people on photos; a name that the owner has no person for yet makes one."""
    known: dict[tuple[str, str], str] = {}
    faces = []
    for asset, name in members:
        key = (asset["owner_id"], name)
        if key not in known:
            known[key] = _person(db, *key)
        faces.append((str(uuid.uuid4()), asset["id"], known[key], json.dumps(_BOX)))
    db.run_many("INSERT INTO face (id, asset_id, person_id, box) VALUES (?, ?, ?, ?)", faces)


def _person(db: Writer, owner: str, name: str) -> str:
    found = db.value("SELECT id FROM person WHERE owner_id = ? AND name = ? ORDER BY id", (owner, name))
    if found:
        return str(found)
    person_id = str(uuid.uuid4())
    db.run(
        "INSERT INTO person (id, owner_id, name, birth_date, color, is_hidden, is_favorite, updated_at) "
        "VALUES (?, ?, ?, NULL, NULL, 0, 0, ?)",
        (person_id, owner, name, db.now()),
    )
    return person_id


def add_stacks(db: Writer, members: Iterable[Member]) -> None:
    """Puts photos with the same name into one new stack, whose first photo is the primary one."""
    stacks: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for asset, name in members:
        stacks[name].append(asset)
    for assets in stacks.values():
        stack_id, first = str(uuid.uuid4()), assets[0]
        db.run(
            "INSERT INTO stack (id, owner_id, primary_asset_id, created_at) VALUES (?, ?, ?, ?)",
            (stack_id, first["owner_id"], first["id"], db.now()),
        )
        change_flags(db, [asset["id"] for asset in assets], {"stack_id": stack_id})


def add_to_libraries(db: Writer, members: Iterable[Member]) -> None:
    """Puts photos into external libraries; a name that the owner has none for yet makes one."""
    libraries: dict[tuple[str, str], list[str]] = defaultdict(list)
    for asset, name in members:
        libraries[asset["owner_id"], name].append(asset["id"])
    for key, ids in libraries.items():
        change_flags(db, ids, {"library_id": _library(db, *key)})


def _library(db: Writer, owner: str, name: str) -> str:
    found = db.value("SELECT id FROM library WHERE owner_id = ? AND name = ?", (owner, name))
    if found:
        return str(found)
    library_id, now = str(uuid.uuid4()), db.now()
    db.run(
        "INSERT INTO library (id, owner_id, name, import_paths, created_at, updated_at) "
        "VALUES (?, ?, ?, '[]', ?, ?)",
        (library_id, owner, name, now, now),
    )
    return library_id
