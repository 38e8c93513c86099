"""Documents as text made in pieces: the same text, and the same checksum, as of the whole."""

from __future__ import annotations

import hashlib

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.plan import Plan, document, several, text
from reconciler.plan.text import Many, checksum, plain, text_of
from tests.render import plans as made
from tests.render.strategies import encodable, plans

some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def whole(data: bytes) -> bytes:
    """What orjson makes of the values that the text holds, all at once; the checksum is worked out anew."""
    values = orjson.loads(data)
    rest = {key: value for key, value in values.items() if key != "checksum"}
    dense = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
    made = {**rest, "checksum": f"sha256:{hashlib.sha256(dense).hexdigest()}"}
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_list_in_pieces_is_written_as_in_one(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE", size)
    asked: list[int] = []

    def value(number: int) -> object:
        asked.append(number)
        return [{}, [], number, {"z": [[number]], "a": 'Köln\n  ]"\u2028'}][number % 4]

    for length in range(7):
        listed = Many(range(length), value)
        values = [value(number) for number in range(length)]
        asked.clear()
        document = {"z": listed, "b": {"y": 1, "x": [{}]}, 'a"\n': listed, "c": None, "d": []}
        pieces = text_of(document)
        assert asked == [*range(length)] * 2
        made = plain(document)
        assert made == {**document, "z": values, 'a"\n': values, "checksum": checksum(made)}
        assert b"".join(pieces) == whole(orjson.dumps(made))
        if length > size:
            assert max(map(len, pieces)) < len(b"".join(pieces)) / 2


@pytest.mark.parametrize("name", [name for name in made.PLANS if name != "hostile"])
@pytest.mark.parametrize("size", [1, 1000])
def test_plans_are_written_as_in_one(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE", size)
    data = document.to_bytes(made.PLANS[name]())
    assert data == whole(data)


@some
@given(plans(encodable), plans(encodable))
def test_any_plan_alone_and_with_another_is_written_as_in_one(one: Plan, other: Plan) -> None:
    assert document.to_bytes(one) == several.to_bytes([one]) == whole(document.to_bytes(one))
    both = several.to_bytes([one, other])
    assert both == whole(both)
    assert orjson.loads(both)["plans"] == [orjson.loads(document.to_bytes(plan)) for plan in (one, other)]
