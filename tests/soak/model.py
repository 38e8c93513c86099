"""What a library must hold: a few dictionaries, and what a wish makes of them; no engine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

SIDECAR = ("description", "rating", "taken", "location", "tags")
"""What goes through a photo's sidecar file, and comes back where that can't be written."""


@dataclass
class Photo:
    """As people see it. `taken` is an instant in UTC with its offset, as text."""

    description: str = ""
    rating: int | None = None
    favorite: bool = False
    visibility: str = "timeline"
    taken: str = ""
    location: tuple[float, float] | None = None
    tags: set[str] = field(default_factory=set)
    make: str | None = None
    writable: bool = True


@dataclass
class Album:
    description: str = ""
    order: str = "desc"
    members: set[str] = field(default_factory=set)
    shared: dict[str, str] = field(default_factory=dict)
    """The roles of those who see it beside the owner, by e-mail."""


@dataclass
class Model:
    """Photos by file name, albums by name, colours by tag."""

    photos: dict[str, Photo] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)
    special: str = "taken"
    """Dates or places are wished for, not both: a place decides the zone of a date (FINDINGS 10)."""

    def after(self, wish: dict[str, Any]) -> Model:
        """Once everything has been done and has settled."""
        wanted = copy.deepcopy(self)
        for entry in wish["tags"]:
            wanted._make_tag(entry["value"])
            wanted.tags[entry["value"]] = entry["color"]
        named = [entry for entry in wish["assets"] if entry["match"].get("file") in self.photos]
        rules = [entry for entry in wish["assets"] if entry not in named]
        for entry in (*rules, *named):  # what names one photo comes after, and so wins
            for name, photo in self.photos.items():
                if fits(entry["match"], name, photo):
                    wanted._change(wanted.photos[name], entry)
        for name, photo in self.photos.items():
            if not photo.writable:
                for aspect in SIDECAR:
                    setattr(wanted.photos[name], aspect, getattr(photo, aspect))
        for entry in wish["albums"]:
            wanted._fill(entry)
        return wanted

    def reverts(self, wish: dict[str, Any]) -> bool:
        """Whether the server takes something of the wish and undoes it again, or has done so before."""
        for entry in wish["assets"]:
            for name, photo in self.photos.items():
                if not photo.writable and fits(entry["match"], name, photo):
                    changed = copy.deepcopy(photo)
                    Model()._change(changed, entry)
                    if any(getattr(changed, aspect) != getattr(photo, aspect) for aspect in SIDECAR):
                        return True
        return False

    def _change(self, photo: Photo, entry: dict[str, Any]) -> None:
        for aspect in ("description", "rating", "favorite", "visibility"):
            if aspect in entry:
                setattr(photo, aspect, entry[aspect])
        if "taken" in entry:
            photo.taken = entry["taken"]
        if "location" in entry:
            place = entry["location"]
            photo.location = place and (place["latitude"], place["longitude"])
        given = entry.get("tags", [])
        moves = given if isinstance(given, dict) else {"add": given}
        for path in (*moves.get("add", ()), *moves.get("exact", ())):
            self._make_tag(path)
        if "exact" in moves:
            photo.tags = set(moves["exact"])
        photo.tags = (photo.tags | set(moves.get("add", ()))) - set(moves.get("remove", ()))

    def _make_tag(self, path: str) -> None:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            self.tags.setdefault("/".join(parts[:length]), None)

    def _fill(self, entry: dict[str, Any]) -> None:
        if entry.get("state") == "absent":
            self.albums.pop(entry["name"], None)
            return
        album = self.albums.setdefault(entry["name"], Album())
        album.description = entry.get("description", album.description)
        album.order = entry.get("order", album.order)
        _share(album, entry.get("share", {}))
        if "match" not in entry and "assets" not in entry:
            return
        listed = {one["file"] for one in entry.get("assets", [])}
        found = {
            name
            for name, photo in self.photos.items()
            if name in listed or ("match" in entry and fits(entry["match"], name, photo))
        }
        album.members = found if entry.get("membership", "exact") == "exact" else album.members | found


def _share(album: Album, share: Any) -> None:
    """A list says who sees the album; otherwise some get or lose access."""
    items = share if isinstance(share, list) else share.get("add", [])
    given = {item["user"]: item.get("role", "viewer") for item in items}
    album.shared = given if isinstance(share, list) else {**album.shared, **given}
    for user in [] if isinstance(share, list) else share.get("remove", []):
        album.shared.pop(user, None)


def fits(match: dict[str, Any], name: str, photo: Photo) -> bool:
    """Whether a selector of the kinds that the wishes have takes a photo."""
    tests: dict[str, Callable[[Any], bool]] = {
        "file": lambda wanted: fnmatch(name, wanted),
        "camera": lambda wanted: photo.make == wanted["make"],
        "rating": lambda wanted: photo.rating is not None and photo.rating >= int(wanted.removeprefix(">=")),
        "favorite": lambda wanted: photo.favorite is wanted,
        "visibility": lambda wanted: photo.visibility == wanted,
        "tags": lambda wanted: set(wanted) <= photo.tags,
        "not": lambda wanted: not fits(wanted, name, photo),
    }
    return all(tests[key](wanted) for key, wanted in match.items())
