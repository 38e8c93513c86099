"""Large files read in pieces and from the cache: the same as read at once, whatever stands in them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config import documents, load
from reconciler.config.cache import Cache
from reconciler.config.documents import read_piece
from reconciler.config.read_pieces import NotAPiece, from_bytes, to_bytes
from reconciler.config.reading import Clock
from reconciler.config.text import pieces
from reconciler.config.text.pieces import cut
from reconciler.model.desired import Desired
from reconciler.model.origin import InvalidFiles, Problem

SHA = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb"
LONG = [
    f"  - match: {{ checksum: {SHA}{number:02} }}\n    rating: {1 + number % 5}\n" for number in range(12)
]


def some(number: int) -> str:
    return "".join(LONG[:number])


TEXTS = {
    "plain": "assets:\n" + some(9),
    "at the edge": "assets:\n- match: { file: a.jpg }\n  rating: 3\n- match: { file: b.jpg }\n  rating: 4\n",
    "no line end": ("assets:\n" + some(3)).rstrip("\n"),
    "keys around it": "defaults: { timezone: Europe/Rome }\nassets:\n"
    + some(4)
    + "# end\nalbums:\n  - name: x\n    match: { rating: 5 }\ntags:\n  - value: a\n",
    "comments and empty lines": "# top\nassets: # the photos\n\n  # first\n"
    + some(2)
    + "\n  # more\n\n"
    + some(1)
    + "\n\n",
    "rules between names": "assets:\n"
    + some(2)
    + "  - match: { rating: 5 }\n    tags: [Best]\n"
    + some(3)
    + "  - match: [{ folder: a }, { folder: b }]\n    favorite: true\n",
    "a clock": "defaults: { timezone: Europe/Rome }\nassets:\n"
    "  - match: { file: a.jpg }\n    taken: 2024-06-01T10:00:00\n"
    "  - match: { file: b.jpg, taken: 2024-06 }\n    taken: 2024-06-01T10:00:00\n",
    "a warning": "assets:\n" + some(3) + "  - match: { file: a.jpg }\n    tags: [a//b]\n" + some(1),
    "a text with items in it": 'assets:\n  - match: { file: a.jpg }\n    description: "one\n  - match: two"\n'
    + some(3),
    "a block with items in it": "assets:\n  - match: { file: a.jpg }\n    description: |\n"
    "      - match: one\n       - two\n" + some(3),
    "a list in brackets over lines": "assets:\n  - match: { file: a.jpg }\n    tags: [x,\n  y]\n" + some(3),
    "anchors": "assets:\n  - match: { file: a.jpg }\n    tags: &t [x]\n"
    + some(3)
    + "  - match: { file: b.jpg }\n    tags: *t\n",
    "an anchor above": "tags:\n  - &tag { value: x }\nassets:\n" + some(3),
    "rules by name": "selectors: { best: { rating: 5 } }\nassets:\n"
    + some(2)
    + "  - match: { selector: best }\n    favorite: true\n"
    + some(1),
    "counted from today": "assets:\n"
    + some(2)
    + "  - match: { file: a.jpg, taken: last 30 days }\n    rating: 1\n"
    + "  - match: { added: this year }\n    rating: 1\n"
    + some(1),
    "whose": 'server: { accounts: { ada: { api_key: "${A}" }, ben: { api_key: "${B}" } } }\n'
    "account: ada\nassets:\n"
    + some(3)
    + "  - match: { file: a.jpg }\n    rating: 1\n    account: ben\n"
    + some(1),
    "empty": "assets:\nalbums:\n  - name: x\n",
    "in brackets": "assets: [{ match: { file: a.jpg }, rating: 3 }]\n",
    "a document's start and end": "---\nassets:\n" + some(3) + "...\n",
}
WRONG = {
    "of nobody": 'server: { accounts: { ada: { api_key: "${A}" } } }\nassets:\n'
    + some(3)
    + "  - match: { file: a.jpg }\n    rating: 1\n    account: bne\n"
    + some(1),
    "a file of nobody": "account: ada\nassets:\n" + some(3),
    "a fault in one": "assets:\n" + some(5) + "  - match: { file: a.jpg }\n    rating: 9\n" + some(2),
    "many faults": "assets:\n" + "  - match: { file: a.jpg }\n    ratin: 1\n" * 5,
    "twice": "assets:\n" + some(2) + "assets:\n" + some(2),
    "twice, in quotes": 'assets:\n  - match: { file: a.jpg }\n    rating: 1\n"assets":\n' + some(2),
    "less indented": "assets:\n" + some(2) + " - match: { file: a.jpg }\n   rating: 1\n",
    "more indented": "assets:\n" + some(2) + "   - match: { file: a.jpg }\n     rating: 1\n",
    "a key among the items": "assets:\n" + some(2) + "  rating: 1\n" + some(2),
    "never closed": 'assets:\n  - match: { file: "a.jpg }\n    rating: 1\n' + some(3),
    "an anchor that is nowhere": "assets:\n" + some(3) + "  - match: { file: b.jpg }\n    tags: *t\n",
    "a doubled key": "assets:\n" + some(2) + "  - match: { file: b.jpg }\n    rating: 1\n    rating: 2\n",
    "two documents": "assets:\n" + some(2) + "---\nassets:\n" + some(2),
    "a text that holds the key": 'defaults:\n  timezone: "\nassets:\n  - match"\n',
    "no zone": "assets:\n" + some(2) + "  - match: { file: b.jpg }\n    taken: 2024-06-01T10:00:00\n",
}


def outcome(path: Path, cache: Cache | None = None) -> Desired | tuple[str, ...]:
    """What is wanted with the warnings, or all that is wrong."""
    try:
        loaded = load([path], cache)
    except InvalidFiles as error:
        return _texts(error.problems)
    assert all(isinstance(problem, Problem) for problem in loaded.problems)
    return loaded.desired if not loaded.problems else (*_texts(loaded.problems), repr(loaded.desired))


def _texts(problems: Sequence[Problem]) -> tuple[str, ...]:
    return tuple(str(problem) for problem in problems)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large, and each item is a piece of its own."""
    monkeypatch.setattr(documents, "LARGE", 0)
    monkeypatch.setattr(documents, "cut", lambda file, text: cut(file, text, 1))


