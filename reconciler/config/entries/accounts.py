"""`account`: whose entries are, said at an entry, at the top of its file, or once for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.config.faults import nearest
from reconciler.config.report import Report, Scope
from reconciler.config.text.nodes import MapNode, Scalar
from reconciler.model.origin import Origin, Problem

KEY = "account"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that the files list, and the one whose the entries of a file are that name none.

    `known` is None where `server.accounts` is in error itself, so that no name can be told to be wrong.
    """

    known: tuple[str, ...] | None = ()
    of_file: str | None = None

    def within(self, scope: Scope) -> Accounts:
        """The same inside a file, with what stands at its left edge."""
        assert isinstance(scope.root, MapNode)
        return replace(self, of_file=replace(self, of_file=None).read(scope, scope.root))

    def read(self, scope: Scope, node: MapNode) -> str | None:
        """Whose an entry is; None where neither it nor its file says so, and after an error."""
        found = node.get(KEY)
        if found is None:
            return self.of_file
        if not isinstance(found, Scalar) or not found.text:
            return None  # the schema has refused it
        if self.known is not None and found.text not in self.known:
            scope.error(found, no_account(found.text, self.known))
            return None
        return found.text


def no_account(name: str, known: Iterable[str]) -> str:
    """What is wrong with the name of an account that isn't listed."""
    there = nearest(name, known) or "; write it there, with its api_key"
    return f"server.accounts has no {name[:60]!r}{there}"


def refuse_nobodys(report: Report, known: Iterable[str], nobodys: Iterable[Origin]) -> None:
    """Tells, once for each file, that nothing says whose its entries are; `nobodys` are where they stand."""
    first: dict[str, list[Origin]] = {}
    for origin in sorted(nobodys):
        first.setdefault(origin.file, []).append(origin)
    for found in first.values():
        more = f" (and of {len(found) - 1:,} more in this file)" if len(found) > 1 else ""
        message = (
            f"nothing says whose this is{more}: write `account` here, once at the left edge of the file, or "
            f"in `defaults`; there are {', '.join(known)}"
        )
        report.add(Problem(message, found[0]))
