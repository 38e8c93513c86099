"""The top keys that stand once: `server`, `defaults` and `settings`, merged over all files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from reconciler.config.faults import nearest
from reconciler.config.nodes import ListNode, MapNode, Node, Scalar, Step
from reconciler.config.reading import Clock
from reconciler.config.references import fault, is_only_reference, names
from reconciler.config.report import Scope
from reconciler.model.desired import Account, Http, Reference, Server, WindowSettings

GENERAL = ("server", "defaults", "settings")

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/][^\s?#]*)?|sandbox:.+", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0}
_LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class _Written:
    node: Scalar
    scope: Scope
    folder: str


@dataclass(slots=True)
class General:
    """What the files say once and for all, gathered file by file, then made into values."""

    _found: dict[tuple[str, ...], _Written] = field(default_factory=dict)
    _refused: set[tuple[str, ...]] = field(default_factory=set)

    def gather(self, scope: Scope, faulty: frozenset[tuple[Step, ...]], folder: str) -> None:
        """Takes in the top keys of one file; `faulty` are the paths that the schema refused."""
        assert isinstance(scope.root, MapNode)
        refused = {tuple(str(step) for step in path) for path in faulty if path}
        self._refused |= refused
        for key in GENERAL:
            if key in scope.root:
                for path, node in _leaves((key,), scope.root[key]):
                    if not refused & {path[:length] for length in range(1, len(path) + 1)}:
                        self._enter(path, _Written(node, scope, folder))

    def _enter(self, path: tuple[str, ...], written: _Written) -> None:
        first = self._found.setdefault(path, written)
        if first.node.text != written.node.text:
            place = first.scope.origin(first.node)
            written.scope.error(
                written.node, f"this is already written at {place}, with another value; keep one of them"
            )

    def server(self) -> Server:
        """Where the server is, with references still unresolved."""
        url = self._found.get(("server", "url"))
        accounts = {
            path[2]: Account(path[2], _reference(written))
            for path, written in self._found.items()
            if path[:2] == ("server", "accounts") and path[3:] == ("api_key",)
        }
        self._check_secrets()
        if url is not None:
            _check_address(url)
        self._check_account(("server", "admin"), accounts)
        admin = self._found.get(("server", "admin"))
        return Server(_reference(url) if url else None, accounts, admin.node.text if admin else None)

    def account(self, server: Server) -> str | None:
        """The account that is meant when none is named."""
        self._check_account(("defaults", "account"), server.accounts)
        found = self._found.get(("defaults", "account"))
        return found.node.text if found else None

    def clock(self) -> Clock:
        """The zone of dates without an offset."""
        path = ("defaults", "timezone")
        found = self._found.get(path)
        if found is None:
            return Clock(broken=path in self._refused or path[:1] in self._refused)
        name = found.node.text
        try:
            return Clock(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            asked = nearest(name, _zone_names(name), cutoff=0.6)
            found.scope.error(
                found.node, f"there is no time zone {name[:60]!r}{asked or '; write one such as Europe/Rome'}"
            )
            return Clock(broken=True)

    def http(self) -> Http:
        """How the server is talked to."""
        values = {
            path[-1]: written for path, written in self._found.items() if path[:2] == ("settings", "http")
        }
        default = Http()
        return Http(
            timeout=_seconds(values["timeout"]) if "timeout" in values else default.timeout,
            retries=_whole(values["retries"]) if "retries" in values else default.retries,
            connections=_whole(values["connections"]) if "connections" in values else default.connections,
        )

    def window(self) -> WindowSettings:
        """How the queues are held while the server is written to."""
        place = ("settings", "window", "pause")
        if written := self._found.get(place):
            return WindowSettings(written.node.text)
        listed = tuple(found.node.text for path, found in self._found.items() if path[:3] == place)
        return WindowSettings(listed) if listed else WindowSettings()

    def _check_secrets(self) -> None:
        for path, written in self._found.items():
            if path[:2] == ("server", "accounts") and not is_only_reference(written.node.text):
                written.scope.error(written.node, _literal_key(path[2], written.node.text))

    def _check_account(self, path: tuple[str, ...], accounts: Mapping[str, Account]) -> None:
        written = self._found.get(path)
        if written is None or any(refused[0] == "server" for refused in self._refused):
            return
        if written.node.text not in accounts:
            there = nearest(written.node.text, accounts) or "; write it there, with its api_key"
            written.scope.error(written.node, f"server.accounts has no {written.node.text[:60]!r}{there}")


def _leaves(path: tuple[str, ...], node: Node) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Every value below a key with the keys that lead to it; what isn't written out is left out."""
    if isinstance(node, MapNode):
        for key, value in node.items():
            yield from _leaves((*path, key), value)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node):
            yield from _leaves((*path, str(index)), item)
    elif isinstance(node, Scalar) and not (node.value is None and len(path) < 3):
        yield path, node


def _reference(written: _Written) -> Reference:
    return Reference(written.node.text, written.scope.origin(written.node), written.folder)


def _literal_key(account: str, text: str) -> str:
    variable = re.sub(r"[^A-Z0-9]+", "_", account.upper()).strip("_")
    name = f"{variable}_KEY" if variable[:1].isalpha() else "IMMICH_API_KEY"
    if names(text):
        return f"an API key is one reference and nothing else; write ${{{name}}} or ${{file:PATH}}"
    return (
        f"a key written into a file ends up in git; write ${{{name}}} and set that variable, "
        "or ${file:PATH}; if this file was ever shared, make a new key on the server"
    )


def _check_address(written: _Written) -> None:
    text = written.node.text
    if message := fault(text):
        written.scope.error(written.node, message)
    elif not names(text) and not _ADDRESS.fullmatch(text):
        message = (
            "this is no address of a server; write one such as https://photos.example.org, "
            "without user, password or question mark"
        )
        written.scope.error(written.node, message)


def _seconds(written: _Written) -> float:
    text = written.node.text
    seconds = float(text[:-1]) * _UNITS[text[-1]]
    if not 0 < seconds <= _LONGEST:
        written.scope.error(written.node, "write a time from 1s to 60m")
    return seconds


def _whole(written: _Written) -> int:
    value = written.node.value
    assert isinstance(value, int | float)
    return int(value)


def _zone_names(name: str) -> list[str]:
    """Names that may be meant, in the writing of the one that was given."""
    known = available_timezones()
    by_lower = {zone.lower(): zone for zone in known}
    return [by_lower[name.lower()], *known] if name.lower() in by_lower else sorted(known)
