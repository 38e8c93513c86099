"""Finds the YAML files and reads their text, refusing what can't be YAML before any work is spent on it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.report import Report
from reconciler.model.origin import Origin, Problem

SUFFIXES = (".yaml", ".yml")
LARGEST = 32 * 1024 * 1024
"""Bytes. 100,000 photos with all their values are about 27 MB."""

_NOWHERE = "there is no such file or folder"
_STDIN = "YAML isn't read from standard input, as plans name its lines: write it to a file, and name that"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_BREAK = re.compile(r"\r\n?|\n")
_NAMES = {0x00: "a NUL character: this doesn't look like a text file", 0x1B: "an escape character"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read: where it is, and how a reader would name it from the current directory."""

    path: Path
    name: str

    @property
    def folder(self) -> str:
        """The folder from which relative paths in the file are meant."""
        return str(self.path.parent)


def find(paths: Sequence[str | Path], report: Report) -> tuple[SourceFile, ...]:
    """Every YAML file that the paths name or have below them, each once, sorted by name.

    Hidden files and folders are left out, unless they are named themselves.
    """
    found: dict[str, SourceFile] = {}
    for given in paths:
        path = Path(given)
        try:
            below = sorted(_walk(path, report)) if path.is_dir() else [path]
            if not path.exists():
                report.add(Problem(_STDIN if given == "-" else _NOWHERE, _start(_name(path))))
                continue
        except (OSError, ValueError) as error:
            report.add(Problem(f"can't be read: {_reason(error)}", _start(_name(path))))
            continue
        if not below:
            report.add(Problem("no *.yaml or *.yml file is in this folder or below it", _start(_name(path))))
        for file in below:
            found.setdefault(os.path.realpath(file), SourceFile(file, _name(file)))
    return tuple(sorted(found.values(), key=lambda file: file.name.split("/")))


def read(file: SourceFile, report: Report) -> str | None:
    """The text of a file; None where it isn't text, after saying why and where."""
    raw = read_bytes(file, report)
    return None if raw is None else decoded(raw, file.name, report)


def read_bytes(file: SourceFile, report: Report) -> bytes | None:
    """What is in a file; None where it can't be read, after saying why."""
    start = _start(file.name)
    try:
        status = file.path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.add(Problem("this is neither a file nor a folder", start))
            return None
        if status.st_size > LARGEST:
            report.add(Problem(_too_large(status.st_size), start))
            return None
        with file.path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        report.add(Problem(f"can't be read: {_reason(error)}", start))
        return None


def _walk(folder: Path, report: Report) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        report.add(Problem(f"can't be read: {_reason(error)}", _start(_name(Path(error.filename)))))

    for where, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(where, name)


def _name(path: Path) -> str:
    """The path from the current directory where it lies below it, else as it was given."""
    here, there = os.path.abspath(Path.cwd()), os.path.abspath(path)  # noqa: PTH100 (links stay as named)
    if there == here:
        return "."
    if there.startswith(here.rstrip(os.sep) + os.sep):
        return Path(there).relative_to(here).as_posix()
    return path.as_posix()


def _start(name: str) -> Origin:
    return Origin(name, 1)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _too_large(size: int) -> str:
    return (
        f"the file has {size / 1048576:.0f} MB, more than the {LARGEST // 1048576} MB that are read at once; "
        "split it into several files, which are merged"
    )


def decoded(raw: bytes, name: str, report: Report) -> str | None:
    """The text that the bytes of a file are; None where they are none, after saying why and where."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "the file is written in UTF-16; save it as UTF-8 (in the editor: Save as, encoding UTF-8)"
        report.add(Problem(message, _start(name)))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + (3 if raw.startswith(b"\xef\xbb\xbf") else 0)
        good = raw[:offset].decode("utf-8", "replace")
        message = (
            f"byte {offset} of the file (0x{raw[offset]:02x}) isn't UTF-8; save the file as UTF-8 "
            "(in the editor: Save as, encoding UTF-8)"
        )
        report.add(Problem(message, _at_end_of(good, name)))
        return None
    if bad := _UNPRINTABLE.search(text):
        code = ord(bad.group())
        what = _NAMES.get(code, f"an invisible control character (U+{code:04X}); delete it")
        report.add(Problem(f"here is {what}", _at_end_of(text[: bad.start()], name)))
        return None
    return text


def _at_end_of(text: str, name: str) -> Origin:
    """The place right after a text that begins the file."""
    line, last = 1, 0
    for found in _BREAK.finditer(text):
        line, last = line + 1, found.end()
    return Origin(name, line, len(text) - last + 1)
