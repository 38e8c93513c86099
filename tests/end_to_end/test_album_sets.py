"""Album sets by the commands: what a run remembers of them, and how little it asks."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.support import Shell
from tests.end_to_end.test_whole_path import asking

SET = 'album_sets:\n  - {{ for_each: month, name: "{name}" }}\n'


def test_another_pattern_renames_what_a_run_has_made_or_found(shell: Shell, example: Any) -> None:
    """Albums that were there before and needed nothing are remembered as well."""
    with example("3.1.0") as server:
        asking(shell, server)
        first = shell.write("set.yaml", SET.format(name="{year}-{month}"))
        made = shell.run("immich-apply", first, "--yes")
        assert made.code == 0, made.said
        names = server.albums()
        assert names and all(len(name) == 7 for name in names)
        assert server.writes().count("POST /albums") == len(names)
        assert not [line for line in server.requests() if line["path"].startswith("/download")]

        (shell.folder / "state").rename(shell.folder / "lost")
        nothing = shell.run("immich-apply", first, "--yes")
        assert nothing.code == 0 and nothing.out.startswith("Nothing to do")

        second = shell.write("set.yaml", SET.format(name="{month:%B} {year}"))
        planned = shell.run("immich-plan", second)
        assert f"{len(names)} changed album" in planned.out and " new " not in planned.out
        assert shell.run("immich-apply", second, "--yes").code == 0
        assert len(server.albums()) == len(names) and not set(server.albums()) & set(names)
