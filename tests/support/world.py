"""A small server of its own for a test, and the engine's parts put together as the commands do."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from reconciler.apply.protocols import Interruption, Limits, Silent
from reconciler.apply.run import apply_plan
from reconciler.apply.state.database import State
from reconciler.apply.tools import Tools
from reconciler.config import load
from reconciler.diff import compare
from reconciler.immich.reader import Reader
from reconciler.immich.transport import Transport
from reconciler.immich.writer import Writer
from reconciler.live.errand import Around
from reconciler.live.read import read_live
from reconciler.model.desired import Desired
from reconciler.model.live import Features, Identity, Live
from reconciler.plan import Plan, make_plan
from reconciler.plan.report import Report
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.mount import Mounted, mounted
from reconciler.sandbox.settings import Pace
from reconciler.sandbox.store import albums
from tests.support.readers import open_reader

QUICK = Pace(job_milliseconds={"sidecar": 1, "metadataExtraction": 1, "storageTemplateMigration": 0})
FAST = Limits(running=30, settle=60, poll_first=0.01, poll_most=0.05, idle_looks=2)
TODAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def as_yaml(data: Mapping[str, Any]) -> str:
    """The data as YAML text, in its own order."""
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True)


@dataclass
class World:
    """One library, mounted, with the engine's reader and writer on it."""

    folder: Path
    mounted: Mounted
    reader: Reader
    interruption: Interruption = field(default_factory=Interruption)
    limits: Limits = FAST
    with_admin: bool = True
    pause_setting: str | tuple[str, ...] = "pipeline"

    @property
    def library(self) -> Library:
        return self.mounted.library

    @property
    def identity(self) -> Identity:
        return self.reader.identity()

    def features(self) -> Features:
        template = self.reader.storage_template()
        return self.reader.dialect.features(
            storage_template=template.enabled if template else None,
            template_uses_album=template is not None and template.uses_album,
            can_hold_window=self.with_admin,
        )

    @property
    def state(self) -> State:
        return State(self.folder / "state")

    def desired(self, content: str | Mapping[str, Any]) -> Desired:
        """The desired state of YAML text or data."""
        path = self.folder / "wish.yaml"
        path.write_text(content if isinstance(content, str) else as_yaml(content), encoding="utf-8")
        return load([path]).desired

    def live(self, desired: Desired) -> Live:
        known = self.state.known_albums(self.identity.user_id)
        return read_live(
            desired, self.reader, identity=self.identity, features=self.features(), around=Around(known=known)
        )

    def plan(self, content: str | Mapping[str, Any]) -> Plan:
        """The plan for a wish, with what was tried before taken into account."""
        desired = self.desired(content)
        live = self.live(desired)
        user = self.identity.user_id
        comparison = compare(desired, live, self.state.attempts(user), self.state.known_albums(user))
        return make_plan(comparison, live, desired.files, migrate=desired.window.migrate)

    def apply(self, plan: Plan, *, saved: bool = False) -> Report:
        return apply_plan(plan, self.tools(), saved=saved)

    def tools(self) -> Tools:
        writer = Writer(self.reader.transport, self.reader.dialect)
        return Tools(
            reader=self.reader,
            writer=writer,
            admin=(self.reader, writer) if self.with_admin else None,
            state=self.state,
            progress=Silent(),
            interruption=self.interruption,
            limits=self.limits,
            connections=2,
            now=lambda: TODAY,
            server="sandbox",
            pause=self.pause_setting,
        )

    def converge(self, content: str | Mapping[str, Any]) -> Report:
        """Plans and applies once."""
        return self.apply(self.plan(content))

    def everything(self) -> dict[str, Any]:
        """All that a user could see: every asset with its tags, every album with its members, every tag."""
        self.library.settle(60)
        assets = self.reader.scan(owner_id=self.identity.user_id, hidden=True)
        details = self.reader.assets(sorted(assets))
        albums = self.reader.albums().own
        members = self.reader.members_of([album.id for album in albums])
        return {
            "assets": {
                key: (replace(detail.asset, updated=TODAY), detail.tags) for key, detail in details.items()
            },
            "albums": {album.id: (replace(album, cover=None), members[album.id]) for album in albums},
            "tags": {tag.path: tag.color for tag in self.reader.tags()},
            "queues": {name: queue.paused for name, queue in self.reader.queues().items()},
        }

    def ids(self) -> dict[str, str]:
        """Asset ids by file name."""
        assets = self.reader.scan(owner_id=self.identity.user_id, hidden=True)
        return {asset.file_name: asset.id for asset in assets.values()}


def add_users(library: Library, emails: Mapping[str, str]) -> dict[str, str]:
    """More users of the server, by e-mail with their names; their ids by e-mail, those that are there too."""
    library.add_users(emails)
    with library.database.read() as db:
        return {row["email"]: row["id"] for row in db.rows("SELECT id, email FROM user")}


def share_albums(library: Library, shared: Mapping[str, Mapping[str, str]]) -> None:
    """Empty albums of the administrator by name, each shared with users by e-mail in roles."""
    with library.database.write() as db:
        ids = {row["email"]: row["id"] for row in db.rows("SELECT id, email FROM user")}
        owner = str(db.value("SELECT id FROM user WHERE is_admin"))
        for name, roles in shared.items():
            album = albums.insert(db, owner, name, "", "desc")
            for email, role in roles.items():
                albums.add_user(db, album, ids[email], role)


@contextmanager
def world(
    folder: Path, assets: Iterable[NewAsset] = (), *, version: str = "3.1.0", pace: Pace = QUICK
) -> Iterator[World]:
    """A new library in `folder` with these assets, mounted and running."""
    with Library.create(folder / "library", version=version, pace=pace) as library:
        library.add_assets(assets)
        with opened(folder, library) as made:
            yield made


@contextmanager
def opened(folder: Path, library: Library) -> Iterator[World]:
    """An open library, mounted and running, with the engine on it."""
    with mounted(library) as running:
        assert running.admin_key
        transport = Transport(running.base_url, running.admin_key, adapter=running.adapter)
        try:
            yield World(folder, running, open_reader(transport))
        finally:
            transport.close()


@contextmanager
def copy_of(original: World, folder: Path) -> Iterator[World]:
    """Another server with the same content, ids included. The original must have settled."""
    shutil.copytree(original.folder / "library", folder / "library", ignore=shutil.ignore_patterns(".lock"))
    with Library.open(folder / "library") as library, opened(folder, library) as made:
        yield made


def queues_paused(world: World) -> set[str]:
    """The queues that are paused now."""
    return {name for name, queue in world.reader.queues().items() if queue.paused}
