"""Reading to the end: nothing skipped, nothing twice, and not more requests than it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.immich import keyset
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.keyset import Window, cut, shares, stamp
from reconciler.immich.pool import Stopped
from reconciler.immich.reader import Reader
from reconciler.immich.search import Selection
from reconciler.model.asset import Asset

from .fake_library import OWNER, PARTNER, FakeLibrary, Photo
from .support import reader_of

START = datetime(2015, 6, 1, tzinfo=UTC)


def photo(number: int, taken: datetime, added: datetime | None = None, visibility: str = "timeline") -> Photo:
    identity = str(UUID(int=number, version=4))
    return Photo(identity, taken, added or START + timedelta(seconds=number), visibility)


def reading(library: FakeLibrary, version: str, connections: int = 4) -> Reader:
    return reader_of(version, library, connections=connections)[0]


def scan(
    library: FakeLibrary, version: str, *, hidden: bool = True, connections: int = 4
) -> dict[str, Asset]:
    return reading(library, version, connections).scan(owner_id=OWNER, hidden=hidden)


def part(
    library: FakeLibrary,
    selection: Selection,
    connections: int = 4,
    *,
    on_progress: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Asset]:
    reader = reading(library, "3.1.0", connections)
    begun = reader.begin(selection, stop=stop)
    return reader.finish(begun, owner_id=OWNER, hidden=True, on_progress=on_progress, stop=stop)


@st.composite
def libraries(draw: st.DrawFn) -> tuple[list[Photo], int]:
    """Photos in clusters: crowds of one instant, bursts of microseconds, and long gaps."""
    photos: list[Photo] = []
    moment = START
    for _ in range(draw(st.integers(0, 8))):
        moment += draw(st.sampled_from([timedelta(0), timedelta(milliseconds=1), timedelta(days=40)]))
        step = draw(st.sampled_from([0, 1, 300, 999, 1000, 1001, 60_000_000]))
        together = draw(st.booleans())
        for place in range(draw(st.integers(1, 30))):
            taken = moment + timedelta(microseconds=step * place)
            number = len(photos)
            added = START if together and place < 4 else START + timedelta(microseconds=700 * number)
            visibility = draw(st.sampled_from(["timeline", "timeline", "archive", "hidden"]))
            photos.append(photo(number, taken, added, visibility))
        moment = photos[-1].taken
    return photos, draw(st.integers(0, 2**32))


@pytest.mark.parametrize("version", ["2.5.6", "3.0.0", "3.1.0"])
@settings(max_examples=60, deadline=None)
@given(made=libraries(), round_up=st.booleans(), connections=st.integers(1, 3))
def test_nothing_skipped_and_nothing_twice(
    version: str, made: tuple[list[Photo], int], round_up: bool, connections: int
) -> None:
    photos, seed = made
    with pytest.MonkeyPatch.context() as small:
        small.setattr(keyset, "SMALLEST_SHARE", 10)
        small.setattr(keyset.Window, "body", _small_pages(keyset.Window.body))
        library = FakeLibrary(
            photos, stable=version >= "3.1", shows_all=version >= "3", seed=seed, round_up=round_up
        )
        found = scan(library, version, connections=connections)
        assert sorted(found) == sorted(one.id for one in photos)
        walked = [asset.id for asset in reading(library, version).search({})]
        assert sorted(walked) == sorted(found)
        in_sight = scan(library, version, hidden=False)
        assert sorted(in_sight) == sorted(one.id for one in photos if one.visibility != "hidden")


def _small_pages(body: object) -> object:
    """Pages of a hundredth of the size, so that a few hundred photos make a large library."""

    def small(window: Window) -> dict[str, object]:
        said: dict[str, object] = body(window)  # type: ignore[operator]
        return {**said, "size": max(1, window.size // 125)}

    return small


def even_library(count: int, *, stable: bool, shows_all: bool) -> FakeLibrary:
    """Photos over fifteen years, every fifth sharing its instant with the one before."""
    photos = [
        photo(
            number,
            START + timedelta(minutes=(number - (number % 5 == 0)) * 7_900_000 // count),
            visibility=("archive" if number % 20 == 0 else "hidden" if number % 33 == 0 else "timeline"),
        )
        for number in range(1, count + 1)
    ]
    return FakeLibrary(photos, stable=stable, shows_all=shows_all)


@pytest.mark.parametrize(("version", "requests"), [("3.1.0", 1), ("2.5.6", 3)])
def test_a_small_library_costs_one_request_a_pass(version: str, requests: int) -> None:
    library = even_library(300, stable=version == "3.1.0", shows_all=version == "3.1.0")
    assert len(scan(library, version)) == 300
    assert library.requests == {"/api/search/metadata": requests}


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
@pytest.mark.parametrize("count", [1_001, 2_500, 12_000])
def test_a_large_library_costs_its_pages_and_ten(version: str, count: int) -> None:
    library = even_library(count, stable=version == "3.1.0", shows_all=version == "3.1.0")
    assert len(scan(library, version)) == count
    assert library.requests.total() <= count / 1000 + 10
    assert library.requests["/api/timeline/buckets"] <= 1
    assert library.requests["/api/search/statistics"] == 0


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
def test_a_crowd_of_one_instant(version: str) -> None:
    """Three pages of photos without a date of their own, as a folder of scans has."""
    crowd = [photo(number, START) for number in range(3_100)]
    others = [photo(10_000 + number, START + timedelta(days=number - 50)) for number in range(100)]
    library = FakeLibrary(crowd + others, stable=version == "3.1.0", shows_all=version == "3.1.0")
    assert len(scan(library, version)) == 3_200
    assert library.requests.total() < 30


def test_a_crowd_that_was_added_at_once_is_paged_until_it_is_whole() -> None:
    """An import in one statement: neither the instant nor the day of adding divides it."""
    library = FakeLibrary(
        [photo(number, START, START) for number in range(1_300)], stable=False, shows_all=True
    )
    assert len(scan(library, "3.0.0")) == 1_300
    assert library.requests["/api/search/statistics"] >= 1


def test_a_crowd_that_cannot_be_read_is_an_error_that_says_so() -> None:
    class Stubborn(FakeLibrary):
        def _fitting(self, body: dict[str, object]) -> list[Photo]:
            fitting = super()._fitting(body)
            return fitting if "size" not in body else fitting[:1_200]

    library = Stubborn([photo(number, START, START) for number in range(1_500)], stable=False, shows_all=True)
    with pytest.raises(ServerError, match="1500 photos share one instant") as caught:
        scan(library, "3.0.0")
    assert caught.value.kind is Kind.BROKEN
    assert "only 1200 of them" in str(caught.value)
    assert library.requests.total() < 60


def test_partners_photos_are_left_out() -> None:
    mine, theirs = photo(1, START), photo(2, START)
    library = FakeLibrary([mine, Photo(theirs.id, START, START, owner=PARTNER)], stable=True, shows_all=True)
    assert list(scan(library, "3.1.0")) == [mine.id]


def test_a_range_includes_both_ends() -> None:
    photos = [photo(number, START + timedelta(days=number)) for number in range(10)]
    library = FakeLibrary(photos, stable=True, shows_all=True)
    ends = (photos[2].taken, photos[5].taken)
    found = part(library, Selection(taken=ends, hidden=True))
    assert sorted(found) == sorted(one.id for one in photos[2:6])


def test_a_large_range_is_cut_within_itself() -> None:
    library = even_library(9_000, stable=True, shows_all=True)
    taken = sorted(one.taken for one in library.photos)
    ends = (taken[1_000], taken[7_999])
    found = part(library, Selection(taken=ends, hidden=True))
    wanted = [one.id for one in library.photos if ends[0] <= one.taken <= ends[1]]
    assert sorted(found) == sorted(wanted)
    assert library.requests["/api/search/metadata"] <= 13


def test_progress_ends_with_all() -> None:
    library = even_library(2_500, stable=True, shows_all=True)
    told: list[int] = []
    part(library, Selection(hidden=True), on_progress=told.append)
    assert told[-1] == 2_500
    assert told == sorted(told)


def test_an_error_in_one_thread_stops_the_others() -> None:
    class Failing(FakeLibrary):
        def _search(self, body: dict[str, object]) -> dict[str, object]:
            if "takenBefore" in body:
                raise RuntimeError("the fault")
            return super()._search(body)

    library = Failing(even_library(12_000, stable=True, shows_all=True).photos, stable=True, shows_all=True)
    with pytest.raises(RuntimeError, match="the fault"):
        scan(library, "3.1.0")
    assert library.requests["/api/search/metadata"] <= 5


@pytest.mark.parametrize("connections", [1, 4])
def test_a_read_that_is_called_off_is_not_taken_for_a_whole_one(connections: int) -> None:
    """What was read so far must not pass for all there is: it is kept for later readings."""
    stop = threading.Event()

    class CalledOff(FakeLibrary):
        def _search(self, body: dict[str, object]) -> dict[str, object]:
            if "takenBefore" in body:
                stop.set()
            return super()._search(body)

    library = CalledOff(even_library(2_500, stable=True, shows_all=True).photos, stable=True, shows_all=True)
    with pytest.raises(Stopped):
        part(library, Selection(hidden=True), connections, stop=stop)


def test_bounds_of_time_are_no_filters() -> None:
    library = FakeLibrary([], stable=True, shows_all=True)
    with pytest.raises(ValueError, match="takenAfter"):
        reading(library, "3.1.0").scan(owner_id=OWNER, hidden=True, filters={"takenAfter": "2020"})


# Cutting


def _mid(month: int | None) -> datetime | None:
    return None if month is None else datetime(2020, month, 15, tzinfo=UTC)


MONTHS = [(datetime(2020, month, 1, tzinfo=UTC), 100) for month in range(1, 13)]


@given(parts=st.integers(1, 6), until=st.none() | st.integers(1, 12), since=st.none() | st.integers(1, 12))
def test_cuts_cover_the_span_and_meet(parts: int, until: int | None, since: int | None) -> None:
    span = Window(since=_mid(since), until=_mid(until))
    windows = cut(MONTHS, span, parts)
    assert 1 <= len(windows) <= parts
    assert (windows[0].until, windows[-1].since) == (span.until, span.since)
    for newer, older in pairwise(windows):
        assert newer.since == older.until is not None


def test_cuts_are_about_even() -> None:
    windows = cut(MONTHS, Window(), 4)
    assert [window.since and window.since.month for window in windows] == [10, 7, 4, None]


def test_small_rests_are_not_cut() -> None:
    large = [(start, 3_000) for start, _ in MONTHS]
    assert shares(MONTHS, Window(), 4) == 1
    assert shares(large, Window(), 4) == 4
    assert shares(large, Window(until=datetime(2020, 2, 2, tzinfo=UTC)), 4) == 3


def test_stamp() -> None:
    moment = datetime(2024, 6, 12, 20, 41, 0, 123_999, tzinfo=UTC)
    assert stamp(moment) == "2024-06-12T20:41:00.123Z"
