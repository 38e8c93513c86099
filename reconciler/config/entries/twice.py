"""What may stand once for each account: tags, albums and their former names, sets of albums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.config.report import Place, Report
from reconciler.config.rules.circles import check_albums
from reconciler.model.album_sets import SetKey
from reconciler.model.desired import AlbumEntry, AlbumSet, TagEntry
from reconciler.model.origin import Problem

Tags = Sequence[tuple[Place, TagEntry]]
Albums = Sequence[tuple[Place, AlbumEntry]]
Sets = Sequence[tuple[Place, AlbumSet]]
"""Entries of one account, each with the place of what names it."""


def check_once(report: Report, tags: Tags, albums: Albums, album_sets: Sets) -> None:
    """Refuses what is declared twice."""
    _once(report, "tag", [(place, entry.path) for place, entry in tags])
    _once(report, "album", [(place, entry.name) for place, entry in albums])
    _once(
        report,
        "id",
        [(replace(place, path=f"{_item(place)}.id"), entry.id) for place, entry in albums if entry.id],
    )
    _check_renames(report, albums)
    _check_sets(report, album_sets)
    check_albums(report, albums)


def _once(report: Report, what: str, named: Sequence[tuple[Place, str]]) -> None:
    first: dict[str, Place] = {}
    for place, name in named:
        before = first.setdefault(name, place)
        if before is not place:
            message = f"the {what} {name!r} is already declared at {before.origin}; keep one of the two"
            report.add(place.problem(message))


def _check_renames(report: Report, albums: Albums) -> None:
    """Refuses former names that another album has or had, as the outcome would depend on the order."""
    owners = {entry.name: place.origin for place, entry in albums}
    for place, entry in albums:
        former = entry.renamed_from
        if former is None:
            continue
        other = owners.get(former.value)
        if other is not None and former.value != entry.name:
            message = f"{former.value!r} is the name of the album declared at {other}; an album has one name"
            path = f"{_item(place)}.renamed_from"
            report.add(Problem(message, former.origin, path))
        owners.setdefault(former.value, former.origin)


def _check_sets(report: Report, album_sets: Sets) -> None:
    """Refuses a second set of the same groups and photos: their albums could not be told apart later."""
    first: dict[SetKey, Place] = {}
    for place, album_set in album_sets:
        before = first.setdefault(album_set.key, place)
        if before is not place:
            message = (
                f"the set at {before.origin} groups the same photos in the same way; keep one of the "
                "two, or narrow one with `match`"
            )
            report.add(place.problem(message))


def _item(place: Place) -> str:
    """The path of the entry that is named at this place."""
    return place.path.rpartition(".")[0]
