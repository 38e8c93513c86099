"""Which permissions an API key needs, per method of reader and writer, and how to say what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from reconciler.immich.versions import Dialect

F = TypeVar("F", bound=Callable[..., object])

_NEEDS = "__immich_permissions__"
_BEFORE_QUEUE_API = {"queue.read": "job.read", "queue.update": "job.create"}
"""What /jobs needs where there is no /queues yet (before 2.4, FACTS 5)."""


def needs(*permissions: str) -> Callable[[F], F]:
    """Marks a method with the permissions its requests need, in the words of Immich 2.5 and later."""

    def mark(method: F) -> F:
        setattr(method, _NEEDS, frozenset(permissions))
        return method

    return mark


def permissions_of(method: Callable[..., object]) -> frozenset[str]:
    """What one marked method of reader or writer needs."""
    found: frozenset[str] = getattr(method, _NEEDS)
    return found


def needed(*methods: Callable[..., object], dialect: Dialect | None = None) -> frozenset[str]:
    """What these methods need together: `needed(Reader.scan, Writer.tag_assets, dialect=dialect)`."""
    names = frozenset(name for method in methods for name in permissions_of(method))
    if dialect is None or dialect.queue_api:
        return names
    return frozenset(_BEFORE_QUEUE_API.get(name, name) for name in names)


def missing(granted: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The permissions a key lacks, sorted. `all` grants everything; nothing else is a wildcard (FACTS 2)."""
    have = frozenset(granted)
    return () if "all" in have else tuple(sorted(frozenset(wanted) - have))


def explain_missing(
    account: Iterable[str] = (),
    admin: Iterable[str] = (),
    *,
    account_key: str = "",
    admin_key: str = "",
) -> str:
    """One message for everything that is missing, with what to click; "" where nothing is.

    `account` and `admin` are what `missing` gave for the account's and the administrator's key;
    the other two are the names that the keys have in Immich.
    """
    parts = [
        _explained(f"The account's API key{_named(account_key)}", account),
        _explained(f"The administrator's API key{_named(admin_key)}", admin),
    ]
    return "\n".join(part for part in parts if part)


def _named(key: str) -> str:
    return f' "{key}"' if key else ""


def _explained(subject: str, names: Iterable[str]) -> str:
    listed = ", ".join(sorted(frozenset(names)))
    if not listed:
        return ""
    return (
        f"{subject} lacks these permissions: {listed}. In Immich, as the user the key belongs to, open "
        "Account settings > API keys, click the pencil beside the key, tick them and save."
    )
