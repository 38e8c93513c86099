"""What README and docs say is so: examples, keys, options, permissions, exit codes, links."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from reconciler import __version__
from reconciler.apply.preflight import MIGRATION, WINDOW
from reconciler.cli import (
    apply,
    completion,
    export,
    formatting,
    plan,
    queues,
    runs,
    sandbox,
    select,
    show,
    snapshot,
    undo,
    validate,
)
from reconciler.cli.exits import Exit
from reconciler.cli.options.grouped import SHARED as PARTS
from reconciler.config import load
from reconciler.diff import compare
from reconciler.immich.permissions import needed, permissions_of
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer
from reconciler.live.permissions import calls_of
from reconciler.live.reading import FEW, reading_for
from reconciler.model.origin import InvalidFiles
from tests.diff.lives import asset, live
from tests.packaging.pages import (
    PAGES,
    README,
    ROOT,
    Block,
    anchors,
    blocks,
    code,
    commands,
    links,
    prose,
    rows,
    section,
)

LANGUAGE = ROOT / "docs" / "language.md"
COMMANDS = ROOT / "docs" / "commands.md"
RECIPES = ROOT / "docs" / "recipes.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
COMMAND_LINE: dict[str, click.Command] = {
    "immich-validate": validate.main,
    "immich-select": select.main,
    "immich-plan": plan.main,
    "immich-snapshot": snapshot.main,
    "immich-export": export.main,
    "immich-show": show.main,
    "immich-apply": apply.main,
    "immich-queues": queues.main,
    "immich-runs": runs.main,
    "immich-undo": undo.main,
    "immich-sandbox": sandbox.main,
    "immich-format": formatting.main,
    "immich-completion": completion.main,
}


def whole(block: Block) -> str:
    """A block as a file of its own: what only says which photos is put into a rule."""
    if block.kind == "match":
        return "albums:\n  - name: x\n    match:\n" + textwrap.indent(block.text, " " * 6)
    return block.text


class TestYaml:
    def test_there_are_examples(self) -> None:
        kinds = [block.kind for block in blocks("yaml")]
        assert kinds.count("") >= 6
        assert kinds.count("match") >= 3
        assert set(kinds) == {"", "match", "refused", "workflow", "hooks"}

    @pytest.mark.parametrize(
        "block", [block for block in blocks("yaml") if block.kind in ("", "match")], ids=str
    )
    def test_every_example_is_fine(
        self, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "photos.yaml").write_text(whole(block), "utf-8")
        assert load(["photos.yaml"]).problems == ()

    def test_all_recipes_together_contradict_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for number, block in enumerate(blocks("yaml", (RECIPES,))):
            (tmp_path / f"{number}.yaml").write_text(block.text, "utf-8")
        desired = load(["."]).desired
        assert len(desired.albums) > 4 and len(desired.album_sets) > 3 and len(desired.assets) > 3
        photos = [asset(number, rating=5, path=f"/photos/{number % 2}/x.jpg") for number in range(8)]
        planned = compare(desired, live(photos))
        assert planned.problems == () and len(planned.changes.albums) > len(desired.albums)

    def test_what_is_refused_is_told_as_shown(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (block,) = [block for block in blocks("yaml") if block.kind == "refused"]
        (shown,) = blocks("text", (LANGUAGE,))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "photos.yaml").write_text(block.text, "utf-8")
        with pytest.raises(InvalidFiles) as refused:
            load(["photos.yaml"])
        told = [str(problem) for problem in refused.value.problems]
        assert [line for line in shown.text.splitlines() if line.startswith("photos.yaml:")] == told
        assert len(told) == len(yaml.safe_load(block.text)["assets"])

    def test_the_workflow_uses_commands_that_are_there(self) -> None:
        (block,) = [block for block in blocks("yaml") if block.kind == "workflow"]
        steps = yaml.safe_load(block.text)["jobs"]["photos"]["steps"]
        lines = [step["run"] for step in steps if "run" in step]
        assert len(lines) == 4
        for line in lines:
            parse(line)


def parse(line: str) -> None:
    """Reads a command as click does, without running it. Raises click.UsageError."""
    line = re.sub(r"\s[<>]\s+\S+", "", line)
    words = shlex.split(line.partition("|")[0].partition(";")[0])
    command = COMMAND_LINE[words[0]]
    if isinstance(command, click.Group) and words[1:2] and words[1] in command.commands:
        command, words = command.commands[words[1]], words[1:]
    existing = [word.replace("~/Pictures/2024", str(ROOT)) for word in words[1:]]
    command.make_context(words[0], existing, allow_extra_args=False)


class TestShell:
    def test_every_command_has_a_section(self) -> None:
        assert COMMAND_LINE.keys() == PROJECT["scripts"].keys()
        for name, command in COMMAND_LINE.items():
            assert bool(rows(section(COMMANDS, name))) is bool(options(command))

    def test_every_command_can_be_read(self) -> None:
        lines = [line for block in blocks("sh") for line in commands(block.text)]
        ours = [line for line in lines if line.startswith("immich-")]
        assert len(ours) > 15
        for line in ours:
            parse(line)

    def test_a_wrong_option_would_be_noticed(self) -> None:
        with pytest.raises(click.UsageError):
            parse("immich-plan --exitcode")

    def test_commands_within_sentences(self) -> None:
        found = [
            piece
            for page in PAGES
            for piece in code(prose(page))
            if piece.startswith(tuple(f"{name} " for name in COMMAND_LINE))
        ]
        assert len(found) > 8
        for line in found:
            parse(line.replace("PATH", "x").replace("[EXAMPLE]", "x").replace("FOLDER", "x"))


def keys(heading: str, table: int | None = None) -> list[str]:
    """What stands in the first column of a section's tables; of the one with this number only."""
    text = section(LANGUAGE, heading)
    tables = [part for part in re.split(r"\n(?!\|)", text) if part.startswith("|") or "\n|" in part]
    chosen = "\n".join(tables) if table is None else tables[table]
    return [key for row in rows(chosen) for key in code(row[0])]


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / "immich.schema.json").read_text("utf-8"))
    return loaded


