"""``immich-sandbox``: make a library to try things on, put it on a port, or watch the example."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from reconciler.cli.errors import PlainGroup, stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.shared import CONTEXT, version_option
from reconciler.model.words import counted

if TYPE_CHECKING:
    from reconciler.sandbox.folder import Skipped, TakenIn
    from reconciler.sandbox.household import Person
    from reconciler.sandbox.library import Library

VERSIONS = ("2.5.6", "3.1.0", "3.2.2")
DEFAULT_VERSION = "3.1.0"
DEMO = ("Demo", "demo@example.org")
DEMO_LIBRARY = ".sandbox"
SHOWN_SKIPS = 20
_KEY_VARIABLES = (
    "IMMICH_API_KEY",
    "IMMICH_API_KEY_FILE",
    "IMMICH_ADMIN_API_KEY",
    "IMMICH_ADMIN_API_KEY_FILE",
    "IMMICH_INSTANCE_URL_FILE",
)

_Item = TypeVar("_Item")


@click.group(
    cls=PlainGroup,
    context_settings=CONTEXT,
    epilog="Exit codes: 0 done, 1 error, 2 wrong usage, 130 interrupted.",
)
@version_option
def main() -> None:
    """A small Immich of your own, to try things on without risk.

    It answers like Immich 2.5.6, 3.1.0 or 3.2.2 as far as this project needs it, and keeps everything in one
    folder. It is not a photo server for people.

    \b
    Examples:
      immich-sandbox demo
      immich-sandbox init try --from ~/Pictures/2024
      immich-plan --server sandbox:try my-photos.yaml
    """


@main.command(short_help="Make a library: of your own photos or invented ones.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--photos", type=click.IntRange(min=0), default=0, help="Invent this many photos.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Copy the photos of this folder, with their XMP sidecars.",
)
@click.option(
    "--external",
    metavar="PATH",
    help="The photos of --from lie in an external library at this path on the server, such as /photos, and "
    "keep their folders. Otherwise they are uploads.",
)
@click.option(
    "--version",
    type=click.Choice(VERSIONS),
    default=DEFAULT_VERSION,
    show_default=True,
    help="Immich to play.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other numbers invent other photos.")
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="E-MAIL",
    help="One more user: ben@example.org, or 'Ben <ben@example.org>'; with =FOLDER behind it, the photos of "
    "that folder are copied as theirs.",
)
@click.option(
    "--owner",
    metavar="E-MAIL",
    default="Demo <demo@example.org>",
    show_default=True,
    help="Whose library it is, an administrator, written as a user.",
)
@click.option("--partners", is_flag=True, help="All users show each other all their photos.")
@click.option("--force", is_flag=True, help="Replace a library that is there already.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def init(
    path: Path,
    photos: int,
    source: Path | None,
    external: str | None,
    version: str,
    seed: int,
    users: tuple[str, ...],
    owner: str,
    partners: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Make a library in the folder PATH: of invented photos, of your own, or empty.

    Your own photos are copied; nothing is ever written to the folder they come from. Where there are several
    users, the folder keys in PATH has a file with an API key for each, called by the e-mail.

    \b
    Examples:
      immich-sandbox init try --photos 10000
      immich-sandbox init try --from ~/Pictures/2024
      immich-sandbox init folders --from ~/Pictures/2024 --external /photos
      immich-sandbox init old --photos 500 --version 2.5.6
      immich-sandbox init family --photos 500 --user ben@example.org --user cleo@example.org
      immich-sandbox init both --photos 500 --user ben@example.org=photos/ben --partners
    """
    if external is not None and (source is None or not external.startswith("/")):
        raise click.UsageError("--external is a path such as /photos, for the photos of --from")
    people = _read_user(owner), tuple(map(_read_user, users))
    making = Making(version, source, photos, seed, *people, partners, external)
    _make_library(path, making, force, quiet)
    click.echo(f"Use it: server.url sandbox:{path} in your YAML, or: immich-sandbox serve {path}")


