"""The server's storage migration: files every photo anew where the storage template goes by albums.

Being put into an album alone moves no file (PERFORMANCE 1.3).
"""

from __future__ import annotations

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer

QUEUE = "storageTemplateMigration"


def migrate(
    admin: tuple[Reader, Writer],
    progress: Progress,
    interruption: Interruption,
    limits: Limits,
    *,
    wait: bool = True,
) -> str:
    """Starts the migration and waits for its end; returns why that isn't known, empty where it is over.

    While single files are being moved the server doesn't let it start: that is waited for. Never raises
    ServerError.
    """
    patience = Patience(limits, interruption, limits.settle)
    progress.stage("having the server file its photos anew")
    try:
        if why := _started(*admin, patience, interruption):
            return f"the server's storage migration was not started: {why}"
        if not wait:
            return "nobody waited for the server's storage migration"
        return _over(admin[0], patience, interruption, limits)
    except ServerError as error:
        return f"the server's storage migration can't be watched or started: {error}"


def _started(reader: Reader, writer: Writer, patience: Patience, interruption: Interruption) -> str:
    while not interruption.requested:
        queue = reader.queues().get(QUEUE)
        if queue is not None and queue.paused:
            return f"somebody else keeps {QUEUE} paused"
        if queue is None or not queue.pending:
            try:
                writer.start_storage_migration()
                return ""
            except ServerError as error:
                if error.kind is not Kind.INVALID:
                    raise
        if not patience.again():
            break
    return interruption.words if interruption.requested else f"{QUEUE} does not come to rest"


def _over(reader: Reader, patience: Patience, interruption: Interruption, limits: Limits) -> str:
    idle = 0
    patience.hurry()
    while True:
        queue = reader.queues().get(QUEUE)
        idle = 0 if queue is not None and queue.pending else idle + 1
        if idle >= limits.idle_looks:
            return ""
        if not patience.again():
            if interruption.requested:
                return f"{interruption.words} before the server's storage migration was over"
            return f"the server's storage migration is still under way after {limits.settle:.0f} s"
