"""What an address tells: whether the server is near, and whether one only leads to another."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_NEAR_ENDINGS = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localdomain")


def is_near(address: str) -> bool:
    """Whether a server is on this machine or in this house, going by its name or number.

    Packing answers costs more time than it saves there (PERFORMANCE 2.2).
    """
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NEAR_ENDINGS)
    return number.is_loopback or number.is_private or number.is_link_local


def is_upgrade(asked: str, location: str) -> bool:
    """Whether a redirect only leads from http to https: the same host, path and query."""
    before, after = urlsplit(asked), urlsplit(location)
    return (
        before.scheme == "http"
        and after.scheme == "https"
        and before.hostname == after.hostname
        and before.path == after.path
        and before.query == after.query
    )
