"""Reading back: what has lasted, what the server has undone and why, as far as that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.diff.changes import AssetChange, Changes
from reconciler.model.attempts import Attempt
from reconciler.model.live import Live
from reconciler.model.values import Field, Taken, same_instant, value_text
from reconciler.plan.report import Reverted, Tally
from reconciler.plan.standing import Kind, Standing, State

READ_ONLY = (
    "all of it came back, so its sidecar file can probably not be written: make the folder writable for "
    "Immich, then run with --retry-undone"
)
EMBEDDED_CAPTION = (
    "the caption is embedded in the photo and this version of Immich brings it back: write another text, "
    "or clear it in the file"
)
EMBEDDED_PLACE = (
    "the place embedded in the photo came back: Immich can't forget it, write the right place instead"
)
LAST_TAG = "this version of Immich brings back the last tag of a photo"
PLACE_RULES = "the place decides the zone: write the time with the offset of the place"
SERVER_UNDID = "the server put the former value back"
RACED = "the server's jobs ran while it was written and put the former value back: run again"
LEFT_OUT = "the server left it out: it is in the trash, gone, or somebody else's"
_ELSEWHERE = {Kind.MEMBER: "members", Kind.SHARE: "share", Kind.ALBUM: "albums", Kind.TAG: "tag list"}
_THROUGH = {"description", "taken", "location", "rating"}
SOMEBODY_SHARES = "somebody has changed it meanwhile, or the user is gone: run again"
SOMEBODY_ELSE = "somebody else, or the server, has set another value meanwhile"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of reading back; `undone` is to be remembered, `kept` (asset id, aspect) forgotten."""

    settled: int
    fields: tuple[Tally, ...]
    reverted: tuple[Reverted, ...]
    undone: tuple[Attempt, ...]
    kept: tuple[tuple[str, str], ...]


def verify(
    changes: Changes, standings: Iterable[Standing], live: Live, today: str, disturbed: bool = False
) -> Verdict:
    """Judges the standings after the settle. `changes` are those that were written.

    `disturbed` tells that queues ran while they should not have: what came back then says nothing about the
    photo, and is to be tried again.
    """
    by_asset = {change.id: change for change in changes.assets}
    count, lost = _Count(), _Lost()
    others: list[Standing] = []
    reverted: list[Reverted] = []
    undone: list[Attempt] = []
    kept: list[tuple[str, str]] = []
    for standing in standings:
        count.add(standing)
        lost.add(standing)
        if standing.state is not State.AFTER:
            others.append(standing)
        elif overridden := _overridden(standing, by_asset.get(standing.id), live, today):
            undone.append(overridden)
        elif standing.kind is Kind.PHOTO:
            kept.append((standing.id, standing.aspect))
    for standing in others:
        reason = _reason(standing, by_asset.get(standing.id), live, lost.photos)
        reason = RACED if disturbed and reason in (READ_ONLY, SERVER_UNDID) else reason
        again = standing.kind is not Kind.PHOTO or reason in (SOMEBODY_ELSE, RACED)
        reverted.append(Reverted(standing, reason, again))
        if not again and standing.state is not State.GONE:
            undone.append(
                Attempt(standing.id, standing.aspect, standing.after, standing.found, reason, today)
            )
    tallies = count.tallies
    settled = sum(tally.settled for tally in tallies)
    return Verdict(settled, tallies, tuple(reverted), tuple(undone), tuple(kept))


@dataclass(slots=True)
class _Count:
    """How many there are of each field, and how many of them stand at their after-values."""

    all: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)

    def add(self, standing: Standing) -> None:
        name = _ELSEWHERE.get(standing.kind, standing.aspect)
        name = "tags" if name.startswith(("tag+", "tag-")) else name
        self.all[name] += 1
        self.settled[name] += standing.state is State.AFTER

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Field by field, in the order of the plan."""
        return tuple(Tally(name, number, self.settled[name]) for name, number in self.all.items())


def _overridden(standing: Standing, change: AssetChange | None, live: Live, today: str) -> Attempt | None:
    """A date whose instant is as wished while the place decides the zone: settled, and to be remembered.

    The wish for the offset may outlive the line that gives the place; then it has been tried already.
    """
    asset = live.assets.get(standing.id)
    if standing.aspect != Field.TAKEN.value or change is None or asset is None or asset.taken is None:
        return None
    wanted = change.values.get(Field.TAKEN)
    if not isinstance(wanted, Taken) or wanted.offset == asset.taken.offset:
        return None
    found = value_text(asset.taken)
    return Attempt(standing.id, standing.aspect, standing.after, found, PLACE_RULES, today)


@dataclass(slots=True)
class _Lost:
    """For each photo, whether everything that goes through its sidecar is back at the former value."""

    photos: dict[str, bool] = field(default_factory=dict)

    def add(self, standing: Standing) -> None:
        aspect, back = standing.aspect, standing.state is State.BEFORE
        if standing.kind is Kind.PHOTO and (aspect in _THROUGH or aspect.startswith("tag")):
            self.photos[standing.id] = back and self.photos.get(standing.id, True)


def _reason(standing: Standing, change: AssetChange | None, live: Live, lost: Mapping[str, bool]) -> str:
    if standing.state is State.GONE:
        return "it is gone"
    asset = live.assets.get(standing.id)
    if standing.kind is Kind.MEMBER and standing.aspect == "member+":
        return LEFT_OUT
    if standing.kind is Kind.SHARE:
        return SOMEBODY_SHARES
    if standing.aspect == Field.FAVORITE.value:
        return SOMEBODY_ELSE  # a heart is in no file, and no job of the server touches it
    if standing.kind is not Kind.PHOTO or change is None or asset is None:
        return SERVER_UNDID if standing.state is State.BEFORE else SOMEBODY_ELSE
    wanted = next((item for item in change.fields if item.field.value == standing.aspect), None)
    if wanted and wanted.field is Field.TAKEN and _only_offset(asset.taken, wanted.after) and asset.location:
        return PLACE_RULES
    if wanted and wanted.field is Field.LOCATION and wanted.after is None and asset.location:
        return EMBEDDED_PLACE
    old = not live.features.clears_embedded_description
    if wanted and wanted.field is Field.DESCRIPTION and wanted.after == "" and old:
        return EMBEDDED_CAPTION
    if standing.aspect.startswith("tag-") and not live.features.keeps_last_tag_off:
        return LAST_TAG
    if standing.state is State.BEFORE:
        return READ_ONLY if lost.get(standing.id) else SERVER_UNDID
    return SOMEBODY_ELSE


def _only_offset(found: object, wanted: object) -> bool:
    return isinstance(found, Taken) and isinstance(wanted, Taken) and same_instant(found, wanted)
