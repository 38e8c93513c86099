"""Other people on a test's server: with photos, a key, and partners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests

from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.mount import Mounted
from reconciler.sandbox.store import albums, users


@dataclass(frozen=True)
class Somebody:
    """A user with a key of his own."""

    id: str
    name: str
    email: str
    running: Mounted
    key: str

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        with self.running.session() as session:
            return session.request(
                method, f"{self.running.base_url}{path}", json=body, headers={"x-api-key": self.key}
            )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def ids(self) -> dict[str, str]:
        """The ids of all his photos by file name."""
        with self.running.library.database.read() as db:
            rows = db.rows("SELECT id, original_file_name AS name FROM asset WHERE owner_id = ?", (self.id,))
        return {row["name"]: row["id"] for row in rows}


def admin(running: Mounted) -> Somebody:
    """The library's owner."""
    with running.library.database.read() as db:
        row = db.rows("SELECT * FROM user WHERE is_admin")[0]
    return Somebody(row["id"], row["name"], row["email"], running, running.admin_key or "")


def joins(
    running: Mounted, name: str, photos: Iterable[NewAsset] = (), *, email: str | None = None
) -> Somebody:
    """A new user with these photos."""
    address, secret = email or f"{name.lower()}@example.org", users.new_secret()
    with running.library.database.write() as db:
        user = users.insert(db, email=address, name=name, password="x", is_admin=False)
        users.insert_key(db, user, "test", ["all"], secret)
    running.library.add_assets([replace(photo, owner=user) for photo in photos])
    return Somebody(user, name, address, running, secret)


def shows_all(whose: Somebody, to_whom: Somebody, *, in_timeline: bool = True) -> None:
    """Makes somebody the partner of another, who lets him into the timeline."""
    whose.ask("POST", "/partners", {"sharedWithId": to_whom.id})
    if in_timeline:
        to_whom.ask("PUT", f"/partners/{whose.id}", {"inTimeline": True})


def put_in(running: Mounted, album_id: str, ids: Sequence[str]) -> None:
    """Puts photos into an album as an editor of it would, who needs nobody's leave for his own."""
    with running.library.database.write() as db:
        albums.add_members(db, album_id, ids)
