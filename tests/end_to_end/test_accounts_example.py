"""examples/two-accounts works as it is: its own first lines are the commands that are run here."""

from __future__ import annotations

import re
import shlex
import shutil

from tests.end_to_end.support import EXAMPLE, Shell
from tests.packaging.pages import README, blocks

TWO = EXAMPLE.parent / "two-accounts"


def commands() -> list[list[str]]:
    """The commands in the comment at the top of the file."""
    head = TWO.joinpath("server.yaml").read_text(encoding="utf-8").split("\n\n")[0]
    text = re.sub(r"\\\n#\s*", "", head)
    return [shlex.split(line) for line in re.findall(r"^#\s+(immich-\S+ .*)$", text, re.MULTILINE)]


def shown_in_the_readme(out: str, command: list[str]) -> None:
    """What the README shows of it stands there in this order, what it leaves out with an ellipsis aside."""
    (shown,) = [block for block in blocks("text", (README,)) if block.kind == "accounts"]
    first, _, rest = shown.text.partition("\n")
    assert shlex.split(first.removeprefix("$ ")) == command
    after = 0
    for piece in rest.split("…\n"):
        at = out.find(piece, after)
        assert at >= 0, f"not there, or not in this order:\n{piece}"
        after = at + len(piece)


def test_what_its_first_lines_say(shell: Shell) -> None:
    for folder in (TWO, EXAMPLE):
        shutil.copytree(
            folder, shell.folder / "examples" / folder.name, ignore=lambda *_: {".sandbox", "__pycache__"}
        )
    init, plan, apply, narrowed = commands()
    assert shell.run(*init).code == 0
    keys = shell.folder / "examples" / "two-accounts" / ".sandbox" / "keys"
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    shell.secrets += [path.read_text(encoding="utf-8").strip() for path in keys.iterdir()]
    assert len(shell.secrets) == 2
    planned = shell.run(*plan)
    assert planned.code == 0 and planned.out.index("Account ada") < planned.out.index("Account ben")
    assert "Missing" not in planned.out and "Changes for Ben" in planned.out
    applied = shell.run(*apply)
    assert applied.code == 0 and applied.out.endswith("  ada  done\n  ben  done\n"), applied.said
    assert "of the photos that come into album 'Italy 2024', 1 belongs to Ben" in " ".join(
        applied.out.split()
    )
    shown_in_the_readme(applied.out, apply)
    again = shell.run(*plan, "--exit-code")
    assert again.code == 0 and again.out.count("Nothing to do") == 2, again.said
    assert shell.run(*narrowed).out == "Nothing to do: the server is as the files say.\n"
