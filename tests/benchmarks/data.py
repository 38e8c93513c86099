"""Made-up libraries and the files that go with them; the same number of photos gives the same data."""

from __future__ import annotations

import hashlib
import random
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.model.asset import Asset
from reconciler.model.live import Album, Identity, Live, Tag
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility

OWNER = "11111111-2222-4333-8444-555555555555"
BEGIN = datetime(2010, 1, 1, tzinfo=UTC)
YEARS = 15
TEXT = (
    "sunset over the old harbour with Ada and Ben on a windy evening in late summer near lake garden "
    "grandma's birthday cake under fir trees first snow big ferry two bicycles market café Köln"
)
WORDS = TEXT.split()
COUNTRIES = (
    ("Italy", "Tuscany", "Siena", 43.3, 11.3),
    ("Germany", "Bavaria", "München", 48.1, 11.6),
    ("Spain", "Catalonia", "Girona", 41.98, 2.8),
    ("Norway", "Vestland", "Bergen", 60.4, 5.3),
)
CAMERAS = (
    ("FUJIFILM", "X-T5", "XF35mm"),
    ("Apple", "iPhone 14", "back camera"),
    ("SONY", "ILCE-7M4", "FE 24-70"),
)


def sha1(number: int) -> bytes:
    """The checksum of a photo by its number."""
    return hashlib.sha1(f"photo {number}".encode()).digest()


def asset_id(number: int) -> str:
    """The id of a photo by its number."""
    digits = hashlib.md5(f"id {number}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def caption(number: int) -> str:
    """A caption that no other photo has."""
    words = random.Random(number)
    return f"No. {number}: {' '.join(words.choices(WORDS, k=14))}"


def taken(number: int, photos: int) -> Taken:
    """A moment in summer time, in the fifteen years that the library covers; later numbers are later."""
    moment = BEGIN + timedelta(days=YEARS * 365.25 * number / photos, seconds=number % 86_400)
    return Taken(moment.replace(microsecond=0, month=5 + moment.month % 5, day=min(moment.day, 28)), 120)


# -- files -------------------------------------------------------------------------------------------------


def write_entries(folder: Path, photos: int, files: int = 1, captions: str = "") -> int:
    """Files with one entry for each photo: caption, date, place, rating. Returns their size in bytes.

    With another text in `captions` every caption is another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    for number in range(files):
        first, last = photos * number // files, photos * (number + 1) // files
        text = "assets:\n" + "".join(_entry(at, photos, captions) for at in range(first, last))
        size += (folder / f"photos-{number:03}.yaml").write_bytes(text.encode())
    return size


def _entry(number: int, photos: int, captions: str) -> str:
    _, _, _, latitude, longitude = COUNTRIES[number % 2]
    return (
        f"  - match: {{ checksum: {sha1(number).hex()} }}\n"
        f'    description: "{captions}{caption(number)}"\n'
        f"    taken: {taken(number, photos)}\n"
        f"    location: {{ latitude: {latitude + number % 97 / 1000:.6f}, longitude: {longitude:.6f} }}\n"
        f"    rating: {1 + number % 5}\n"
    )


RULES = """
assets:
  - match: { rating: ">=1" }
    tags: [Rated]
albums:
"""


def rules(albums: int = 20) -> str:
    """One rule over everything and albums by rule."""
    lines = [RULES]
    for number in range(albums):
        year, (country, *_rest) = 2010 + number % YEARS, COUNTRIES[number % 4]
        lines.append(f"  - name: {country} {year} {number}\n")
        lines.append(f"    match: {{ taken: {year}, place: {{ country: {country} }}, rating: '>=2' }}\n")
    return "".join(lines)


def events(albums: int) -> str:
    """Albums that differ: by days, a folder, words in captions or file names, a camera's month."""
    lines = ["albums:\n"]
    for number in range(albums):
        day = BEGIN + timedelta(days=number * YEARS * 365 // albums)
        month = f"{day.year}-{day.month:02}"
        rules = (
            f"taken: {day:%Y-%m-%d}..{day + timedelta(days=8):%Y-%m-%d}",
            f"folder: '/photos/{day.year}/{day.month:02}*', place: {{ country: Italy }}",
            f"description: 'no. {number}'",
            f"file: '*_{number % 10_000:06}*'",
            f"camera: {{ make: SONY }}, taken: {month}",
            f"any: [{{ file: 'IMG_{number % 10_000:06}*' }}, {{ taken: {month}, rating: 5 }}]",
        )
        lines.append(f"  - name: Event {number}\n    match: {{ {rules[number % len(rules)]} }}\n")
    return "".join(lines)


# -- the library -------------------------------------------------------------------------------------------


def library(photos: int, *, like_files: bool = False) -> Live:
    """A library as the server has it; with `like_files` it has what `write_entries` asks for."""
    assets = {asset.id: asset for asset in _assets(photos, like_files)}
    ids = list(assets)
    albums = tuple(
        Album(f"{number:08}-aaaa-4aaa-8aaa-aaaaaaaaaaaa", f"Album {number}") for number in range(300)
    )
    size = max(1, photos // 120)
    members = {album.id: frozenset(ids[at * photos // 300 :][:size]) for at, album in enumerate(albums)}
    rated = Tag("99999999-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "Rated")
    return Live(
        identity=Identity(OWNER, "ada", "3.1.0", "http://localhost"),
        assets=assets,
        tags={rated.path: rated},
        tags_read=frozenset({rated.path}),
        albums=albums,
        members=members,
    )


def _assets(photos: int, like_files: bool) -> Iterator[Asset]:
    for number in range(photos):
        country, state, city, latitude, longitude = COUNTRIES[number % (2 if like_files else 4)]
        make, model, lens = CAMERAS[number % 3]
        when = taken(number, photos)
        yield Asset(
            id=asset_id(number),
            owner_id=OWNER,
            checksum=b64encode(sha1(number)).decode(),
            file_name=f"IMG_{number:06}.jpg",
            path=f"/photos/{when.instant:%Y/%m}/IMG_{number:06}.jpg",
            type=AssetType.IMAGE if number % 20 else AssetType.VIDEO,
            file_created_at=when.instant,
            added=BEGIN + timedelta(seconds=number),
            updated=BEGIN + timedelta(seconds=number),
            description=caption(number) if like_files or number % 5 < 2 else "",
            taken=when,
            zone="UTC+2",
            location=Coordinates(round(latitude + number % 97 / 1000, 6), longitude)
            if like_files or number % 5 < 3
            else None,
            rating=1 + number % 5 if like_files or number % 7 == 0 else None,
            visibility=Visibility.TIMELINE if like_files or number % 20 else Visibility.ARCHIVE,
            city=city,
            state=state,
            country=country,
            make=make,
            model=model,
            lens=lens,
        )
