"""Taking back what a run did to albums. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.apply.state.runs import Past
from reconciler.diff.changes import Action, AlbumChange, AlbumField, AlbumFieldChange, Note, ShareChange
from reconciler.model.live import Album, Live
from reconciler.model.origin import Origin
from reconciler.model.sharing import Role, User
from reconciler.model.values import normal_description

NOT_ALL = "is made again as a new album: its links and its comments don't come back"


@dataclass(slots=True)
class AlbumUndo:
    """The albums of one run, and the notes on what can't be taken back about them."""

    past: Past
    live: Live
    causes: Mapping[tuple[str, str, str], Origin]
    notes: list[Note] = field(default_factory=list)

    def change(self, change: AlbumChange) -> AlbumChange | None:
        """What takes one change of an album back; None where nothing does, which is told unless it is so."""
        match change.action:
            case Action.CREATE:
                return self._delete(change)
            case Action.DELETE:
                return self._make_again(change)
            case Action.UPDATE:
                return self._change_back(change)

    def _origin(self, change: AlbumChange, aspect: str = "") -> Origin:
        whole = self.causes["album", change.name, ""]
        return self.causes.get(("album", change.name, aspect), whole)

    def _say(self, change: AlbumChange, text: str, count: int = 0) -> None:
        self.notes.append(Note(f"album {change.name!r} {text}", self._origin(change), count))

    def _named(self, name: str) -> list[Album]:
        return [album for album in self.live.albums if album.name == name]

    def _videos(self, photos: Iterable[str]) -> frozenset[str]:
        """The hidden videos of live photos, which the server counts among the members (FACTS 3.3)."""
        assets = self.live.assets
        return frozenset(
            motion for photo in photos if photo in assets and (motion := assets[photo].motion_id)
        )

    # -- made ------------------------------------------------------------------------------------------

    def _delete(self, change: AlbumChange) -> AlbumChange | None:
        found = self._named(change.name)
        if not found:
            return None
        if len(found) > 1:
            self._say(change, f"stays: {len(found)} albums have this name by now")
            return None
        album = found[0]
        members = self.live.members.get(album.id, frozenset())
        others = members - set(change.added) - self._videos(change.added)
        if others:
            self._say(change, "stays: somebody has put other photos into it since", len(others))
            return None
        if normal_description(album.description) not in ("", self._described(change)):
            self._say(change, "stays: somebody has described it since")
            return None
        if {share.user.id for share in album.shares} - {item.user.id for item in change.shares}:
            self._say(change, "stays: somebody has shared it with others since")
            return None
        return AlbumChange(
            Action.DELETE,
            change.name,
            self._origin(change),
            album.id,
            removed=tuple(sorted(members)),
            size_before=len(members),
        )

    def _described(self, change: AlbumChange) -> str:
        after = (item.after for item in change.fields if item.field is AlbumField.DESCRIPTION)
        return normal_description(str(next(after, "") or ""))

    # -- deleted ---------------------------------------------------------------------------------------

    def _make_again(self, change: AlbumChange) -> AlbumChange | None:
        if any(album.id == change.id for album in self.live.albums):
            return None
        if change.id is None or change.id not in self.past.deleted:
            self._say(change, "isn't made again: what was in it is not known")
            return None
        album, members = self.past.deleted[change.id]
        if self._named(album.name):
            self._say(change, "isn't made again: there is an album of this name, which stays as it is")
            return None
        own = members & self.live.assets.keys()
        inside = own - self._videos(own)
        if strangers := members - own:
            text = "is made again without photos that are somebody else's, or gone by now"
            self._say(change, text, len(strangers))
        self._say(change, NOT_ALL)
        return AlbumChange(
            Action.CREATE,
            album.name,
            self._origin(change),
            None,
            self._fields_of(album, inside, self._origin(change)),
            tuple(sorted(inside)),
            size_after=len(inside),
            shares=tuple(
                ShareChange(share.user, None, share.role, self._origin(change))
                for share in album.shares
                if self._is_role(change, share.user, share.role)
            ),
        )

    def _is_role(self, change: AlbumChange, user: User, role: str | None) -> bool:
        """Whether a role can be given again; Immich 2.5 has kept texts that are none (FINDINGS 38)."""
        if role is None or role in [known.value for known in Role]:
            return True
        self._say(change, f"is not shared with {user.label} as before: {role!r} is no role")
        return False

    def _fields_of(
        self, album: Album, members: frozenset[str], origin: Origin
    ) -> tuple[AlbumFieldChange, ...]:
        found = []
        if description := normal_description(album.description):
            found.append(AlbumFieldChange(AlbumField.DESCRIPTION, "", description, origin))
        if album.order:
            found.append(AlbumFieldChange(AlbumField.ORDER, None, album.order, origin))
        if not album.activity:
            found.append(AlbumFieldChange(AlbumField.ACTIVITY, True, False, origin))
        if album.cover in members:
            found.append(AlbumFieldChange(AlbumField.COVER, None, album.cover, origin))
        return tuple(found)

    # -- changed ---------------------------------------------------------------------------------------

    def _change_back(self, change: AlbumChange) -> AlbumChange | None:
        members = self.live.members.get(change.id or "", frozenset())
        added = tuple(photo for photo in change.removed if photo not in members)
        removed = tuple(photo for photo in change.added if photo in members)
        inside = (members | set(change.removed)) - set(change.added)
        fields = tuple(
            AlbumFieldChange(
                item.field,
                self._left(change, item, members),
                item.before,
                self._origin(change, item.field.value),
            )
            for item in change.fields
            if self._can_return(change, item, inside)
        )
        shares = tuple(
            ShareChange(item.user, item.after, item.before, self._origin(change, item.user.id))
            for item in change.shares
            if self._is_role(change, item.user, item.before)
        )
        if not (fields or added or removed or shares):
            return None
        size = len(members)
        return AlbumChange(
            Action.UPDATE,
            change.name,
            self._origin(change),
            change.id,
            fields,
            added,
            removed,
            size,
            size + len(added) - len(removed),
            shares=shares,
        )

    def _left(
        self, change: AlbumChange, item: AlbumFieldChange, members: frozenset[str]
    ) -> str | bool | None:
        """What the run has left there. Where its cover has left the album, the server has chosen another
        (FINDINGS 35), such as when taking it back broke off between the two.
        """
        gone = item.field is AlbumField.COVER and change.added and item.after not in members
        now = next((album.cover for album in self.live.albums if album.id == change.id), None)
        return now if gone and now else item.after

    def _filled(self) -> set[str]:
        """Albums that were to be made and turned out to be there already."""
        return {item.name for item in self.past.plan.changes.albums if item.action is Action.CREATE}

    def _can_return(self, change: AlbumChange, item: AlbumFieldChange, inside: frozenset[str]) -> bool:
        if change.name in self._filled():
            self._say(change, f"keeps its {item.field.value}: what it was before is not known")
            return False
        if item.before is None:
            self._say(change, f"keeps its {item.field.value}: it had none before, and Immich takes none away")
            return False
        if item.field is AlbumField.COVER and item.before not in inside:
            self._say(change, "keeps its cover: the photo it had before is not in it any more")
            return False
        return True
