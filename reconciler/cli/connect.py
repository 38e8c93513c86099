"""From settings to a connection: which server, whose key, which of them may pause queues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from reconciler.cli.common import stop
from reconciler.cli.exits import Exit
from reconciler.config import resolve
from reconciler.immich.permissions import explain_missing, missing, needed
from reconciler.immich.reader import Reader, read_version
from reconciler.immich.retry import RetryPolicy
from reconciler.immich.tally import Sent
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Dialect, dialect_for, support_note
from reconciler.model.desired import Desired, Reference
from reconciler.model.live import Features, Identity
from reconciler.model.origin import Origin

SANDBOX = "sandbox:"
_ENVIRONMENT = Origin("environment", 1)


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
    granted: frozenset[str]
    key_name: str
    server: str
    """Names the server among others: its address, or the sandbox's folder."""

    def features(self, dates: bool) -> Features:
        """What this server does; the storage template is only asked for where `dates` are managed."""
        template = (self.admin or self.reader).storage_template() if dates else None
        return self.dialect.features(
            storage_template=template.enabled if template else None,
            can_hold_window=self.admin is not None,
        )

    def require(self, methods: Iterable[Callable[..., object]]) -> None:
        """Stops with everything that the key lacks for these calls, at once."""
        lacking = missing(self.granted, needed(*methods, dialect=self.dialect))
        if text := explain_missing(lacking, account_key=self.key_name):
            stop(text)


@contextmanager
def connect(desired: Desired, ask: Ask) -> Iterator[Connection]:
    """Opens the connection that files, options and environment describe."""
    url, folder = _url(desired, ask)
    with ExitStack() as stack:
        key, admin_key = _keys(desired, ask)
        if url.startswith(SANDBOX):
            from reconciler.sandbox.mount import open_sandbox

            path = (folder / Path(url.removeprefix(SANDBOX)).expanduser()).resolve()
            mounted = stack.enter_context(open_sandbox(path))
            key = key or mounted.admin_key
            base_url, adapter, server = mounted.base_url, mounted.adapter, f"{SANDBOX}{path}"
        else:
            base_url, adapter, server = url, None, url
        if not key:
            stop(
                "no API key: set IMMICH_API_KEY, or write server.accounts in the files "
                '(api_key: "${IMMICH_API_KEY}")'
            )

        def transport(with_key: str) -> Transport:
            try:
                made = Transport(
                    base_url,
                    with_key,
                    read_timeout=desired.http.timeout,
                    retry=RetryPolicy(retries=desired.http.retries),
                    connections=desired.http.connections,
                    adapter=adapter,
                    on_request=_show if ask.verbose else None,
                )
            except ValueError as error:
                stop(str(error), Exit.INVALID)
            stack.callback(made.close)
            return made

        yield _opened(transport(key), transport(admin_key) if admin_key else None, server)


def _opened(account: Transport, admin: Transport | None, server: str) -> Connection:
    version = read_version(account)
    if note := support_note(version):
        click.echo(f"warning: {note}", err=True)
    dialect = dialect_for(version)
    reader = Reader(account, dialect)
    key = reader.api_key()
    lacking = missing(key.permissions, needed(Reader.me, dialect=dialect))
    if text := explain_missing(lacking, account_key=key.name):
        stop(text)
    identity = reader.identity()
    return Connection(
        reader=reader,
        admin=_admin(reader, admin, key.permissions, dialect),
        dialect=dialect,
        identity=identity,
        granted=key.permissions,
        key_name=key.name,
        server=server,
    )


def _admin(
    reader: Reader, admin: Transport | None, granted: frozenset[str], dialect: Dialect
) -> Reader | None:
    """The reader whose key may hold the queues: the admin's where given, else the account's if it may."""
    from reconciler.apply.preflight import WINDOW, can_hold

    if admin is None:
        return reader if reader.me().is_admin and can_hold(dialect, granted) else None
    held = Reader(admin, dialect)
    key = held.api_key()
    lacking = missing(key.permissions, needed(*WINDOW, dialect=dialect))
    if text := explain_missing(admin=lacking, admin_key=key.name):
        stop(text)
    return held


def _url(desired: Desired, ask: Ask) -> tuple[str, Path]:
    """The address, and the folder from which a relative sandbox path is meant."""
    if ask.server:
        return ask.server, Path()
    if desired.server.url:
        return resolve(desired.server.url, os.environ), Path(desired.server.url.folder)
    url = os.environ.get("IMMICH_INSTANCE_URL")
    if not url:
        text = "no server: write server.url in the files, set IMMICH_INSTANCE_URL, or give --server"
        stop(text, Exit.INVALID)
    return url, Path()


def _keys(desired: Desired, ask: Ask) -> tuple[str | None, str | None]:
    """The account's key and the admin's, as far as they are named; neither is ever shown."""
    accounts = desired.server.accounts
    name = ask.account or desired.account or (next(iter(accounts)) if len(accounts) == 1 else None)
    if name and name not in accounts:
        known = ", ".join(accounts) or "none"
        stop(f"no account {name!r} under server.accounts (there: {known})", Exit.INVALID)
    if accounts and not name and not ask.account:
        stop("several accounts are listed: say which one with --account or defaults.account", Exit.INVALID)
    key = resolve(accounts[name].api_key, os.environ) if name else _from_environment("IMMICH_API_KEY")
    admin = desired.server.admin
    if admin and admin in accounts and admin != name:
        return key, resolve(accounts[admin].api_key, os.environ)
    return key, _from_environment("IMMICH_ADMIN_API_KEY")


def _from_environment(name: str) -> str | None:
    """A key from NAME, or from the file that NAME_FILE names."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        return resolve(Reference(f"${{file:{path}}}", _ENVIRONMENT, "."), os.environ)
    return None


def _show(sent: Sent) -> None:
    status = sent.status if sent.status is not None else "no answer"
    again = f", again in {sent.retry_in:.1f} s" if sent.retry_in is not None else ""
    click.echo(f"  {sent.method} {sent.template} {status} {sent.seconds * 1000:.0f} ms{again}", err=True)
