"""examples/shared-albums works as it is: its own first lines are the commands that are run here."""

from __future__ import annotations

import re
import shlex
import shutil

from tests.end_to_end.support import EXAMPLE, Shell

SHARED = EXAMPLE.parent / "shared-albums"


def commands() -> list[list[str]]:
    """The commands in the comment at the top of the file."""
    head = SHARED.joinpath("immich.yaml").read_text(encoding="utf-8").split("\n\n")[0]
    text = re.sub(r"\\\n#\s*", "", head)
    return [shlex.split(line) for line in re.findall(r"^#\s+(immich-\S+ .*)$", text, re.MULTILINE)]


def test_what_its_first_lines_say(shell: Shell) -> None:
    shutil.copytree(SHARED, shell.folder / "examples" / "shared-albums", ignore=_libraries)
    shutil.copytree(EXAMPLE, shell.folder / "examples" / "family-album", ignore=_libraries)
    init, plan, apply = commands()
    assert [init[:2], plan[0], apply[0]] == [["immich-sandbox", "init"], "immich-plan", "immich-apply"]
    assert shell.run(*init).code == 0
    planned = shell.run(*plan)
    assert planned.code == 0 and "+ cleo@example.org (editor)" in planned.out, planned.said
    assert "0 missing" not in planned.out and "Missing" not in planned.out
    applied = shell.run(*apply)
    assert applied.code == 0 and "Done" in applied.out and "share 9" in applied.out, applied.said
    again = shell.run(*plan, "--explain")
    assert "Nothing to do" in again.out and "who is on the server" in again.said


def _libraries(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == ".sandbox"]
