"""What the live state is read from: a server's reader, or a cache that knows the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Event
from typing import Protocol

from reconciler.immich.answers import AlbumList, AssetDetail, Mark, Marker
from reconciler.immich.asking import Progress
from reconciler.immich.keyset import OPEN, Range
from reconciler.immich.scan import Begun
from reconciler.immich.search import PeopleOf, Selection
from reconciler.immich.selections import Called
from reconciler.immich.versions import Dialect
from reconciler.model.asset import Asset, Owner, Person
from reconciler.model.live import Tag
from reconciler.model.sharing import User


class Source(Protocol):
    """The questions of a reading plan; `immich.reader.Reader` says what each means.

    `stop` calls a read off that others have failed beside.
    """

    dialect: Dialect

    @property
    def connections(self) -> int: ...

    def library_size(self, *, hidden: bool) -> int: ...

    def tags(self) -> list[Tag]: ...

    def albums(self) -> AlbumList: ...

    def users(self) -> list[User]: ...

    def values_in_use(self, field: str) -> frozenset[str]: ...

    def markers(self) -> list[Marker]: ...

    def size_of(self, selection: Selection) -> int: ...

    def begin(
        self, selection: Selection, *, people: PeopleOf | None = None, stop: Event | None = None
    ) -> Begun[Asset]: ...

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
    ) -> dict[str, Asset]: ...

    def begin_people(
        self, selection: Selection, people: PeopleOf, *, stop: Event | None = None
    ) -> Begun[Mark]: ...

    def finish_people(
        self,
        begun: Begun[Mark],
        *,
        expected: int | None = None,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> frozenset[str]: ...

    def ids_of(self, selection: Selection) -> frozenset[str]: ...

    def called(self, field: Called, texts: Sequence[str]) -> list[Asset]: ...

    def find(
        self, *, checksum: str | None = None, path: str | None = None, file_name: str | None = None
    ) -> list[Asset]: ...

    def in_album(
        self,
        album_id: str,
        *,
        checksum: str | None = None,
        path: str | None = None,
        file_name: str | None = None,
    ) -> list[Asset]: ...

    def owners(self) -> list[Owner]: ...

    def people(self) -> list[Person]: ...

    def people_at_once(self) -> list[Person] | None: ...

    def people_called(self, name: str) -> list[Person]: ...

    def person(self, person_id: str) -> Person | None: ...

    def with_person(self, person_id: str, *, hidden: bool = True) -> frozenset[str]: ...

    def stacked(self) -> frozenset[str]: ...

    def libraries(self) -> dict[str, str]: ...

    def known_files(self, checksums: Collection[str]) -> dict[str, str]: ...

    def assets(
        self, ids: Collection[str], *, on_progress: Progress | None = None, stop: Event | None = None
    ) -> dict[str, AssetDetail]: ...

    def members_of(
        self,
        album_ids: Collection[str],
        *,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> dict[str, frozenset[str]]: ...

    def tagged_each(
        self,
        tag_ids: Collection[str],
        *,
        taken_range: Range = OPEN,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> dict[str, frozenset[str]]: ...
