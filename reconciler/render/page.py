"""A page of text for a terminal: lines of coloured spans that keep within a width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from rich.color import ColorSystem
from rich.style import Style

from reconciler.model.quick import quick
from reconciler.render.cells import broken, cells, clip_middle, clip_start

NARROWEST = 40
"""No line is laid out for less; a narrower terminal breaks it."""


@quick(frozen=True, slots=True)
class Span:
    """A piece of text in one style of rich, such as `bold red`; the empty style is plain."""

    text: str
    style: str = ""


@dataclass(slots=True)
class _Line:
    spans: list[Span] = field(default_factory=list)
    used: int = 0

    def add(self, span: Span) -> None:
        self.spans.append(span)
        self.used += cells(span.text)

    @property
    def said(self) -> bool:
        """Whether anything but blanks stands on it."""
        return any(span.text.strip() for span in self.spans)


@dataclass(slots=True)
class Page:
    """Collects lines. `full` shows everything: what is too long is broken instead of cut."""

    width: int
    color: bool
    full: bool = False
    _lines: list[str] = field(default_factory=list)
    """Those that are ended, as they are printed."""
    _last: _Line | None = None

    def __post_init__(self) -> None:
        self.width = max(self.width, NARROWEST)

    def blank(self) -> None:
        """An empty line, but never two, and none at the start."""
        if self._last and self._last.spans:
            self._start([])

    def flow(
        self,
        lead: Sequence[Span],
        items: Iterable[Span],
        *,
        hang: int,
        joiner: str = ", ",
        tail: str = "",
        whole: bool = False,
    ) -> None:
        """The lead and then the items, on as many lines as it takes, the later ones indented by `hang`.

        The tail (a file and line) stands behind, or below where it doesn't fit. An item that is wider than
        a line is cut in its middle, or broken with `whole`.
        """
        line = self._start(lead)
        listed = list(items)
        for index, item in enumerate(listed):
            mark = joiner.rstrip() if index < len(listed) - 1 else ""
            gap = " " if index and joiner.endswith(" ") else ""
            for piece in self._pieces(item.text + mark, self.width - hang, whole or self.full):
                span = Span(piece, item.style)
                if line.used + len(gap) + cells(piece) > self.width and (line.used > hang or line.said):
                    line = self._start([Span(" " * hang)])
                elif gap:
                    line.add(Span(gap, span.style if line.spans[-1].style == span.style else ""))
                line.add(span)
                gap = ""
        if tail:
            self._put_tail(line, tail, hang)

    def text(
        self, text: str, *, indent: int = 0, hang: int | None = None, tail: str = "", style: str = ""
    ) -> None:
        """A paragraph, broken between words; lines after the first begin at `hang`."""
        words = [Span(word, style) for word in text.split(" ")]
        later = indent if hang is None else hang
        self.flow([Span(" " * indent)], words, hang=later, joiner=" ", tail=tail, whole=True)

    def _start(self, lead: Sequence[Span]) -> _Line:
        self._end()
        self._last = line = _Line()
        for span in lead:
            line.add(span)
        return line

    def _end(self) -> None:
        if self._last:
            self._lines.append(f"{self._rendered(self._last)}\n")
        self._last = None

    def _pieces(self, text: str, room: int, whole: bool) -> Iterator[str]:
        if cells(text) <= room:
            yield text
        elif whole:
            yield from broken(text, room)
        else:
            yield clip_middle(text, room)

    def _put_tail(self, line: _Line, tail: str, hang: int) -> None:
        if line.used + 3 + cells(tail) <= self.width:
            line.add(Span("   "))
            line.add(Span(tail, "dim"))
            return
        room = self.width - hang
        for piece in broken(tail, room) if self.full else [clip_start(tail, room)]:
            line = self._start([Span(" " * hang)])
            line.add(Span(piece, "dim"))

    def render(self) -> str:
        """The page as text, each line ended; without an escape code where there is no colour."""
        self._end()
        return "".join(self._lines)

    def _rendered(self, line: _Line) -> str:
        if not self.color:
            return "".join(span.text for span in line.spans).rstrip()
        spans = list(line.spans)
        while spans and not spans[-1].text.rstrip():
            spans.pop()
        if spans:
            spans[-1] = Span(spans[-1].text.rstrip(), spans[-1].style)
        alike = groupby(spans, key=lambda span: span.style)
        return "".join(painted(Span("".join(span.text for span in run), style)) for style, run in alike)


def painted(span: Span) -> str:
    """The span with the escape codes of its style."""
    if not span.style or not span.text:
        return span.text
    return _style(span.style).render(span.text, color_system=ColorSystem.STANDARD)


@lru_cache(maxsize=64)
def _style(name: str) -> Style:
    return Style.parse(name)
