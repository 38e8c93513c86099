"""The storage template: where a file belongs. Pure.

A small part of Handlebars is enough: `{{token}}` and `{{#if token}}…{{else}}…{{/if}}` (FINDINGS 47).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

DEFAULT = "{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}"

OPTIONS: dict[str, list[str]] = {
    "secondOptions": ["s", "ss", "SSS"],
    "minuteOptions": ["m", "mm"],
    "dayOptions": ["d", "dd"],
    "weekOptions": ["W", "WW"],
    "hourOptions": ["h", "hh", "H", "HH"],
    "yearOptions": ["y", "yy"],
    "monthOptions": ["M", "MM", "MMM", "MMMM"],
}
PRESETS = (
    "{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MMMM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MM}}/{{filename}}",
    "{{y}}/{{#if album}}{{album}}{{else}}Other/{{MM}}{{/if}}/{{filename}}",
    "{{#if album}}{{album-startDate-y}}/{{album}}{{else}}{{y}}/Other/{{MM}}{{/if}}/{{filename}}",
    "{{y}}/{{MMM}}/{{filename}}",
    "{{y}}/{{MMMM}}/{{filename}}",
    "{{y}}/{{MM}}/{{dd}}/{{filename}}",
    "{{y}}/{{MMMM}}/{{dd}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MMM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MMMM}}-{{dd}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{filename}}",
    "{{y}}/{{y}}-{{WW}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}-{{dd}}/{{assetId}}",
    "{{y}}/{{y}}-{{MM}}/{{assetId}}",
    "{{y}}/{{y}}-{{WW}}/{{assetId}}",
    "{{album}}/{{filename}}",
    "{{make}}/{{model}}/{{lensModel}}/{{filename}}",
)

_CONDITION = re.compile(r"\{\{#if ([\w-]+)\}\}(.*?)(?:\{\{else\}\}(.*?))?\{\{/if\}\}", re.DOTALL)
_TOKEN = re.compile(r"\{\{\{?([\w-]+)\}?\}\}")
_FORBIDDEN = re.compile(r'[/?<>\\:*|"\x00-\x1f\x80-\x9f]')
_NUMBERED = re.compile(r"^(.*)\+(\d+)$")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlbumFacts:
    """The newest album of a photo, as far as a template can name it."""

    name: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a template can say of a photo; `taken` is in the zone in which paths are made."""

    asset_id: str
    file_name: str
    taken: datetime
    is_video: bool
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    album: AlbumFacts | None = None


def render(template: str, photo: PhotoFacts) -> str:
    """The path below the user's folder, without the file's extension."""
    tokens = _tokens(photo)
    chosen = _CONDITION.sub(lambda found: found[2] if tokens.get(found[1]) else (found[3] or ""), template)
    path = _TOKEN.sub(lambda found: tokens.get(found[1], ""), chosen)
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))


def place_free(wanted: str, current: str, taken: frozenset[str] | set[str]) -> str:
    """The path the file gets: the wanted one, or with `+1`, `+2`, … when others have it.

    A file that already has a number for the same wanted path keeps it.
    """
    path = PurePosixPath(wanted)
    held = _NUMBERED.match(PurePosixPath(current).with_suffix("").as_posix())
    if held and held[1] == path.with_suffix("").as_posix():
        return current
    number, candidate = 0, wanted
    while candidate in taken and candidate != current:
        number += 1
        candidate = path.with_name(f"{path.stem}+{number}{path.suffix}").as_posix()
    return candidate


def sanitized(text: str) -> str:
    """A name without the characters that are not allowed in file names."""
    return _FORBIDDEN.sub("", text).rstrip(". ")


def _tokens(photo: PhotoFacts) -> Mapping[str, str]:
    album = photo.album
    named = {
        "filename": sanitized(PurePosixPath(photo.file_name).stem),
        "ext": PurePosixPath(photo.file_name).suffix.removeprefix(".").lower(),
        "filetype": "VID" if photo.is_video else "IMG",
        "filetypefull": "VIDEO" if photo.is_video else "IMAGE",
        "assetId": photo.asset_id,
        "assetIdShort": photo.asset_id[-12:],
        "make": sanitized(photo.make or ""),
        "model": sanitized(photo.model or ""),
        "lensModel": sanitized(photo.lens or ""),
        "album": sanitized(album.name) if album else "",
    }
    named |= _date_tokens(photo.taken)
    for which, moment in (
        ("album-startDate-", album and album.start),
        ("album-endDate-", album and album.end),
    ):
        named |= {which + token: text for token, text in (_date_tokens(moment) if moment else {}).items()}
    return named


def _date_tokens(moment: datetime) -> dict[str, str]:
    """The date tokens of Luxon that the server offers."""
    month = _MONTHS[moment.month - 1]
    twelve = moment.hour % 12 or 12
    week = moment.isocalendar().week
    return {
        "y": f"{moment.year:04d}", "yy": f"{moment.year % 100:02d}",
        "M": str(moment.month), "MM": f"{moment.month:02d}", "MMM": month[:3], "MMMM": month,
        "W": str(week), "WW": f"{week:02d}",
        "d": str(moment.day), "dd": f"{moment.day:02d}",
        "h": str(twelve), "hh": f"{twelve:02d}", "H": str(moment.hour), "HH": f"{moment.hour:02d}",
        "m": str(moment.minute), "mm": f"{moment.minute:02d}",
        "s": str(moment.second), "ss": f"{moment.second:02d}", "SSS": f"{moment.microsecond // 1000:03d}",
    }  # fmt: skip
