"""Reading parts of a library that the server picks out itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Final, Literal

from reconciler.immich import parse
from reconciler.immich.answers import Mark, Marker, P
from reconciler.immich.asking import Asker, Progress
from reconciler.immich.filters import Branch
from reconciler.immich.keyset import Window
from reconciler.immich.permissions import needs
from reconciler.immich.scan import Begun, Found
from reconciler.immich.search import (
    Filters,
    PeopleOf,
    Search,
    Selection,
    asset_parser,
    mark_parser,
    window_of,
)
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Dialect
from reconciler.model.asset import Asset
from reconciler.model.values import Visibility

CHECKED = 10_000
"""Checksums in one question (PERFORMANCE 2.3: 0.16 s)."""

Called = Literal["id", "checksum", "originalPath", "originalFileName"]
"""What photos can be asked for by, several at once."""

TOGETHER: Final[Mapping[Called, int]] = {
    "id": 500,
    "checksum": 1000,
    "originalPath": 1000,
    "originalFileName": 50,
}
"""How many in one question: a page for as many photos, and fewer where each is looked for by itself."""

_SUGGESTED = {"make": "camera-make", "model": "camera-model", "lens": "camera-lens-model"}
"""What GET /search/suggestions calls them."""


class SelectionReader(Asker):
    """Reads the assets that fit the server's own filters, and what helps to choose the filters."""

    def __init__(self, transport: Transport, dialect: Dialect) -> None:
        super().__init__(transport, dialect)
        self._search = Search(transport, dialect)

    @needs("asset.read")
    def begin(
        self, selection: Selection, *, people: PeopleOf | None = None, stop: Event | None = None
    ) -> Begun[Asset]:
        """The first page of a part of the library, more in 2.x; `finish` reads the rest.

        Who is on its photos goes into `people` where it is given, which takes the server up to twice as long
        (PERFORMANCE 2.2).
        """
        one = asset_parser(people)
        return self._begun(selection, one, stop, with_exif=True, with_people=people is not None)

    @needs("asset.read")
    def finish(
        self,
        begun: Begun[Asset],
        *,
        owner_id: str,
        hidden: bool,
        others: Collection[str] = (),
        expected: int | None = None,
        connections: int | None = None,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> dict[str, Asset]:
        """What was begun, read to its end: the owner's assets by id, as `scan` gives them.

        Of `others` (ids of users) those in the timeline come too: more of them can't be put into an album.
        `expected` is how many there are, partners' ones too, where it is known. `on_progress` is told how
        many assets came, by the reading threads.
        """

        def wanted(asset: Asset) -> bool:
            if asset.owner_id == owner_id:
                return hidden or asset.visibility is not Visibility.HIDDEN
            return asset.owner_id in others and asset.visibility is Visibility.TIMELINE

        found = Found[Asset](wanted, on_progress)
        self._search.finish(begun, found, expected=expected, connections=connections, stop=stop)
        return found.kept

    @needs("asset.read")
    def begin_people(
        self, selection: Selection, people: PeopleOf, *, stop: Event | None = None
    ) -> Begun[Mark]:
        """The first page of a part of the library, with nothing but who is on it, which goes into `people`.

        Partners' and trashed photos as in `begin`. For photos that are known it takes the server 60 ms for
        1,000, a third less than with all that a photo has.
        """
        return self._begun(selection, mark_parser(people), stop, with_exif=False, with_people=True)

    def _begun(
        self,
        selection: Selection,
        one: Callable[[parse.Json], P],
        stop: Event | None,
        *,
        with_exif: bool,
        with_people: bool,
    ) -> Begun[P]:
        """The first page of a part of the library in the form that the server knows for it."""
        if selection.branches:
            queries = [self._search.structured(selection, one, with_exif=with_exif, with_people=with_people)]
        else:
            queries = self._search.queries(
                _filters_of(selection),
                one,
                hidden=selection.hidden,
                with_exif=with_exif,
                with_people=with_people,
                visibility=selection.visibility,
            )
        return self._search.begin(queries, window_of(selection.taken, selection.added), stop)

    @needs("asset.read")
    def finish_people(
        self,
        begun: Begun[Mark],
        *,
        expected: int | None = None,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> frozenset[str]:
        """Reads what `begin_people` has begun to its end; the ids of its photos, whoever owns them."""
        found = Found[Mark](lambda _mark: True, on_progress)
        self._search.finish(begun, found, expected=expected, stop=stop)
        return frozenset(found.kept)

    @needs("asset.read")
    def ids_of(self, selection: Selection) -> frozenset[str]:
        """Ids of all that a structured search finds, whoever owns it, without reading more of it (3.2+)."""
        query = self._search.structured(selection, parse.mark_of, with_exif=False)
        pages = self._search.walk(query, window_of(selection.taken, selection.added))
        return frozenset(one.id for page in pages for one in page)

    @needs("asset.read")
    def called(self, field: Called, texts: Sequence[str]) -> list[Asset]:
        """Every asset of which this is one of these texts, or part of its file's name, each once (3.2+).

        Partners' are among them; those in the trash and in the locked folder aren't, nor what the server has
        not read yet. A request for each thousand checksums or paths, 500 ids, or 50 names of files.
        """
        size = TOGETHER[field]
        groups = [tuple(texts[start : start + size]) for start in range(0, len(texts), size)]
        found: dict[str, Asset] = {}
        for one in self._at_once(partial(self._called, field), groups, None):
            found |= one
        return list(found.values())

    def _called(self, field: Called, texts: tuple[str, ...]) -> dict[str, Asset]:
        if field in ("checksum", "originalPath"):
            branches: tuple[Branch, ...] = (Branch(((field, "in", texts),)),)
        else:
            how = "eq" if field == "id" else "like"
            branches = tuple(Branch(((field, how, text),)) for text in texts)
        query = self._search.structured(Selection(branches=branches, hidden=True), asset_parser())
        pages = self._search.walk(query, Window())
        return {asset.id: asset for page in pages for asset in page if asset.read}

    @needs("asset.statistics")
    def size_of(self, selection: Selection) -> int:
        """How many assets a selection has, partners' and those without metadata counted too.

        Hidden ones are among them as far as a search would show them.
        """
        window = window_of(selection.taken, selection.added)
        if selection.branches:
            return self._search.count_structured(selection, window)
        return self._search.count(
            _filters_of(selection),
            hidden=selection.hidden or self.dialect.search_shows_all,
            window=window,
            visibility=selection.visibility,
        )

    @needs("asset.read")
    def values_in_use(self, field: str) -> frozenset[str]:
        """The values of `country`, `state`, `city`, `make`, `model` or `lens` of photos of the timeline.

        The server leaves archived and hidden photos out, but not those of partners (GET /search/suggestions).
        """
        return self._get(
            "/search/suggestions",
            lambda said: frozenset(value for value in said if value),
            query={"type": _SUGGESTED.get(field, field)},
        )

    @needs("map.read")
    def markers(self) -> list[Marker]:
        """Where the account's photos of the timeline and the archive were taken, in one answer.

        Trashed and locked ones are left out, and hidden ones too. Coordinates are those that the photos show,
        digit by digit, and new ones show at once; the names of the place follow with the jobs (GET
        /map/markers, seen on 2.5.6 and 3.1.0). It works where the map is switched off.
        """
        return self._get("/map/markers", parse.markers_of, query={"isArchived": "true"})

    @needs("asset.upload")
    def known_files(self, checksums: Collection[str]) -> dict[str, str]:
        """The ids of the account's assets with these checksums (base64), those in the trash left out.

        POST /assets/bulk-upload-check only asks, but takes a permission that planning can do without.
        """
        wanted = list(dict.fromkeys(checksums))
        groups = [wanted[start : start + CHECKED] for start in range(0, len(wanted), CHECKED)]
        found: dict[str, str] = {}
        for one in self._at_once(self._check, groups, None):
            found |= one
        return found

    def _check(self, checksums: Sequence[str]) -> dict[str, str]:
        body = {"assets": [{"id": checksum, "checksum": checksum} for checksum in checksums]}
        return self._post(
            "/assets/bulk-upload-check",
            body,
            lambda said: {
                one["id"]: one["assetId"]
                for one in said["results"]
                if one.get("assetId") and not one.get("isTrashed")
            },
        )


def _filters_of(selection: Selection) -> Filters:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in selection.filters}
