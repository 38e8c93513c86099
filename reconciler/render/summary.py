"""What a plan comes to, in sentences: its size, its cost, its rounds, and what it removes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from reconciler.diff.changes import Action, AlbumChange
from reconciler.model.values import Field
from reconciler.model.words import counted
from reconciler.plan.budgets import way_out
from reconciler.plan.operations import Lane, asset_ids
from reconciler.plan.plan import PIPELINE, Cost, Plan
from reconciler.plan.schedule import Round
from reconciler.render import words
from reconciler.render.grouping import repeated_writes

Show = Callable[[str], str]
"""How a renderer writes a name so that it does no harm in its medium."""

REMOVALS_SHOWN = 10


def sizes(plan: Plan) -> str:
    """`2 tags, 131 photos, 1 album`."""
    changes = plan.changes
    numbers = ((len(changes.tags), "tag"), (len(changes.assets), "photo"), (len(changes.albums), "album"))
    return ", ".join(counted(number, noun) for number, noun in numbers if number)


def costs(plan: Plan) -> tuple[str, ...]:
    """What applying costs, and what happens to the queues: parts of one line."""
    cost = plan.cost
    parts = [f"{counted(cost.requests, 'request')} {_bound(cost)}"]
    if cost.sidecars:
        # In several rounds a file can be written more than once.
        sidecars = "sidecar file" if len(plan.rounds) == 1 else "sidecar write"
        parts.append(f"{counted(cost.sidecars, sidecars)}, {counted(cost.jobs, 'queue job')}")
    return (*parts, f"takes {_takes(plan, cost)}", _queues(plan))


def _bound(cost: Cost) -> str:
    """`(lower bound 15)`, and why the requests are more, where they are."""
    why = "" if cost.requests == cost.fewest else ": some albums share only part of what comes into them"
    return f"(lower bound {cost.fewest:,}{why})"


def _takes(plan: Plan, cost: Cost) -> str:
    """How long applying is expected to take: the window, or the writing where no queue is paused."""
    text = words.time_span(cost.duration.least, cost.duration.most)
    return f"{text} and the storage migration" if plan.migrates else text


def cost_table(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What applying costs, as rows of a table: what, and how much."""
    cost = plan.cost
    rows = [("Requests", f"{cost.requests:,} {_bound(cost)}")]
    if cost.sidecars:
        rows += [("Sidecar files written", f"{cost.sidecars:,}"), ("Queue jobs", f"{cost.jobs:,}")]
    return (*rows, ("Takes", _takes(plan, cost)), ("Queues", _queues(plan).removeprefix("queues ")))


def _queues(plan: Plan) -> str:
    if not plan.needs_window:
        return "no queues are paused: nothing in it touches photo metadata"
    if plan.features.can_hold_window:
        return f"queues paused: {', '.join(PIPELINE)}"
    once = "at most once" if len(plan.rounds) < 2 else "at most once in each round"
    return f"no admin key: the queues run on while it writes; each photo is written {once}"


def rounds(plan: Plan) -> str:
    """Why a plan takes more than one round; empty where it doesn't."""
    if len(plan.rounds) < 2:
        return ""
    repeated = repeated_writes(plan)
    reasons = [
        _photos(repeated.values_and_tags, "gets both values and tags", "get both values and tags"),
        _photos(repeated.tags_on_and_off, "gets tags and loses others", "get tags and lose others"),
        _photos(repeated.several_tags_off, "loses several tags", "lose several tags"),
        "" if plan.rounds[-1].lanes else "what makes files move comes last",
    ]
    return f"In {len(plan.rounds)} rounds with a settle between: {', '.join(filter(None, reasons))}."


def order(plan: Plan) -> tuple[str, ...]:
    """What is sent one after the other and what side by side, round by round; empty for a single request."""
    if len(plan.operations) < 2:
        return ()
    several = len(plan.rounds) > 1
    lines = [
        f"{f'Round {number}' if several else 'Order'}: {', then '.join(_stages(part))}."
        for number, part in enumerate(plan.rounds, start=1)
    ]
    if plan.migrates:
        lines.append("At the end the server files its photos anew (storage migration), which is waited for.")
    return tuple(lines)


def _stages(part: Round) -> Iterator[str]:
    if part.first:
        yield f"{counted(len(part.first), 'request')} that others need"
    if part.lanes:
        yield _side_by_side(part.lanes)
    if part.last:
        photos = len({photo for lane in part.last for item in lane for photo in asset_ids(item)})
        verb = "makes" if sum(map(len, part.last)) == 1 else "make"
        yield (
            f"{_side_by_side(part.last)}, once no file is on the move, that {verb} files move "
            f"({counted(photos, 'photo')})"
        )


def _side_by_side(lanes: tuple[Lane, ...]) -> str:
    requests = sum(map(len, lanes))
    text = counted(requests, "request")
    if requests == 1:
        return text
    if len(lanes) == 1:
        return f"{text} in a row"
    return (
        f"{text} side by side" if len(lanes) == requests else f"{text} in {len(lanes):,} lanes side by side"
    )


