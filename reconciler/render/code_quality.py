"""Problems and changes as a code quality report, which GitLab shows on the lines of a merge request."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from reconciler.model.origin import Problem, Severity
from reconciler.plan.plan import Plan
from reconciler.render.cells import clip, plain
from reconciler.render.lines import lines_of
from reconciler.render.words import listed

Json = Any

NOWHERE = "."
"""The file of what stands in none; GitLab wants one."""
_LENGTH = 1000
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor"}


def gitlab(problems: Iterable[Problem], files: Sequence[str] = ()) -> bytes:
    """A JSON list with an entry for each problem; `files` are those that were read."""
    return _report(_problem("immich-validate", item, _SEVERITIES[item.severity], files) for item in problems)


def gitlab_plan(*plans: Plan) -> bytes:
    """The problems and changes of a plan, or of those of several accounts, each with its name.

    Problems and exceeded limits are critical, missing photos major, lines that remove something minor, the
    others info.
    """
    return _report([*(entry for plan in plans for entry in _wrong(plan)), *_changes(plans)])


def _wrong(plan: Plan) -> Iterator[dict[str, Json]]:
    whose = f"{plan.account}: " if plan.account else ""
    beyond = [Problem(f"{whose}{item.message}", item.origin) for item in plan.violations]
    for severity, problems in (("critical", [*plan.problems, *beyond]), ("major", plan.missing)):
        for item in problems:
            yield _problem("immich-plan", item, severity, plan.files)


def _changes(plans: Iterable[Plan]) -> Iterator[dict[str, Json]]:
    for line in lines_of(plans):
        text = "; ".join(listed(line.texts, limit=10))
        yield _entry("immich-plan", text, "minor" if line.removes else "info", line.file, line.line)


def _problem(check: str, problem: Problem, severity: str, files: Sequence[str]) -> dict[str, Json]:
    origin = problem.origin
    file = origin.file if origin else files[0] if files else NOWHERE
    return _entry(check, problem.words, severity, file, origin.line if origin else 1)


def _entry(check: str, text: str, severity: str, file: str, line: int) -> dict[str, Json]:
    return {
        "description": clip(plain(text), _LENGTH),
        "check_name": check,
        "severity": severity,
        "location": {"path": plain(file).removeprefix("./"), "lines": {"begin": line}},
    }


def _report(entries: Iterable[dict[str, Json]]) -> bytes:
    """With the fingerprints by which GitLab knows an entry again, also where its line has moved."""
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        same = "\0".join((entry["check_name"], entry["location"]["path"], entry["description"]))
        mark = hashlib.sha256(f"{same}\0{seen[same]}".encode("utf-8", "replace")).hexdigest()
        seen[same] += 1
        found.append({**entry, "fingerprint": mark})
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
