"""What a reader should know before agreeing: wishes that the server is known to bend (FINDINGS A and B)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from reconciler.diff.changes import AssetChange, Changes, FieldChange, Note
from reconciler.model.asset import Asset
from reconciler.model.live import Live
from reconciler.model.origin import Origin
from reconciler.model.values import Coordinates, Field, Taken

SAMPLE = 3
"""How many photos a note names."""

Test = Callable[[Asset, AssetChange, Live], Origin | None]


def notes_for(changes: Changes, live: Live) -> tuple[Note, ...]:
    """Every announcement that these changes call for, in a fixed order."""
    by_aspect = _by_aspect(changes.assets)
    found = [
        note for aspect, test, text in _TESTS if (note := _note(by_aspect.get(aspect, ()), live, test, text))
    ]
    if live.unread:
        text = f"{live.unread} files are not read by the server yet: rules leave them out until they are"
        found.append(Note(text, None, live.unread))
    return tuple(found)


def _by_aspect(changes: Iterable[AssetChange]) -> dict[Field | None, list[AssetChange]]:
    """The changes of each field; of tags that go under None."""
    found: dict[Field | None, list[AssetChange]] = defaultdict(list)
    for change in changes:
        for item in change.fields:
            found[item.field].append(change)
        if change.tags_removed:
            found[None].append(change)
    return found


def _note(changes: Iterable[AssetChange], live: Live, test: Test, text: str) -> Note | None:
    hits = [
        (origin, asset.label)
        for change in changes
        if (origin := test(asset := live.assets[change.id], change, live))
    ]
    if not hits:
        return None
    labels = sorted(label for _, label in hits)
    return Note(text, min(origin for origin, _ in hits), len(hits), tuple(labels[:SAMPLE]))


def _field(change: AssetChange, name: Field) -> FieldChange | None:
    return next((item for item in change.fields if item.field is name), None)


def _clears_caption(asset: Asset, change: AssetChange, live: Live) -> Origin | None:
    item = _field(change, Field.DESCRIPTION)
    cleared = item is not None and item.after == "" and asset.description != ""
    return item.origin if item and cleared and not live.features.clears_embedded_description else None


def _takes_last_tag(asset: Asset, change: AssetChange, live: Live) -> Origin | None:
    left = live.tags_of.get(asset.id, frozenset()) - {move.path for move in change.tags_removed}
    last = change.tags_removed and not change.tags_added and not left
    return change.tags_removed[0].origin if last and not live.features.keeps_last_tag_off else None


def _clears_place(_asset: Asset, change: AssetChange, _live: Live) -> Origin | None:
    item = _field(change, Field.LOCATION)
    return item.origin if item and item.after is None else None


def _gets_place(asset: Asset, change: AssetChange, _live: Live) -> Origin | None:
    item = _field(change, Field.LOCATION)
    sets = item is not None and isinstance(item.after, Coordinates) and not asset.zone_from_place
    return item.origin if item and sets and _field(change, Field.TAKEN) is None else None


def _place_may_rule(asset: Asset, change: AssetChange, _live: Live) -> Origin | None:
    item = _field(change, Field.TAKEN)
    if item is None or _field(change, Field.LOCATION) or not asset.zone_from_place:
        return None
    before, after = item.before, item.after
    moved = isinstance(before, Taken) and isinstance(after, Taken) and before.offset != after.offset
    return item.origin if moved else None


def _moves_file(asset: Asset, change: AssetChange, live: Live) -> Origin | None:
    item = _field(change, Field.TAKEN)
    return item.origin if item and live.features.storage_template and not asset.library_id else None


_TESTS: tuple[tuple[Field | None, Test, str], ...] = (
    (
        Field.DESCRIPTION,
        _clears_caption,
        "captions are cleared; this version of Immich brings a caption back if it is embedded in the photo "
        "(write another text instead, or clear it in the file)",
    ),
    (
        None,
        _takes_last_tag,
        "photos lose their last tag; this version of Immich brings it back when the photo is next edited "
        "(give them another tag, or run again after such an edit)",
    ),
    (
        Field.LOCATION,
        _clears_place,
        "places are taken away; a place that is embedded in the photo itself comes back "
        "(write the right place instead)",
    ),
    (
        Field.LOCATION,
        _gets_place,
        "photos get a place; from then on Immich shows their time in the zone of that place",
    ),
    (
        Field.TAKEN,
        _place_may_rule,
        "dates get another offset on photos with a place; where the place was set by hand its zone wins and "
        "only the instant stays (write the time with the offset of the place)",
    ),
    (
        Field.TAKEN,
        _moves_file,
        "files move: the storage template is on and their date changes",
    ),
)
