"""A plan that goes too far is shown and not applied; what it says lets it pass does."""

from __future__ import annotations

import json
import shlex
from typing import Any

from tests.end_to_end.support import Served, Shell
from tests.end_to_end.test_whole_path import asking, valid


def filled(shell: Shell, server: Served) -> None:
    """An album of all ten photos, each with three stars, made by the commands."""
    asking(shell, server)
    shell.write(
        "photos.yaml",
        "assets:\n  - match: { file: '*' }\n    rating: 3\n"
        "albums:\n  - name: Two words\n    match: { rating: 3 }\n",
    )
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0, applied.said


def test_a_rule_that_suddenly_finds_nothing(shell: Shell, plain: Any) -> None:
    with plain() as server:
        filled(shell, server)
        shell.write("photos.yaml", "albums:\n  - name: Two words\n    match: { rating: 5 }\n")
        planned = shell.run("immich-plan", "-o", "plan.json", "--exit-code")
        assert planned.code == 5
        assert "album 'Two words' would lose all of its 10 photos" in planned.out
        assert "- 10: " in planned.out, "the plan is shown all the same"
        saved = json.loads((shell.folder / "plan.json").read_text("utf-8"))
        valid(saved, "plan")
        (violation,) = saved["safety"]["violations"]
        assert (violation["rule"], violation["resources"]) == ("empty-album", ["Two words"])
        assert "::error file=photos.yaml,line=2" in shell.run("immich-plan", "--format", "github").out
        before = server.writes()
        for what in ((), ("plan.json",)):
            refused = shell.run("immich-apply", *what, "--yes")
            assert refused.code == 5
            assert "nothing was written" in refused.err and violation["option"] in refused.err
        assert server.writes() == before
        option = shlex.split(violation["option"])
        assert option == ["--allow", "empty-album=Two words"]
        assert shell.run("immich-plan", "--exit-code", *option).code == 3
        applied = shell.run("immich-apply", "plan.json", "--yes", *option)
        assert applied.code == 0, applied.said
        assert len(server.writes()) == len(before) + 1


def test_limits_of_files_and_options(shell: Shell, plain: Any) -> None:
    with plain() as server:
        filled(shell, server)
        safety = "settings:\n  safety: { floor: 0, overwrites: 30% }\n"
        shell.write("photos.yaml", f"{safety}assets:\n  - match: {{ file: '*' }}\n    rating: 4\n")
        planned = shell.run("immich-plan", "-o", "plan.json")
        assert planned.code == 5 and "of 10 in the library, at most 30% may" in planned.out
        assert "--max-overwrites values=10" in planned.out
        assert shell.run("immich-plan", "--max-overwrites", "values=10").code == 0
        assert shell.run("immich-plan", "--max-overwrites", "100%").code == 0
        assert shell.run("immich-plan", "--max-overwrites", "9").code == 5
        wrong = shell.run("immich-plan", "--max-overwrites", "value=9")
        assert wrong.code == 2 and "did you mean 'values'" in wrong.err
        wrong = shell.run("immich-plan", "--allow", "everything")
        assert wrong.code == 2 and "there is no guard 'everything'" in wrong.err
        shell.write("photos.yaml", f"{safety.replace('30%', 'none')}defaults: {{ timezone: Europe/Rome }}\n")
        applied = shell.run("immich-apply", "plan.json", "--yes")
        assert applied.code == 0, "a saved plan is judged by the files that are there now"


def test_files_that_were_applied_last_are_gone(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        for number in range(4):
            entry = f"assets:\n  - match: {{ file: IMG_{number:04}.jpg }}\n    rating: 3\n"
            shell.write(f"{number}.yaml", entry)
        assert shell.run("immich-apply", "--yes").code == 0
        for number in range(3):
            (shell.folder / f"{number}.yaml").unlink()
        nothing = shell.run("immich-plan", "--exit-code")
        assert nothing.code == 0, nothing.said
        shell.write("3.yaml", "assets:\n  - match: { file: IMG_0003.jpg }\n    rating: 4\n")
        planned = shell.run("immich-plan")
        assert planned.code == 5 and "3 of the 4 files that were applied last are not there" in planned.out
        assert shell.run("immich-apply", "--yes", "--allow", "missing-files").code == 0
        shell.write("3.yaml", "assets:\n  - match: { file: IMG_0003.jpg }\n    rating: 5\n")
        assert shell.run("immich-plan").code == 0
