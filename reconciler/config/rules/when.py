"""`taken` and `added`: periods by the clock of the place, or by the default clock → conditions."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.config.reading import Clock, scalars, setting
from reconciler.config.rules.where import Selecting, joined
from reconciler.config.text.nodes import Node, Scalar
from reconciler.config.values.dates import BadDate, Span
from reconciler.config.values.periods import Counted, read_period
from reconciler.model.conditions import AddedBetween, TakenBetween, TakenWithin
from reconciler.model.selectors import AnyOf, Selector
from reconciler.model.yearly import AddedOn, TakenOn, YearDays


def taken(where: Selecting, node: Node) -> Selector | None:
    """When a photo was taken: one period or several."""
    return joined(AnyOf, [_taken_in(where, part) for part in scalars(node)])


def _taken_in(where: Selecting, node: Scalar) -> Selector | None:
    match _period(where, node):
        case YearDays() as days:
            return TakenOn(days)
        case Span(start, end):
            aware = any(side is not None and side.tzinfo is not None for side in (start, end))
            return TakenBetween(start, end) if aware else TakenWithin(start, end)
        case _:
            return None


def added(where: Selecting, node: Node) -> Selector | None:
    """When a photo came to the server: one period or several."""
    return joined(AnyOf, [_added_in(where, part) for part in scalars(node)])


def _added_in(where: Selecting, node: Scalar) -> Selector | None:
    try:
        match _period(where, node):
            case YearDays() as days:
                return AddedOn(days, where.clock.zone)
            case Span(start, end):
                return AddedBetween(_in_zone(start, where.clock, 0), _in_zone(end, where.clock, 1))
    except OverflowError:
        where.scope.error(node, "this is outside the years 1 to 9999")
    return None


def _period(where: Selecting, node: Scalar) -> Span | YearDays | None:
    """What a text means; a range that depends on the day of the run is remarked. None after an error."""
    clock = where.clock
    try:
        period = read_period(node.text, clock.today)
    except BadDate as error:
        where.scope.error(node, str(error))
        return None
    if not isinstance(period, Counted):
        return period
    words = " ".join(node.text.split()).lower()
    remark = f'"{words}" is {period}, as today is {clock.today()} ({clock.name})'
    where.scope.report.remark(setting(where.scope, node, remark))
    return period.span


def _in_zone(moment: datetime | None, clock: Clock, fold: int) -> datetime | None:
    """The instant of a date by the default clock; `fold` 1 is the second of an hour that came twice."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=clock.zone or UTC, fold=fold).astimezone(UTC)
