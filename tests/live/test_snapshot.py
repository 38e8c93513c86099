"""Snapshots: what they hold comes back as it was, and what they don't hold is said."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.config import load
from reconciler.live.reading import reading_for
from reconciler.live.snapshot.covers import Covers, covered_by, lacking
from reconciler.live.snapshot.document import BadSnapshot, Snapshot, read_snapshot, to_bytes, without_names
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums, SetKey
from reconciler.model.asset import Asset, Owner, Person
from reconciler.model.attempts import Attempt
from reconciler.model.live import Album, Identity, Live, Tag
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility, utc

ADA, BEN = Person("b0000000-0000-4000-8000-00000000000a", "Ada"), Person("p-2", "Ben")
SUM = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
ARCHIVE = Visibility.ARCHIVE
MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def asset(number: int, **values: Any) -> Asset:
    moment = utc(f"2024-06-{number:02}T12:00:00.123456Z")
    path = f"/photos/2024/IMG_{number}.jpg"
    plain = Asset(
        f"a-{number}",
        "u-1",
        f"sum{number}",
        f"IMG_{number}.jpg",
        path,
        AssetType.IMAGE,
        moment,
        moment,
        moment,
        zone="Europe/Rome",
    )
    return replace(plain, **values)


def library() -> Live:
    """Photos that between them have something in every field."""
    found = [
        asset(3, description="ünïcödé\n写真", rating=5, favorite=True, motion_id="m-1", library_id="l-1"),
        asset(1, taken=Taken(utc("2024-06-01T10:00:00.5Z"), 120), location=Coordinates(43.0731, -11.61)),
        asset(2, path="elsewhere.jpg", taken=Taken(utc("1901-01-01T00:00:00Z")), visibility=ARCHIVE),
        asset(4, path="/x/other name", type=AssetType.VIDEO, duration=900, width=1, height=2, city="Siena"),
        asset(5, make="Canon", model="EOS", lens="50", state="T", country="Italy", zone=None, read=False),
        asset(6, path="IMG_6.jpg", visibility=Visibility.HIDDEN, description="x"),
    ]
    photos = {item.id: replace(item, updated=item.added) for item in found}
    return Live(
        Identity("u-1", "Ada", "3.1.0", "https://photos.example.org/api"),
        assets=photos,
        tags={"Trips": Tag("t-1", "Trips", "#e07a5f"), "Trips/Italy": Tag("t-2", "Trips/Italy")},
        tags_read=frozenset({"Trips"}),
        tags_of={"a-1": frozenset({"Trips"}), "a-3": frozenset({"Trips"})},
        albums=(Album("al-1", "Italy", "text", "asc", False, "a-1", 3), Album("al-2", "Rome")),
        members={"al-1": frozenset({"a-1", "a-5", "stranger"})},
        other_albums={"al-9": "Theirs"},
        unread=2,
        library=7,
        tagged={"Trips": 2},
        people=(ADA, BEN),
        people_of={"a-1": frozenset({ADA, BEN}), "a-6": frozenset({BEN})},
        stacked=frozenset({"a-2", "a-3"}),
        libraries={"l-1": "NAS"},
        others={"o-1": replace(asset(7, id="o-1", owner_id="u-2"), updated=asset(7).added)},
        owners=(
            Owner("u-1", "Ada", "ada@example.org", me=True),
            Owner("u-2", "Ben", "ben@example.org"),
            Owner("u-3", "Carol", shown=False),
        ),
        with_others=9,
    )


def everything() -> Snapshot:
    attempt = Attempt("a-1", "description", "x", "y", "why", "2025-01-01")
    known = KnownAlbums({SetKey("month", "here"): {"2024-06": "al-1"}})
    covers = Covers(
        whole=True, hidden=True, checksums=True, tags=True, albums=True, people=frozenset({"ada"})
    )
    return Snapshot(library(), covers, MADE, {("a-1", "description"): attempt}, known)


def test_it_comes_back_as_it_was() -> None:
    made = everything()
    data = to_bytes(made)
    assert read_snapshot(data) == made
    assert to_bytes(made) == data
    shuffled = dict(reversed(made.live.assets.items()))
    assert to_bytes(replace(made, live=replace(made.live, assets=shuffled))) == data
    assert read_snapshot(gzip.decompress(data)) == made, "also where somebody has unpacked it"


def test_an_empty_library() -> None:
    made = Snapshot(Live(Identity("u", "n", "3.1.0", "x")), Covers(), MADE)
    assert read_snapshot(to_bytes(made)) == made


def test_checksums_are_only_there_where_they_are_asked_for() -> None:
    made = everything()
    without = replace(made, covers=replace(made.covers or Covers(), checksums=False))
    assert b"sum3" in gzip.decompress(to_bytes(made)) and b"sum3" not in gzip.decompress(to_bytes(without))
    assert {item.checksum for item in read_snapshot(to_bytes(without)).live.assets.values()} == {""}


def test_without_names_of_people() -> None:
    live = without_names(library())
    text = gzip.decompress(to_bytes(Snapshot(live, Covers(names=False), MADE)))
    assert b"Ada" not in text and b"Ben" not in text
    assert {person.id for person in live.people_of["a-1"]} == {ADA.id, BEN.id}


def test_many_photos_are_small() -> None:
    """Of 5,000 photos, of which each has its own id and file, one takes 20 bytes or so."""
    photos = [
        replace(
            asset(1 + number % 28, city="Siena", make="Canon"), id=f"{number:08}", file_name=f"{number}.jpg"
        )
        for number in range(5000)
    ]
    live = replace(library(), assets={item.id: item for item in photos}, tags_of={}, people_of={}, members={})
    data = to_bytes(Snapshot(live, Covers(whole=True), MADE))
    assert len(data) < 5000 * 30


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "isn't JSON"),
        (b"[]", "not a snapshot"),
        (b'{"kind": "immich-live", "version": 99}', "has version 99, this program reads 1"),
        (b'{"kind": "immich-live", "version": 1}', "can't be read"),
        (gzip.compress(b"x" * 999, mtime=0)[:20], "ends too early"),
        (b"\x1f\x8b nonsense", "can't be unpacked"),
    ],
)
def test_what_is_no_snapshot(data: bytes, said: str) -> None:
    with pytest.raises(BadSnapshot, match=said):
        read_snapshot(data)


def test_columns_that_do_not_fit_together_are_no_snapshot() -> None:
    document = orjson.loads(gzip.decompress(to_bytes(everything())))
    document["assets"]["id"] = document["assets"]["id"][:-1]
    with pytest.raises(BadSnapshot, match="can't be read"):
        read_snapshot(orjson.dumps(document))


@pytest.mark.parametrize("created", [10**18, -(10**18), 10**30])
def test_times_that_no_calendar_has_are_no_snapshot(created: int) -> None:
    document = orjson.loads(gzip.decompress(to_bytes(everything())))
    document["assets"]["created"] = [created] * document["assets"]["count"]
    with pytest.raises(BadSnapshot, match="can't be read"):
        read_snapshot(json.dumps(document).encode())


FILES = """
assets:
  - match: { folder: 2024 }
    tags: [Trips]
