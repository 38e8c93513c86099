"""What to write instead of captions, tags and dates that would not come back from a photo's sidecar."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.round_trip import FIRST_YEAR, caption_as_read, keeps, kept_clock, tag_as_read
from reconciler.model.values import Taken, offset_text


def caption_fault(text: str) -> str:
    """Why a caption, trimmed, can't be set; empty where it can."""
    read = caption_as_read(text)
    if read == text:
        return ""
    lost = f"Immich would read {_shown(text)} back from the photo's file as"
    if not read:
        return f"{lost} no caption at all; write another text"
    return f"{lost} {_shown(read)}; write {_shown(_what_stays(caption_as_read, read))}, or another text"


def tag_fault(path: str) -> str:
    """Why photos can't get a tag, given by its full path; empty where they can."""
    read = tag_as_read(path)
    if read == path:
        return ""
    lost = f"Immich would read the tag {_shown(path)} back from the photo's file as another one"
    stays = _what_stays(tag_as_read, read)
    return f"{lost}; write {f'{_shown(stays)}, or another name' if stays else 'another name'}"


def date_fault(taken: Taken) -> str:
    """Why a date can't be set; empty where it can."""
    if keeps(taken):
        return ""
    if taken.local.year < FIRST_YEAR:
        return f"the server keeps no date before the year {FIRST_YEAR}"
    return (
        f"with the offset {offset_text(taken.offset or 0)} Immich could not read the date back from the "
        f"photo's file, and would lose it; write {kept_clock(taken)} (the same moment)"
    )


def _what_stays(as_read: Callable[[str], str], text: str) -> str:
    while (read := as_read(text)) != text:
        text = read
    return text


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