class TestLanguageAgreesWithTheSchema:
    @pytest.mark.parametrize(
        ("heading", "table", "definition"),
        [
            ("`server`", 0, "server"),
            ("`server`", 1, "account"),
            ("`defaults`", 0, "defaults"),
            ("`tags`", 0, "tag"),
            ("`assets`", 0, "assetEntry"),
            ("`albums`", 0, "album"),
            ("`album_sets`", 0, "albumSet"),
            ("Naming one photo", 0, "photo"),
            ("Selectors", 0, "selector"),
        ],
    )
    def test_keys(self, heading: str, table: int, definition: str) -> None:
        there = list(schema()["definitions"][definition]["properties"])
        assert sorted(keys(heading, table)) == sorted(there)

    def test_top_keys(self) -> None:
        assert sorted(keys("Files")) == sorted(schema()["properties"])

    def test_settings(self) -> None:
        settings = schema()["definitions"]["settings"]["properties"]
        assert settings.keys() <= set(code(section(LANGUAGE, "`settings`")))
        below = [key for part in settings.values() for key in part["properties"]]
        assert sorted(keys("`settings`")) == sorted(below)

    def test_words_that_may_stand_as_values(self) -> None:
        definitions = schema()["definitions"]
        words = {
            *definitions["visibility"]["enum"],
            *definitions["kind"]["enum"],
            *definitions["part"]["enum"],
            *(
                word
                for name in ("order", "membership", "state")
                for word in definitions["album"]["properties"][name]["enum"]
            ),
        }
        assert words <= set(code(prose(LANGUAGE)))

    def test_the_readme_names_every_selector(self) -> None:
        named = set(code(section(README, "The language on one page")))
        assert schema()["definitions"]["selector"]["properties"].keys() <= named


def every_command() -> list[tuple[str, click.Command]]:
    """Commands and their subcommands, by what is typed."""
    found = []
    for name, command in COMMAND_LINE.items():
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", one) for sub, one in command.commands.items()]
    return found


