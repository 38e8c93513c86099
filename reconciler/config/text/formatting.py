"""The same YAML, laid out evenly: indentation, blanks and empty lines. What it says and its comments stay.

The layout is ruamel.yaml's, which keeps comments; values go through it as plain text, so that no date and no
number is written differently. What comes out is read again and compared: where anything differs, the text
stays as it was.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.config.text.parsing import LOADER

if TYPE_CHECKING:
    from ruamel.yaml.tag import Tag

WIDTH = 110
"""Letters in a line, where a list in brackets can be broken."""

_COMMENT = re.compile(r"#[^\n]*")
_BEFORE_COMMENT = re.compile(r"\A[ \t]+(?=#)")


class NotFormatted(Exception):
    """The text can't be laid out anew without a change of what it says."""


def formatted(text: str) -> str:
    """The text in its even layout, ending in one line break.

    Raises NotFormatted, also where it isn't YAML.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    try:
        before = list(_said(text))
        if not any(kind is yaml.DocumentStartEvent for kind, *_ in before):
            return _even_lines(text)  # comments and nothing else
        laid_out = _even_lines(_even_blanks(_by_ruamel(_even_lines(text))))
        same = before == list(_said(laid_out)) and _comments(text) == _comments(laid_out)
    except yaml.YAMLError:
        raise NotFormatted("this can't be read as YAML; immich-validate says where") from None
    if not same:
        raise NotFormatted("its layout can't be changed without a change of what it says")
    return laid_out


def _by_ruamel(text: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import Emitter
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import ScalarNode, SequenceNode
    from ruamel.yaml.resolver import VersionedResolver
    from ruamel.yaml.tag import Tag

    class AllText(VersionedResolver):
        """Takes every value for a text."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Tag:  # noqa: ARG002 (as it is called)
            name = "str" if kind is ScalarNode else "seq" if kind is SequenceNode else "map"
            return Tag(suffix=f"tag:yaml.org,2002:{name}")

    class WholeTexts(Emitter):
        """Breaks lists that are too long for a line, and never a text."""

        def process_scalar(self) -> None:
            width, self.best_width = self.best_width, 2**31
            super().process_scalar()
            self.best_width = width

    layout = YAML()
    layout.Resolver = AllText
    layout.Emitter = WholeTexts
    layout.preserve_quotes = True
    layout.width = WIDTH
    layout.brace_single_entry_mapping_in_flow_sequence = True
    layout.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    try:
        layout.dump(layout.load(text), out)
    except (YAMLError, ValueError, NotImplementedError, AttributeError) as error:
        raise NotFormatted(f"its layout can't be read ({type(error).__name__})") from None
    return out.getvalue()


def _even_blanks(text: str) -> str:
    """`{a: b}` as `{ a: b }`, and one blank between a value and the comment behind it."""
    pieces: list[str] = []
    before: yaml.Token | None = None
    end = 0
    for token in _tokens(text):
        gap = text[end : token.start_mark.index]
        opened = isinstance(before, yaml.FlowMappingStartToken)
        closed = isinstance(token, yaml.FlowMappingEndToken)
        if not gap and before and opened is not closed:
            gap = " "
        pieces += [
            _BEFORE_COMMENT.sub(" ", gap) if end else gap,
            text[token.start_mark.index : token.end_mark.index],
        ]
        before, end = token, token.end_mark.index
    return "".join([*pieces, _BEFORE_COMMENT.sub(" ", text[end:])])


def _even_lines(text: str) -> str:
    """Comments stand like what is below them; no blanks at ends of lines, no two empty lines in a row."""
    inside = _lines_inside_texts(text)
    lines: list[str] = []
    indent = 0
    for number, line in reversed(list(enumerate(text.split("\n")))):
        if number not in inside:
            line = line.strip() if line.lstrip().startswith("#") else line.rstrip()
            if line.startswith("#"):
                line = " " * indent + line
            elif line:
                indent = len(line) - len(line.lstrip())
            elif lines and not lines[-1]:
                continue
        lines.append(line)
    return "\n".join(reversed(lines)).strip("\n") + "\n"


def _lines_inside_texts(text: str) -> frozenset[int]:
    """The lines that begin within a value of several lines, where blanks may be part of what is said."""
    found: set[int] = set()
    for token in _tokens(text):
        if isinstance(token, yaml.ScalarToken):
            end = token.end_mark.line + (token.end_mark.column > 0)
            found.update(range(token.start_mark.line + 1, end))
    return frozenset(found)


def _said(text: str) -> Iterator[tuple[object, ...]]:
    """What a text says, without its layout: the quotes count, as they tell a word from a text."""
    for event in _events(text):
        if isinstance(event, yaml.ScalarEvent):
            yield type(event), event.anchor, event.tag, event.value, event.style
        else:
            yield type(event), getattr(event, "anchor", None), getattr(event, "tag", None)


def _comments(text: str) -> list[str]:
    found: list[str] = []
    end = 0
    for token in _tokens(text):
        found += _COMMENT.findall(text, end, token.start_mark.index)
        end = token.end_mark.index
    found += _COMMENT.findall(text, end)
    return [comment.rstrip() for comment in found]


def _events(text: str) -> Iterator[yaml.Event]:
    return yaml.parse(text, Loader=LOADER)


def _tokens(text: str) -> Iterator[yaml.Token]:
    return yaml.scan(text, Loader=LOADER)
