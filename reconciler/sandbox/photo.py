"""What is embedded in a photo file, or written in its sidecar, as Immich reads it.

Pillow reads the files: it parses metadata in Python, so broken bytes are an exception here and never a crash
of the process; it keeps no state between files, so threads may read side by side; and it comes ready-built
for every system. Which of several tags wins, and how numbers are rounded, follows the recorded answers of
Immich 2.5.6 and 3.1.0.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from reconciler.sandbox import geo, xmp
from reconciler.sandbox.containers import Directories, Parts, read_directories, take_apart

_log = logging.getLogger(__name__)

_DATE: Final = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_OFFSET: Final = re.compile(r"([+-]\d\d):?(\d\d)", re.ASCII)
_FRACTION: Final = re.compile(r"(-?\d+)/(\d+)", re.ASCII)

# numbers of Exif tags (Exif 2.32), by directory
_DESCRIPTION, _MAKE, _MODEL, _ORIENTATION, _MODIFIED, _RATING = 270, 271, 272, 274, 306, 0x4746
_EXPOSURE, _F_NUMBER, _ISO, _FOCAL_LENGTH, _LENS = 0x829A, 0x829D, 0x8827, 0x920A, 0xA434
_ORIGINAL, _DIGITIZED = (0x9003, 0x9291, 0x9011), (0x9004, 0x9292, 0x9012)  # date, fraction, offset
_OFFSET_TIME: Final = 0x9010
_GPS_CLOCK, _GPS_DAY = 7, 29
_IPTC_CHARSET, _IPTC_KEYWORDS, _IPTC_CAPTION = (1, 90), (2, 25), (2, 120)

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Embedded:
    """The metadata of one photo file or sidecar; None where it says nothing.

    Values are as the file has them: what a server makes of them (of a rating of -1, say) is not decided here.
    """

    taken: str | None = None
    """Local time, ISO 8601 without offset and with the file's fractions: ``2016-08-09T10:11:12.345``."""
    offset: str | None = None
    """Of ``taken``, such as ``+01:00``; UTC is ``+00:00``."""
    latitude: float | None = None
    """Degrees; both coordinates or neither. 0/0 is no place."""
    longitude: float | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    f_number: float | None = None
    focal_length: float | None = None
    """Millimetres."""
    iso: int | None = None
    exposure_time: str | None = None
    """Seconds as photographers write them: ``1/125``, ``0.5``, ``30``."""
    description: str | None = None
    """Trimmed. ``""`` stands for a sidecar that says in so many words that there is none."""
    rating: int | None = None
    """As the file has it, also 0 and -1."""
    tags: tuple[str, ...] = ()
    """Paths, parts separated by ``/``, in the file's order, none twice."""
    width: int | None = None
    """Pixels as stored, before ``orientation`` turns the picture."""
    height: int | None = None
    orientation: str | None = None
    """``1`` to ``8``."""
    modified: str | None = None
    """Local time like ``taken``."""


def read_photo(data: bytes, file_name: str) -> Embedded:
    """The metadata of a photo: Exif first, then XMP, then IPTC; of two ratings XMP's counts.

    Reads JPEG, PNG, WebP, HEIC, AVIF and TIFF, the raw formats built like TIFF (DNG, CR2, NEF, ARW, PEF, ORF,
    RW2) and RAF; of a GIF the size. Other formats and broken files give an ``Embedded`` that says nothing, or
    what could still be read. ``file_name`` is for the log.
    """

    def attempt(read: Callable[[], _Found], otherwise: _Found) -> _Found:
        return _attempt(file_name, read, otherwise)

    parts = attempt(lambda: take_apart(data), Parts())
    tags = attempt(lambda: read_directories(parts.exif) if parts.exif else Directories(), Directories())
    nothing: dict[str, tuple[str, ...]] = {}
    properties = attempt(lambda: xmp.read_properties(parts.xmp) if parts.xmp else nothing, nothing)
    exif = attempt(lambda: _from_exif(tags), Embedded())
    packet = attempt(lambda: _from_xmp(properties), Embedded())
    records = attempt(lambda: _from_iptc(parts.iptc) if parts.iptc else Embedded(), Embedded())
    own = Embedded(
        width=_positive(parts.width),
        height=_positive(parts.height),
        orientation=_orientation(parts.orientation),
    )
    texts = [replace(part, description=part.description or None) for part in (exif, packet, records)]
    merged = _merge(own, Embedded(rating=packet.rating), *texts)
    return attempt(lambda: _with_satellite_date(merged, _exif_satellite_time(tags.gps), properties), merged)


def read_sidecar(data: bytes) -> Embedded:
    """The metadata of an XMP sidecar; nothing for bytes that are not XMP."""

    def read() -> Embedded:
        properties = xmp.read_properties(data)
        return _with_satellite_date(_from_xmp(properties), None, properties)

    return _attempt("a sidecar", read, Embedded())


