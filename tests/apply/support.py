"""A small server for the apply room: somebody else on it, keys that may less, waits that take no time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.apply.protocols import Limits, Progress, Silent
from reconciler.apply.tools import Tools
from reconciler.immich.reader import Reader
from reconciler.immich.retry import Timing
from reconciler.immich.transport import Transport
from reconciler.plan import PIPELINE
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.mount import Mounted, mounted
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.recorder import Request
from reconciler.sandbox.settings import Pace
from reconciler.sandbox.store import users
from tests.sandbox.running import Client, photos
from tests.support.readers import open_reader
from tests.support.world import QUICK, World

__all__ = ["Fault", "Here", "here", "key_for", "names", "photo", "photos"]

PROMPT = Limits(running=5, settle=20, poll_first=0.005, poll_most=0.02, idle_looks=2, quiet=0.3)
ROME = {"latitude": 41.89193, "longitude": 12.51133}
TOKYO = {"latitude": 35.6895, "longitude": 139.69171}


def photo(name: str = "IMG_0000.jpg", **fields: Any) -> NewAsset:
    """One photo; `fields` are embedded in it, unless NewAsset knows them itself."""
    own = {key: fields.pop(key) for key in tuple(fields) if key in NewAsset.__slots__}
    moment = datetime(2024, 6, 1, 12, tzinfo=UTC)
    embedded = Embedded(**{"taken": "2024-06-01T12:00:00", "offset": "+00:00", **fields})
    return NewAsset(name, moment, embedded, **own)


def names(count: int) -> list[dict[str, str]]:
    """The photos of `photos(count)`, each by its name."""
    return [{"file": f"IMG_{number:04d}.jpg"} for number in range(count)]


def key_for(library: Library, permissions: Sequence[str], *, admin: bool = True, name: str = "small") -> str:
    """A key of the library's admin with these permissions, or of a new user who is none."""
    secret = users.new_secret()
    with library.database.write() as db:
        owner = str(db.value("SELECT id FROM user WHERE is_admin"))
        if not admin:
            owner = users.insert(db, email="ben@example.org", name="Ben", password="x" * 12, is_admin=False)
        users.insert_key(db, owner, name, permissions, secret)
    return secret


@dataclass
class Here(World):
    """A world in which nobody waits between two tries, and in which somebody else is at work too."""

    admin: Reader | None = None
    progress: Progress = field(default_factory=Silent)
    connections: int = 2

    def __post_init__(self) -> None:
        self.limits = PROMPT

    @property
    def other(self) -> Client:
        """Somebody else, with the key of the same account."""
        return Client(self.mounted, self.mounted.session())

    def tools(self) -> Tools:
        made = replace(super().tools(), progress=self.progress, connections=self.connections)
        if self.with_admin and self.admin is not None:
            writer = type(made.writer)(self.admin.transport, self.admin.dialect)
            made = replace(made, admin=(self.admin, writer))
        return made

    def with_key(self, permissions: Sequence[str]) -> Here:
        """The same server, asked with a key that may only do these, and without an administrator's."""
        key = key_for(self.library, permissions)
        transport = Transport(
            self.mounted.base_url,
            key,
            adapter=self.mounted.adapter,
            timing=Timing(sleep=lambda _seconds: None),
        )
        return replace(self, reader=open_reader(transport), with_admin=False)

    def faults(self, *faults: Fault) -> None:
        self.library.faults.set(faults)

    def clear(self) -> None:
        """Forgets the faults and the requests so far."""
        self.library.faults.clear()
        self.library.requests.clear()

    def writes(self) -> list[Request]:
        """The requests that changed something, those to queues left out."""
        return [item for item in self.library.requests.writes() if not item.path.startswith("/queues")]

    def queue_writes(self) -> list[str]:
        """The queues that were paused or resumed, in order."""
        return [
            item.path.removeprefix("/queues/")
            for item in self.library.requests.writes()
            if item.path.startswith("/queues/")
        ]

    def paused(self) -> set[str]:
        return {name for name in PIPELINE if self.library.queues.is_paused(name)}

    def detail(self, name: str = "IMG_0000.jpg") -> Any:
        """The photo of this name, as the account reads it."""
        return self.reader.assets([self.ids()[name]])[self.ids()[name]]

    def settled(self) -> None:
        self.library.settle(20)


@contextmanager
def here(
    folder: Path,
    assets: Sequence[NewAsset] = (),
    *,
    version: str = "3.1.0",
    pace: Pace = QUICK,
    permissions: Sequence[str] | None = None,
    as_admin: bool = True,
) -> Iterator[Here]:
    """A new library, mounted and running. With `permissions` the account's key may only do these."""
    with Library.create(folder / "library", version=version, pace=pace) as library:
        key = library.admin_key if permissions is None else key_for(library, permissions, admin=as_admin)
        assert key
        if not as_admin:
            with library.database.read() as db:
                owner = str(db.value("SELECT id FROM user WHERE NOT is_admin"))
            assets = [replace(asset, owner=owner) for asset in assets]
        library.add_assets(assets)
        with mounted(library) as running, _transport(running, key) as transport:
            yield Here(folder, running, open_reader(transport), with_admin=permissions is None)


@contextmanager
def _transport(running: Mounted, key: str) -> Iterator[Transport]:
    transport = Transport(
        running.base_url, key, adapter=running.adapter, timing=Timing(sleep=lambda _seconds: None)
    )
    try:
        yield transport
    finally:
        transport.close()


def set_storage_template(library: Library, enabled: bool = True) -> None:
    config: Mapping[str, Any] = library.config
    library.change_config({**config, "storageTemplate": {**config["storageTemplate"], "enabled": enabled}})
