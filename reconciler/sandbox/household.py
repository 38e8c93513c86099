"""Several people in one library: with photos, a key for each, and partners of each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.sandbox.library import Library
from reconciler.sandbox.store import users

KEYS: Final = "keys"
"""The folder of a library with a file for each user, called by the e-mail, that holds an API key."""


@dataclass(frozen=True, slots=True)
class Person:
    """One more user of a library, and the folder whose photos are theirs, if they have any."""

    email: str
    name: str
    photos: Path | None = None


def move_in(library: Library, people: Iterable[Person]) -> None:
    """Makes these users; one that is there stays as it is."""
    library.add_users({person.email: person.name for person in people})


def keep_keys(library: Library) -> None:
    """Puts an API key of every user into a file that only the user of this machine can read."""
    folder = library.path / KEYS
    folder.mkdir(mode=0o700, exist_ok=True)
    with library.database.write() as db:
        for row in db.rows("SELECT id, email, is_admin FROM user"):
            secret = library.admin_key if row["is_admin"] else None
            if secret is None:
                secret = users.new_secret()
                users.insert_key(db, row["id"], "sandbox", ["all"], secret)
            path = folder / row["email"]
            path.touch(mode=0o600)
            path.write_text(f"{secret}\n", encoding="utf-8")


def show_each_other_everything(library: Library) -> None:
    """Makes everybody a partner of everybody, in the timeline too."""
    with library.database.write() as db:
        everybody = db.values("SELECT id FROM user")
        for by in everybody:
            for to in everybody:
                if by != to:
                    db.run(
                        "INSERT OR IGNORE INTO partner (shared_by, shared_with, in_timeline, created_at) "
                        "VALUES (?, ?, 1, ?)",
                        (by, to, db.now()),
                    )


def owner_of(library: Library, email: str) -> str:
    """The id of a user."""
    with library.database.read() as db:
        return str(db.value("SELECT id FROM user WHERE email = ?", (email.lower(),)))
