"""Writes what somebody has done on the server into the files, so that the files ask for it from now on.

Only where that is a small change at a known place: a value of one photo, an item of a list. What a rule asks
of many photos stays a rule; the one photo gets an entry of its own behind it.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.config.text.editing import Edit, Edits, NotEditable, Text, edited, scalar_text
from reconciler.diff.drift import Drift, Kind
from reconciler.diff.names import resolve
from reconciler.model.asset import Asset
from reconciler.model.desired import AlbumEntry, AssetEntry, Desired
from reconciler.model.live import Album, Live
from reconciler.model.origin import Origin
from reconciler.model.sharing import Role
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, decimal

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The new texts of files by name, what they take in, and why the rest can't be taken in."""

    files: Mapping[str, str] = field(default_factory=dict)
    taken: tuple[Drift, ...] = ()
    refused: tuple[tuple[Drift, str], ...] = ()


def accept(desired: Desired, live: Live, drifts: Iterable[Drift], read: Callable[[str], str]) -> Accepted:
    """Works out the new texts; `read` gives a file's present one by its name. Writes nothing."""
    work = _Work(desired, live, read)
    for drift in drifts:
        try:
            work.take(drift)
            work.taken.append(drift)
        except NotEditable as error:
            work.refused.append((drift, str(error)))
    return work.done()


@dataclass(slots=True)
class _Group:
    """What several drifts change together, such as one list."""

    drifts: list[Drift]
    texts: list[str]
    key: str | None = None
    gone: list[Origin] = field(default_factory=list)
    """Items of a list that go."""
    may_be_empty: bool = True
    """Whether the list means something without items."""


