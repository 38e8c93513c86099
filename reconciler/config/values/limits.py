"""Limits and allowances of `settings.safety`, in files and in options alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.config.faults import nearest
from reconciler.model.safety import NO_LIMIT, OF_ONE, Allowed, Counted, Guard, Limit

FORM = "write a number (200), a share (30%), both (200 and 30%, as a list), or none"

_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)%", re.ASCII)


class BadLimit(ValueError):
    """A text that is no limit, or no allowance; the message says why and what to write."""


def read_limit(texts: Iterable[str]) -> Limit:
    """The limit of `200`, `30%`, both, or `none`. Raises BadLimit."""
    count: int | None = None
    share: float | None = None
    parts = [text.strip() for text in texts]
    if parts == ["none"]:
        return NO_LIMIT
    for part in parts:
        if _COUNT.fullmatch(part) and count is None:
            count = int(part)
        elif (found := _SHARE.fullmatch(part)) and share is None:
            share = float(found[1])
            if share > 100:
                raise BadLimit(f"{part} is more than all there is")
        else:
            raise BadLimit(FORM)
    if not parts:
        raise BadLimit(FORM)
    return Limit(count, share)


def read_counted(text: str) -> Counted:
    """What is counted, by its name. Raises BadLimit."""
    try:
        return Counted(text)
    except ValueError:
        known = [item.value for item in Counted]
        meant = nearest(text, known) or f"; {', '.join(known)} are"
        raise BadLimit(f"{text[:60]!r} is not counted{meant}") from None


def read_allowed(text: str) -> Allowed:
    """What a guard lets pass, from `empty-album=Italy` or `missing-photos`. Raises BadLimit."""
    name, equals, whom = text.partition("=")
    try:
        guard = Guard(name.strip())
    except ValueError:
        known = ", ".join(f"{item}=NAME" if item in OF_ONE else item.value for item in Guard)
        meant = nearest(name, [item.value for item in Guard]) or f"; there are {known}"
        raise BadLimit(f"there is no guard {name[:60]!r}{meant}") from None
    if guard in OF_ONE and not whom:
        raise BadLimit(f"say which: {guard}=NAME, or {guard}=* for all")
    if guard not in OF_ONE and equals:
        raise BadLimit(f"write {guard} alone, it is about no single album or tag")
    return Allowed(guard, whom)
