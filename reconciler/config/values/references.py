"""References to the environment and to files: `${NAME}`, `${NAME:-fallback}`, `${file:PATH}`.

Their values are secrets as a rule: no message shows one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from reconciler.config.report import Place
from reconciler.model.desired import Reference
from reconciler.model.origin import InvalidFiles

LARGEST_SECRET = 65536
"""Bytes of a file that `${file:...}` names."""

_PART = re.compile(r"\$\{(?:file:(?P<file>[^{}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<fallback>:-[^{}]*)?)\}")
FORMS = "write ${NAME}, ${NAME:-fallback} or ${file:PATH}"


def is_only_reference(text: str) -> bool:
    """Whether the text is one reference and nothing else, and holds no fallback that could be a secret."""
    found = _PART.fullmatch(text)
    return found is not None and found["fallback"] in (None, ":-")


def fault(text: str) -> str | None:
    """What is wrong with how references are written in a text."""
    if "${" in _PART.sub("", text):
        return f"this reference can't be read; {FORMS}"
    return None


def names(text: str) -> bool:
    """Whether the text holds any reference."""
    return "${" in text


def resolve(reference: Reference, environ: Mapping[str, str]) -> str:
    """The text with every reference replaced. Raises InvalidFiles, saying how to set what is missing."""
    if message := fault(reference.text):
        raise _failed(Place(reference.origin), message)
    return _PART.sub(lambda found: _value(found, reference, environ), reference.text)


def secret_of_file(path: str, named_by: str) -> str:
    """The text of a file that an environment variable names. Raises InvalidFiles, naming the variable."""
    return _content(path, ".", Place(path=named_by))


def _failed(place: Place, message: str) -> InvalidFiles:
    return InvalidFiles([place.problem(message)])


def _value(found: re.Match[str], reference: Reference, environ: Mapping[str, str]) -> str:
    if found["file"] is not None:
        return _content(found["file"], reference.folder, Place(reference.origin))
    name, fallback = found["name"], found["fallback"]
    value = environ.get(name, "")
    if value:
        return value
    if fallback is not None:
        return fallback.removeprefix(":-")
    state = "is empty" if name in environ else "is not set"
    raise _failed(
        Place(reference.origin),
        f"the environment variable {name} {state}; set it first, for example: export {name}=...",
    )


def _content(path: str, folder: str, place: Place) -> str:
    try:
        file = Path(folder, Path(path).expanduser())
        if file.stat().st_size > LARGEST_SECRET:
            raise _failed(place, f"the file {path} is too large to be a key")
        text = file.read_text(encoding="utf-8").removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _failed(place, f"the file {path} is no text") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "the name can't be used"
        way_out = "; create it, with the key as its only line" if isinstance(error, FileNotFoundError) else ""
        raise _failed(place, f"the file {path} can't be read ({reason}){way_out}") from None
    if not text:
        raise _failed(place, f"the file {path} is empty; write the key into it, as its only line")
    return text
