"""The server's JSON turned into the model's words. Unknown fields and unknown enum values are no error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.immich.answers import (
    AssetDetail,
    ItemResult,
    Job,
    KeyInfo,
    Made,
    Mark,
    Marker,
    Me,
    P,
    Page,
    Queue,
    StorageTemplate,
)
from reconciler.immich.versions import Version
from reconciler.model.asset import Asset, Owner, Person
from reconciler.model.live import Album, Tag
from reconciler.model.sharing import Share, User
from reconciler.model.values import (
    AssetType,
    Coordinates,
    Taken,
    Visibility,
    normal_color,
    normal_description,
    normal_rating,
    utc,
    zone_offset,
)

Json = Mapping[str, Any]

_TYPES = {kind.value.upper(): kind for kind in AssetType}
_VISIBILITIES = {kind.value: kind for kind in Visibility}
_NO_EXIF: Json = {}
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC)
_SIDEWAYS = frozenset({"5", "6", "7", "8"})
"""The orientations of EXIF by which a picture is shown on its side."""
_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)", re.ASCII)


def moment(text: str) -> datetime:
    """A timestamp; one outside the years 1 to 9999 becomes the nearest that can be told."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is UTC else utc(text)
    except (ValueError, OverflowError):
        if text[:1] not in "+-":
            raise
        return _LATEST if text[0] == "+" else _EARLIEST


def asset_of(item: Json) -> Asset:
    """An asset of a search with `withExif` or of GET /assets/{id}. An unknown visibility counts as hidden.

    `read` is False where the metadata are not there (FACTS 3.3). A library is read through
    here photo by photo, so fields are given in their order and what is empty asks no function.
    """
    get = item.get
    exif: Json = get("exifInfo") or _NO_EXIF
    of = exif.get
    created = moment(item["fileCreatedAt"])
    added, text, rating = get("createdAt"), of("description"), of("rating")
    taken, zone, latitude = of("dateTimeOriginal"), of("timeZone"), of("latitude")
    width, height = get("width"), get("height")
    if not width or not height:
        width, height = _size_of_file(exif)
    duration = get("duration")
    return Asset(
        item["id"],
        item["ownerId"],
        get("checksum") or "",
        get("originalFileName") or "",
        get("originalPath") or "",
        _TYPES.get(get("type") or "", AssetType.OTHER),
        created,
        moment(added) if added else created,
        moment(item["updatedAt"]),
        normal_description(text) if text else "",
        _taken(taken, zone) if taken else None,
        zone,
        None if latitude is None else _location(latitude, of("longitude")),
        None if rating is None else normal_rating(rating),
        bool(get("isFavorite")),
        _VISIBILITIES.get(get("visibility") or "timeline", Visibility.HIDDEN),
        of("city"),
        of("state"),
        of("country"),
        of("make"),
        of("model"),
        of("lensModel"),
        get("libraryId"),
        get("livePhotoVideoId"),
        bool(get("isTrashed")),
        bool(exif),
        width,
        height,
        _duration(duration) if duration else None,
    )


def mark_of(item: Json) -> Mark:
    """An asset's place in a search and nothing else of it."""
    created = item["fileCreatedAt"]
    return Mark(item["id"], moment(created), moment(item.get("createdAt") or created))


def page_of(said: Json, one: Callable[[Json], P]) -> Page[P]:
    """A page of POST /search/metadata; `total` in it says nothing (FINDINGS 50)."""
    found = said["assets"]
    cursor = found.get("nextCursor")
    more = cursor is not None or found.get("nextPage") is not None
    return Page(tuple(one(item) for item in found["items"]), more, cursor)


def markers_of(said: Iterable[Json]) -> list[Marker]:
    """The markers of a map; coordinates that are no numbers are null here, as in a photo itself."""
    return [
        Marker(
            item["id"],
            Coordinates(float(lat), float(lon)),
            (item.get("country"), item.get("state"), item.get("city")),
        )
        for item in said
        if (lat := item["lat"]) is not None and (lon := item["lon"]) is not None
    ]


def detail_of(item: Json) -> AssetDetail:
    """An asset with its tags."""
    return AssetDetail(asset_of(item), frozenset(tag["value"] for tag in item.get("tags") or ()))


def tag_of(item: Json) -> Tag:
    """A tag; `#0f0` and `#00ff00` are one colour."""
    return Tag(item["id"], item["value"], normal_color(item.get("color")))


def album_of(item: Json, owner: str | None = None) -> Album:
    """An album as a list shows it; of its users `owner` is left out, who stands among them from 3.0 on."""
    return Album(
        id=item["id"],
        name=item["albumName"],
        description=item.get("description") or "",
        order=item.get("order"),
        activity=bool(item.get("isActivityEnabled", True)),
        cover=item.get("albumThumbnailAssetId"),
        asset_count=int(item.get("assetCount") or 0),
        shares=_shares(item.get("albumUsers") or (), owner),
    )


def _shares(members: Iterable[Json], owner: str | None) -> tuple[Share, ...]:
    found = (Share(user_of(member["user"]), str(member["role"])) for member in members)
    shares = [share for share in found if share.user.id != owner]
    return tuple(sorted(shares, key=lambda share: (share.user.email, share.user.id)))


def user_of(item: Json) -> User:
    """Somebody with an account, as others see them."""
    return User(str(item["id"]), item.get("email") or "", item.get("name") or "")


