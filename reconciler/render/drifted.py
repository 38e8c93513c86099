"""What somebody has changed on the server since the last apply, as sentences: the same in every renderer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.diff.drift import NO_ACCESS, Cause, Drift, Kind
from reconciler.model.origin import Origin
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render import words
from reconciler.render.cells import plain
from reconciler.render.grouping import grouped

TITLE = "Changed on the server since the last apply"
WAYS_OUT = "Applying undoes this; `immich-plan --accept` writes it into the files instead."


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One sentence, plain and on one line; `photos` are the labels of those that it is about, if several."""

    text: str
    origin: Origin
    photos: tuple[str, ...] = ()


def drift_lines(plan: Plan) -> tuple[DriftLine, ...]:
    """What was changed, alike things together, in the order of the plan."""
    groups = grouped((_key(drift), drift) for drift in plan.drift or ())
    return tuple(line for group in groups.values() for line in _lines(group, plan))


def what_was_done(drift: Drift, plan: Plan) -> str:
    """One change on the server, without what the files ask for instead."""
    if drift.aspect.startswith(("tag", "member", "share:")) or drift.aspect == "album":
        return next(_lines([drift], plan)).text
    return _there(drift)


def drift_summary(plan: Plan) -> str:
    """How much of the plan is against somebody's doing; empty where nothing is, or where that isn't known."""
    if not plan.drift:
        return ""
    both = sum(drift.cause is Cause.BOTH for drift in plan.drift)
    text = f"{counted(len(plan.drift), 'change')} made on the server since the last apply would be undone"
    return f"{text}, {both:,} of them where the files have changed too" if both else text


def _key(drift: Drift) -> tuple[object, ...]:
    """What may stand in one sentence: the same tag, the same album."""
    if drift.aspect.startswith("tag"):
        return drift.aspect, drift.origin
    if drift.aspect.startswith("member"):
        return drift.aspect[:7], drift.id
    return drift.kind, drift.id, drift.aspect


def _lines(group: list[Drift], plan: Plan) -> Iterator[DriftLine]:
    first = group[0]
    if first.aspect.startswith("tag"):
        names = tuple(words.name(drift.name) for drift in group)
        what = "taken off" if first.aspect[3] == "+" else "put on"
        text = f"tag {words.name(first.aspect[4:])} was {what} {_photos(names)}"
        yield DriftLine(text, first.origin, names[1:] and names)
    elif first.aspect.startswith("member"):
        labels = (plan.labels.get(drift.aspect[7:], drift.aspect[7:]) for drift in group)
        names = tuple(words.name(label) for label in labels)
        what = "taken out of" if first.aspect[6] == "+" else "put into"
        was = "was" if len(names) == 1 else "were"
        text = f"{_photos(names)} {was} {what} album {words.quoted(first.name)}"
        yield DriftLine(text, first.origin, names[1:] and names)
    elif first.aspect.startswith("share:"):
        yield DriftLine(_share(first), first.origin)
    else:
        yield DriftLine(_value(first), first.origin)


def _share(drift: Drift) -> str:
    album, who = words.quoted(drift.name), words.name(drift.aspect.removeprefix("share:"))
    role, was = plain(drift.found), plain(drift.applied)
    if drift.applied == NO_ACCESS:
        text = f"album {album} was shared with {who} as {role}"
    elif drift.found == NO_ACCESS:
        text = f"album {album} is no longer shared with {who}, who was {was}"
    else:
        text = f"{who} was made {role} of album {album}, and was {was}"
    return f"{text}; the files now ask for {plain(drift.wanted)}" if drift.cause is Cause.BOTH else text


def _photos(names: Iterable[str]) -> str:
    names = tuple(names)
    return names[0] if len(names) == 1 else counted(len(names), "photo")


def _value(drift: Drift) -> str:
    if drift.aspect == "album":
        return f"{_who(drift)} was deleted or renamed"
    wanted = plain(drift.wanted)
    if drift.cause is Cause.BOTH:
        return f"{_there(drift)}, it was {plain(drift.applied)}, and the files now ask for {wanted}"
    return f"{_there(drift)}, and the files still ask for {wanted}"


def _there(drift: Drift) -> str:
    aspect = "colour" if drift.kind is Kind.TAG else drift.aspect
    return f"{_who(drift)}: {aspect} is {plain(drift.found)} on the server"


def _who(drift: Drift) -> str:
    return {
        Kind.PHOTO: words.name(drift.name),
        Kind.ALBUM: f"album {words.quoted(drift.name)}",
        Kind.TAG: f"tag {words.name(drift.name)}",
    }[drift.kind]