def _attempt(what: str, read: Callable[[], _Found], otherwise: _Found) -> _Found:
    try:
        return read()
    except Exception as error:  # noqa: BLE001  (broken files make parsers raise anything; the rest is still read)
        _log.debug("metadata of %s not read: %s: %s", what, type(error).__name__, error)
        return otherwise


# fields that only make sense together, so that one source gives all or none
_TOGETHER: Final = (("taken", "offset"), ("latitude", "longitude"))


def _merge(*sources: Embedded) -> Embedded:
    """Field by field the first source that says something."""
    values: dict[str, Any] = {}
    paired = {name for names in _TOGETHER for name in names}
    groups = [*_TOGETHER, *((field.name,) for field in fields(Embedded) if field.name not in paired)]
    for names in groups:
        for source in sources:
            if getattr(source, names[0]) not in (None, ()):
                values.update((name, getattr(source, name)) for name in names)
                break
    return Embedded(**values)


# --- Exif ---------------------------------------------------------------------------------------------------


def _from_exif(directories: Directories) -> Embedded:
    main, camera, gps = directories.main, directories.camera, directories.gps
    latitude, longitude = _place(_exif_coordinate(gps, 2, 1, "S", 90), _exif_coordinate(gps, 4, 3, "W", 180))
    taken, offset = _exif_date(camera)
    return Embedded(
        taken=taken,
        offset=offset,
        latitude=latitude,
        longitude=longitude,
        make=_text(main.get(_MAKE)),
        model=_text(main.get(_MODEL)),
        lens=_text(camera.get(_LENS)),
        f_number=_f_number(_number(camera.get(_F_NUMBER))),
        focal_length=_number(camera.get(_FOCAL_LENGTH)),
        iso=_whole(camera.get(_ISO)),
        exposure_time=_exposure_time(_number(camera.get(_EXPOSURE))),
        description=_text(main.get(_DESCRIPTION)),
        rating=_whole(main.get(_RATING)),
        orientation=_orientation(main.get(_ORIENTATION)),
        modified=_date(_text(main.get(_MODIFIED)))[0],
    )


def _exif_date(camera: Mapping[int, Any]) -> tuple[str | None, str | None]:
    """The date of the picture: one with fractions or an offset is preferred to a plainer one."""
    dates = []
    for date_tag, fraction_tag, offset_tag in (_ORIGINAL, _DIGITIZED):
        fraction = _text(camera.get(fraction_tag)) or ""
        offset = _offset(_text(camera.get(offset_tag)))
        taken, _ = _date(_text(camera.get(date_tag)), fraction if fraction.isdecimal() else "")
        if taken:
            dates.append((taken, offset, bool(fraction or offset)))
    dates.sort(key=lambda date: not date[2])
    if not dates:
        return None, None
    taken, offset, _ = dates[0]
    return taken, offset or _offset(_text(camera.get(_OFFSET_TIME)))


def _exif_satellite_time(gps: Mapping[int, Any]) -> str | None:
    day, clock = _text(gps.get(_GPS_DAY)), gps.get(_GPS_CLOCK)
    if day is None or not isinstance(clock, tuple) or len(clock) != 3:
        return None
    hour, minute, second = (_number(part) for part in clock)
    if hour is None or minute is None or second is None:
        return None
    return f"{day} {hour:02.0f}:{minute:02.0f}:{int(second):02}"


def _exif_coordinate(
    gps: Mapping[int, Any], tag: int, side_tag: int, negative: str, limit: int
) -> float | None:
    parts = gps.get(tag)
    side = _text(gps.get(side_tag)) or ""
    if not isinstance(parts, tuple) or not parts:
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    degrees = sum((number or 0) / 60**power for power, number in enumerate(numbers[:3]))
    if degrees > limit:
        return None
    return _rounded(-degrees if side.upper().startswith(negative) else degrees, 15)


def _exposure_time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if 0 < seconds < 0.25001:
        return f"1/{int(0.5 + 1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def _f_number(value: float | None) -> float | None:
    if value is None or value <= 0:
        return value
    return round(value, 2 if value < 1 else 1)


# --- XMP ----------------------------------------------------------------------------------------------------