def album_state(item: Json) -> str | None:
    """How many members an album shows, when it changed, their first and last day, when one last changed.

    The days (FACTS 6) tell of some who came in without a trace: `PUT /assets/copy` moves no time.
    """
    count, changed = int(item.get("assetCount") or 0), item.get("updatedAt")
    newest = item.get("lastModifiedAssetTimestamp")
    if not changed or (count and not newest):
        return None
    days = f"{item.get('startDate') or ''} {item.get('endDate') or ''}"
    return f"{_state(count, changed)}{days} {newest or ''}"


def _state(count: int, changed: str) -> str:
    return f"{count} {changed} "


def made_of(item: Json, members: Sequence[str]) -> Made:
    """An album as the answer to making it tells of it; how many members it shows is left out there."""
    changed = item.get("updatedAt")
    return Made(str(item["id"]), _state(len(members), changed) if changed else "", tuple(members))


def person_of(item: Json) -> Person:
    """A person; the name is empty where nobody has given one."""
    return Person(item["id"], item.get("name") or "")


def people_page_of(said: Json) -> tuple[list[Person], bool]:
    """A page of GET /people, and whether there are more."""
    return [person_of(item) for item in said["people"]], bool(said.get("hasNextPage"))


def people_of(item: Json) -> frozenset[Person]:
    """Who is on an asset of a search with `withPeople`: everybody with a visible face, named or not."""
    return frozenset(person_of(person) for person in item.get("people") or ())


def stacked_of(item: Json) -> list[str]:
    """The ids of a stack's photos."""
    return [member["id"] for member in item.get("assets") or ()]


def owner_of(item: Json) -> Owner:
    """A user; a partner's photos are shown where they are in the timeline (FACTS 6)."""
    return Owner(
        item["id"], item.get("name") or "", item.get("email") or "", shown=bool(item.get("inTimeline"))
    )


def me_of(item: Json) -> Me:
    """The key's user."""
    return Me(item["id"], item.get("name") or "", item.get("email") or "", bool(item.get("isAdmin")))


def key_of(item: Json) -> KeyInfo:
    """The key itself."""
    return KeyInfo(item.get("name") or "", frozenset(item["permissions"]))


def version_of(item: Json) -> Version:
    """The server's version."""
    return Version(int(item["major"]), int(item["minor"]), int(item["patch"]))


def template_of(item: Json) -> StorageTemplate:
    """The storage template out of the server's configuration."""
    part = item["storageTemplate"]
    return StorageTemplate(bool(part["enabled"]), part.get("template") or "")


def album_order_of(item: Json) -> str | None:
    """The order of new albums out of a user's preferences."""
    return (item.get("albums") or {}).get("defaultAssetOrder")


def queue_of(item: Json) -> Queue:
    """A queue of /queues."""
    return _queue(item["name"], bool(item["isPaused"]), item["statistics"])


def queues_of_jobs(said: Json) -> list[Queue]:
    """The queues of /jobs, where they are one object by name."""
    return [
        _queue(name, bool(part["queueStatus"]["isPaused"]), part["jobCounts"])
        for name, part in said.items()
        if isinstance(part, dict) and "queueStatus" in part
    ]


def jobs_of(said: list[Json]) -> tuple[Job, ...]:
    """The jobs of a queue; the server tells milliseconds."""
    return tuple(Job(item["data"].get("id"), item["timestamp"] / 1000) for item in said)


def results_of(said: list[Json], *, fine: str) -> list[ItemResult]:
    """What became of each id; the error `fine` means that it was so already."""
    return [_result(item, fine) for item in said]


def _result(item: Json, fine: str) -> ItemResult:
    error = item.get("error")
    ok = bool(item["success"]) or error == fine
    return ItemResult(item["id"], ok, None if ok else str(error or "unknown"))


def _queue(name: str, paused: bool, counts: Json) -> Queue:
    return Queue(
        name=name,
        paused=paused,
        active=int(counts.get("active", 0)),
        waiting=int(counts.get("waiting", 0)),
        delayed=int(counts.get("delayed", 0)),
        paused_jobs=int(counts.get("paused", 0)),
        failed=int(counts.get("failed", 0)),
    )


def _taken(text: str, zone: str | None) -> Taken:
    """When a photo was taken: `dateTimeOriginal` is the instant, `timeZone` the clock (FINDINGS 10 to 12)."""
    instant = moment(text)
    offset = zone_offset(zone, instant)
    if offset and not 1 < instant.year < 9999 and _ends_the_calendar(instant, offset):
        offset = None
    return Taken(instant, offset)


def _ends_the_calendar(instant: datetime, offset: int) -> bool:
    """Whether the clock has shown a day that no calendar has."""
    try:
        instant += timedelta(minutes=offset)
    except OverflowError:
        return True
    return False


def _location(latitude: float, longitude: float | None) -> Coordinates | None:
    return None if longitude is None else Coordinates(float(latitude), float(longitude))


def _size_of_file(exif: Json) -> tuple[int | None, int | None]:
    """Width and height as shown, where the server has only those of the file: its orientation turns them."""
    width, height = exif.get("exifImageWidth"), exif.get("exifImageHeight")
    if str(exif.get("orientation")) in _SIDEWAYS:
        width, height = height, width
    return int(width) if width else None, int(height) if height else None


def _duration(said: str | int | None) -> int | None:
    """Milliseconds of a video: a number since 3.0, `H:MM:SS.fffff` before, all zero for a photo (FACTS 1)."""
    if isinstance(said, str):
        found = _CLOCK.fullmatch(said)
        if not found:
            return None
        said = round(1000 * (3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])))
    return int(said) if said else None
