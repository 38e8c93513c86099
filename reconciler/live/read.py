"""Carries out a reading: asks the server what a desired state needs to know, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import AssetDetail
from reconciler.immich.reader import Reader
from reconciler.immich.search import PeopleOf
from reconciler.live import set_albums
from reconciler.live.memberships import read_tags
from reconciler.live.people import People, people_asked, people_scanned, with_the_scan
from reconciler.live.reading import FEW, Reading, lookup_is_cheaper, reading_for
from reconciler.model.albumsets import NOTHING_KNOWN, KnownAlbums
from reconciler.model.asset import Asset
from reconciler.model.desired import Desired, PhotoName
from reconciler.model.live import Album, Features, Identity, Live
from reconciler.model.selectors import Needs
from reconciler.model.text import folded
from reconciler.model.values import Visibility

OnProgress = Callable[[str, int], None]
"""Told what is being read and how many of it are there."""


def quiet(_what: str, _done: int) -> None:
    """Progress for nobody."""


def read_live(
    desired: Desired,
    reader: Reader,
    *,
    identity: Identity,
    features: Features,
    known: KnownAlbums = NOTHING_KNOWN,
    libraries: Callable[[], Mapping[str, str]] | None = None,
    on_progress: OnProgress = quiet,
) -> Live:
    """The live state that a plan for `desired` needs, and for the albums `known` of its sets.

    `libraries` tells the names of external libraries where they are needed, which takes an administrator's
    key; without it the reader's own key is used. Raises ServerError.
    """
    reading = reading_for(desired)
    needs = reading.needs
    scanned: PeopleOf | None = {} if with_the_scan(reader, needs) else None
    work = _Work(reader, identity.user_id, on_progress, people=scanned)
    work.read_assets(reading)
    people = _people(reader, needs, scanned, on_progress)
    live_tags = {tag.path: tag for tag in reader.tags()} if reading.read_tags else {}
    of_sets = set_albums.of_sets(desired, work.assets.values(), live_tags, known)
    albums, others, members = work.read_albums(reading, desired, of_sets)
    tags = read_tags(reader, reading, live_tags, work.assets, work.details, on_progress)
    return Live(
        identity=identity,
        features=features,
        assets=work.assets,
        tags=live_tags,
        tags_read=tags.read,
        tags_of=tags.of,
        tags_complete=tags.complete,
        albums=albums,
        members=members,
        other_albums=others,
        unread=work.unread(reading),
        people=people.known,
        people_of=people.of,
        stacked=reader.stacked() if needs.stacks else frozenset(),
        libraries=(libraries or reader.libraries)() if needs.libraries else {},
    )


def _people(reader: Reader, needs: Needs, scanned: PeopleOf | None, on_progress: OnProgress) -> People:
    if scanned is not None:
        return people_scanned(reader, needs, scanned)
    if needs.people:
        return people_asked(reader, needs, hidden=needs.hidden, on_progress=on_progress)
    return People()


@dataclass(slots=True)
class _Work:
    """Collects what one reading brings; nothing is asked twice."""

    reader: Reader
    owner: str
    on_progress: OnProgress
    assets: dict[str, Asset] = field(default_factory=dict)
    details: dict[str, AssetDetail] = field(default_factory=dict)
    people: PeopleOf | None = None
    """Takes in who is on each photo of a scan, where that is asked for."""

    def read_assets(self, reading: Reading) -> None:
        """Fills `assets`: the whole library where a rule asks for it, else what is named."""
        if reading.scan or not self._lookups_are_cheaper(reading.names):
            self._scan(hidden=reading.needs.hidden)
            rest = self._unfound(reading.names)
            if len(rest) > FEW:
                self._scan(hidden=True)
            else:
                self._look_up(rest)
        else:
            self._look_up(reading.names)

    def _lookups_are_cheaper(self, names: tuple[PhotoName, ...]) -> bool:
        if len(names) <= FEW:
            return True
        passes = len(self.reader.dialect.passes(hidden=True))
        return lookup_is_cheaper(len(names), passes, self.reader.count({}))

    def _scan(self, *, hidden: bool) -> None:
        def progress(done: int, _total: int | None = None) -> None:
            self.on_progress("photos", done)

        self.assets |= self.reader.scan(
            owner_id=self.owner, hidden=hidden, people=self.people, on_progress=progress
        )

    def unread(self, reading: Reading) -> int:
        """Files that the server has not read yet and so leaves out of a scan; asked where rules matter."""
        if not reading.scan:
            return 0
        seen = sum(asset.visibility is not Visibility.HIDDEN for asset in self.assets.values())
        return max(0, self.reader.library_size(hidden=False) - seen)

    def _unfound(self, names: Iterable[PhotoName]) -> tuple[PhotoName, ...]:
        ids, checksums = self.assets.keys(), {asset.checksum for asset in self.assets.values()}
        paths = {folded(asset.path) for asset in self.assets.values()}
        files = {folded(asset.file_name) for asset in self.assets.values()}
        return tuple(
            name
            for name in names
            if not (
                (name.id in ids)
                or (name.checksum in checksums)
                or (name.path is not None and folded(name.path) in paths)
                or (name.file is not None and folded(name.file) in files)
            )
        )

    def _look_up(self, names: Iterable[PhotoName]) -> None:
        for name in names:
            for asset in self._found(name):
                if asset.owner_id == self.owner and not asset.trashed:
                    self.assets[asset.id] = asset
            self.on_progress("photos", len(self.assets))

    def _found(self, name: PhotoName) -> Iterable[Asset]:
        if name.id:
            detail = self.reader.asset(name.id)
            if detail is None:
                return ()
            self.details[name.id] = detail
            return (detail.asset,)
        if name.checksum:
            return self.reader.find(checksum=name.checksum)
        if name.path:
            return self.reader.find(path=name.path)
        return self.reader.find(file_name=name.file)

    def read_albums(
        self, reading: Reading, desired: Desired, of_sets: Callable[[Album], bool]
    ) -> tuple[tuple[Album, ...], dict[str, str], dict[str, frozenset[str]]]:
        """The account's albums, the names of others' by id, and the members of those that matter."""
        if not reading.albums:
            return (), {}, {}
        listed = self.reader.albums()
        wanted = [
            album.id for album in listed.own if _members_matter(album, reading, desired) or of_sets(album)
        ]
        others = {album.id: album.name for album in listed.others if _asked_for(album, reading)}
        self.on_progress("albums", len(listed.own))
        members = self.reader.members_of([*wanted, *others])
        if reading.exact_members and not reading.scan:
            self._identify_members(members, desired, listed.own)
        return listed.own, others, members

    def _identify_members(
        self, members: dict[str, frozenset[str]], desired: Desired, albums: tuple[Album, ...]
    ) -> None:
        """Reads members that may have to leave, so that other people's and hidden ones are told apart."""
        managed = {album.name: album for album in desired.albums if album.manages_members}
        ids: set[str] = set()
        for album in albums:
            entry = managed.get(album.name) or _by_former_name(desired, album)
            if entry:
                ids |= members.get(album.id, frozenset())
        unknown = sorted(ids - self.assets.keys())
        if len(unknown) > FEW:
            self._scan(hidden=False)
            return
        for asset_id, detail in self.reader.assets(unknown).items():
            self.details[asset_id] = detail
            if detail.asset.owner_id == self.owner and not detail.asset.trashed:
                self.assets[asset_id] = detail.asset


def _by_former_name(desired: Desired, album: Album) -> object | None:
    for entry in desired.albums:
        former = entry.renamed_from.value if entry.renamed_from else None
        if entry.manages_members and (album.name == former or album.id == entry.id):
            return entry
    return None


def _members_matter(album: Album, reading: Reading, desired: Desired) -> bool:
    if _asked_for(album, reading):
        return True
    for entry in desired.albums:
        former = entry.renamed_from.value if entry.renamed_from else None
        if album.name in (entry.name, former) or album.id == entry.id:
            asked = entry.manages_members or entry.cover is not None
            return not entry.absent and (asked or folded(entry.name) in reading.needs.albums)
    return False


def _asked_for(album: Album, reading: Reading) -> bool:
    return reading.needs.all_albums or folded(album.name) in reading.needs.albums
