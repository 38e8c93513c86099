"""Queues, in the newer and the older form."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.errors import bad_request
from reconciler.sandbox.jobs import ONE_OFF, STARTED_BY

ROUTES = Routes()

NEVER_PAUSED = "backgroundTask"
_STATES = v.one_of("active", "failed", "completed", "delayed", "waiting", "paused")
_COMMANDS = v.one_of("start", "pause", "resume", "empty", "clear-failed")


@ROUTES.add("GET", "/queues", "queue.read", admin=True)
def list_queues(call: Call) -> Any:
    """List all queues."""
    return [_shown(call, name) for name in call.library.queues.names]


@ROUTES.add("GET", "/queues/<name>", "queue.read", admin=True)
def get_queue(call: Call) -> Any:
    """Retrieve a queue."""
    return _shown(call, _name(call))


@ROUTES.add("PUT", "/queues/<name>", "queue.update", admin=True)
def update_queue(call: Call) -> Any:
    """Update a queue."""
    name = _name(call)
    asked = call.body({"isPaused": v.flag()})
    if "isPaused" in asked:
        if asked["isPaused"] and name == NEVER_PAUSED:
            raise bad_request("The BackgroundTask queue cannot be paused")
        _pause(call, name, asked["isPaused"])
    return _shown(call, name)


@ROUTES.add("GET", "/queues/<name>/jobs", "queueJob.read", admin=True)
def list_queue_jobs(call: Call) -> Any:
    """Retrieve queue jobs."""
    name = _name(call)
    states = call.query({"status": v.listed(_STATES)}).get("status", [])
    return [
        {"id": str(job.id), "name": job.name, "timestamp": job.created_at, "data": dict(job.data)}
        for job in call.library.queues.jobs(name, states)
    ]


@ROUTES.add("DELETE", "/queues/<name>/jobs", "queueJob.delete", admin=True, status=204)
def empty_queue(call: Call) -> Any:
    """Empty a queue."""
    name = _name(call)
    if not call.version.old_error_form and not call.request.get_data():
        raise v.custom_problem("Invalid input: expected object, received undefined", call.version)
    call.body({"failed": v.flag()})
    call.library.queues.empty(name)


@ROUTES.add("GET", "/jobs", "job.read", admin=True)
def list_jobs(call: Call) -> Any:
    """Retrieve queue counts and status."""
    return {name: _old_form(call, name) for name in call.version.queues}


@ROUTES.add("POST", "/jobs", "job.create", admin=True, status=204)
def create_job(call: Call) -> Any:
    """Create a manual job."""
    name = call.body({"name": v.one_of(*call.version.one_off_jobs).needed()})["name"]
    with call.write() as db:
        db.enqueue(ONE_OFF.get(name, "Maintenance"), {})


@ROUTES.add("PUT", "/jobs/<name>", "job.create", admin=True)
def run_command(call: Call) -> Any:
    """Run jobs."""
    name = _name(call)
    asked = call.body({"command": _COMMANDS.needed(), "force": v.flag()})
    match asked["command"]:
        case "start":
            _start(call, name, asked.get("force", False))
        case "pause" | "resume":  # this form does not look which queue it is (FINDINGS 21)
            _pause(call, name, asked["command"] == "pause")
        case "empty":
            call.library.queues.empty(name)
        case _:  # clear-failed: no job is ever kept as failed
            pass
    return _old_form(call, name)


def _start(call: Call, name: str, force: bool) -> None:
    if call.library.queues.counts(name).active:
        raise bad_request("Job is already running")
    if name not in STARTED_BY:
        raise bad_request(f"Invalid job name: {name}")
    with call.write() as db:
        db.enqueue(STARTED_BY[name], {"force": force})


def _pause(call: Call, name: str, paused: bool) -> None:
    if paused:
        call.library.queues.pause(name)
    else:
        call.library.queues.resume(name)


def _name(call: Call) -> str:
    schema = {"name": v.one_of(*call.version.queues).needed()}
    found: str = v.read_fields(schema, call.args, call.version, from_query=True)["name"]
    return found


def _shown(call: Call, name: str) -> dict[str, Any]:
    queues = call.library.queues
    return {"name": name, "isPaused": queues.is_paused(name), "statistics": queues.counts(name).as_json()}


def _old_form(call: Call, name: str) -> dict[str, Any]:
    queues = call.library.queues
    counts = queues.counts(name)
    status = {"isPaused": queues.is_paused(name), "isActive": counts.active > 0}
    return {"queueStatus": status, "jobCounts": counts.as_json()}
