"""Who an album is shared with and who should be: the server's users, found by e-mail or name. Pure."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.diff.changes import Note, ShareChange
from reconciler.model.live import Album, Live
from reconciler.model.origin import Problem
from reconciler.model.sharing import ShareItem, ShareWish, User
from reconciler.model.text import folded

LISTED = 8
"""How many users a message lists."""
NOBODY_LOSES = "until then nobody loses access by this list"
SHOWS_ITSELF_ONLY = (
    "; the server shows this account no other users: an administrator can change that in Immich, under "
    "Administration > Settings > Server settings > Public users"
)


@dataclass(frozen=True, slots=True)
class Sharing:
    """The users that the wishes mean, and what stands in the way.

    `unclear` are wishes in which somebody isn't found; nobody loses access by them.
    """

    users: Mapping[ShareItem, User] = field(default_factory=dict)
    missing: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    unclear: frozenset[ShareWish] = frozenset()

    def wanted(self, wish: ShareWish) -> dict[str, tuple[User, ShareItem]]:
        """Those that shall have access, by the user's id, and who asks for it."""
        return {user.id: (user, item) for item in wish.wanted if (user := self.users.get(item))}

    def unwanted(self, wish: ShareWish) -> dict[str, ShareItem]:
        """Those that shall have none, by the user's id, where they are named."""
        return {user.id: item for item in wish.remove if (user := self.users.get(item))}

    def is_exact(self, wish: ShareWish) -> bool:
        """Whether all others lose access."""
        return wish.exact is not None and wish not in self.unclear

    def changes(self, wish: ShareWish | None, album: Album | None) -> tuple[ShareChange, ...]:
        """What changes about who sees an album; None for one that is made. In order of their e-mails."""
        if wish is None:
            return ()
        shares = album.shares if album else ()
        roles = {share.user.id: share.role for share in shares}
        wanted, unwanted, exact = self.wanted(wish), self.unwanted(wish), self.is_exact(wish)
        found = [
            ShareChange(user, roles.get(user.id), item.role.value, item.origin)
            for user, item in wanted.values()
            if roles.get(user.id) != item.role.value
        ]
        for share in shares:
            gone = unwanted.get(share.user.id)
            if gone or (exact and share.user.id not in wanted):
                found.append(ShareChange(share.user, share.role, None, gone.origin if gone else wish.origin))
        return tuple(sorted(found, key=lambda change: (change.user.label, change.user.id)))


def resolve_users(wishes: Iterable[ShareWish], live: Live) -> Sharing:
    """Finds the user of each item: by e-mail, else by a name that only one has."""
    finder = _Finder.of(live)
    found: dict[ShareItem, User] = {}
    missing: list[Problem] = []
    problems: list[Problem] = []
    notes: list[Note] = []
    unclear: set[ShareWish] = set()
    for wish in dict.fromkeys(wishes):
        meant: dict[str, ShareItem] = {}
        for item in wish.mentioned:
            users = finder.find(item.who)
            if len(users) > 1:
                problems.append(_several(item, users))
            elif not users:
                if item not in wish.remove:
                    missing.append(finder.unknown(item, exact=wish.exact is not None))
                    unclear.add(wish)
            elif users[0].id == live.identity.user_id:
                text = f"{item.who!r} is the account itself, whose album it is anyway: this asks for nothing"
                notes.append(Note(text, item.origin))
            elif other := meant.get(users[0].id):
                text = f"this is the same user as {other.who!r} ({other.origin}): write each user once"
                problems.append(Problem(text, item.origin))
            else:
                meant[users[0].id] = item
                found[item] = users[0]
    return Sharing(found, tuple(missing), tuple(problems), tuple(notes), frozenset(unclear))


def _several(item: ShareItem, users: Iterable[User]) -> Problem:
    listed = ", ".join(sorted(user.email for user in users))
    text = f"several users are called {item.who!r}: write the e-mail of the one that is meant: {listed}"
    return Problem(text, item.origin)


@dataclass(frozen=True, slots=True)
class _Finder:
    owner: str
    by_email: Mapping[str, User]
    by_name: Mapping[str, list[User]]

    @classmethod
    def of(cls, live: Live) -> _Finder:
        """Everybody that the server lists, and whoever sees an album already."""
        users = {share.user.id: share.user for album in live.albums for share in album.shares}
        users |= {user.id: user for user in live.users}
        by_name: dict[str, list[User]] = defaultdict(list)
        for user in users.values():
            if user.name:
                by_name[folded(user.name)].append(user)
        return cls(
            live.identity.user_id,
            {folded(user.email): user for user in users.values() if user.email},
            by_name,
        )

    def find(self, who: str) -> list[User]:
        """Those that are called so; an e-mail wins over a name."""
        wanted = folded(who)
        by_email = self.by_email.get(wanted)
        return [by_email] if by_email else self.by_name.get(wanted, [])

    def unknown(self, item: ShareItem, *, exact: bool) -> Problem:
        """That nobody is called so, and who may be meant."""
        text = f"the server has no user {item.who!r}{self._instead(item.who)}"
        return Problem(f"{text}; {NOBODY_LOSES}" if exact else text, item.origin)

    def _instead(self, who: str) -> str:
        others = sorted(
            (user for user in self.by_email.values() if user.id != self.owner), key=lambda user: user.email
        )
        if not others:
            return SHOWS_ITSELF_ONLY
        known = {folded(word): user.email for user in others for word in (user.name, user.email) if word}
        near = difflib.get_close_matches(folded(who), sorted(known), n=1, cutoff=0.6)
        if near:
            return f" (did you mean {known[near[0]]!r}?)"
        shown = [user.email for user in others]
        more = " and others" if len(shown) > LISTED else ""
        return f" (there are {', '.join(shown[:LISTED])}{more})"
