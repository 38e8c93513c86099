"""From settings to a connection: which server, whose key, which of them may pause queues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.preflight import WINDOW, can_hold
from reconciler.apply.queues.companion import Charge, Companion, Guard, NoGuard
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.config import resolve, secret_of_file
from reconciler.immich.answers import KeyInfo
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.permissions import explain_missing, missing, needed
from reconciler.immich.reader import Reader, read_version
from reconciler.immich.retry import Repeat, RetryPolicy
from reconciler.immich.tally import Sent
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Dialect, dialect_for, support_note
from reconciler.model.address import api_address
from reconciler.model.desired import Desired
from reconciler.model.live import Features, Identity

if TYPE_CHECKING:
    from reconciler.sandbox.mount import Mounted

SANDBOX = "sandbox:"
EDITED = ("sidecar", "metadataExtraction")
"""The queues in which an edit waits before the server files a photo by its new date (FINDINGS 18)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the command line says about the connection."""

    server: str | None = None
    account: str | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection. `admin` reads and holds the queues; None without a key that may."""

    reader: Reader
    admin: Reader | None
    dialect: Dialect
    identity: Identity
    key: KeyInfo
    server: str
    """Names the server among others: its address, or the sandbox's folder."""
    admin_lacks: tuple[str, ...] = ()
    """What an administrator's key that was given lacks for holding queues."""
    admin_key: KeyInfo | None = None
    """The administrator's key, which may be the account's own; None where there is none."""
    guard: Callable[[Path], Guard] = field(default=lambda _state: NoGuard())
    """Starts what gives the queues back if this process dies, given the state database."""

    def features(self, files: bool) -> Features:
        """What this server does; its storage template is only asked for where `files` may move by it."""
        template = (self.admin or self.reader).storage_template() if files else None
        return self.dialect.features(
            storage_template=template.enabled if template else None,
            template_uses_album=template is not None and template.uses_album,
            can_hold_window=self.admin is not None,
        )

    def album_order(self) -> str | None:
        """The order that new albums get; None where the account's key may not read preferences."""
        return self.reader.album_order() if self.may(Reader.album_order) else None

    def libraries(self) -> Mapping[str, str]:
        """The names of the external libraries by id, which only an administrator's key may read."""
        reader, key = self.admin or self.reader, self.admin_key or self.key
        if not reader.me().is_admin:
            stop(
                "rules ask for an external library by its name, which takes an administrator's key: set "
                "IMMICH_ADMIN_API_KEY or server.admin, or write the library's id"
            )
        if lacks := missing(key.permissions, needed(Reader.libraries, dialect=self.dialect)):
            if reader is self.reader:
                stop(explain_missing(lacks, account_key=key.name))
            stop(explain_missing((), lacks, admin_key=key.name))
        return reader.libraries()

    def may(self, method: Callable[..., object]) -> bool:
        """Whether the account's key has what a call needs."""
        return not missing(self.key.permissions, needed(method, dialect=self.dialect))

    @property
    def sees_queues(self) -> bool:
        """Whether there is a key that may look at the server's queues."""
        return self.admin is not None and "queue.read" not in self.admin_lacks

    def settled(self) -> bool | None:
        """Whether no edit waits in the server's queues; None without a key that may look."""
        if self.admin is None or not self.sees_queues:
            return None
        queues = self.admin.queues()
        return not any(queues[name].pending for name in EDITED if name in queues)

    def require(self, methods: Iterable[Callable[..., object]]) -> None:
        """Stops with everything that the keys lack for these calls and for the window, at once."""
        lacks = missing(self.key.permissions, needed(*methods, dialect=self.dialect))
        admin = self.admin_key.name if self.admin_key else ""
        text = explain_missing(lacks, self.admin_lacks, account_key=self.key.name, admin_key=admin)
        if text:
            stop(text)


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that a command makes for `certain`, and those that it may turn out to need."""

    certain: tuple[Callable[..., object], ...] = ()
    likely: tuple[Callable[..., object], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is; a sandbox is open there, once for all accounts."""

    url: str
    server: str
    """Its name, as of a connection."""
    mounted: Mounted | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    """An API key, which is never shown, and where it was found."""

    text: str = field(repr=False)
    found: str


@contextmanager
def open_place(desired: Desired, ask: Ask) -> Iterator[Place]:
    """Finds the server that files, options and environment name, and opens it where it is a sandbox."""
    url, sandbox = _url(desired, ask)
    if sandbox is None:
        yield Place(url, _normal(url))
        return
    from reconciler.sandbox.mount import open_sandbox

    with open_sandbox(sandbox) as mounted:
        yield Place(mounted.base_url, f"{SANDBOX}{sandbox}", mounted)


