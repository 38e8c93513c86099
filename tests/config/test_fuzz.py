"""Whatever a file holds, it is read, or InvalidFiles says what is wrong."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.model.origin import InvalidFiles
from tests.config.test_schema import VALUES, WORDS

CASES = Path(__file__).parent / "errors"
SEEDS = [path.read_bytes() for path in sorted(CASES.glob("*/in.yaml"))]


def survives(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(content)
        file.flush()
        with contextlib.suppress(InvalidFiles):
            try:
                load([file.name])
            except InvalidFiles as error:
                assert error.problems
                assert all(problem.message for problem in error.problems)
                raise


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    survives(content)


@settings(deadline=None)
@given(st.text(alphabet="ab:-*&!?|>'\"%@`{}[],#~<.\n \t0129\\u\u2028é", max_size=80))
def test_any_punctuation(text: str) -> None:
    survives(text.encode())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 400), st.integers(0, 20), st.binary(max_size=8))
def test_faulty_files_made_worse(seed: bytes, at: int, length: int, new: bytes) -> None:
    survives(seed[:at] + new + seed[at + length :])


LISTS = st.sampled_from(["tags", "assets", "albums"])


@settings(max_examples=300, deadline=None)
@given(LISTS, st.lists(st.dictionaries(WORDS, VALUES, max_size=5), max_size=3))
def test_any_values_below_any_keys(key: str, items: list[Any]) -> None:
    survives(yaml.safe_dump({key: items}).encode())


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["match", "rating", "taken", "location", "tags", "description"]), VALUES)
)
def test_any_entry(entry: dict[str, Any]) -> None:
    survives(yaml.safe_dump({"assets": [entry]}).encode())


@pytest.mark.parametrize("opening", ["{ any: [ ", "{ all: [ { not: ", "{ not: "])
def test_the_deepest_selectors_that_are_read(opening: str, tmp_path: Path) -> None:
    """No depth that the reader of YAML lets pass is too deep for what comes after it, right or wrong."""
    closing = "".join({"{": " }", "[": " ]"}.get(letter, "") for letter in reversed(opening))
    levels = 58 // (opening.count("{") + opening.count("["))
    for inner in ("{ file: a.jpg }", "{ fil: a.jpg }", "{ file: [] }", "[]", "{ rating: 9, taken: x }"):
        file = tmp_path / "in.yaml"
        file.write_text(f"albums:\n  - name: a\n    match: {opening * levels}{inner}{closing * levels}\n")
        try:
            load([file])
            assert inner == "{ file: a.jpg }"
        except InvalidFiles as error:
            assert "nested" not in str(error)
            assert inner != "{ file: a.jpg }"
