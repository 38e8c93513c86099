"""What was last as the files ask: from the state folder or a file, and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.state.database import State
from reconciler.cli.telling.output import write_file
from reconciler.model.applied import Applied, BadApplied, from_bytes, to_bytes


def unknown(file: Path | None, account: str = "") -> str:
    """What to tell somebody who asks for what was changed, where nothing is remembered."""
    whose = f"of {account}" if account else "of this account"
    where = f"in {file}" if file else "in the state folder"
    return (
        f"what was changed on the server can't be told: nothing is remembered {whose} "
        f"{where}. immich-apply remembers what is as the files ask; --state-dir or --applied say where"
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last applied state of one account (`user` is its id), in a file or, without one, in the state."""

    state: State
    user: str
    file: Path | None = None

    def read(self) -> Applied | None:
        """None where nothing is known.

        Raises OSError and StateUnusable, and BadApplied for a file that holds something else.
        """
        if self.file is not None:
            found = from_bytes(self.file.read_bytes()) if self.file.exists() else None
            return found if found and found.user == self.user else None
        data = self.state.applied(self.user)
        try:
            return from_bytes(data) if data else None
        except BadApplied:  # another version of this program wrote it; the next apply writes it anew
            return None

    def keep(self, later: Applied, at: str, before: Applied | None = None) -> None:
        """Adds what was seen later to what was known `before`, which is read where it isn't given.

        Nothing is written where nothing is new. Raises like `read`.
        """
        before = before or self.read()
        both = before | later if before else later
        if both != before:
            self.replace(both, at)

    def replace(self, applied: Applied, at: str) -> None:
        """Puts another state in its place."""
        data = to_bytes(applied)
        if self.file is None:
            if self.state.applied(self.user) != data:
                self.state.keep_applied(self.user, data, at)
        elif not self.file.exists() or self.file.read_bytes() != data:
            write_file(self.file, [data])