@main.command(short_help="Put a library on a port, until Ctrl-C.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=2283, show_default=True, help="0: any free one."
)
@click.option("--version", type=click.Choice(VERSIONS), help="Play this Immich from now on.")
@click.option("--print-key", is_flag=True, help="Show the API key of the library's admin.")
def serve(path: Path, host: str, port: int, version: str | None, print_key: bool) -> None:
    """Put the library in the folder PATH on a port, until Ctrl-C.

    \b
    Examples:
      immich-sandbox serve try --print-key
      immich-sandbox serve try --port 8080 --version 2.5.6
    """
    from reconciler.sandbox.library import Library
    from reconciler.sandbox.serving import server_for
    from reconciler.sandbox.upkeep import change_version

    if version is not None:
        change_version(path, version)
    with Library.open(path) as library, library.running(), server_for(library, host, port) as server:
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)  # the server would take the usual exception for a normal end
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Immich {library.version.text} (sandbox) on http://{shown}:{server.port}")
        click.echo(f"API key: {_key_line(library, path, print_key)}")
        sys.stdout.flush()
        server.serve_forever()


@main.command(short_help="Watch the whole way: plan, apply, apply again.")
@click.argument(
    "example",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("examples") / "family-album",
)
@click.option("--fresh", is_flag=True, help="Begin again with the photos as they were.")
def demo(example: Path, fresh: bool) -> None:
    """Watch the whole way: make a library of EXAMPLE/photos, apply EXAMPLE, apply it again.

    EXAMPLE is a folder with YAML files and a folder photos (default: examples/family-album). The library is
    kept in EXAMPLE/.sandbox. Each command is printed before it runs, so that you can type it yourself.

    \b
    Examples:
      immich-sandbox demo
      immich-sandbox demo my-example --fresh
    """
    from reconciler.sandbox.upkeep import is_library

    if not (example / "photos").is_dir():
        raise click.UsageError(
            f"there is no folder {example / 'photos'}: run this in a checkout of the project, or name a"
            " folder that has YAML files and photos"
        )
    library = example / DEMO_LIBRARY
    if fresh or not is_library(library):
        _show("immich-sandbox", "init", str(library), "--from", str(example / "photos"), *["--force"][:fresh])
        _make_library(library, Making(DEFAULT_VERSION, example / "photos"), fresh, quiet=True)
    environment = _demo_environment(library)
    for _ in range(2):
        code = _run("immich-apply", str(example), "--yes", environment=environment)
        if code:
            sys.exit(code)


def _read_user(text: str) -> Person:
    from email.utils import parseaddr

    from reconciler.sandbox.household import Person

    who, _, folder = text.partition("=")
    name, email = parseaddr(who)
    account, at, host = email.partition("@")
    if not (account and at and host):
        stop(f"{text!r} is no user: write ben@example.org, or 'Ben <ben@example.org>'", Exit.INVALID)
    photos = Path(folder).expanduser() if folder else None
    if photos and not photos.is_dir():
        stop(f"{text!r}: there is no folder {folder}", Exit.INVALID)
    return Person(email, name or account.capitalize(), photos)


@dataclass(frozen=True, slots=True)
class Making:
    """What a new library is to be like."""

    version: str
    source: Path | None = None
    photos: int = 0
    seed: int = 1
    owner: Person | None = None
    users: Sequence[Person] = ()
    partners: bool = False
    external: str | None = None
    """Where the server has the folder of `source`; None for uploads."""