@dataclass(slots=True)
class _Work:
    desired: Desired
    live: Live
    read: Callable[[str], str]
    texts: dict[str, Text] = field(default_factory=dict)
    edits: dict[str, list[tuple[Edit, list[Drift]]]] = field(default_factory=lambda: defaultdict(list))
    taken: list[Drift] = field(default_factory=list)
    refused: list[tuple[Drift, str]] = field(default_factory=list)
    lists: dict[Origin, _Group] = field(default_factory=dict)
    """Lists of tags that change, with the tags that they shall hold."""
    items: dict[tuple[Origin, str], _Group] = field(default_factory=dict)
    """Photos and users that come to a list of an album or go, by the place and key of the list."""
    entries: dict[tuple[Origin, str], _Group] = field(default_factory=dict)
    """The lines of new entries for single photos, by photo and the entry that they stand behind."""

    _asking: dict[tuple[Field | None, Origin], AssetEntry] = field(init=False)
    """The entries by what they ask of a field, or of tags (None), and at which line."""
    _photos: dict[Origin, dict[str, list[Origin]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._asking = {}
        for entry in self.desired.assets:
            for name, wish in entry.values.items():
                self._asking.setdefault((name, wish.origin), entry)
            if entry.tags:
                self._asking.setdefault((None, entry.tags.origin), entry)

    def take(self, drift: Drift) -> None:
        """Notes what has to be written for one drift. Raises NotEditable."""
        match drift.kind:
            case Kind.TAG:
                self._color(drift)
            case Kind.PHOTO if drift.aspect.startswith("tag"):
                self._tag(drift)
            case Kind.PHOTO:
                self._field(drift)
            case Kind.ALBUM:
                self._album(drift)

    def done(self) -> Accepted:
        """The new texts, without what would change one place twice."""
        for origin, group in self.lists.items():
            self._together(group, origin, _list_edits)
        for (origin, _), group in self.items.items():
            self._together(group, origin, _item_edits)
        for (origin, _), group in self.entries.items():
            self._together(group, origin, lambda text, at, of: [text.after_item(at, of.texts)])
        files = {name: self._edited(name) for name in sorted(self.edits)}
        why = dict(self.refused)
        taken = tuple(drift for drift in self.taken if drift not in why)
        return Accepted(
            {name: text for name, text in files.items() if text is not None}, taken, tuple(self.refused)
        )

    def _together(
        self, group: _Group, origin: Origin, make: Callable[[Text, Origin, _Group], list[Edit]]
    ) -> None:
        try:
            edits = make(self._text(origin), origin, group)
        except NotEditable as error:
            self.refused += [(drift, str(error)) for drift in group.drifts]
        else:
            self.edits[origin.file] += [(edit, group.drifts) for edit in edits]

    def _edited(self, file: str) -> str | None:
        kept = Edits()
        for edit, drifts in self.edits[file]:
            try:
                kept.take(edit)
            except NotEditable:
                self.refused += [
                    (drift, "it stands too close to another change: accept it in a second go")
                    for drift in drifts
                ]
        return edited(self.texts[file].text, kept.taken) if kept.taken else None

    def _text(self, origin: Origin) -> Text:
        if origin.file not in self.texts:
            self.texts[origin.file] = Text(self.read(origin.file))
        return self.texts[origin.file]

    def _edit(self, drift: Drift, origin: Origin, edit: Edit) -> None:
        self.edits[origin.file].append((edit, [drift]))

    # Photos

    def _field(self, drift: Drift) -> None:
        name = Field(drift.aspect)
        value = field_yaml(self.live.assets[drift.id].value(name))
        entry = self._asking.get((name, drift.origin))
        if entry is None:
            raise NotEditable("the line that asks for it isn't found")
        if entry.name is not None:
            self._replace(drift, value)
        else:
            self._own_entry(entry, drift, f"{name.value}: {value}")

    def _replace(self, drift: Drift, value: str) -> None:
        self._edit(drift, drift.origin, self._text(drift.origin).replaced(drift.origin, value))

    def _own_entry(self, entry: AssetEntry, drift: Drift, line: str) -> None:
        """A line for one photo that a rule matches: names win over rules."""
        lines = [f"match: {photo_yaml(self.live.assets[drift.id])}"]
        if entry.account:
            lines.append(f"account: {scalar_text(entry.account)}")
        _join(self.entries, (entry.origin, drift.id), _Group([], lines), drift).append(line)

    def _tag(self, drift: Drift) -> None:
        sign, path = drift.aspect[3], drift.aspect[4:]
        entry = self._asking.get((None, drift.origin))
        if entry is None or entry.tags is None:
            raise NotEditable("the line that asks for it isn't found")
        exact = entry.tags.exact is not None
        if entry.name is None:
            if sign == "+" or not exact:
                raise NotEditable("a rule asks it of all its photos: narrow the rule")
            self._own_entry(entry, drift, f"tags: [{scalar_text(path)}]")
            return
        key = "exact" if exact else "add" if sign == "+" else "remove"
        self._list(drift, key, path, here=exact and sign == "-")

    def _list(self, drift: Drift, key: str, path: str, *, here: bool) -> None:
        """Puts a tag on a list or takes it off."""
        origin, text = drift.origin, self._text(drift.origin)
        try:
            now = _Group([], list(text.texts(origin)))
        except NotEditable:
            now = _Group([], list(text.texts(origin, key)), key)
        if self.lists.get(origin, now).key != now.key:
            raise NotEditable("two lists of one entry would change: accept it in a second go")
        if not here and path not in now.texts:
            raise NotEditable(f"{path!r} isn't written there as it is called on the server")
        texts = _join(self.lists, origin, now, drift)
        texts.append(path) if here else texts.remove(path)

    # Albums and tags

    def _color(self, drift: Drift) -> None:
        color = self.live.tags[drift.id].color
        value = json.dumps(color) if color else "null"
        self._replace(drift, value)

    def _album(self, drift: Drift) -> None:
        entry = next((one for one in self.desired.albums if one.name == drift.name), None)
        album = next((one for one in self.live.albums if one.id == drift.id), None)
        if entry is None:
            raise NotEditable("an album set asks for it: change the set")
        if drift.aspect == "album" or album is None:
            raise NotEditable("the album is gone: take it out of the files, or write `state: absent`")
        if drift.aspect.startswith("member"):
            self._member(entry, drift)
        elif drift.aspect.startswith("share:"):
            self._share(entry, album, drift)
        else:
            self._replace(drift, self._album_value(drift, album))

    def _album_value(self, drift: Drift, album: Album) -> str:
        match drift.aspect:
            case "description":
                return scalar_text(album.description)
            case "order" if album.order:
                return album.order
            case "activity":
                return "true" if album.activity else "false"
            case "cover" if album.cover and album.cover in self.live.assets:
                return photo_yaml(self.live.assets[album.cover])
        raise NotEditable("this can only be changed by hand")

    def _member(self, entry: AlbumEntry, drift: Drift) -> None:
        asset = self.live.assets.get(drift.aspect[7:])
        if asset is None:
            raise NotEditable("it is somebody else's photo, which an entry can't name: change the rule")
        if drift.aspect[6] == "-":
            self._items(entry, "assets", drift).texts.append(photo_yaml(asset))
            return
        named = self._named(entry).get(asset.id, [])
        if not named and entry.rule is None:
            raise NotEditable("the line that asks for it isn't found")
        if named:
            self._items(entry, "assets", drift).gone.extend(named)
        if entry.rule is not None:
            self._items(entry, "exclude", drift).texts.append(photo_yaml(asset))

    def _named(self, entry: AlbumEntry) -> dict[str, list[Origin]]:
        """The lines of an album that name a photo, by its id."""
        if entry.origin not in self._photos:
            found: dict[str, list[Origin]] = defaultdict(list)
            ids = resolve(entry.photos or (), self.live.assets.values()).ids
            for name in entry.photos or ():
                if name in ids:
                    found[ids[name]].append(name.origin)
            self._photos[entry.origin] = found
        return self._photos[entry.origin]

    def _share(self, entry: AlbumEntry, album: Album, drift: Drift) -> None:
        """Somebody else sees the album, or not any more, or with another role."""
        who, wish = drift.aspect.removeprefix("share:"), entry.share
        role = next((share.role for share in album.shares if share.user.label == who), None)
        if wish is None:
            raise NotEditable("the line that asks for it isn't found")
        named = next((item for item in wish.mentioned if item.origin == drift.origin), None)
        if named and named in wish.wanted and role is not None:
            self._replace(drift, user_yaml(who, role))
            return
        came = [] if named else [user_yaml(who, role or "")]
        key = "exact" if wish.exact is not None else "add" if named in wish.add else "remove"
        plain = self._text(wish.origin).is_list(wish.origin)
        group = self._items_at(entry.origin if plain else wish.origin, "share" if plain else key, drift)
        group.may_be_empty = key == "exact"
        group.texts += came
        if named:
            group.gone.append(named.origin)

    def _items(self, entry: AlbumEntry, key: str, drift: Drift) -> _Group:
        return self._items_at(entry.origin, key, drift)

    def _items_at(self, origin: Origin, key: str, drift: Drift) -> _Group:
        group = self.items.setdefault((origin, key), _Group([], [], key))
        group.drifts.append(drift)
        return group


def _item_edits(text: Text, origin: Origin, group: _Group) -> list[Edit]:
    key = group.key or ""
    return text.list_changed(origin, key, group.gone, group.texts, may_be_empty=group.may_be_empty)


def _list_edits(text: Text, origin: Origin, group: _Group) -> list[Edit]:
    """A list that would be empty goes with its key, where an empty one says nothing."""
    if group.texts or group.key == "exact":
        return text.list_with(origin, group.key, group.texts)
    if group.key is None:
        return [text.without_key(origin)]
    raise NotEditable(f"`{group.key}` would be empty: take it out by hand")


def _join(groups: dict[K, _Group], key: K, new: _Group, drift: Drift) -> list[str]:
    """Adds a drift to its group, or to a new one; the group's texts."""
    group = groups.setdefault(key, new)
    group.drifts.append(drift)
    return group.texts


def photo_yaml(asset: Asset) -> str:
    """The name of one photo: its checksum, which holds on any server; in external libraries its path."""
    if asset.library_id or not asset.checksum:
        return f"{{ path: {scalar_text(asset.path)} }}"
    checksum = base64.b64decode(asset.checksum).hex()
    return f"{{ checksum: {scalar_text(checksum)}, file: {scalar_text(asset.file_name)} }}"


def user_yaml(who: str, role: str) -> str:
    """A user whom an album is shared with. Raises NotEditable where the role can't be asked for in a file."""
    if role not in [known.value for known in Role]:
        raise NotEditable(f"the role {role!r} is none that files can ask for")
    shown = scalar_text(who)
    return shown if role == Role.VIEWER.value else f"{{ user: {shown}, role: {role} }}"


def field_yaml(value: FieldValue) -> str:
    """A photo's value as YAML in one line. Raises NotEditable where it can't be asked for in a file."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Coordinates():
            return f"{{ latitude: {decimal(value.latitude)}, longitude: {decimal(value.longitude)} }}"
        case Taken():
            if value.offset is None:
                raise NotEditable("its date has no offset on the server, so it can't be written")
            return str(value)
        case int():
            return str(value)
        case _:
            return scalar_text(str(value)) if value else '""'
