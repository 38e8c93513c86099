"""Who is in the albums of an account, kept from an earlier reading for as long as nothing tells of a change.

The list of albums is read each time. It tells of each how many members show, when it last changed, from which
days these members are, and when one of them last changed (`AlbumList.states`).

- Adding moves the album's time. A member that shows again (restored, no longer hidden, unlocked), whoever
  owns it, moves the time of the members to that moment. As long as both times stand, nobody has come in.
- Whoever leaves (removed, trashed, hidden, locked, deleted) makes them fewer; removing moves no time unless
  it was the cover (FINDINGS 24). As nobody has come in, an equal count means the same members. One removed
  and one restored or added moves a time. `PUT /assets/copy` moves none where it is told to copy nothing but
  albums; together with a removal that is seen only by the days.
- An album that this program has made tells when it was made in the answer. Where it still counts as many
  members and has the same time, nobody has come in, and so nobody has left.
- Of an album that only rules ask for, which leave hidden photos out, the members that show are enough.
- Hidden members count nowhere, so that one that leaves can't be seen. An album is kept only if all of its
  members count but hidden ones of the account's own, which are the videos of live photos that are members and
  bring them along. So photos of other people may be among them, as long as none is hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from reconciler.immich.answers import Made
from reconciler.immich.parse import moment
from reconciler.live.kept.photos import Kept
from reconciler.model.asset import Asset
from reconciler.model.live import Album
from reconciler.model.values import Visibility

MEMBERS, MADE = "members", "made"
"""What the members of albums are called among what is kept, and those of albums that were just made."""
SHOWN = "shown "
"""Before the id of an album of which the members that are not hidden are kept."""

ByState = dict[str, tuple[str, list[str]]]


@dataclass(slots=True)
class KeptMembers:
    """The members of albums among what is `kept`."""

    kept: Kept
    _members: ByState | None = field(default=None, init=False)

    def of(
        self, albums: Iterable[Album], states: Mapping[str, str], shown: Collection[str] = ()
    ) -> dict[str, frozenset[str]]:
        """The members of those of these albums that are as they were, by album id.

        Of albums in `shown` those that are not hidden will do.
        """
        return {} if self.kept.refresh else self.told_by(albums, states, shown)

    def told_by(
        self, albums: Iterable[Album], states: Mapping[str, str], shown: Collection[str] = ()
    ) -> dict[str, frozenset[str]]:
        """The same, also where all is read and kept anew."""
        kept, made = self._albums(), self._ids_of(MADE)
        found = {}
        for album in albums:
            state = states.get(album.id)
            keys = (album.id, *([SHOWN + album.id] if album.id in shown else []))
            same = next((kept[key][1] for key in keys if key in kept and kept[key][0] == state), None)
            if state and same is None and album.id in made and state.startswith(made[album.id][0]):
                same = made[album.id][1]
            if state and same is not None:
                found[album.id] = frozenset(same)
        return found

    def keep_made(self, albums: Iterable[Made]) -> None:
        """Keeps who is in albums that were just made, until they are read or their members are kept."""
        made = self._ids_of(MADE) | {
            album.id: (album.state, list(album.members)) for album in albums if album.state
        }
        self._put(MADE, made)

    def keep(
        self,
        members: Mapping[str, frozenset[str]],
        albums: Collection[Album],
        states: Mapping[str, str],
        library: Mapping[str, Asset],
    ) -> None:
        """Keeps all members of albums, read after the list of albums with these states.

        `library` are all photos, hidden ones too.
        """
        before, now = self._albums(), self.kept.now()
        after = {
            key: value
            for key, value in before.items()
            if value[0] == states.get(key.removeprefix(SHOWN))
            and not (self.kept.refresh and key.removeprefix(SHOWN) in members)
        }
        for album in albums:
            state, found = states.get(album.id), members.get(album.id)
            if not state or found is None or album.id in after:
                continue
            if _tells(album, state, found, library, now):
                after[album.id] = (state, sorted(found))
            elif SHOWN + album.id not in after:
                seen = frozenset(one for one in found if not _hidden(library.get(one)))
                if _tells(album, state, seen, library, now):
                    after[SHOWN + album.id] = (state, sorted(seen))
        if after != before:
            self._put(MEMBERS, after)
            self._members = after
        if made := self._ids_of(MADE):
            left = {key: value for key, value in made.items() if key in states and key not in members}
            if left != made:
                self._put(MADE, left)

    def _albums(self) -> ByState:
        if self._members is None:
            self._members = self._ids_of(MEMBERS)
        return self._members

    def _ids_of(self, what: str) -> ByState:
        parts = self.kept.stored(what)
        try:
            found = orjson.loads(parts[0]) if parts else {}
            return {key: (state, list(ids)) for key, (state, ids) in found.items()}
        except (ValueError, TypeError, AttributeError, IndexError):
            return {}

    def _put(self, what: str, members: ByState) -> None:
        self.kept.keep_piece(what, (orjson.dumps(members),))


def _hidden(asset: Asset | None) -> bool:
    return asset is not None and asset.visibility is Visibility.HIDDEN


def _tells(
    album: Album, state: str, members: frozenset[str], library: Mapping[str, Asset], now: datetime
) -> bool:
    """Whether the state of an album tells of every change of its members; times to come would hide some."""
    own = [library[asset_id] for asset_id in members if asset_id in library]
    videos = {asset.motion_id for asset in own if asset.motion_id}
    hidden = [asset.id for asset in own if asset.visibility is Visibility.HIDDEN]
    if any(asset.updated > now for asset in own) or _newest(state, now) > now:
        return False
    return videos.issuperset(hidden) and len(members) - len(hidden) == album.asset_count


def _newest(state: str, now: datetime) -> datetime:
    """When a member last changed that shows; `AlbumList.states` ends with it, where there is one."""
    text = state.rpartition(" ")[2]
    return moment(text) if text else now
