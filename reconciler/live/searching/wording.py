"""Searches and numbers in words, for the reading plan; the same search is always told alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from reconciler.immich.filters import Branch, Condition
from reconciler.immich.keyset import Range
from reconciler.immich.search import Selection
from reconciler.live.searching.facts import Facts

NAMED = 3
"""So many names are told; more are only counted."""
MOST_SPANS = 10
"""More stretches of time than these are only counted."""
_WORDS = {
    "originalPath": "path with",
    "originalFileName": "file with",
    "description": "description with",
    "isFavorite": "favorite",
    "lensModel": "lens",
}
_FIELDS = {
    "originalPath": "path",
    "originalFileName": "file",
    "isFavorite": "favorite",
    "lensModel": "lens",
    "libraryId": "library",
    "tagIds": "tag",
    "albumIds": "album",
    "personIds": "person",
    "hasTags": "any tag",
    "hasPeople": "any face",
    "hasAlbums": "in albums",
}
_OPERATORS = {
    "eq": "{} {}",
    "in": "{} {}",
    "any": "{} {}",
    "all": "{} {}",
    "notIn": "{} not {}",
    "none": "no {} {}",
    "gte": "{} from {}",
    "lt": "{} below {}",
    "like": "{} with {}",
    "startsWith": "{} beginning with {}",
    "endsWith": "{} ending with {}",
}


def listed(names: list[str], joint: str = ", ") -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return joint.join(names[:NAMED]) + more


def described(selection: Selection, facts: Facts) -> str:
    """What a search asks for."""
    if selection.branches:
        return _structured(selection, facts)
    paths = {tag.id: tag.path for tag in facts.tags.values()}
    albums, people, libraries = map(_names, (facts.albums, facts.people or {}, facts.libraries or {}))
    parts = []
    for name, value in selection.filters:
        match name:
            case "tagIds":
                parts.append("tag " + ", ".join(sorted(paths[tag] for tag in value)))
            case "albumIds":
                parts.append("album " + ", ".join(sorted(albums[album] for album in value)))
            case "personIds":
                parts.append("person " + ", ".join(sorted(people[person] for person in value)))
            case "libraryId":
                parts.append(f"library {libraries[value]}")
            case _ if value is None:
                parts.append(f"no {name}")
            case _:
                parts.append(f"{_WORDS.get(name, name)} {_said(value)}")
    parts += _spans(selection.taken, selection.added)
    if selection.visibility:
        parts.append(f"visibility {selection.visibility.value}")
    return ", ".join(parts) or "everything"


def _structured(selection: Selection, facts: Facts) -> str:
    """What all branches have in common, and then the branches."""
    common = frozenset.intersection(*(frozenset(branch.conditions) for branch in selection.branches))
    named = _naming(facts)
    shared = [_condition(one, named) for one in sorted(common, key=repr)]
    shared += _spans(selection.taken, selection.added)
    spans = [one for one in selection.branches if len(one.conditions) == len(common)]
    counted = spans if len(spans) > MOST_SPANS else []
    own = [_branch(one, common, named) for one in selection.branches if one not in counted]
    own += [f"in {len(counted):,} stretches of time"] if counted else []
    if all(own):
        shared.append(listed(own, joint=" or "))
    return ", ".join(one for one in shared if one)


def _branch(branch: Branch, common: Collection[Condition], named: Callable[[str, Any], str]) -> str:
    rest = [_condition(one, named) for one in branch.conditions if one not in common]
    return ", ".join(rest + _spans(branch.taken, branch.added))


def _condition(condition: Condition, named: Callable[[str, Any], str]) -> str:
    field, how, value = condition
    word = _FIELDS.get(field, field)
    if value in (None, "") and how in ("eq", "ne"):
        return f"no {word}" if how == "eq" else f"any {word}"
    if how == "none" and len(value) > NAMED:
        return f"in none of {len(value):,} {word}s"
    several = [named(field, one) for one in value] if isinstance(value, tuple) else [named(field, value)]
    joint = ", " if how == "all" else " or "
    return _OPERATORS.get(how, "{} {}").format(word, listed(sorted(several), joint=joint))


def _naming(facts: Facts) -> Callable[[str, Any], str]:
    """How a value of a field is told: ids by what rules call them."""
    known = {
        "tagIds": {tag.id: tag.path for tag in facts.tags.values()},
        "albumIds": _names(facts.albums),
        "personIds": _names(facts.people or {}),
        "libraryId": _names(facts.libraries or {}),
    }

    def named(field: str, value: Any) -> str:
        names = known.get(field)
        if names is not None:
            return names.get(value, str(value))
        return _said(value) if field in _WORDS or isinstance(value, bool) else str(value)

    return named


def _names(ids: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What rules call each id."""
    return {one: name for name, some in ids.items() for one in some}


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _spans(taken: Range, added: Range) -> list[str]:
    spans: Iterable[tuple[str, Range]] = (("taken", taken), ("added", added))
    return [f"{word} {_span(span)}" for word, span in spans if span != (None, None)]


def _span(span: Range) -> str:
    start, end = (f"{moment:%Y-%m-%d}" if moment else "" for moment in span)
    return f"{start}..{end}"