def removals(plan: Plan, show: Show = words.quoted, show_tag: Show = words.name) -> str:
    """One sentence that names what is removed or deleted; empty where nothing is."""
    found = removal_list(plan, show, show_tag)
    if not found:
        return ""
    left_out = len(found) - REMOVALS_SHOWN
    shown = [*found[:REMOVALS_SHOWN], *([f"and {left_out:,} more"] if left_out > 0 else [])]
    return f"Removes: {'; '.join(shown)}."


def removal_list(plan: Plan, show: Show = words.quoted, show_tag: Show = words.name) -> tuple[str, ...]:
    """Everything that is removed or deleted, the most telling first."""
    return tuple(_removals(plan, show, show_tag))


def _removals(plan: Plan, show: Show, show_tag: Show) -> Iterator[str]:
    for album in _most_first([item for item in plan.changes.albums if item.action is Action.DELETE]):
        yield f"album {show(album.name)} is deleted ({_stay(album.size_before)})"
    leaving = [item for item in plan.changes.albums if item.removed and item.action is not Action.DELETE]
    for album in _most_first(leaving):
        yield f"{_photos(len(album.removed), 'leaves', 'leave')} album {show(album.name)}"
    yield from _unshared(plan, show, show_tag)
    tags = Counter(move.path for change in plan.changes.assets for move in change.tags_removed)
    for path, number in sorted(tags.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"tag {show_tag(path)} comes off {counted(number, 'photo')}"
    cleared = Counter(
        item.field
        for change in plan.changes.assets
        for item in change.fields
        if item.after in (None, "") and item.before not in (None, "")
    )
    for field in Field:
        if number := cleared[field]:
            yield _photos(number, f"loses its {field.value}", f"lose their {field.value}")


def _unshared(plan: Plan, show: Show, show_user: Show) -> Iterator[str]:
    """Who loses access to which albums, those who lose most first."""
    albums: dict[str, list[str]] = defaultdict(list)
    for change in plan.changes.albums:
        for item in change.unshared:
            albums[item.user.label].append(change.name)
    for user, names in sorted(albums.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        which = f"album {show(names[0])}" if len(names) == 1 else counted(len(names), "album")
        yield f"{show_user(user)} loses access to {which}"


def _most_first(albums: list[AlbumChange]) -> list[AlbumChange]:
    return sorted(albums, key=lambda album: (-len(album.removed) or -album.size_before, album.name))


def _stay(size: int) -> str:
    if size == 0:
        return "it is empty"
    return f"its {counted(size, 'photo')} {'stays' if size == 1 else 'stay'} in the library"


def stays(album: AlbumChange) -> str:
    """What becomes of the photos of an album that is deleted."""
    return _stay(album.size_before)


def _photos(number: int, does: str, do: str) -> str:
    return f"{counted(number, 'photo')} {does if number == 1 else do}" if number else ""


def narrowed(plan: Plan, show: Show = words.name) -> tuple[str, ...]:
    """That the plan is about a part only, and what was left out; empty where it is about everything."""
    said = plan.narrowing
    if said is None:
        return ()
    numbers = ((said.photos, "photo"), (said.albums, "album"), (said.tags, "tag"))
    left_out = ", ".join(counted(number, noun) for number, noun in numbers if number)
    are = "is" if said.photos + said.albums + said.tags == 1 else "are"
    targets = " ".join(f"--target {show(text)}" for text in said.targets)
    sentences = [f"Only {targets}: {f'{left_out} {are} left out' if said else 'nothing is left out'}."]
    if said.unmatched:
        sentences.append(f"No change fits {', '.join(map(show, said.unmatched))}.")
    if said.needed:
        shown = words.listed([show(path) for path in said.needed])
        sentences.append(f"Made along, since photos in it need them: {', '.join(shown)}.")
    return tuple(sentences)


STOPPED = "More than allowed"
"""The heading of what keeps a plan from being applied by its size."""


def stopped(plan: Plan) -> str:
    """What has to be done before a plan beyond its limits is applied; empty where it is within them."""
    if not plan.violations:
        return ""
    if options := way_out(plan.violations):
        return f"Nothing is applied as it is. To allow all of this: {options}"
    return "Nothing is applied as it is, and no option allows it, as something is protected."


def nothing(plan: Plan) -> str:
    """The one line of a plan without changes; it says so where not all is as the files say."""
    if plan.problems:
        return "Nothing is planned: see the problems."
    but = []
    if plan.undone:
        but.append(f"{counted(len(plan.undone), 'value')} that it undid before")
    if plan.missing:
        but.append(f"{counted(len(plan.missing), 'name')} that it doesn't know")
    if plan.narrowing:
        return f"Nothing to do here{', but for ' * bool(but)}{' and '.join(but)}."
    return f"Nothing to do: the server is as the files say{', but for ' * bool(but)}{' and '.join(but)}."
