"""Reading who is there: the account, its partners, persons on photos; and what photos lie in."""

from __future__ import annotations

import unicodedata
from threading import Lock

from reconciler.immich import parse
from reconciler.immich.answers import Me
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.keyset import OPEN, Range
from reconciler.immich.permissions import needs
from reconciler.immich.search import Filters, window_of
from reconciler.immich.selections import SelectionReader
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Dialect
from reconciler.model.asset import Owner, Person
from reconciler.model.sharing import User
from reconciler.model.text import folded

MOST_PEOPLE = 1000
"""The largest page of people (FACTS 6)."""


class PeopleReader(SelectionReader):
    """Reads the account, other people, persons on photos, stacks and external libraries."""

    def __init__(self, transport: Transport, dialect: Dialect) -> None:
        super().__init__(transport, dialect)
        self._me: Me | None = None
        self._me_lock = Lock()

    @needs("user.read")
    def me(self) -> Me:
        """The user whose key it is; asked once."""
        with self._me_lock:
            if self._me is None:
                self._me = self._get("/users/me", parse.me_of)
            return self._me

    @needs("partner.read", "user.read")
    def owners(self) -> list[Owner]:
        """The account, and the partners who share their photos with it, in the order of ids."""
        me = self.me()
        query = {"direction": "shared-with"}
        shared = self._get("/partners", lambda said: [parse.owner_of(item) for item in said], query=query)
        others = sorted((one for one in shared if one.id != me.id), key=lambda one: one.id)
        return [Owner(me.id, me.name, me.email, me=True), *others]

    @needs("user.read")
    def users(self) -> list[User]:
        """Everybody on the server, by e-mail.

        Only the key's own user where «public users» is off in the server's settings; administrators see all.
        """
        found = self._get("/users", lambda said: [parse.user_of(item) for item in said])
        return sorted(found, key=lambda user: (user.email, user.id))

    # People, stacks, libraries

    @needs("person.read")
    def people(self) -> list[Person]:
        """The persons that the server lists, hidden ones too, by name and id.

        It lists nobody who is only on archived photos, nor nameless faces that are few (FACTS 6).
        """
        found: list[Person] = []
        page, more = 1, True
        while more:
            people, more = self._people_page(page)
            found += people
            page += 1
        return sorted(found, key=lambda person: (person.name, person.id))

    @needs("person.read")
    def people_at_once(self) -> list[Person] | None:
        """The same where they come in one page; None otherwise: pages may skip somebody while others come."""
        people, more = self._people_page(1)
        return None if more else people

    def _people_page(self, page: int) -> tuple[list[Person], bool]:
        query = {"withHidden": "true", "size": str(MOST_PEOPLE), "page": str(page)}
        people, more = self._get("/people", parse.people_page_of, query=query)
        return list(people), more

    @needs("person.read")
    def people_called(self, name: str) -> list[Person]:
        """The persons with this name in any case of letters, hidden ones too, with photos or not.

        The server finds what begins with a text and takes a composed accent for another letter than a
        decomposed one.
        """
        found: dict[str, Person] = {}
        for form in dict.fromkeys(unicodedata.normalize(form, name) for form in ("NFC", "NFD")):
            query = {"name": form, "withHidden": "true"}
            people = self._get(
                "/search/person", lambda said: [parse.person_of(item) for item in said], query=query
            )
            found |= {person.id: person for person in people if folded(person.name) == folded(name)}
        return [found[person_id] for person_id in sorted(found)]

    @needs("person.read")
    def person(self, person_id: str) -> Person | None:
        """One person; None where there is none or it is somebody else's (400 to both, FACTS 2)."""
        try:
            return self._get("/people/{id}", parse.person_of, path={"id": person_id})
        except ServerError as error:
            if error.kind in (Kind.NOT_FOUND, Kind.INVALID):
                return None
            raise

    @needs("asset.read")
    def with_person(self, person_id: str, *, hidden: bool = True) -> frozenset[str]:
        """Ids of the assets that a person is on, with a face that is visible."""
        return self._ids({"personIds": [person_id]}, hidden=hidden)

    @needs("stack.read")
    def stacked(self) -> frozenset[str]:
        """Ids of the account's photos that are in a stack; hidden and trashed ones are not told (FACTS 6)."""
        stacks = self._get("/stacks", lambda said: [parse.stacked_of(item) for item in said])
        return frozenset(asset_id for stack in stacks for asset_id in stack)

    @needs("library.read")
    def libraries(self) -> dict[str, str]:
        """The names of all external libraries by id; for an administrator's key."""
        return self._get("/libraries", lambda said: {item["id"]: item.get("name") or "" for item in said})

    def _ids(self, filters: Filters, *, hidden: bool, taken_range: Range = OPEN) -> frozenset[str]:
        """Ids of all assets that fit, without reading more of them."""
        found: set[str] = set()
        for query in self._search.queries(filters, parse.mark_of, hidden=hidden, with_exif=False):
            for items in self._search.walk(query, window_of(taken_range, OPEN)):
                found.update(item.id for item in items)
        return frozenset(found)
