"""Who carries which tag among the photos of one structured search (Immich 3.2): the same search with the tag.

It brings no photos that nobody asked about, and none has to be made for a tag that all of them carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.immich.filters import Branch
from reconciler.immich.search import Selection
from reconciler.live.searching.clauses import TAGS
from reconciler.live.searching.facts import Facts
from reconciler.model.asset import Asset


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The searches to make, and what is told already: the photos with a tag or one below it. By its path."""

    asked: Mapping[str, Selection]
    told: Mapping[str, frozenset[str]]


def narrowed(
    assets: Mapping[str, Asset],
    searches: Mapping[Selection, frozenset[str]],
    paths: Iterable[str],
    facts: Facts,
) -> Narrowed | None:
    """How to ask for tags among these assets; None where they did not all come from one structured search.

    `searches` are those that were made, by what they have found.
    """
    whole = next((one for one, ids in searches.items() if one.branches and assets.keys() <= ids), None)
    if whole is None:
        return None
    narrower = {path: _tagged(whole, facts.tags[path].id) for path in sorted(paths)}
    return Narrowed(
        {path: one for path, one in narrower.items() if one != whole},
        {path: searches[whole] for path, one in narrower.items() if one == whole},
    )


def _tagged(selection: Selection, tag_id: str) -> Selection:
    """What a search finds that carries a tag too; the same search where all of it does."""
    return replace(selection, branches=tuple(_branch(one, tag_id) for one in selection.branches))


def _branch(branch: Branch, tag_id: str) -> Branch:
    said = {(name, how): value for name, how, value in branch.conditions}
    carried = said.get((TAGS, "all"), ())
    if said.get((TAGS, "any")) == (tag_id,) or tag_id in carried:
        return branch
    said[TAGS, "all"] = tuple(sorted({tag_id, *carried}))
    return replace(branch, conditions=tuple((name, how, value) for (name, how), value in said.items()))
