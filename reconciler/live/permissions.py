"""Which calls a reading makes, so that all that a key lacks can be named before the first."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.immich.reader import Reader
from reconciler.live.reading import Reading


def calls_of(reading: Reading) -> list[Callable[..., object]]:
    """The reader's methods that a reading may call."""
    calls: list[Callable[..., object]] = [Reader.me, Reader.api_key]
    if reading.scan or reading.names:
        calls += [Reader.asset, Reader.find, Reader.begin, Reader.finish, Reader.values_in_use]
    if reading.asks_size:
        calls += [Reader.library_size, Reader.size_of]
    if reading.read_tags:
        calls += [Reader.tags, Reader.tagged_each]
    if reading.albums:
        calls += [Reader.albums, Reader.members_of]
    if reading.users:
        calls.append(Reader.users)
    if reading.needs.people or reading.needs.everyone:
        calls += [
            Reader.people,
            Reader.people_at_once,
            Reader.people_called,
            Reader.with_person,
            Reader.begin_people,
        ]
    if reading.needs.owners:
        calls.append(Reader.owners)
    if reading.needs.stacks:
        calls.append(Reader.stacked)
    return calls
