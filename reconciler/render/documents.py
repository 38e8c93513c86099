"""The report of an apply as a JSON document (schemas/report.schema.json); a plan's is its plan file."""

from __future__ import annotations

from typing import Any

import orjson

from reconciler.plan.document import server_json
from reconciler.plan.plan import Plan
from reconciler.plan.report import OperationReport, Outcome, Report, Reverted
from reconciler.plan.standing import Standing
from reconciler.render.summary import nothing
from reconciler.render.terminal_report import verdict

VERSION = 1
KIND = "immich-report"
Json = Any


def report_document(report: Report, plan: Plan) -> dict[str, Json]:
    """The report as JSON values, keys in reading order, with the digest of the plan that was applied."""
    return {
        "kind": KIND,
        "version": VERSION,
        "server": server_json(plan.identity),
        "plan": plan.digest,
        "run": report.run,
        "outcome": report.outcome.value,
        "verdict": nothing(plan) if report.outcome is Outcome.NOTHING else verdict(report),
        "error": report.error,
        "written": report.written,
        "settled": report.settled,
        "fields": [
            {"field": item.field, "applied": item.applied, "settled": item.settled} for item in report.fields
        ],
        "waiting": report.waiting,
        "movedFiles": report.moved_files,
        "operations": [_operation(item) for item in report.operations],
        "drifted": [_standing(item) for item in report.drifted],
        "reverted": [_reverted(item) for item in report.reverted],
        "window": {
            "held": list(report.window.held),
            "theirs": list(report.window.theirs),
            "why": report.window.why,
            "troubles": list(report.window.troubles),
            "noticed": list(report.window.noticed),
        },
        "requests": [{"what": what, "count": number} for what, number in report.requests],
    }


def report_bytes(report: Report, plan: Plan) -> bytes:
    """The report as indented UTF-8 text; the same report gives the same bytes.

    What can't stand in UTF-8 (half of a surrogate pair, in the name of a file) becomes U+FFFD.
    """
    document = report_document(report, plan)
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(document, option=options)
    except TypeError:
        return orjson.dumps(encodable(document), option=options)


def encodable(value: Json) -> Json:
    """The value with U+FFFD for what can't stand in UTF-8."""
    match value:
        case str():
            return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in value)
        case list():
            return [encodable(item) for item in value]
        case dict():
            return {key: encodable(item) for key, item in value.items()}
        case _:
            return value


def _operation(item: OperationReport) -> dict[str, Json]:
    return {
        "does": item.text,
        "photos": item.photos,
        "fate": item.fate.value,
        "error": item.error,
        "failures": [
            {"id": failure.id, "name": failure.name, "reason": failure.reason} for failure in item.failures
        ],
    }


def _standing(item: Standing) -> dict[str, Json]:
    return {
        "of": item.kind.value,
        "id": item.id,
        "name": item.name,
        "aspect": item.aspect,
        "before": item.before,
        "after": item.after,
        "found": item.found,
        "state": item.state.value,
        "at": str(item.origin) if item.origin else None,
    }


def _reverted(item: Reverted) -> dict[str, Json]:
    return {**_standing(item.standing), "reason": item.reason, "again": item.again}
