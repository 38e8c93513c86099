"""How a number of things is said, the same in a plan, a message and a report."""

from __future__ import annotations


def counted(number: int, noun: str, ending: str = "s") -> str:
    """`1 photo`, `1,234 photos`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{ending}"