@contextmanager
def connect(
    desired: Desired, ask: Ask, calls: Calls = Calls(), place: Place | None = None
) -> Iterator[Connection]:
    """Opens the connection that files, options and environment describe, to a `place` that is open already.

    Stops where the key may not do what is certain to be needed, and names all that it lacks then, also for
    what is likely: nobody wants to edit a key three times.
    """
    with ExitStack() as stack:
        _url(desired, ask)  # where both are missing, the address is told first
        key, admin_key = _keys(desired, ask)
        place = place or stack.enter_context(open_place(desired, ask))
        if place.mounted:
            key = _sandbox_key(place.mounted, key)
            admin_key = _sandbox_admin(place.mounted, desired, admin_key)
        if not key:
            stop(
                "no API key: set IMMICH_API_KEY or IMMICH_API_KEY_FILE, or write server.accounts in the "
                'files (api_key: "${IMMICH_API_KEY}")'
            )
        account = stack.enter_context(closing(_transport(desired, ask, place, key.text)))
        admin = account if admin_key and admin_key.text == key.text else None
        if admin_key and not admin:
            admin = stack.enter_context(closing(_transport(desired, ask, place, admin_key.text)))
        found = (key.found, admin_key.found if admin_key else "")
        opened = _opened(account, admin, place.server, calls, found)
        if place.mounted:
            yield replace(opened, identity=replace(opened.identity, url="the sandbox"))
        else:
            yield replace(opened, guard=_companion(opened, (admin_key or key).text))


def server_of(desired: Desired, ask: Ask) -> str:
    """The name of the server under which its runs and paused queues are kept, however it is written."""
    url, sandbox = _url(desired, ask)
    return f"{SANDBOX}{sandbox}" if sandbox else _normal(url)


def names_server(desired: Desired, ask: Ask) -> bool:
    """Whether options, files or the environment say where the server is."""
    return bool(ask.server or desired.server.url or _from_environment("IMMICH_INSTANCE_URL"))


def key_is_set() -> bool:
    """Whether the environment holds an API key."""
    return bool(_from_environment("IMMICH_API_KEY"))


def _transport(desired: Desired, ask: Ask, place: Place, key: str) -> Transport:
    http = desired.http
    try:
        return Transport(
            place.url,
            key,
            connect_timeout=http.connect_timeout,
            read_timeout=http.timeout,
            retry=RetryPolicy(retries=http.retries, cap=http.backoff, deadline=http.deadline),
            connections=http.connections,
            adapter=place.mounted.adapter if place.mounted else None,
            on_request=_show if ask.verbose else None,
        )
    except ValueError as error:
        stop(str(error), Exit.INVALID)


def _companion(connection: Connection, key: str) -> Callable[[Path], Guard]:
    """Starts the process that gives the queues back should this one die."""

    def start(state: Path) -> Guard:
        url = connection.reader.transport.url
        return Companion.start(Charge(url, key, connection.dialect.queue_api, connection.server, state))

    return start


def _normal(url: str) -> str:
    """The address in the one form under which paused queues are found again, however it is written."""
    try:
        return api_address(url)
    except ValueError as error:
        stop(str(error), Exit.INVALID)


def _sandbox_key(mounted: Mounted, key: _Key | None) -> _Key | None:
    """The key to use on a sandbox: its own, where the one that is set is of a real server."""
    if key and _known_to(mounted, key):
        return key
    if key:
        click.echo("the sandbox doesn't know the API key that is set, so its own is used", err=True)
    return _Key(mounted.admin_key, "the sandbox") if mounted.admin_key else None


def _sandbox_admin(mounted: Mounted, desired: Desired, key: _Key | None) -> _Key | None:
    """The administrator's key on a sandbox: that of `server.admin`, unless it is of a real server."""
    return key if key and desired.server.admin and _known_to(mounted, key) else None


def _known_to(mounted: Mounted, key: _Key) -> bool:
    with closing(Transport(mounted.base_url, key.text, adapter=mounted.adapter)) as transport:
        try:
            transport.call("GET", "/api-keys/me", repeat=Repeat.READ, parse=bool)
        except ServerError as error:
            if error.kind is not Kind.UNAUTHORIZED:
                raise
            return False
    return True