albums:
  - name: Italy
    match: { people: Ada }
"""


def lacks(folder: Path, made_for: str, asked: str) -> str:
    """What the files `asked` need that a snapshot `made_for` others doesn't hold."""
    (folder / "a.yaml").write_text(made_for, "utf-8")
    reading = reading_for(load([folder / "a.yaml"]).desired)
    covers = covered_by(reading, whole=reading.scan, checksums=False, names=True)
    (folder / "a.yaml").write_text(asked, "utf-8")
    live = library() if reading.read_tags else replace(library(), tags={}, tags_read=frozenset())
    live = live if reading.albums else replace(live, albums=(), members={})
    return "; ".join(lacking(load([folder / "a.yaml"]).desired, live, covers, NOTHING_KNOWN))


def test_the_same_files_lack_nothing(tmp_path: Path) -> None:
    assert lacks(tmp_path, FILES, FILES) == ""


def test_other_rules_over_what_is_there_lack_nothing(tmp_path: Path) -> None:
    other = FILES.replace("folder: 2024", "place: { city: Siena }, rating: 5, tags: [Trips]")
    other += "  - { name: New, assets: [{ file: IMG_3.jpg }] }\n"
    assert lacks(tmp_path, FILES, other) == ""


def test_who_shows_everybody_shows_each(tmp_path: Path) -> None:
    theirs = "albums:\n  - { name: Italy, match: { owner: any, folder: x } }\n"
    assert lacks(tmp_path, theirs, theirs.replace("any", "[me, BEN, ben@example.org]")) == ""
    assert "people: any" in lacks(tmp_path, theirs.replace("any", "Ben"), theirs)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("assets:\n  - { match: { folder: x }, tags: [Trips/Italy] }\n", "the photos of tags: Trips/Italy"),
        ("assets:\n  - { match: { folder: x }, tags: { exact: [Trips] } }\n", "photos of tags: Trips/Italy"),
        (
            "assets:\n  - { match: { visibility: hidden }, rating: 3 }\n",
            "hidden photos, which a rule",
        ),
        ("albums:\n  - { name: Rome, match: { rating: 3 } }\n", "the photos of albums: Rome"),
        ("albums:\n  - { name: x, match: { album: Shared } }\n", "the photos of albums: shared"),
        ("albums:\n  - { name: x, match: { people: Ben } }\n", "the photos of persons: ben"),
        ("albums:\n  - { name: x, match: { stacked: true } }\n", "stacks"),
        ("albums:\n  - { name: x, match: { owner: Ben } }\n", "photos of other people: Ben"),
        ("assets:\n  - { match: { file: nowhere.jpg }, rating: 3 }\n", "hidden photos, so that nobody knows"),
        (
            "assets:\n  - { match: { checksum: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12 }, rating: 3 }\n",
            "checksums",
        ),
    ],
)
def test_what_was_not_asked_is_lacking(tmp_path: Path, asked: str, said: str) -> None:
    assert said.lower() in lacks(tmp_path, FILES, asked).lower()


def test_a_snapshot_of_named_photos_has_no_others(tmp_path: Path) -> None:
    named = "assets:\n  - { match: { file: IMG_1.jpg }, rating: 3 }\n"
    assert lacks(tmp_path, named, named) == ""
    assert "photos that are named: IMG_2.jpg" in lacks(tmp_path, named, named.replace("_1", "_2"))
    told = lacks(tmp_path, named, FILES)
    assert "the whole library" in told and "the list of tags" in told and "the list of albums" in told
