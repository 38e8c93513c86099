"""Values, names and numbers as people read them; the same words in every renderer.

What comes back is one line without control characters (`reconciler.render.cells.plain`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.diff.changes import AlbumField, ShareChange
from reconciler.model.codec import taken_from_text
from reconciler.model.origin import Origin
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, offset_text, value_text
from reconciler.model.words import counted
from reconciler.plan.standing import Kind, Standing, State
from reconciler.render.cells import plain

SAMPLE = 5
"""How many of a long list are named."""

_TELLING = frozenset(',;:"→')


def quoted(text: str) -> str:
    """A text in quotes; one that is empty is `none`."""
    return '"' + plain(text).replace('"', '\\"') + '"' if text else "none"


def name(text: str) -> str:
    """A tag, file or queue: bare where it can't be mistaken for something else, otherwise in quotes."""
    shown = plain(text)
    unclear = not shown or shown != shown.strip() or "  " in shown or not _TELLING.isdisjoint(shown)
    return '"' + shown.replace('"', '\\"') + '"' if unclear else shown


def clock(taken: Taken) -> str:
    """What the clock showed and its offset: `2024-06-12 20:41:00 +02:00`."""
    local = taken.local
    text = local.isoformat(" ", timespec="milliseconds" if local.microsecond else "seconds")
    return f"{text} (no zone)" if taken.offset is None else f"{text} {offset_text(taken.offset)}"


def photo_value(value: FieldValue, field: Field) -> str:
    """A photo's value; `none` where there is none."""
    match value:
        case Taken():
            return clock(value)
        case Coordinates():
            return str(value)
        case str() if field is Field.DESCRIPTION:
            return quoted(value)
        case _:
            return plain(value_text(value))


def album_value(value: str | bool | None, field: AlbumField, labels: Mapping[str, str]) -> str:
    """An album's value; a cover is told by the photo's label."""
    if value is None:
        return "none"
    if field is AlbumField.COVER and isinstance(value, str):
        return name(labels[value]) if value in labels else f"photo {plain(value)}"
    if field in (AlbumField.NAME, AlbumField.DESCRIPTION) and isinstance(value, str):
        return quoted(value)
    return plain(value_text(value))


def share(change: ShareChange) -> tuple[str, str]:
    """A sign, and who gets or loses access: `ben@example.org (viewer)`, `ben@example.org: viewer → …`."""
    who = name(change.user.label)
    if change.before is None:
        return "+", f"{who} ({plain(change.after or '')})"
    if change.after is None:
        return "-", f"{who} (was {plain(change.before)})"
    return "~", f"{who}: {plain(change.before)} → {plain(change.after)}"


def time_span(least: int, most: int) -> str:
    """Two numbers of seconds as `2 to 10 min`, `40 min to 2.5 h` or `less than a minute`."""
    if most < 60:
        return "less than a minute"
    low, high = _in_unit(least), _in_unit(most)
    if least < 60:
        return f"up to {' '.join(high)}"
    if low == high:
        return f"about {' '.join(high)}"
    return f"{low[0] if low[1] == high[1] else ' '.join(low)} to {' '.join(high)}"


def _in_unit(seconds: int) -> tuple[str, str]:
    if seconds < 90 * 60:
        return str(round(seconds / 60)), "min"
    hours = round(seconds / 1800) / 2
    return (f"{hours:,.0f}" if hours == int(hours) or hours > 10 else f"{hours:.1f}"), "h"


def place(origin: Origin | None) -> str:
    """`file:line`, or nothing."""
    return plain(origin.short) if origin else ""


def places(origins: Iterable[Origin], limit: int = 3) -> str:
    """Several lines of files, each once, in order."""
    found = sorted({(origin.file, origin.line) for origin in origins})
    shown = [plain(f"{file}:{line}") for file, line in found[:limit]]
    if len(found) > limit:
        shown.append(f"and {counted(len(found) - limit, 'more line')}")
    return ", ".join(shown)


def listed(items: Sequence[str], *, full: bool = False, limit: int = SAMPLE) -> list[str]:
    """The first of a list and how many there are besides; one more than the limit is shown as well."""
    if full or len(items) <= limit + 1:
        return list(items)
    return [*items[:limit], f"and {len(items) - limit:,} more"]


# -- aspects: what reports and earlier attempts are about -------------------------------------------------


def aspect_value(aspect: str, text: str) -> str:
    """A value in text form (`value_text`) as people read it."""
    if aspect == Field.DESCRIPTION.value:
        return quoted(text)
    if aspect == Field.TAKEN.value:
        try:
            return clock(taken_from_text(text))
        except ValueError:
            return plain(text)
    return plain(text) or "none"


def asked(aspect: str, after: str, before: str | None = None) -> str:
    """What an aspect of a plan asks for: `rating → 4`, `+ tag Trips/Italy`, `+ member`."""
    for sign in "+-":
        if aspect.startswith(f"tag{sign}"):
            return f"{sign} tag {name(aspect[4:])}"
        if aspect == f"member{sign}":
            return f"{sign} member"
    label = {"album": "", "tag": "", "color": "colour ", "share": "access "}.get(aspect, f"{plain(aspect)} ")
    start = "" if before is None else f"{aspect_value(aspect, before)} "
    return f"{label}{start}→ {aspect_value(aspect, after)}"


def found(aspect: str, text: str, state: State | None = None) -> str:
    """What the server has instead."""
    if state is State.GONE:
        return "it is gone"
    if aspect.startswith(("tag+", "tag-")):
        return "the tag is there" if text == "on" else "the tag is not there"
    if aspect in ("member+", "member-"):
        return "it is in the album" if text == "in" else "it is not in the album"
    if aspect == "share":
        return "there is no access" if text == value_text(None) else f"the access is {plain(text)}"
    if aspect in ("album", "tag") and text in ("missing", "gone", "there"):
        return "it is there" if text == "there" else "it is not there"
    return f"the server has {aspect_value(aspect, text)}"


def unlike(standing: Standing, *, before: str | None = None, who: str = "") -> str:
    """What a plan asks of something, and what the server has instead; `who` stands for several at once."""
    who = who or _subject(standing)
    now = found(standing.aspect, standing.found, standing.state)
    if standing.state is State.GONE and standing.kind is not Kind.PHOTO:
        return f"{who}: {now}"
    return f"{who}: {asked(standing.aspect, standing.after, before)}, but {now}"


def _subject(standing: Standing) -> str:
    match standing.kind:
        case Kind.ALBUM:
            return f"album {quoted(standing.name)}"
        case Kind.TAG:
            return f"tag {name(standing.name)}"
        case _:
            return name(standing.name)
