"""Who an album is shared with: the server's users, and what the files ask for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.origin import Origin


class Role(StrEnum):
    """What a user may do in somebody else's album: look, or also add photos."""

    VIEWER = "viewer"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account on the server; the e-mail is unique there, a name needn't be."""

    id: str
    email: str
    name: str = ""

    @property
    def label(self) -> str:
        """How messages call them."""
        return self.email or self.name or self.id


@dataclass(frozen=True, slots=True)
class Share:
    """A user whom an album is shared with; 2.5 keeps any text as `role` (FINDINGS 38)."""

    user: User
    role: str


@dataclass(frozen=True, slots=True)
class ShareItem:
    """A user as the files call them, by e-mail or name."""

    who: str
    origin: Origin
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class ShareWish:
    """Whom an album shall be shared with: users to add, to remove, or the exact set of all."""

    origin: Origin
    add: tuple[ShareItem, ...] = ()
    remove: tuple[ShareItem, ...] = ()
    exact: tuple[ShareItem, ...] | None = None

    @property
    def wanted(self) -> tuple[ShareItem, ...]:
        """Those that shall have access."""
        return (*self.add, *(self.exact or ()))

    @property
    def mentioned(self) -> tuple[ShareItem, ...]:
        """Everybody it names."""
        return (*self.wanted, *self.remove)