def _opened(
    account: Transport, admin: Transport | None, server: str, calls: Calls, found: tuple[str, str]
) -> Connection:
    """The connection, once both keys have shown what they may do; `found` is where they come from."""
    version = read_version(account)
    if note := support_note(version):
        click.echo(f"warning: {note}", err=True)
    dialect = dialect_for(version)
    reader = Reader(account, dialect)
    key = _key_of(reader, found[0])
    if missing(key.permissions, needed(Reader.me, *calls.certain, dialect=dialect)):
        lacks = missing(key.permissions, needed(Reader.me, *calls.certain, *calls.likely, dialect=dialect))
        stop(explain_missing(lacks, account_key=key.name))
    connection = Connection(reader, None, dialect, reader.identity(), key, server)
    if admin is None:
        held = reader.me().is_admin and can_hold(dialect, key.permissions)
        return replace(connection, admin=reader, admin_key=key) if held else connection
    same = admin is account
    admin_reader = reader if same else Reader(admin, dialect)
    admin_key = key if same else _key_of(admin_reader, found[1])
    lacks = missing(admin_key.permissions, needed(*WINDOW, dialect=dialect))
    if not missing(admin_key.permissions, needed(Reader.me, dialect=dialect)):
        _check_is_admin(admin_reader)
    return replace(connection, admin=admin_reader, admin_lacks=lacks, admin_key=admin_key)


def _check_is_admin(reader: Reader) -> None:
    """Anybody can make a key that is named for queues; it works for administrators only (FINDINGS 51)."""
    me = reader.me()
    if not me.is_admin:
        stop(
            f"the administrator's key belongs to {me.name}, who is no administrator: make one as an "
            "administrator, or leave it out"
        )


def _key_of(reader: Reader, found: str) -> KeyInfo:
    """The key's name and permissions. In maintenance mode no key works, and the answer doesn't say why."""
    try:
        return reader.api_key()
    except ServerError as error:
        if _in_maintenance(reader):
            stop("the server is in maintenance mode and does nothing else: try again when it has left it")
        if error.kind is Kind.UNAUTHORIZED:
            stop(f"{error} (this is the key of {found})")
        raise


def _in_maintenance(reader: Reader) -> bool:
    try:
        return reader.maintenance_mode()
    except ServerError:
        return False


def _url(desired: Desired, ask: Ask) -> tuple[str, Path | None]:
    """The address, and the sandbox that it names, if any; in a file it is named from the file's folder."""
    folder = Path()
    if ask.server:
        url = ask.server
    elif desired.server.url:
        url, folder = resolve(desired.server.url, os.environ), Path(desired.server.url.folder)
    else:
        url = _from_environment("IMMICH_INSTANCE_URL") or stop(
            "no server: write server.url in the files, set IMMICH_INSTANCE_URL, or give --server",
            Exit.INVALID,
        )
    if not url.startswith(SANDBOX):
        return url, None
    return url, (folder / Path(url.removeprefix(SANDBOX)).expanduser()).resolve()


def _keys(desired: Desired, ask: Ask) -> tuple[_Key | None, _Key | None]:
    """The account's key and the admin's, as far as they are named."""
    accounts = desired.server.accounts

    def listed(account: str) -> _Key | None:
        written = accounts[account].api_key
        text = resolve(written, os.environ)
        return _Key(text, f"account {account}, {written.origin.short}") if text else None

    name = ask.account or desired.account or (next(iter(accounts)) if len(accounts) == 1 else None)
    if name and name not in accounts:
        known = ", ".join(accounts) or "none"
        stop(f"no account {name!r} under server.accounts (there: {known})", Exit.INVALID)
    if accounts and not name:
        stop("several accounts are listed: say which one with --account or defaults.account", Exit.INVALID)
    key = listed(name) if name else _key_in("IMMICH_API_KEY")
    admin = desired.server.admin
    if admin and admin in accounts and admin != name:
        return key, listed(admin)
    return key, _key_in("IMMICH_ADMIN_API_KEY")


def _key_in(variable: str) -> _Key | None:
    text = _from_environment(variable)
    return _Key(text, variable if os.environ.get(variable) else f"{variable}_FILE") if text else None


def _from_environment(name: str) -> str | None:
    """A value from NAME, or from the file that NAME_FILE names."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        return secret_of_file(path, f"{name}_FILE")
    return None


def _show(sent: Sent) -> None:
    status = sent.status if sent.status is not None else "no answer"
    again = f", again in {sent.retry_in:.1f} s" if sent.retry_in is not None else ""
    click.echo(f"  {sent.method} {sent.template} {status} {sent.seconds * 1000:.0f} ms{again}", err=True)
