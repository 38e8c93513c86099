"""The searches behind the reader: which requests cover a library, and how they are asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, Final, Literal, TypeVar

from reconciler.immich import parse
from reconciler.immich.answers import Mark, P, Page
from reconciler.immich.asking import Asker
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.filters import Branch, filter_of
from reconciler.immich.keyset import OPEN, Query, Range, Uncountable, Window, stamp, walk
from reconciler.immich.scan import Begun, Found, Months, begin, finish
from reconciler.model.asset import Asset, Person
from reconciler.model.text import folded
from reconciler.model.values import Visibility

T = TypeVar("T")

Filters = Mapping[str, Any]
"""The server's own filters: `make`, `city`, `tagIds`, `isFavorite`, ...; no visibility, no bounds of time."""

PeopleOf = dict[str, frozenset[Person]]
"""Who is on which asset, by asset id; assets without anybody are left out."""

_FORMS: Final[tuple[Literal["NFC"], Literal["NFD"]]] = ("NFC", "NFD")
_UNCOUNTED = frozenset({"id", "checksum", "originalFileName", "originalPath"})
"""What POST /search/statistics doesn't know (seen on 3.1.0; the specification of 2.5.6 has none of them)."""
_NOT_FOR_FILTERS = frozenset(
    {
        "takenAfter",
        "takenBefore",
        "createdAfter",
        "createdBefore",
        "visibility",
        "page",
        "size",
        "order",
        "withExif",
        "withPeople",
    }
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the library, as the server can be asked for it; without anything, all of it.

    `filters` are the server's own, all of which must fit; `taken` bounds `fileCreatedAt`. `hidden` takes
    hidden photos in where they would cost a search of their own (2.x).

    With `branches` it is asked for by the structured filter (3.2+): what fits one of them, and `filters` and
    `visibility` are empty.
    """

    filters: tuple[tuple[str, Any], ...] = ()
    taken: Range = OPEN
    added: Range = OPEN
    visibility: Visibility | None = None
    hidden: bool = False
    branches: tuple[Branch, ...] = ()

    @property
    def countable(self) -> bool:
        """Whether a count counts no more than a search finds: some of the flat fields it overlooks."""
        return _UNCOUNTED.isdisjoint(name for name, _ in self.filters)


class Search(Asker):
    """Asks POST /search/metadata and its relatives in the server's dialect."""

    def page(self, body: Mapping[str, Any], one: Callable[[parse.Json], P]) -> Page[P]:
        """One page, each item read by `one`."""
        return self._post("/search/metadata", body, lambda said: parse.page_of(said, one))

    def queries(
        self,
        filters: Filters,
        one: Callable[[parse.Json], P],
        *,
        hidden: bool,
        with_exif: bool,
        with_people: bool = False,
        visibility: Visibility | None = None,
    ) -> list[Query[P]]:
        """The searches that together cover all that is asked for; with `hidden`, more in 2.x.

        With `visibility` it is one, of what shows there.
        """
        if unfit := sorted(_NOT_FOR_FILTERS & filters.keys()):
            raise ValueError(f"not for filters: {', '.join(unfit)}")
        passes = (visibility,) if visibility else self.dialect.passes(hidden=hidden)
        shown = {"withExif": with_exif, **({"withPeople": True} if with_people else {})}
        return [self._query(filters, one_pass, one, shown) for one_pass in passes]

    def structured(
        self,
        selection: Selection,
        one: Callable[[parse.Json], P],
        *,
        with_exif: bool = True,
        with_people: bool = False,
    ) -> Query[P]:
        """The search for what fits one of a selection's branches.

        The server's cursor is the number of a row, which costs it as much as page numbers and skips photos
        when others go meanwhile. So windows of time are asked for here too; the cursor leads through the
        photos of one instant only.
        """
        shown = {"withExif": with_exif, **({"withPeople": True} if with_people else {})}

        def ask(window: Window) -> Page[P]:
            further = {"cursor": window.cursor} if window.cursor else {}
            found = filter_of(selection.branches, window, hidden=selection.hidden)
            return self.page({"filter": found, "size": window.size, **shown, **further}, one)

        return Query(ask, partial(self.count_structured, selection), stable=self.dialect.stable_order)

    def count_structured(self, selection: Selection, window: Window) -> int:
        """How many assets fit one of a selection's branches."""
        body = {"filter": filter_of(selection.branches, window, hidden=selection.hidden)}
        return self._post("/search/statistics", body, lambda said: int(said["total"]))

    def walk(self, query: Query[P], window: Window) -> Iterator[Sequence[P]]:
        """The pages of one query, one after the other."""
        try:
            yield from walk(query, window)
        except Uncountable as crowd:
            raise _crowded(crowd) from None

    def begin(self, queries: Sequence[Query[P]], window: Window, stop: Event | None = None) -> Begun[P]:
        """The first pages of all queries, on several threads."""
        return begin(queries, window, connections=self.connections, stop=stop or Event())

    def finish(
        self,
        begun: Begun[P],
        found: Found[P],
        *,
        expected: int | None = None,
        connections: int | None = None,
        stop: Event | None = None,
    ) -> None:
        """What is left of all queries, on several threads; `expected` is how many there are in all."""
        try:
            finish(
                begun,
                found,
                months=self._months,
                connections=connections or self.connections,
                expected=expected,
                stop=stop or Event(),
            )
        except Uncountable as crowd:
            raise _crowded(crowd) from None

    def count(
        self,
        filters: Filters,
        *,
        hidden: bool,
        window: Window | None = None,
        visibility: Visibility | None = None,
    ) -> int:
        """How many assets fit."""
        passes = (visibility,) if visibility else self.dialect.passes(hidden=hidden)
        if passes == (None,) and not hidden:
            passes = (Visibility.TIMELINE, Visibility.ARCHIVE)
        return sum(self._count(filters, one, window or Window()) for one in passes)

    def _query(
        self,
        filters: Filters,
        visibility: Visibility | None,
        one: Callable[[parse.Json], P],
        shown: Mapping[str, bool],
    ) -> Query[P]:
        fixed = {**filters, **_visibility(visibility), **shown}
        return Query(
            ask=lambda window: self.page({**fixed, **window.body()}, one),
            count=partial(self._count, filters, visibility),
            stable=self.dialect.stable_order,
        )

    def _count(self, filters: Filters, visibility: Visibility | None, window: Window) -> int:
        body = {**filters, **_visibility(visibility), **window.bounds()}
        return self._post("/search/statistics", body, lambda said: int(said["total"]))

    def _months(self) -> Months:
        """The starts of the months that have photos, and how many."""
        return self._get(
            "/timeline/buckets",
            lambda said: [(parse.moment(month["timeBucket"]), int(month["count"])) for month in said],
        )


def window_of(taken: Range, added: Range) -> Window:
    """The first page of these ranges."""
    return Window(since=taken[0], until=taken[1], added_since=added[0], added_until=added[1])


def asset_parser(people: PeopleOf | None = None) -> Callable[[parse.Json], Asset]:
    """How a search's items are read; who is on them goes into `people`."""
    return parse.asset_of if people is None else _with_people(parse.asset_of, people)


def mark_parser(people: PeopleOf) -> Callable[[parse.Json], Mark]:
    """Reads nothing of a search's items but who is on them, which goes into `people`."""
    return _with_people(parse.mark_of, people)


def _with_people(one: Callable[[parse.Json], T], people: PeopleOf) -> Callable[[parse.Json], T]:
    def read(item: parse.Json) -> T:
        if found := parse.people_of(item):
            people[item["id"]] = found
        return one(item)

    return read


def name_filters(checksum: str | None, path: str | None, file_name: str | None) -> list[Filters]:
    """The filters that together find a photo by what it is called.

    The server looks for parts of texts and takes a composed accent for another letter than a decomposed
    one, so a text with accents is asked for in both forms; a backslash would be an escape.
    """
    given = {"checksum": checksum, "originalPath": path, "originalFileName": file_name}
    named = {name: value for name, value in given.items() if value is not None}
    if not named:
        raise ValueError("nothing to look for")
    found: list[Filters] = []
    for form in _FORMS:
        filters = {
            name: unicodedata.normalize(form, text).replace("\\", "\\\\") for name, text in named.items()
        }
        if filters not in found:
            found.append(filters)
    return found


def as_asked(texts: Iterable[str], *, pattern: bool = False) -> list[str]:
    """Texts as they are and in both forms of their accents; in a pattern a backslash would be an escape."""
    forms = (one for text in texts for one in (text, *(unicodedata.normalize(form, text) for form in _FORMS)))
    return list(dict.fromkeys(form.replace("\\", "\\\\") if pattern else form for form in forms))


def fits(
    asset: Asset, owner: str | None, *, checksum: str | None, path: str | None, file_name: str | None
) -> bool:
    """Whether it is the owner's (None: anybody's) and really is what was looked for; see `Reader.find`."""
    return (
        owner in (None, asset.owner_id)
        and not asset.trashed
        and checksum in (None, asset.checksum)
        and (path is None or unicodedata.normalize("NFC", path) == unicodedata.normalize("NFC", asset.path))
        and (file_name is None or folded(file_name) == folded(asset.file_name))
    )


def _visibility(visibility: Visibility | None) -> dict[str, str]:
    return {} if visibility is None else {"visibility": visibility.value}


def _crowded(crowd: Uncountable) -> ServerError:
    instant = crowd.window.until
    shown = stamp(instant) if instant else "unknown"
    return ServerError(
        f"{crowd.total} photos share one instant ({shown}), and only {crowd.seen} of them could be read",
        kind=Kind.BROKEN,
        method="POST",
        path="/search/metadata",
        hint="Immich 3.1 and later can be read whole: update it, or give some of these photos another date",
    )
