"""The top keys that stand once: `server`, `defaults` and `settings`, merged over all files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from reconciler.config.entries.accounts import Accounts, no_account
from reconciler.config.reading import Clock, number
from reconciler.config.report import Scope
from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar, Step
from reconciler.config.values.limits import BadLimit, read_allowed, read_counted, read_limit
from reconciler.config.values.references import fault, is_only_reference, names
from reconciler.config.values.times import BOUNDS, BadTime, read_duration, read_hours, read_zone
from reconciler.model.address import api_address
from reconciler.model.desired import Account, Http, Outside, Reference, Server, WindowSettings
from reconciler.model.safety import FLOOR, Allowed, Budget, Counted, Limit, Safety, everywhere

T = TypeVar("T")

GENERAL = ("server", "defaults", "settings")

_BARE_VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]*")
_SANDBOX = re.compile(r"sandbox:.+")


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

    def accounts(self, server: Server) -> Accounts:
        """The accounts that entries may name."""
        return Accounts(None if self._server_refused else tuple(server.accounts))

    def account(self, server: Server) -> str | None:
        """The account that is meant when none is named."""
        self._check_account(("defaults", "account"), server.accounts)
        found = self._found.get(("defaults", "account"))
        return found.node.text if found else None

    def clock(self, now: datetime) -> Clock:
        """The zone of dates without an offset, and the moment of the run."""
        path = ("defaults", "timezone")
        found = self._found.get(path)
        if found is None:
            return Clock(broken=path in self._refused or path[:1] in self._refused, now=now)
        zone = _read(found, read_zone)
        return Clock(zone, now=now) if zone else Clock(broken=True, now=now)

    def http(self) -> Http:
        """How the server is talked to."""
        values = self._settings("http")
        default = Http()

        def seconds(name: str, otherwise: float) -> float:
            return _duration(values.get(name), name, otherwise)

        return Http(
            timeout=seconds("timeout", default.timeout),
            connect_timeout=seconds("connect_timeout", default.connect_timeout),
            retries=_whole(values["retries"]) if "retries" in values else default.retries,
            backoff=seconds("backoff", default.backoff),
            deadline=seconds("deadline", default.deadline),
            connections=_whole(values["connections"]) if "connections" in values else default.connections,
        )

    def window(self, clock: Clock) -> WindowSettings:
        """How and when the queues are held; hours are meant by `clock` where they name no zone themselves."""
        values = self._settings("window")
        default = WindowSettings()

        def seconds(name: str, otherwise: float) -> float:
            return _duration(values.get(name), name, otherwise)

        zone = _read(values.get("timezone"), read_zone) or clock.zone
        return WindowSettings(
            pause=self._paused(),
            hours=_read(values.get("hours"), read_hours),
            timezone=zone.key if zone else None,
            outside=Outside(values["outside"].node.text) if "outside" in values else default.outside,
            max_duration=seconds("max_duration", 0) or None,
            quiet=_whole(values["quiet"]) if "quiet" in values else default.quiet,
            running_timeout=seconds("running_timeout", default.running_timeout),
            settle_timeout=seconds("settle_timeout", default.settle_timeout),
            migrate="migrate" in values and values["migrate"].node.value is True,
            without_window="without_window" in values and values["without_window"].node.value is True,
        )

    def _paused(self) -> str | tuple[str, ...]:
        place = ("settings", "window", "pause")
        if written := self._found.get(place):
            return written.node.text
        listed = tuple(found.node.text for path, found in self._found.items() if path[:3] == place)
        return listed or WindowSettings().pause

    def safety(self) -> Safety:
        """How much a plan may take away, overwrite and change."""
        values = self._settings("safety")
        limits = {budget: dict(found) for budget, found in Safety().limits.items()}
        for budget in Budget:
            limits[budget] |= self._limits(budget)
        floor = _whole(values["floor"]) if "floor" in values else FLOOR
        return Safety(limits, floor, tuple(self._allowed()))

    def _limits(self, budget: Budget) -> dict[Counted, Limit]:
        """The limits of one budget: one for all that is counted, or one for each that is written."""
        place = ("settings", "safety", budget.value)
        parts: dict[Counted | None, list[_Written]] = {}
        for path, written in self._found.items():
            if path[:3] == place:
                of = read_counted(path[3]) if path[3:] and not path[3].isdigit() else None
                parts.setdefault(of, []).append(written)
        found: dict[Counted, Limit] = {}
        for of, some in parts.items():
            try:
                limit = read_limit(written.node.text for written in some)
                found |= {of: limit} if of else everywhere(limit)
            except BadLimit as error:
                some[-1].scope.error(some[-1].node, str(error))
        return found

    def _allowed(self) -> Iterator[Allowed]:
        for path, written in self._found.items():
            if path[:3] == ("settings", "safety", "allow"):
                try:
                    yield read_allowed(written.node.text)
                except BadLimit as error:
                    written.scope.error(written.node, str(error))

    def _settings(self, part: str) -> dict[str, _Written]:
        """What is written of one part of the settings, by key."""
        return {path[2]: found for path, found in self._found.items() if path[:2] == ("settings", part)}

    def _check_secrets(self) -> None:
        for path, written in self._found.items():
            if path[:2] == ("server", "accounts") and not is_only_reference(written.node.text):
                written.scope.error(written.node, _literal_key(path[2], written.node.text))

    def _check_account(self, path: tuple[str, ...], accounts: Mapping[str, Account]) -> None:
        written = self._found.get(path)
        if written is None or self._server_refused:
            return
        if written.node.text not in accounts:
            written.scope.error(written.node, no_account(written.node.text, accounts))

    @property
    def _server_refused(self) -> bool:
        return any(refused[0] == "server" for refused in self._refused)


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
    if _BARE_VARIABLE.fullmatch(text):
        return f"a variable is written in braces: ${{{text[1:]}}}"
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
    elif not names(text) and not _SANDBOX.fullmatch(text):
        try:
            api_address(text)
        except ValueError as error:
            written.scope.error(written.node, f"{error}; write one such as https://photos.example.org")


def _read(written: _Written | None, read: Callable[[str], T]) -> T | None:
    """What `read` makes of a text; None where nothing is written, and after an error."""
    if written is None:
        return None
    try:
        return read(written.node.text)
    except BadTime as error:
        written.scope.error(written.node, str(error))
        return None


def _duration(written: _Written | None, name: str, otherwise: float) -> float:
    found = _read(written, lambda text: read_duration(text, *BOUNDS[name]))
    return otherwise if found is None else found


def _whole(written: _Written) -> int:
    return int(number(written.node))
