"""What conditions look at of all that files can write to a photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    DescriptionFits,
    FavoriteIs,
    Has,
    IdIs,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextFits,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.measures import NumberWithin, ShapeIs
from reconciler.model.places import InBox, Near
from reconciler.model.selectors import Selector
from reconciler.model.values import Field
from reconciler.model.yearly import AddedOn, TakenOn

_NEVER_WRITTEN = (
    *(IdIs, ChecksumIs, TextIs, TextFits, InFolder, TypeIs, AddedBetween, AddedOn, NumberWithin, ShapeIs),
    *(PersonIs, OnlyPeople, Stacked, LibraryIs),
)
_LOOKS_AT: Mapping[type[Any], Field] = {
    TakenWithin: Field.TAKEN,
    TakenBetween: Field.TAKEN,
    TakenOn: Field.TAKEN,
    FavoriteIs: Field.FAVORITE,
    RatingWithin: Field.RATING,
    VisibilityIs: Field.VISIBILITY,
    DescriptionContains: Field.DESCRIPTION,
    DescriptionFits: Field.DESCRIPTION,
    Near: Field.LOCATION,
    InBox: Field.LOCATION,
}
_HAS: Mapping[Part, Field] = {
    Part.DATE: Field.TAKEN,
    Part.DESCRIPTION: Field.DESCRIPTION,
    Part.LOCATION: Field.LOCATION,
    Part.RATING: Field.RATING,
}


def fields_of(selector: Selector) -> frozenset[Field] | None:
    """The fields that files can write and a condition looks at; None where it looks at something else."""
    if isinstance(selector, _NEVER_WRITTEN):
        return frozenset()
    if isinstance(selector, Has):
        return frozenset({_HAS[selector.part]}) if selector.part in _HAS else frozenset()
    field = _LOOKS_AT.get(type(selector))
    return None if field is None else frozenset({field})
