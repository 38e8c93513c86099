"""Changes who sees albums: a user who is gone doesn't sink the others, and a lost answer is looked into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.transport import Look
from reconciler.immich.writer import Writer
from reconciler.model.live import Album
from reconciler.plan.operations import UserRef
from reconciler.plan.report import ItemFailure

REFUSED = frozenset({Kind.NOT_FOUND, Kind.INVALID})
"""What the server says of a user who is gone, or of one who has or hasn't access already (FINDINGS 38)."""


@dataclass(frozen=True, slots=True)
class Sharer:
    """Carries out single operations. Raises ServerError."""

    reader: Reader
    writer: Writer

    def share(self, album_id: str, users: tuple[UserRef, ...]) -> list[ItemFailure]:
        """Gives users access; the ones for whom that didn't work."""
        roles = roles_of(users)
        try:
            self.writer.share_album(album_id, roles, self._look(album_id, roles))
        except ServerError as error:
            if error.kind not in REFUSED:
                raise
            return self._one_by_one(album_id, users, error)
        return []

    def set_role(self, album_id: str, user: UserRef) -> None:
        """Gives a user of an album another role."""
        self.writer.set_role(album_id, user.id, user.role or "")

    def unshare(self, album_id: str, user: UserRef) -> None:
        """Takes access away; somebody who has none any more is as wished."""
        try:
            self.writer.unshare_album(album_id, user.id, self._look(album_id, {user.id: None}))
        except ServerError as error:
            if error.kind not in REFUSED or not self._stands(album_id, {user.id: None}):
                raise

    def share_if_possible(self, album_id: str, users: tuple[UserRef, ...]) -> list[ItemFailure]:
        """The same as `share` for an album that was just made: whatever goes wrong, that much is done."""
        try:
            return self.share(album_id, users)
        except ServerError as error:
            return [_failure(user, str(error)) for user in users]

    def _one_by_one(
        self, album_id: str, users: tuple[UserRef, ...], refused: ServerError
    ) -> list[ItemFailure]:
        album = self._album(album_id)
        if album is None:
            raise refused
        failed: list[ItemFailure] = []
        for user in users:
            now = album.role_of(user.id)
            if now is None and len(users) > 1:
                failed += self._alone(album_id, user)
            elif now is None:
                failed.append(_failure(user, refused.message))
            elif now != user.role:
                failed.append(_failure(user, f"somebody has shared it with them meanwhile, as {now}"))
        return failed

    def _alone(self, album_id: str, user: UserRef) -> list[ItemFailure]:
        try:
            roles = roles_of([user])
            self.writer.share_album(album_id, roles, self._look(album_id, roles))
        except ServerError as error:
            if error.kind not in REFUSED:
                raise
            return [_failure(user, error.message)]
        return []

    def _look(self, album_id: str, roles: Mapping[str, str | None]) -> Look:
        return lambda maybe: maybe and self._stands(album_id, roles)

    def _stands(self, album_id: str, roles: Mapping[str, str | None]) -> bool:
        """Whether these users of an album have these roles."""
        album = self._album(album_id)
        return album is not None and all(album.role_of(user_id) == role for user_id, role in roles.items())

    def _album(self, album_id: str) -> Album | None:
        return next((album for album in self.reader.albums().own if album.id == album_id), None)


def roles_of(users: Iterable[UserRef]) -> dict[str, str]:
    """The roles that users get, by id."""
    return {user.id: user.role or "" for user in users}


def _failure(user: UserRef, reason: str) -> ItemFailure:
    return ItemFailure(user.id, user.label, reason, "user")
