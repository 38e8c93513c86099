"""A family's library: two people with photos and keys of their own, who show each other everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.settings import Pace
from reconciler.sandbox.store import users

START = datetime(2024, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Family:
    """The keys of its accounts, as environment variables of the files."""

    ada: str
    ben: str

    @property
    def variables(self) -> Mapping[str, str]:
        return {"ADA_KEY": self.ada, "BEN_KEY": self.ben}


def make_family(folder: Path, *, each: int = 4, version: str = "3.1.0", milliseconds: float = 1) -> Family:
    """A library of Ada, who is the administrator, and Ben, with `each` photos of both: a0.jpg, b0.jpg, ..."""
    pace = Pace(job_milliseconds=dict.fromkeys(("sidecar", "metadataExtraction"), milliseconds))
    with Library.create(folder, version=version, pace=pace) as library:
        secret = users.new_secret()
        with library.database.write() as db:
            ben = users.insert(db, email="ben@example.org", name="Ben", password="x", is_admin=False)
            users.insert_key(db, ben, "ben", ["all"], secret)
            (ada,) = db.values("SELECT id FROM user WHERE is_admin")
            for pair in ((ada, ben), (ben, ada)):
                db.run(
                    "INSERT INTO partner (shared_by, shared_with, in_timeline, created_at) "
                    "VALUES (?, ?, 1, 0)",
                    pair,
                )
        for who, owner in (("a", None), ("b", ben)):
            library.add_assets(
                NewAsset(
                    f"{who}{number}.jpg",
                    START + timedelta(days=number),
                    Embedded(taken=f"{START + timedelta(days=number):%Y-%m-%dT%H:%M:%S}"),
                    owner=owner,
                )
                for number in range(each)
            )
        assert library.admin_key
        return Family(library.admin_key, secret)