def _from_xmp(properties: Mapping[str, tuple[str, ...]]) -> Embedded:
    def first(*names: str) -> str | None:
        return xmp.first(properties, names)

    dates = (
        _date(first(name)) for name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
    )
    taken, offset = next((date for date in dates if date[0]), (None, None))
    latitude, longitude = _place(
        xmp.coordinate(first("exif:GPSLatitude") or ""), xmp.coordinate(first("exif:GPSLongitude") or "")
    )
    return Embedded(
        taken=taken,
        offset=offset,
        latitude=latitude,
        longitude=longitude,
        make=first("tiff:Make") or None,
        model=first("tiff:Model") or None,
        lens=first("exifEX:LensModel") or None,
        f_number=_f_number(_number(first("exif:FNumber"))),
        focal_length=_number(first("exif:FocalLength")),
        iso=_whole(first("exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity")),
        exposure_time=_exposure_time(_number(first("exif:ExposureTime"))),
        description=first("tiff:ImageDescription", "dc:description"),
        rating=_whole(first("xmp:Rating")),
        tags=_xmp_tags(properties),
        orientation=_orientation(_whole(first("tiff:Orientation"))),
        modified=_date(first("xmp:ModifyDate"))[0],
    )


def _xmp_tags(properties: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The first of digiKam's paths, Lightroom's paths and plain keywords that has any: Immich's order."""
    if tags := properties.get("digiKam:TagsList"):
        return _distinct(tags)
    if paths := properties.get("lr:hierarchicalSubject"):
        # a slash in a Lightroom name is no level; Immich writes it as a bar
        return _distinct("/".join(part.replace("/", "|") for part in path.split("|")) for path in paths)
    return _distinct(properties.get("dc:subject", ()))


# --- IPTC ---------------------------------------------------------------------------------------------------


def _from_iptc(block: bytes) -> Embedded:
    records = list(_iptc_records(block))
    utf_8 = any(record == _IPTC_CHARSET and value == b"\x1b%G" for record, value in records)

    def texts(wanted: tuple[int, int]) -> list[str]:
        values = (value for record, value in records if record == wanted)
        return [value.decode("utf-8" if utf_8 else "cp1252", "replace").strip() for value in values]

    return Embedded(
        description=next(iter(texts(_IPTC_CAPTION)), None),
        tags=_distinct(texts(_IPTC_KEYWORDS)),
    )


def _iptc_records(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """The records of a block: (record, data set) and value. Ends at the first thing that is none."""
    position = 0
    while block[position : position + 1] == b"\x1c" and position + 5 <= len(block):
        record, data_set = block[position + 1], block[position + 2]
        length = int.from_bytes(block[position + 3 : position + 5], "big")
        if length & 0x8000:  # the long form, used for pictures only
            return
        yield (record, data_set), block[position + 5 : position + 5 + length]
        position += 5 + length


# --- values -------------------------------------------------------------------------------------------------


def _text(value: object) -> str | None:
    """An Exif text, trimmed, None if empty. Pillow took the bytes for Latin-1, Immich takes UTF-8."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return None
    text = value.split(b"\x00")[0].decode("utf-8", "replace").replace("\ufffd", "?")
    return text.strip() or None


def _number(value: object) -> float | None:
    """A number or a fraction (``28/10``) to ten digits, as the library that Immich uses rounds fractions."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, str) and (match := _FRACTION.fullmatch(value.strip())):
        above, below = int(match[1]), int(match[2])
        value = above / below if below else None
    try:
        number = float(value)  # type: ignore[arg-type]  # what cannot be a number raises
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return _rounded(number, 10) if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return round(number) if number is not None and abs(number) < 2**31 else None


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _positive(value: int | None) -> int | None:
    return value if value and value > 0 else None


def _orientation(value: object) -> str | None:
    return str(value) if isinstance(value, int) and 1 <= value <= 8 else None


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _place(latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _date(text: str | None, fraction: str = "") -> tuple[str | None, str | None]:
    """Local time and offset of an Exif or XMP date; nothing for one without a time, or one that never was."""
    match = _DATE.fullmatch((text or "").strip())
    if not match:
        return None, None
    year, month, day, hour, minute, second, inner, zone = match.groups()
    local = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}"
    try:
        datetime.fromisoformat(local)
    except ValueError:
        return None, None
    fraction = (fraction or inner or "").rstrip("0")
    return f"{local}.{fraction}" if fraction else local, _offset(zone)


def _with_satellite_date(
    found: Embedded, exif_time: str | None, properties: Mapping[str, tuple[str, ...]]
) -> Embedded:
    """Photos without another date have the one that satellites gave: in UTC, or in the zone of the place."""
    moment = _date(exif_time)[0] or _date(xmp.first(properties, ["exif:GPSTimeStamp"]))[0]
    if found.taken is not None or moment is None:
        return found
    if found.latitude is None or found.longitude is None:
        return replace(found, taken=moment, offset="+00:00")
    zone = ZoneInfo(geo.zone_at(found.latitude, found.longitude) or "UTC")
    local = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(zone)
    return replace(found, taken=local.replace(tzinfo=None).isoformat())


def _offset(text: str | None) -> str | None:
    if text in ("Z", "z"):
        return "+00:00"
    match = _OFFSET.fullmatch(text or "")
    return f"{match[1]}:{match[2]}" if match else None
