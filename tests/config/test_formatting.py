"""Laying files out anew: always the same layout, and never another meaning."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.formatting import main
from reconciler.config.text.formatting import NotFormatted, formatted

UNEVEN = """\
# top
server:
    url: ${X:-a}     # odd
albums:
- name: "Italy 2024"\t
  match: {tags: [a,   b], rating: ">=3"}   # c1
  description: |
     hello
       world \n
     x
  # about assets
  assets:
     -   checksum: abc
         taken: 2024-06-12T20:41:00+02:00
     - {file: x, taken: 2024-06-12}


- name: 012
  cover: ~
  order:
  description: a long text
    that goes on
"""
EVEN = """\
# top
server:
  url: ${X:-a} # odd
albums:
  - name: "Italy 2024"
    match: { tags: [a, b], rating: ">=3" } # c1
    description: |
      hello
        world \n
      x
    # about assets
    assets:
      - checksum: abc
        taken: 2024-06-12T20:41:00+02:00
      - { file: x, taken: 2024-06-12 }

  - name: 012
    cover: ~
    order:
    description: a long text that goes on
"""
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("immich.yaml"))


def test_indentation_blanks_comments_and_empty_lines() -> None:
    assert formatted(UNEVEN) == EVEN


def test_what_is_even_stays() -> None:
    assert formatted(EVEN) == EVEN


@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_the_examples_are_even(path: Path) -> None:
    assert formatted(path.read_text("utf-8")) == path.read_text("utf-8")


def test_a_long_text_is_not_broken_and_a_long_list_is() -> None:
    text = "description: " + "word " * 40 + "end\n"
    assert formatted(text) == text
    tags = ", ".join(f"tag-{number:04}" for number in range(30))
    assert max(map(len, formatted(f"tags: [{tags}]\n").splitlines())) < 125


def test_line_breaks_of_windows_and_a_byte_order_mark_go() -> None:
    assert formatted("\ufeffa: 1\r\nb: 2") == "a: 1\nb: 2\n"


@pytest.mark.parametrize(
    "text", ["a: [", "a: *nothing\n", "a: 1\na: 2\n", "x: { a: , b: }\n", "- a\n--- \n- b\n"]
)
def test_what_cannot_be_laid_out_is_refused(text: str) -> None:
    with pytest.raises(NotFormatted):
        formatted(text)


SCALARS = st.sampled_from(
    ["a", "012", "no", "~", '"x: y"', "'it''s'", "2024-06-12", "1e3", "[b, {c: d}]", "{e: [f]}"]
)
BLANKS = st.sampled_from([" ", "  ", "\n", "\n\n\n", "   # note\n", "\n# line\n"])


@st.composite
def uneven(draw: st.DrawFn) -> str:
    """A list of mappings with odd blanks."""
    text = "list:\n"
    step = draw(st.integers(0, 5))
    for number in range(draw(st.integers(1, 4))):
        pad = " " * step
        text += f"{pad}-{' ' * draw(st.integers(1, 4))}k{number}:  {draw(SCALARS)}"
        text += draw(BLANKS) if number else "\n"
        text = text.rstrip(" ") if text.endswith("\n") else text + "\n"
    return text


@given(uneven())
def test_meaning_and_comments_stay_and_once_is_enough(text: str) -> None:
    try:
        once = formatted(text)
    except NotFormatted:
        with pytest.raises(yaml.YAMLError):
            yaml.safe_load(text)
        return
    assert yaml.load(once, yaml.BaseLoader) == yaml.load(text, yaml.BaseLoader)
    assert once.count("# ") == text.count("# ")
    assert formatted(once) == once


class TestCommand:
    def test_a_file_is_replaced_and_keeps_its_mode(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(UNEVEN)
        path.chmod(0o640)
        result = CliRunner().invoke(main, [str(tmp_path)])
        assert result.exit_code == 0 and "laid out anew" in result.stdout
        assert path.read_text() == EVEN and stat.S_IMODE(path.stat().st_mode) == 0o640
        assert list(tmp_path.iterdir()) == [path]
        assert CliRunner().invoke(main, [str(tmp_path)]).stdout == ""

    @pytest.mark.parametrize("option", ["--check", "--diff"])
    def test_a_look_changes_nothing(self, tmp_path: Path, option: str) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(UNEVEN)
        result = CliRunner().invoke(main, [option, str(path)])
        assert result.exit_code == 3 and str(path) in result.stdout
        assert path.read_text() == UNEVEN

    def test_what_is_refused_stays_and_the_rest_is_done(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("a: [")
        (tmp_path / "b.yaml").write_text("a:   1")
        result = CliRunner().invoke(main, [str(tmp_path)])
        assert result.exit_code == 2
        assert (
            "a.yaml: this can't be read as YAML; immich-validate says where; it stays as it was"
            in result.stderr
        )
        assert (tmp_path / "a.yaml").read_text() == "a: ["
        assert (tmp_path / "b.yaml").read_text() == "a: 1\n"
