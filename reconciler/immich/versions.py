"""What differs between the versions of Immich, in one place.

Tested against recordings of 2.5.6 and 3.1.0; what is said of other versions is read from FACTS 1 and 10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.live import Features
from reconciler.model.values import Visibility

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A server's version; a pre-release counts as its release."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """From `v3.1.0`, `3.1` or `3.2.0-rc.1`. Raises ValueError for anything else."""
        found = _VERSION.fullmatch(text.strip())
        if not found:
            raise ValueError(f"not a version: {text!r}")
        major, minor, patch = found.groups()
        return cls(int(major), int(minor), int(patch or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


OLDEST = Version(2, 5)
NEWEST = Version(3, 2)
"""The range that is tested; patch releases of the newest belong to it."""


def support_note(version: Version) -> str | None:
    """A warning for a version outside the tested range; None within it."""
    tested = f"{OLDEST.major}.{OLDEST.minor} to {NEWEST.major}.{NEWEST.minor}"
    if version < OLDEST:
        return (
            f"Immich {version} is older than the versions this is tested with ({tested}): "
            "some things may not work; updating Immich is the safe way"
        )
    if (version.major, version.minor) > (NEWEST.major, NEWEST.minor):
        return (
            f"Immich {version} is newer than the versions this is tested with ({tested}): "
            "look at the plan with care, and look for an update of this program"
        )
    return None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version of the server speaks."""

    version: Version
    search_shows_all: bool
    """A search without `visibility` shows all but the locked folder (3.0+), else the timeline (FACTS 1)."""
    stable_order: bool
    """Photos of one instant keep their order from page to page: sorted by id as well (3.1+, FACTS 1)."""
    structured_filter: bool
    """A search takes a `filter` of fields, operators and alternatives (3.2+, FACTS 10)."""
    owner_among_users: bool
    """An album's owner stands in `albumUsers` (3.0+) instead of `ownerId` (FACTS 1)."""
    lists_others_albums: bool
    """GET /albums gives the albums shared with me too (3.0+); before, `shared=true` is asked (FACTS 1)."""
    queue_api: bool
    """/queues is there (2.4+); before, /jobs (FACTS 5)."""
    guards_edits: bool
    """An edit is kept from jobs that read the file until it is written there (2.4+, FACTS 4)."""
    patch_twins: bool
    """PATCH does the same as PUT on assets and tags (3.x), should PUT go away one day (FACTS 1)."""
    clears_embedded_description: bool
    """An empty caption survives where the file has one (3.1.0 yes, 2.5.6 no: FINDINGS 3; 3.0 unmeasured)."""
    keeps_last_tag_off: bool
    """The last tag, once off, stays off (3.1.0 yes, 2.5.6 no: FINDINGS 5; 3.0 unmeasured)."""
    unrated: int | None
    """What takes a rating away: null (3.0+), 0 before: some builds of 2.5.6 take null, its release not."""
    config_paths: tuple[str, ...]
    """Where the public configuration is, tried in order (FACTS 10)."""
    system_config_paths: tuple[str, ...]
    """Where the administrator's configuration is, tried in order (FACTS 10)."""

    def passes(self, *, hidden: bool) -> tuple[Visibility | None, ...]:
        """The searches that together show the whole library; None is a search without `visibility`."""
        if self.search_shows_all:
            return (None,)
        plain = (Visibility.TIMELINE, Visibility.ARCHIVE)
        return (*plain, Visibility.HIDDEN) if hidden else plain

    @property
    def album_queries(self) -> tuple[Mapping[str, str], ...]:
        """The queries of GET /albums that together show own albums and those shared with me."""
        return ({},) if self.lists_others_albums else ({}, {"shared": "true"})

    def album_owner(self, album: Mapping[str, Any]) -> str | None:
        """The user id of an album's owner."""
        if not self.owner_among_users:
            owner = album.get("ownerId")
            return str(owner) if owner else None
        for member in album.get("albumUsers") or ():
            if member.get("role") == "owner":
                return str(member["user"]["id"])
        return None

    def features(
        self, *, storage_template: bool | None, template_uses_album: bool = False, can_hold_window: bool
    ) -> Features:
        """What a plan says about the server."""
        return Features(
            clears_embedded_description=self.clears_embedded_description,
            keeps_last_tag_off=self.keeps_last_tag_off,
            storage_template=storage_template,
            template_uses_album=template_uses_album,
            can_hold_window=can_hold_window,
        )


def dialect_for(version: Version) -> Dialect:
    """How a server of this version speaks; one outside the tested range like its nearest neighbour."""
    third = version >= Version(3, 0)
    config: tuple[str, ...] = ("/server/config",)
    system: tuple[str, ...] = ("/system-config",)
    if version >= Version(3, 2):
        config, system = (*config, "/public/config"), (*system, "/admin/config")
    return Dialect(
        version=version,
        search_shows_all=third,
        stable_order=version >= Version(3, 1),
        structured_filter=version >= Version(3, 2),
        owner_among_users=third,
        lists_others_albums=third,
        queue_api=version >= Version(2, 4),
        guards_edits=version >= Version(2, 4),
        patch_twins=third,
        clears_embedded_description=third,
        keeps_last_tag_off=third,
        unrated=None if third else 0,
        config_paths=config,
        system_config_paths=system,
    )
