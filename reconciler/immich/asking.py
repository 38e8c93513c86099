"""How a reader asks: GETs and the POSTs that only ask, one after the other or several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import Any, TypeVar

from reconciler.immich.pool import bounded
from reconciler.immich.retry import Repeat
from reconciler.immich.transport import Query, Transport
from reconciler.immich.versions import Dialect

A = TypeVar("A")
T = TypeVar("T")
Progress = Callable[[int], None]


class Asker:
    """Asks one server in its dialect. Safe to use from several threads; raises ServerError."""

    def __init__(self, transport: Transport, dialect: Dialect) -> None:
        self.transport = transport
        self.dialect = dialect

    @property
    def connections(self) -> int:
        """How many questions may be under way at once."""
        return self.transport.connections

    def _get(
        self,
        template: str,
        parsed: Callable[[Any], T],
        *,
        path: Mapping[str, str] | None = None,
        query: Query | None = None,
    ) -> T:
        with self.transport.slots:
            return self._asked("GET", template, parsed, path=path, query=query)

    def _post(self, template: str, body: Mapping[str, Any], parsed: Callable[[Any], T]) -> T:
        """One of the POSTs that only ask."""
        with self.transport.slots:
            return self._asked("POST", template, parsed, body=body)

    def _asked(
        self,
        method: str,
        template: str,
        parsed: Callable[[Any], T],
        *,
        path: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """Asked without a slot: whoever holds queues must see them also while all other questions hang."""
        return self.transport.call(
            method, template, repeat=Repeat.READ, parse=parsed, path=path, query=query, body=body
        )

    def _at_once(
        self,
        function: Callable[[A], T],
        items: Iterable[A],
        on_progress: Progress | None,
        stop: Event | None = None,
    ) -> list[T]:
        return bounded(function, items, workers=self.transport.connections, on_done=on_progress, stop=stop)
