"""Routes as data, and what a handler gets: the caller, the checked request, the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from flask import Request

from reconciler.sandbox.errors import ELEVATED, Failed, unauthorized
from reconciler.sandbox.faults import ConnectionDropped
from reconciler.sandbox.library import Library
from reconciler.sandbox.store.database import Reader, Writer
from reconciler.sandbox.validation import Schema, read_fields, uuid4
from reconciler.sandbox.versions import Version

ANYBODY = "*public*"
"""Permission of routes that need no key."""
ANY_KEY = "*any key*"
"""Permission of routes that every valid key may use."""
DIES = "immich.sandbox.dies"
"""In the environment of a request in whose middle the server dies."""
ALL = "all"
"""Permission of routes that name none: only a key with `all` passes (FACTS 2)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: by key, or by a session from a login."""

    user_id: str
    is_admin: bool
    permissions: frozenset[str]
    key_id: str | None = None
    token_hash: str | None = None
    has_pin: bool = False
    """The session has given its PIN: only then the locked folder is open."""

    def may(self, permission: str) -> bool:
        return self.key_id is None or ALL in self.permissions or permission in self.permissions


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a JSON body with the status of its route."""

    body: Any = None
    status: int | None = None
    data: bytes | None = None
    """Sent instead of a JSON body."""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[["Call"], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path below /api."""

    method: str
    path: str
    """In the form of Flask: `/albums/<id>`."""
    permission: str
    handler: Handler
    words: str
    """What the route does, for «Failed to …»."""
    status: int = 200
    admin: bool = False
    since: tuple[int, int] = (0, 0)
    """The first version, major and minor, that has it."""


class Routes:
    """The routes of one area, filled by decorators."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(
        self,
        method: str,
        path: str,
        permission: str,
        *,
        status: int = 200,
        admin: bool = False,
        since: tuple[int, int] = (0, 0),
    ) -> Callable[[Handler], Handler]:
        """The first line of the handler's docstring says what it does, for error messages."""

        def register(handler: Handler) -> Handler:
            words = (handler.__doc__ or handler.__name__).split("\n")[0].rstrip(".")
            words = words[:1].lower() + words[1:]
            self._routes.append(Route(method, path, permission, handler, words, status, admin, since))
            if method == "PUT":
                self._routes.append(Route("PATCH", path, permission, handler, words, status, admin, since))
            return handler

        return register


@dataclass(slots=True)
class Call:
    """One request that has passed authentication and permission."""

    library: Library
    db: Reader
    request: Request
    args: Mapping[str, str]
    caller: Caller | None

    @property
    def version(self) -> Version:
        return self.library.version

    @property
    def user_id(self) -> str:
        return self.who.user_id

    @property
    def who(self) -> Caller:
        if self.caller is None:
            raise Failed("a public route asked for its caller")
        return self.caller

    def write(self) -> AbstractContextManager[Writer]:
        """A transaction; reads through `db` see its changes after it ended."""
        return self.library.database.write()

    @property
    def dies(self) -> bool:
        """Whether the server dies in the middle of this request."""
        return DIES in self.request.environ

    def may_die_early(self) -> None:
        """Where a real server has stored the first part of an edit only: dies here, if it shall."""
        if self.request.environ.get(DIES) == "torn":
            raise ConnectionDropped("the server died when it had stored a part of an edit")

    def may_die(self) -> None:
        """Where a real server has stored an edit and not yet queued its job: dies here, if it shall."""
        if self.dies:
            raise ConnectionDropped("the server died before it had queued the job of an edit")

    def id(self, name: str = "id") -> str:
        """A UUID of the path; 400 when it is none."""
        found: str = read_fields({name: uuid4().needed()}, self.args, self.version, from_query=True)[name]
        return found.lower()

    def body(self, schema: Schema) -> dict[str, Any]:
        """The JSON body, checked."""
        return read_fields(schema, self.json(), self.version)

    def json(self) -> Any:
        """The JSON body as it came; an empty one is an empty object."""
        return self.request.get_json(force=True) if self.request.get_data() else {}

    def query(self, schema: Schema) -> dict[str, Any]:
        """The query, checked; a name given several times is a list."""
        given: dict[str, Any] = {}
        for name, values in self.request.args.lists():
            given[name] = values[0] if len(values) == 1 else values
        return read_fields(schema, given, self.version, from_query=True)

    def refuse_locked(self, visibility: str | None) -> None:
        """The locked folder is open only to a session that has given its PIN (FINDINGS 40)."""
        if visibility == "locked" and not self.who.has_pin:
            raise unauthorized(ELEVATED)


def bulk_results(results: Sequence[tuple[str, str | None]]) -> list[dict[str, Any]]:
    """Per-item results: the id, and an error where it failed."""
    return [
        {"id": item, "success": error is None} | ({"error": error} if error is not None else {})
        for item, error in results
    ]
