"""The plans of several accounts of one server as one document, applied as a whole (plans.schema.json)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from reconciler.model.memory import no_collection
from reconciler.plan.digest import PREFIX
from reconciler.plan.document import BadPlanFile, from_document, to_document
from reconciler.plan.plan import Plan
from reconciler.plan.report import Report
from reconciler.plan.text import CHECKSUM, Many, checksum, plain, text_of

VERSION = 1
KIND = "immich-plans"


class Course(StrEnum):
    """How far an account's part of a run has come, as a word."""

    DONE = "done"
    NOTHING = "nothing to do"
    PARTLY = "done in part"
    FAILED = "failed"
    STOPPED = "stopped"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one account's plan: no `report` where it wasn't begun; `error` says why it failed."""

    plan: Plan
    course: Course
    report: Report | None = None
    error: str = ""


def digest_of_all(plans: Sequence[Plan]) -> str:
    """What an approval of all of them is bound to; that of the plan itself where there is one."""
    digests = [plan.digest for plan in plans]
    if len(digests) == 1 or not all(digests):
        return digests[0] if len(digests) == 1 else ""
    return PREFIX + hashlib.sha256("\n".join(digests).encode()).hexdigest()


@no_collection()
def to_pieces(plans: Sequence[Plan]) -> list[bytes]:
    """One plan as its own document, several as one around them, each of them a whole plan; in pieces.

    They stand in the order in which they are applied. The same plans give the same text.
    """
    if len(plans) == 1:
        return text_of(to_document(plans[0]))
    return text_of(
        {
            "kind": KIND,
            "version": VERSION,
            "digest": digest_of_all(plans),
            "plans": Many(plans, lambda plan: plain(to_document(plan))),
        }
    )


def to_bytes(plans: Sequence[Plan]) -> bytes:
    """The same in one."""
    return b"".join(to_pieces(plans))


@no_collection()
def from_bytes(data: bytes) -> tuple[Plan, ...]:
    """Reads a file of one plan or of several. Raises BadPlanFile where it is neither, or isn't as written."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadPlanFile(f"this is not a plan file: it isn't JSON ({error})") from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        return (from_document(document),)
    if document.get("version") != VERSION:
        found = document.get("version")
        raise BadPlanFile(f"this plan file has version {found!r}, this program reads {VERSION}: plan again")
    if document.get(CHECKSUM) != checksum(document):
        raise BadPlanFile(
            "this plan file was changed after it was written (its checksum differs): plan again"
        )
    listed = document.get("plans")
    if not isinstance(listed, list) or len(listed) < 2:
        raise BadPlanFile("this plan file can't be read (it has no plans of several accounts): plan again")
    plans = tuple(map(from_document, listed))
    if not all(plan.account for plan in plans) or len({plan.account for plan in plans}) < len(plans):
        raise BadPlanFile("this plan file can't be read (its accounts have no names): plan again")
    return plans