class TestVersion:
    @pytest.mark.parametrize("name", COMMAND_LINE)
    def test_every_command_tells_the_version(self, name: str) -> None:
        shown = CliRunner().invoke(COMMAND_LINE[name], ["--version"], prog_name=name)
        assert shown.output == f"{name} {__version__}\n"

    def test_the_sandbox_plays_a_version_that_is_asked_for_behind_its_command(self) -> None:
        context = sandbox.main.commands["serve"].make_context("serve", ["x", "--version", "2.5.6"])
        assert context.params["version"] == "2.5.6"


class TestHelp:
    @pytest.mark.parametrize(("name", "command"), every_command(), ids=lambda item: str(item))
    def test_every_help_has_an_example_that_works(self, name: str, command: click.Command) -> None:
        shown = command.get_help(click.Context(command, info_name=name, max_content_width=100))
        assert "Examples:" in shown
        lines = [line.strip() for line in shown.splitlines() if line.startswith("    immich-")]
        own = [line for line in lines if line == name or line.startswith(f"{name} ")]
        assert own, f"none of the examples is of {name}"
        for line in lines:
            parse(re.sub(r"\s{4,}.*", "", line).replace("&&", ";"))

    @pytest.mark.parametrize(("name", "command"), every_command(), ids=lambda item: str(item))
    def test_every_help_tells_the_exit_codes(self, name: str, command: click.Command) -> None:
        whole = COMMAND_LINE[name.partition(" ")[0]]
        told = [one for one in (whole, command) if "Exit codes: 0 " in f"{one.help} {one.epilog}"]
        assert told or isinstance(command, click.Group)


def options(command: click.Command) -> set[str]:
    if isinstance(command, click.Group):
        return own_options(command).union(*map(options, command.commands.values()))
    return own_options(command)


def own_options(command: click.Command) -> set[str]:
    """What can be given, without what every command has and only tells of itself."""
    return {
        name
        for item in command.params
        if isinstance(item, click.Option) and not item.is_eager
        for name in item.opts
    }


SHARED = [f"Options for {what}" for what in ("limits", "the server", "requests", "the time", "what is shown")]
SHARED_PARTS = {title: frozenset(names) for title, names in PARTS.items()}


class TestCommands:
    @pytest.mark.parametrize("name", [name for name in COMMAND_LINE if name != "immich-sandbox"])
    def test_every_option_is_explained(self, name: str) -> None:
        text = section(COMMANDS, name)
        shared = [title for title in SHARED if f"#{title.lower().replace(' ', '-')}" in text]
        tables = [text, *(section(COMMANDS, title) for title in shared)]
        told = {option for table in tables for row in rows(table) for option in code(row[0])}
        assert sorted(told) == sorted(options(COMMAND_LINE[name]))

    def test_help_has_the_same_parts(self) -> None:
        for title in SHARED_PARTS:
            told = [code(row[0])[-1] for row in rows(section(COMMANDS, title))]
            assert sorted(told) == sorted(SHARED_PARTS[title] - {"--version", "--help"})

    @pytest.mark.parametrize("name", ["init", "serve", "demo"])
    def test_every_option_of_the_sandbox_is_explained(self, name: str) -> None:
        parts = re.split(r"^`immich-sandbox (\w+)", section(COMMANDS, "immich-sandbox"), flags=re.MULTILINE)
        told = dict(zip(parts[1::2], parts[2::2], strict=True))
        assert told.keys() == sandbox.main.commands.keys()
        explained = [option for row in rows(told[name]) for option in code(row[0])]
        assert sorted(explained) == sorted(options(sandbox.main.commands[name]))

    @pytest.mark.parametrize("page", [README, COMMANDS], ids=lambda page: page.name)
    def test_exit_codes(self, page: Path) -> None:
        heading = "Exit codes"
        assert [int(row[0]) for row in rows(section(page, heading))] == [int(code) for code in Exit]

    def test_variables(self) -> None:
        told = {name for row in rows(section(COMMANDS, "Environment")) for name in code(row[0])}
        used = {
            name
            for path in (ROOT / "reconciler" / "cli").rglob("*.py")
            for name in re.findall(
                r'environ\.get\("(\w+)"\)|_(?:from_environment|key_in)\("(\w+)"\)', path.read_text()
            )
        }
        from_environment = {named for _, named in used if named}
        plain = {named for named, _ in used if named}
        folders = {"IMMICH_RECONCILER_STATE_DIR", "IMMICH_RECONCILER_CACHE_DIR"}
        assert told == plain | from_environment | {f"{name}_FILE" for name in from_environment} | folders


