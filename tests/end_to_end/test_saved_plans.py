"""Saved and approved plans: shown without a server, and nothing else is applied than what was approved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.support import Served, Shell
from tests.end_to_end.test_asking import agreed_to
from tests.end_to_end.test_whole_path import asking, valid

WISH = "assets:\n  - match: { file: IMG_0001.jpg }\n    description: Wanted\n"


def test_shown_again_without_a_server(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        printed = {
            form: shell.run("immich-plan", "-o", "plan.json", "--format", form, "--no-thumbnails").out
            for form in ("text", "markdown", "json", "github", "html")
        }
    nowhere = {"IMMICH_INSTANCE_URL": "http://127.0.0.1:9", "IMMICH_API_KEY": ""}
    for form, text in printed.items():
        shown = shell.run("immich-show", "plan.json", "--format", form, **nowhere)
        assert (shown.code, shown.err) == (0, "") and shown.out == text, form
    plan = json.loads(printed["json"])
    valid(plan, "plan")
    digits = plan["digest"].removeprefix("sha256:")
    assert f"Digest: {digits[:12]}" in printed["text"]
    assert plan["digest"] in printed["markdown"] and plan["digest"] in printed["html"]
    assert shell.run("immich-show", "plan.json", "--exit-code").code == 3
    piped = shell.run("immich-show", "-", input=(shell.folder / "plan.json").read_text("utf-8"))
    assert (piped.code, piped.out) == (0, printed["text"])
    missing = shell.run("immich-show", "other.json")
    assert missing.code == 1 and "other.json: No such file" in missing.err


def test_an_approval_is_for_one_plan(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        planned = json.loads(shell.run("immich-plan", "-o", "plan.json", "--format", "json").out)
        digits = planned["digest"].removeprefix("sha256:")
        for what in (["plan.json"], []):
            refused = shell.run("immich-apply", *what, "--approve", "0" * 12)
            assert refused.code == 6 and f"this plan has the digest {digits[:12]}" in refused.err
        wrong = shell.run("immich-apply", "--approve", digits[:11])
        assert wrong.code == 2 and "12 digits or more" in wrong.err
        photo = server.assets()["IMG_0002.jpg"]["id"]
        server.ask("PUT", f"/api/assets/{photo}", {"description": "of no concern"})
        before = server.writes()
        shell.write("wish.yaml", WISH + "    # the same wish, in other words\n")
        refused = shell.run("immich-apply", "--approve", digits[:12])
        assert refused.code == 6 and "approve it anew" in refused.err, "the files are others"
        assert server.writes() == before
        shell.write("wish.yaml", WISH)
        applied = shell.run("immich-apply", "--approve", planned["digest"])
        assert applied.code == 0, applied.said
        assert server.assets()["IMG_0001.jpg"]["exifInfo"]["description"] == "Wanted"
        again = shell.run("immich-apply", "--approve", digits)
        assert again.code == 6 and "nothing is left to do" in again.err
        assert shell.run("immich-apply", "plan.json", "--approve", digits).code == 6


def test_what_the_server_lets_match_afterwards_was_not_approved(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write(
            "wish.yaml",
            "assets:\n  - match: { file: IMG_0000.jpg }\n"
            "    location: { latitude: 41.89193, longitude: 12.51133 }\n"
            "  - match: { place: { country: Italy } }\n    tags: [Trips/Italy]\n",
        )
        digest = json.loads(shell.run("immich-plan", "--format", "json").out)["digest"]
        applied = shell.run("immich-apply", "--approve", digest)
        assert applied.code == 4 and "was not approved" in applied.err, applied.said
        assert not any("tags" in write for write in server.writes())
        second = json.loads(shell.run("immich-plan", "--format", "json").out)["digest"]
        assert second != digest
        assert shell.run("immich-apply", "--approve", second).code == 0


def test_files_elsewhere_and_a_plan_from_standard_input(shell: Shell, plain: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "private" / "photos"
    elsewhere.mkdir(parents=True)
    with plain() as server:
        (elsewhere / "wish.yaml").write_text(f"server: {{ url: '{server.url}' }}\n{WISH}", "utf-8")
        shell.environment["IMMICH_API_KEY"] = server.key
        inner = Shell(tmp_path / "runner", shell.environment, [server.key])
        inner.folder.mkdir()
        planned = inner.run("immich-plan", elsewhere, "-o", "plan.json")
        assert planned.code == 0 and "private/photos/wish.yaml:4" in planned.out
        saved = (inner.folder / "plan.json").read_text("utf-8")
        assert "private" not in saved and json.loads(saved)["files"][0]["name"] == "wish.yaml"
        lost = inner.run("immich-apply", "plan.json", "--yes")
        assert lost.code == 2 and "no server" in lost.err
        applied = inner.run("immich-apply", "-", elsewhere, "--yes", input=saved)
        assert applied.code == 0, applied.said
        assert inner.run("immich-plan", elsewhere, "--exit-code").code == 0


def reads_before_the_write(server: Served, photo: str) -> tuple[int, int]:
    """How often a photo was read before the queues were paused for its first write, and then before that."""
    sent = [(item["method"], item["path"]) for item in server.requests()]
    written = sent.index(("PUT", "/assets"))
    paused = next(
        number for number, (method, path) in enumerate(sent) if method == "PUT" and "/queues" in path
    )
    read = [number for number, request in enumerate(sent[:written]) if request == ("GET", f"/assets/{photo}")]
    return sum(number < paused for number in read), sum(number > paused for number in read)


@pytest.mark.parametrize("asked", [False, True], ids=["--yes", "asked"])
def test_what_a_saved_plan_changes_is_read_again_only_where_it_may_have_moved(
    shell: Shell, plain: Any, asked: bool
) -> None:
    """Once before the queues are paused, once more after somebody was asked, and always in the window."""
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        assert shell.run("immich-plan", "-o", "plan.json").code == 0
        photo = server.assets()["IMG_0001.jpg"]["id"]
        before = len(server.requests())
        if asked:
            assert agreed_to(shell, "immich-apply", "plan.json") == 0
        else:
            assert shell.run("immich-apply", "plan.json", "--yes").code == 0
        assert all(f"/assets/{photo}" != item["path"] for item in server.requests()[:before])
        assert reads_before_the_write(server, photo) == (1 + asked, 1)
