"""Selectors in words, and what a photo has that a condition asks for: the parts of an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from reconciler.model.asset import Asset, AssetState, Person
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    DescriptionFits,
    FavoriteIs,
    Has,
    HasTag,
    IdIs,
    InAlbum,
    InAnyAlbum,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextField,
    TextFits,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.measures import Measure, NumberWithin, ShapeIs, megapixels, shape_of
from reconciler.model.owners import ANYBODY, ME, OwnerIs
from reconciler.model.places import InBox, Near, distance
from reconciler.model.selectors import All, AnyOf, Named, Not, Selector
from reconciler.model.values import decimal
from reconciler.model.yearly import AddedOn, TakenOn
from reconciler.render.words import clock, name, quoted

LONGEST = 100
"""Letters of a caption that are shown."""

_TEXTS = {
    TextField.PATH: "path",
    TextField.FILE: "file",
    TextField.CITY: "city",
    TextField.STATE: "state",
    TextField.COUNTRY: "country",
    TextField.MAKE: "camera make",
    TextField.MODEL: "camera model",
    TextField.LENS: "lens",
}


def words(selector: Selector) -> str:
    """What a selector asks, on one line without its parts: `rating is 4 to 5`."""
    match selector:
        case All():
            return "all of these"
        case AnyOf():
            return "any of these"
        case Not():
            return "not"
        case Named(title):
            return f"selector {name(title)}"
        case IdIs(ids):
            return f"id is {_either(ids)}"
        case ChecksumIs(checksums):
            return f"checksum is {_either(checksums)}"
        case TextIs(field, matcher):
            return f"{_TEXTS[field]} is {_either(matcher.patterns)}"
        case TextFits(field, pattern):
            return f"{_TEXTS[field]} fits the regular expression {name(pattern)}"
        case InFolder(folders):
            return f"folder is {_either(folders)} or below"
        case TypeIs(types):
            return f"type is {_either(types)}"
        case TakenWithin(start, end) | TakenBetween(start, end):
            return f"taken {_span(start, end)}"
        case AddedBetween(start, end):
            return f"added {_span(start, end)}"
        case TakenOn(days):
            return f"taken {days} of any year"
        case AddedOn(days, zone):
            return f"added {days} of any year ({zone.key if zone else 'UTC'})"
        case HasTag(path, branch):
            return f"has tag {name(path)}{' or one below it' if branch else ''}"
        case InAlbum(title):
            return f"in album {name(title)}"
        case InAnyAlbum(besides):
            return "in an album" + (f" other than {name(besides)}" if besides else "")
        case FavoriteIs(favorite):
            return "is a favorite" if favorite else "is no favorite"
        case RatingWithin(low, high, unrated):
            return _rating(low, high, unrated)
        case VisibilityIs(values):
            return f"visibility is {_either(values)}"
        case DescriptionContains(text):
            return f"description contains {quoted(text)}"
        case DescriptionFits(pattern):
            return f"description fits the regular expression {name(pattern)}"
        case Has(part, wanted):
            return f"{'has' if wanted else 'lacks'} {part}"
        case PersonIs(who):
            return f"{name(who)} is on it"
        case OnlyPeople(these):
            return f"nobody but {_either(one.who for one in these)} is on it, and somebody is"
        case Stacked(stacked):
            return "in a stack" if stacked else "in no stack"
        case LibraryIs(which):
            return "in no external library" if which is None else f"in external library {name(which)}"
        case OwnerIs(who):
            return "is your own" if who == ME else "is anybody's" if who == ANYBODY else f"is {name(who)}'s"
        case Near(center, radius):
            return f"within {_metres(radius)} of {center}"
        case InBox(south, west, north, east):
            edges = (decimal(edge) for edge in (south, north, west, east))
            return "between latitudes {} and {}, longitudes {} and {}".format(*edges)
        case NumberWithin():
            return f"{selector.measure} is {_bounds(selector)}"
        case ShapeIs(shapes):
            return f"orientation is {_either(shapes)}"
        case _:
            raise TypeError(f"no words for {type(selector).__name__}")


def actual(selector: Selector, state: AssetState) -> str:
    """What the photo has there; empty for what is made of other selectors."""
    asset = state.asset
    match selector:
        case IdIs():
            return asset.id
        case ChecksumIs():
            return asset.checksum
        case TextIs(field) | TextFits(field):
            found: str | None = getattr(asset, field.value)
            return name(found) if found else "none"
        case InFolder():
            return name(asset.folder)
        case TypeIs():
            return asset.type.value
        case TakenWithin() | TakenBetween() | TakenOn():
            return clock(asset.taken) if asset.taken else "no date"
        case AddedBetween():
            return f"{asset.added:%Y-%m-%d %H:%M:%S} UTC"
        case AddedOn(_, zone):
            return f"{asset.added.astimezone(zone or UTC):%Y-%m-%d %H:%M:%S}"
        case HasTag():
            return _those(state.tags, "tags")
        case InAlbum() | InAnyAlbum():
            return _those(state.albums, "albums")
        case FavoriteIs():
            return "a favorite" if asset.favorite else "no favorite"
        case RatingWithin():
            return str(asset.rating) if asset.rating else "unrated"
        case VisibilityIs():
            return asset.visibility.value
        case DescriptionContains() | DescriptionFits():
            return _caption(asset)
        case Has(part):
            return _part(part, state)
        case PersonIs():
            return _people(state.beside.people) or "nobody who was asked for"
        case OnlyPeople():
            return _people(state.beside.people) or "nobody"
        case Stacked():
            return "in a stack" if state.beside.stacked else "in none"
        case LibraryIs():
            return name(state.beside.library or asset.library_id or "") if asset.library_id else "uploaded"
        case OwnerIs():
            return _owner(state)
        case Near(center):
            return f"{_metres(distance(center, asset.location))} away" if asset.location else "no location"
        case InBox():
            return str(asset.location) if asset.location else "no location"
        case NumberWithin(measure):
            return _measured(asset, measure)
        case ShapeIs():
            return shape_of(asset) or "size unknown"
        case _:
            return ""


def _owner(state: AssetState) -> str:
    return "your own" if state.own or not state.beside.owner else name(state.beside.owner.title)


def _either(texts: Iterable[str]) -> str:
    found = [name(str(text)) for text in (texts if isinstance(texts, tuple) else sorted(texts))]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def _span(start: datetime | None, end: datetime | None) -> str:
    """Whole days as days, both included; anything else by the clock."""
    if all(side is None or (side.tzinfo is None and side.time() == time()) for side in (start, end)):
        first = f"{start:%Y-%m-%d}" if start else ""
        last = f"{end - timedelta(days=1):%Y-%m-%d}" if end else ""
        return first if first == last else f"{first}..{last}"
    parts = [f"{word} {_moment(side)}" for word, side in (("from", start), ("before", end)) if side]
    return ", ".join(parts)


def _moment(moment: datetime) -> str:
    text = moment.isoformat(" ", "milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", " UTC")


def _rating(low: int, high: int, unrated: bool) -> str:
    if low > high:
        return "unrated" if unrated else "rated as nothing is"
    stars = f"rating is {low}" if low == high else f"rating is {low} to {high}"
    return f"{stars} or unrated" if unrated else stars


def _those(found: frozenset[str], what: str) -> str:
    """Only what rules ask for is read, so there may be more."""
    return ", ".join(name(text) for text in sorted(found)) or f"none of the {what} that were asked for"


def _caption(asset: Asset) -> str:
    text = asset.description
    return quoted(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _people(people: frozenset[Person]) -> str:
    named = sorted(person.name or f"id {person.id}" for person in people)
    return ", ".join(map(name, named))


def _part(part: Part, state: AssetState) -> str:
    asset = state.asset
    match part:
        case Part.DATE:
            return clock(asset.taken) if asset.taken else "none"
        case Part.DESCRIPTION:
            return _caption(asset)
        case Part.LOCATION:
            return str(asset.location) if asset.location else "none"
        case Part.PLACE:
            return ", ".join(map(name, filter(None, (asset.city, asset.state, asset.country)))) or "none"
        case Part.RATING:
            return str(asset.rating) if asset.rating else "unrated"
        case Part.CAMERA:
            return " ".join(name(text) for text in (asset.make, asset.model) if text) or "none"
        case Part.LENS:
            return name(asset.lens) if asset.lens else "none"
        case Part.TAGS:
            return ", ".join(name(tag) for tag in sorted(state.tags)) or "none"
        case Part.PEOPLE:
            return _people(state.beside.people) or "nobody"


def _bounds(number: NumberWithin) -> str:
    low, high = (
        None if side is None else _amount(side, number.measure) for side in (number.low, number.high)
    )
    if low == high and low is not None:
        return low
    parts = [f"{'more than' if number.above else 'at least'} {low}"] if low is not None else []
    parts += [f"{'less than' if number.below else 'at most'} {high}"] if high is not None else []
    return " and ".join(parts)


def _measured(asset: Asset, measure: Measure) -> str:
    number = {
        Measure.DURATION: asset.duration,
        Measure.WIDTH: asset.width,
        Measure.HEIGHT: asset.height,
        Measure.MEGAPIXELS: megapixels(asset),
    }[measure]
    if number is None:
        return "no length" if measure is Measure.DURATION else "size unknown"
    return _amount(number, measure)


def _amount(number: float, measure: Measure) -> str:
    match measure:
        case Measure.DURATION:
            minutes, seconds = divmod(number / 1000, 60)
            hours, minutes = divmod(int(minutes), 60)
            shown = [f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(minutes)
            if seconds or not shown:
                shown.append(f"{seconds:.3f}".rstrip("0").rstrip(".") + "s")
            return "".join(shown)
        case Measure.MEGAPIXELS:
            return f"{number:.6f}".rstrip("0").rstrip(".")
        case _:
            return f"{number:g}" if number < 1e5 else f"{number:.0f}"


def _metres(metres: float) -> str:
    if metres < 1000:
        return f"{metres:.0f} m"
    return f"{metres / 1000:,.3f}".rstrip("0").rstrip(".") + " km"
