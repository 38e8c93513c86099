"""A part of the plan by the commands: what is named is done, the rest waits, and nobody is told otherwise."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.support import EXAMPLE, Shell


def test_a_part_is_applied_and_the_rest_waits(shell: Shell, example: Any) -> None:
    with example("3.1.0") as server:
        shell.environment |= {"IMMICH_INSTANCE_URL": server.url, "IMMICH_API_KEY": server.key}
        shell.secrets.append(server.key)
        nonna = ("--target", "album:nonna*")
        applied = shell.run("immich-apply", EXAMPLE, "--yes", *nonna)
        assert applied.code == 0, applied.said
        assert 'Only --target "album:nonna*": ' in applied.out and "left out" in applied.out
        assert server.albums() == ["Nonna is eighty"]
        assert server.writes() and all("/albums" in text for text in server.writes())
        assert "Done: everything is written and has settled." in applied.out
        again = shell.run("immich-apply", EXAMPLE, "--yes", "--format", "json", *nonna)
        assert again.code == 0 and json.loads(again.out)["verdict"] == "Nothing to do here."
        rest = shell.run("immich-plan", EXAMPLE, "--exit-code")
        assert rest.code == 3 and "Italy 2024" in rest.out and "Nonna is eighty" not in rest.out


def test_a_saved_plan_is_not_narrowed(shell: Shell) -> None:
    for words in (("plan.json",), ("--resume",)):
        ended = shell.run("immich-apply", *words, "--target", "tags")
        assert ended.code == 2 and "--target narrows a plan when it is made" in ended.err
