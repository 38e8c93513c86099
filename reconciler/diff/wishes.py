"""What several entries together ask of one photo: a name beats a rule, tags add up, the rest must agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.desired import AssetEntry, Setting
from reconciler.model.origin import Origin
from reconciler.model.values import Field, FieldValue, same, value_text


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """Two lines that disagree about one photo, and about what."""

    one: Origin
    other: Origin
    about: str


@dataclass(slots=True)
class TagsTogether:
    """What all entries together ask of a photo's tags, each with the line that asks."""

    add: dict[str, Origin] = field(default_factory=dict)
    remove: dict[str, Origin] = field(default_factory=dict)
    exact: frozenset[str] | None = None
    exact_origin: Origin | None = None
    exact_by_name: bool = False

    def origin_of(self, path: str) -> Origin:
        """The line that is the cause of this tag coming or going."""
        found = self.add.get(path) or self.remove.get(path) or self.exact_origin
        assert found is not None
        return found


def field_wishes(
    named: Sequence[AssetEntry], matching: Sequence[AssetEntry], conflicts: list[Conflict]
) -> Mapping[Field, Setting[FieldValue]]:
    """One wish for each field; disagreements are added to `conflicts`."""
    if len(named) + len(matching) == 1:
        return (named or matching)[0].values
    wishes = _agreed(named, conflicts)
    for name, setting in _agreed(matching, conflicts, besides=frozenset(wishes)).items():
        wishes[name] = setting
    return wishes


def _agreed(
    entries: Iterable[AssetEntry], conflicts: list[Conflict], besides: frozenset[Field] = frozenset()
) -> dict[Field, Setting[FieldValue]]:
    wishes: dict[Field, Setting[FieldValue]] = {}
    for entry in entries:
        for name, setting in entry.values.items():
            if name in besides:
                continue
            first = wishes.setdefault(name, setting)
            if not same(name, first.value, setting.value):
                about = f"{name.value} ({_quoted(first.value)} here, {_quoted(setting.value)} there)"
                conflicts.append(Conflict(first.origin, setting.origin, about))
    return wishes


def _quoted(value: FieldValue) -> str:
    return repr(value) if isinstance(value, str) else value_text(value)


def tags_wish(
    named: Sequence[AssetEntry], matching: Sequence[AssetEntry], conflicts: list[Conflict]
) -> TagsTogether | None:
    """All wishes for tags added up, or None where nobody asks; contradictions are added to `conflicts`."""
    if not [entry for entry in (*named, *matching) if entry.tags is not None]:
        return None
    together = TagsTogether()
    for level in (named, matching):
        for entry in level:
            if entry.tags is None:
                continue
            wish = entry.tags
            together.add.update((path, wish.origin) for path in wish.add if path not in together.add)
            together.remove.update((path, wish.origin) for path in wish.remove if path not in together.remove)
            if wish.exact is not None:
                _take_exact(together, wish.exact, wish.origin, level is named, conflicts)
    conflicts += [
        Conflict(together.add[path], together.remove[path], f"tag {path!r} (added, removed)")
        for path in sorted(together.add.keys() & together.remove.keys())
    ]
    if together.exact is not None and together.exact_origin is not None:
        for path in sorted(together.exact & together.remove.keys()):
            about = f"tag {path!r} (in the exact set, removed)"
            conflicts.append(Conflict(together.exact_origin, together.remove[path], about))
    return together


def _take_exact(
    together: TagsTogether, exact: frozenset[str], origin: Origin, by_name: bool, conflicts: list[Conflict]
) -> None:
    if together.exact is None or together.exact_origin is None:
        together.exact, together.exact_origin, together.exact_by_name = exact, origin, by_name
    elif together.exact != exact and together.exact_by_name is by_name:
        conflicts.append(Conflict(together.exact_origin, origin, "tags (two exact sets)"))


def wanted_tags(wish: TagsTogether, live: frozenset[str]) -> frozenset[str]:
    """The tags a photo should carry."""
    base = live if wish.exact is None else wish.exact
    return (base | wish.add.keys()) - wish.remove.keys()
