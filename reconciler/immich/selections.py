"""Reading parts of a library that the server picks out itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Event

from reconciler.immich.answers import Mark
from reconciler.immich.asking import Asker, Progress
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

        `people`: see `scan`.
        """
        queries = self._search.queries(
            _filters_of(selection),
            asset_parser(True, people),
            hidden=selection.hidden,
            with_exif=True,
            with_people=people is not None,
            visibility=selection.visibility,
        )
        return self._search.begin(queries, window_of(selection.taken, selection.added), stop)

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
        `expected` is how many there are, partners' ones too, where it is known.
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
        queries = self._search.queries(
            _filters_of(selection),
            mark_parser(people),
            hidden=selection.hidden,
            with_exif=False,
            with_people=True,
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

    @needs("asset.statistics")
    def size_of(self, selection: Selection) -> int:
        """How many assets a selection has, partners' and those without metadata counted too.

        Hidden ones are among them as far as a search would show them.
        """
        return self._search.count(
            _filters_of(selection),
            hidden=selection.hidden or self.dialect.search_shows_all,
            window=window_of(selection.taken, selection.added),
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
