"""The server's address: what a user may write for it."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def api_address(text: str) -> str:
    """The address of the API, ending in `/api`, from what a user wrote, with or without it.

    Raises ValueError with a message for the user.
    """
    shown = text.strip()
    try:
        parts = urlsplit(shown)
    except ValueError:
        raise ValueError(f"the server's address {_safe(shown)!r} has brackets that don't fit") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the server's address must start with http:// or https://, not {_safe(shown)!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the server's address must not hold a user name or password")
    if parts.query or parts.fragment:
        raise ValueError("the server's address must end with its path: no ? and no #")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("the server's address must have a number up to 65535 as its port, or none") from None
    if " " in parts.netloc:
        raise ValueError(f"the server's address must have no blank in it, as {_safe(shown)!r} has")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/api") else path + "/api"
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{quote(path, safe='/%')}"


def _safe(text: str) -> str:
    """The address without what might be a password."""
    head, at, tail = text.rpartition("@")
    return f"...@{tail}" if at and head else text