def _make_library(path: Path, making: Making, force: bool, quiet: bool) -> None:
    from reconciler.sandbox import household
    from reconciler.sandbox.library import Library
    from reconciler.sandbox.upkeep import discard, is_library

    if is_library(path):
        if not force:
            stop(f"{path} holds a sandbox library already: choose another folder, or replace it with --force")
        discard(path)
    name, email = (making.owner.name, making.owner.email) if making.owner else DEMO
    taken: list[TakenIn] = []
    try:
        with Library.create(path, version=making.version, name=name, email=email) as library:
            household.move_in(library, making.users)
            if making.users:
                household.keep_keys(library)
            if making.partners:
                household.show_each_other_everything(library)
            invented = _invent(library, making.photos, making.seed, quiet) if making.photos else 0
            if making.source is not None:
                taken.append(_take_in(library, making.source, quiet, external=making.external))
            for person in making.users:
                if person.photos:
                    of_his = household.owner_of(library, person.email)
                    taken.append(_take_in(library, person.photos, quiet, of_his))
    except BaseException:
        if is_library(path):
            discard(path)  # half a library is worse than none
        raise
    click.echo(f"Made {path}: Immich {making.version} with {_contents(invented, taken)}.")
    for one in taken:
        _report_skipped(one.skipped)


def _invent(library: Library, photos: int, seed: int, quiet: bool) -> int:
    from reconciler.sandbox.invent import invent

    with _progress(invent(photos, seed=seed), photos, "inventing photos", quiet) as rows:
        return library.add_assets(rows)


def _take_in(
    library: Library, source: Path, quiet: bool, owner: str | None = None, external: str | None = None
) -> TakenIn:
    from reconciler.sandbox import folder

    mounted = folder.Mounted(source, external) if external else None
    found = list(folder.walk(source, library.version))
    with _progress(found, len(found), "copying photos", quiet) as entries:
        taken = folder.take_in(library, entries, owner, mounted)
    with library.running():
        library.settle()
    return taken


@contextmanager
def _progress(items: Iterable[_Item], length: int, label: str, quiet: bool) -> Iterator[Iterable[_Item]]:
    """A bar on stderr, where somebody is looking."""
    if quiet or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield bar


def _contents(invented: int, taken: Sequence[TakenIn]) -> str:
    parts = []
    if invented:
        parts.append(counted(invented, "invented photo"))
    if taken:
        beside = sum(one.sidecars for one in taken)
        sidecars = f" ({beside} with a sidecar)" if beside else ""
        parts.append(f"{counted(sum(one.photos for one in taken), 'photo')}{sidecars}")
    return " and ".join(parts) or "no photos yet"


def _report_skipped(skipped: tuple[Skipped, ...]) -> None:
    if not skipped:
        return
    click.echo(f"Left out {counted(len(skipped), 'file')}:", err=True)
    for entry in skipped[:SHOWN_SKIPS]:
        click.echo(f"  {entry.path}: {entry.reason}", err=True)
    if len(skipped) > SHOWN_SKIPS:
        click.echo(f"  and {len(skipped) - SHOWN_SKIPS} more", err=True)


def _key_line(library: Library, path: Path, print_key: bool) -> str:
    if library.admin_key is None:
        return "none yet, this library has no user; sign one up with POST /api/auth/admin-sign-up"
    return library.admin_key if print_key else f"kept in {path}; start with --print-key to see it"


def _stop(received: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM is how services are ended: in good order, and not an error."""
    sys.exit(Exit.INTERRUPTED if received == signal.SIGINT else Exit.DONE)


def _show(*command: str) -> None:
    import shlex

    click.echo(f"\n$ {shlex.join(command)}")


def _demo_environment(library: Path) -> dict[str, str]:
    """The environment with the sandbox as the server, and without the keys of a real one."""
    foreign = sorted(name for name in _KEY_VARIABLES if name in os.environ)
    if foreign:
        _show("unset", *foreign)
    url = f"sandbox:{library.resolve()}"
    _show("export", f"IMMICH_INSTANCE_URL={url}")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "IMMICH_INSTANCE_URL": url}


def _run(*command: str, environment: dict[str, str]) -> int:
    """Runs one of the project's commands as a user would, and gives its exit code."""
    _show(*command)
    sys.stdout.flush()
    script = _script(command[0])
    return subprocess.run([script, *command[1:]], env=environment, check=False).returncode


def _script(name: str) -> str:
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    candidates = [folder / file_name for folder in folders for file_name in (name, f"{name}.exe")]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        stop(f"{name} is not installed in {folders[0]}: install the project with pip first")
    return str(found)