def methods(kind: type) -> list[Callable[..., object]]:
    """The public methods of reader or writer, which all say what they need."""
    found = inspect.getmembers(kind, inspect.isfunction)
    return [method for name, method in found if not name.startswith("_")]


def permission_rows() -> list[frozenset[str]]:
    """The README's table of permissions, row by row."""
    found = rows(section(README, "On your own server"))
    return [frozenset(code(row[1])) for row in found]


def everything(folder: Path) -> Iterable[Callable[..., object]]:
    """What the reading for files that use the whole language calls."""
    names = "".join(f"  - match: {{ file: {number}.jpg }}\n    rating: 1\n" for number in range(FEW + 1))
    ask = "folder: x, has: tags, in_album: true, people: { only: [y] }, stacked: true"
    rule = f"  - match: {{ {ask} }}\n    tags: {{ exact: [a] }}\n"
    text = f"assets:\n{names}{rule}albums:\n  - name: x\n    match: {{ album: y }}\n"
    (folder / "all.yaml").write_text(text)
    return calls_of(reading_for(load([folder / "all.yaml"]).desired))


SHARING = (Writer.share_album, Writer.set_role, Writer.unshare_album)


class TestPermissions:
    def test_what_planning_needs(self, tmp_path: Path) -> None:
        assert permission_rows()[0] == needed(*everything(tmp_path))

    def test_what_applying_needs_besides(self) -> None:
        special = (*WINDOW, *MIGRATION, *SHARING)
        writing = [method for method in methods(Writer) if method not in special]
        assert permission_rows()[1] == needed(*writing)
        assert permission_rows()[2] == needed(*SHARING)

    def test_what_the_window_needs(self) -> None:
        assert permission_rows()[8] == needed(*WINDOW)

    def test_together_they_are_all_that_the_code_ever_needs(self) -> None:
        listed = frozenset[str]().union(*permission_rows())
        assert listed == needed(*methods(Reader), *methods(Writer))
        assert permission_rows()[3] == permissions_of(Reader.thumbnail)
        assert permission_rows()[4] == permissions_of(Reader.known_files)
        assert permission_rows()[5] == permissions_of(Reader.owners) - permissions_of(Reader.me)
        assert permission_rows()[6] == permissions_of(Reader.markers)
        assert permission_rows()[7] == permissions_of(Reader.album_order)
        assert permission_rows()[9] == permissions_of(Reader.jobs)
        assert permission_rows()[10] == permissions_of(Reader.storage_template)
        assert permission_rows()[11] == needed(*MIGRATION)
        assert permission_rows()[12] == permissions_of(Reader.libraries)


class TestPages:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_links_lead_somewhere(self, page: Path) -> None:
        found = links(page)
        assert found
        for link in found:
            if link.startswith("https://"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.name}: {link}"
            if anchor:
                assert anchor in anchors(target), f"{page.name}: {link}"

    def test_every_page_is_linked_from_the_readme(self) -> None:
        there = {f"docs/{page.name}" for page in PAGES if page != README}
        assert there <= {link.partition("#")[0] for link in links(README)}

    def test_every_room_is_in_the_readme(self) -> None:
        rooms = {
            f"reconciler/{path.name}"
            for path in (ROOT / "reconciler").iterdir()
            if path.is_dir() and path.name != "__pycache__"
        }
        named = {link for row in rows(section(README, "Working on it")) for link in code(row[0])}
        assert named == rooms