@pytest.mark.parametrize("name", [*TEXTS, *WRONG])
def test_pieces_come_to_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cache = tmp_path / "a.yaml", Cache(tmp_path / "cache")
    path.write_text({**TEXTS, **WRONG}[name], encoding="utf-8")
    with monkeypatch.context() as whole:
        whole.setattr(documents, "LARGE", 1 << 30)
        plain = outcome(path)
    assert isinstance(plain, Desired) is (name in TEXTS and name != "a warning")
    assert outcome(path, cache) == plain
    assert outcome(path, cache) == plain, "the second time, from the cache"


@pytest.mark.parametrize("processors", [1, 2])
def test_other_processes_come_to_the_same(
    processors: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_processors", lambda: processors)
    for name in ("plain", "rules between names", "keys around it"):
        (tmp_path / f"{len(name)}.yaml").write_text(TEXTS[name].replace("name: x", f"name: {len(name)}"))
    found = load([tmp_path]).desired
    monkeypatch.setattr(documents, "LARGE", 1 << 30)
    assert found == load([tmp_path]).desired
    assert len(found.assets) == 9 + 7 + 4


@given(
    st.lists(
        st.sampled_from(
            [
                *LONG[:3],
                "  - match: { rating: 5 }\n    tags: [a]\n",
                "  - match:\n      file: b.jpg\n    description: |\n      text\n\n      - more\n",
                "  # - match: a comment\n",
                "\n",
                '  - match: { file: "x" }\n    description: "a\n\n  - b"\n',
                "  - match: { file: c.jpg }\n    description: 'it''s\n      - two'\n",
                "  - &a { match: { file: d.jpg }, rating: 1 }\n",
                "  - *a\n",
                "  -\n    match: { file: e.jpg }\n    rating: 2\n",
                "   - match: { file: f.jpg }\n     rating: 2\n",
                "albums:\n  - name: x\n    match: { rating: 1 }\n",
                "- x\n",
                "...\n",
            ]
        ),
        max_size=8,
    ),
    st.integers(min_value=1, max_value=120),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wherever_it_is_cut(lines: list[str], size: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, "a.yaml")
        path.write_text("assets:\n" + "".join(lines), encoding="utf-8")
        patch.setattr(documents, "_others_help", lambda _: False)
        patch.setattr(documents, "cut", lambda file, whole: cut(file, whole, size))
        in_pieces = outcome(path, Cache(Path(folder, "cache")))
        patch.setattr(documents, "LARGE", 1 << 30)
        assert in_pieces == outcome(path)


def test_pieces_are_cut_where_items_begin() -> None:
    whole = cut("f", TEXTS["keys around it"], 1)
    assert whole is not None
    assert [piece.items for piece in whole.pieces] == [*LONG[:3], LONG[3] + "# end\n"]
    assert [piece.before for piece in whole.pieces] == [1, 3, 5, 7]
    assert whole.rest.splitlines()[2:] == [""] * 9 + TEXTS["keys around it"].splitlines()[11:]


class TestCache:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.yaml"
        path.write_text(TEXTS["rules between names"], encoding="utf-8")
        return path

    @pytest.fixture
    def parsed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The pieces that are parsed."""
        seen: list[str] = []

        def noted(piece: pieces.Piece, *more: Any) -> object:
            seen.append(piece.items)
            return read_piece(piece, *more)

        monkeypatch.setattr(documents, "read_piece", noted)
        return seen

    def test_what_is_as_before_is_not_parsed(
        self, path: Path, tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "_processors", lambda: 1)
        cache = Cache(tmp_path / "cache")
        first = load([path], cache).desired
        assert len(parsed) == 7
        assert load([path], cache).desired == first
        assert len(parsed) == 7
        path.write_text(path.read_text("utf-8").replace("Best", "Worst"), encoding="utf-8")
        assert "Worst" in repr(load([path], cache).desired)
        assert len(parsed) == 14

    def test_another_clock_reads_anew(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "_processors", lambda: 1)
        cache = Cache(tmp_path / "cache")
        (tmp_path / "a.yaml").write_text(TEXTS["a clock"].split("\n", 1)[1], encoding="utf-8")
        instants = []
        for zone in ("Europe/Rome", "America/New_York", "Europe/Rome"):
            (tmp_path / "b.yaml").write_text(f"defaults: {{ timezone: {zone} }}\n", encoding="utf-8")
            (first, *_) = load([tmp_path / "a.yaml", tmp_path / "b.yaml"], cache).desired.assets
            instants.append(str(next(iter(first.values.values())).value))
        assert instants == [
            "2024-06-01T10:00:00+02:00",
            "2024-06-01T10:00:00-04:00",
            "2024-06-01T10:00:00+02:00",
        ]

    @pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "empty", "folder"])
    def test_damage_is_as_if_nothing_was_there(self, damage: str, path: Path, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache")
        first = load([path], cache).desired
        (kept,) = (tmp_path / "cache").iterdir()
        raw = kept.read_bytes()
        kept.unlink()
        match damage:
            case "cut":
                kept.write_bytes(raw[: len(raw) // 2])
            case "changed":
                kept.write_bytes(raw.replace(b"Best", b"Wrst"))
            case "foreign":
                kept.write_bytes(pickle.dumps(["something else"]))
            case "empty":
                kept.write_bytes(b"")
            case _:
                kept.mkdir()
        assert load([path], cache).desired == first

    def test_a_folder_that_others_may_write_to_is_not_used(self, path: Path, tmp_path: Path) -> None:
        folder = tmp_path / "cache"
        folder.mkdir()
        folder.chmod(0o777)
        load([path], Cache(folder))
        assert list(folder.iterdir()) == []

    def test_it_is_the_users_own(self, path: Path, tmp_path: Path) -> None:
        load([path], Cache(tmp_path / "cache"))
        (kept,) = (tmp_path / "cache").iterdir()
        assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
        assert kept.stat().st_mode & 0o077 == 0

    def test_what_was_used_longest_ago_makes_room(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache", largest=1100)
        for number, key in enumerate("abc"):
            cache.put(key, [key.encode() * 300])
            os.utime(cache._path(key), (number, number))
        assert cache.get("a") == [b"a" * 300]
        cache.put("d", [b"d" * 300])
        assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]
        cache.put("e", [b"e" * 2000])
        assert cache.get("e") is None

    def test_what_a_process_that_died_was_writing_goes_in_time(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache")
        cache.put("a", [b"x"])
        old, fresh = (tmp_path / "cache" / name for name in ("old.new", "fresh.new"))
        for path in (old, fresh):
            path.write_bytes(b"half")
        os.utime(old, (1, 1))
        cache.put("b", [b"x"])
        assert not old.exists()
        assert fresh.exists()
        assert cache.get("a") == [b"x"]

    def test_a_file_is_found_under_its_own_key_only(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache")
        cache.put("a", [b"x", b""])
        assert cache.get("a") == [b"x", b""]
        cache._path("a").rename(cache._path("b"))
        assert cache.get("b") is None


class TestBytes:
    def test_bytes_name_nothing_but_plain_values(self) -> None:
        for data in (
            pickle.dumps((0, (), os.system, {})),
            pickle.dumps((0, (), Path("x"), {})),
            pickle.dumps((0, (), eval, {})),
            b"creconciler.model.codec\nvalue_to_json\n.",
            b"creconciler.model.text\nlru_cache\n.",
            b"creconciler.model.values\nre\n.",
            b"garbage",
            b"",
        ):
            with pytest.raises(NotAPiece):
                from_bytes(data)

    def test_there_and_back(self) -> None:
        whole = cut("f", TEXTS["rules between names"], 1 << 20)
        assert whole is not None
        (piece,) = whole.pieces
        kept = read_piece(piece, Clock())
        assert kept is not None
        again = from_bytes(to_bytes(kept))
        assert (again.count, again.places, again.entries) == (7, (2, 6), kept.entries)
        assert [node.line for node in again.rest] == [node.line for node in kept.rest]
        assert repr(again.rest[0].keys()) == repr(kept.rest[0].keys())  # type: ignore[union-attr]
        assert again.rest[0].place("tags") == (7, 5)  # type: ignore[union-attr]
