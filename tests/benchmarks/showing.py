"""A plan that changes every photo, as the command shows and saves it: its text, JSON, a comment, a page."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.commands import served_by_month
from tests.benchmarks.data import caption
from tests.benchmarks.figure import Row

WAYS = (
    ("as text and saved", ("-o", "plan.json")),
    ("all of it as text", ("--full",)),
    ("as JSON", ("--format", "json")),
    ("as a comment", ("--format", "markdown")),
    ("as a page", ("--format", "html")),
)


def rows(photos: int) -> Iterator[Row]:
    """The whole command each time, from the files and the server to the last letter."""
    with served_by_month(photos) as library:
        entries = (
            f'  - match: {{ file: "IMG_{number:06}.jpg" }}\n'
            f'    description: "{caption(number)}"\n'
            f"    rating: {1 + number % 5}\n"
            for number in range(photos)
        )
        (library.folder / "photos.yaml").write_text("assets:\n" + "".join(entries), encoding="utf-8")
        library.run("immich-plan")  # compiles, and keeps what the file comes to
        for way, words in WAYS:
            took = library.run("immich-plan", *words)
            note = f"{len(took.out) / 1e6:.1f} MB"
            yield Row(
                f"immich-plan, {photos:,} photos change, {way}", took.wall, "s", None, note, took.processor
            )
            yield Row("the same, memory", took.memory, "MB", 700)
