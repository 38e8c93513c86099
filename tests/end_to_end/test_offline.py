"""Plans by a snapshot: the same as with the server, or a word about what the snapshot doesn't hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.end_to_end.support import EXAMPLE, VERSIONS, Shell
from tests.end_to_end.test_whole_path import asking, valid

NOWHERE = {"IMMICH_INSTANCE_URL": "", "IMMICH_API_KEY": ""}
PARTS = ("digest", "files", "tags", "photos", "albums", "rounds", "missing", "undone")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("everything", [[], ["--all", "--without-people"]], ids=["needed", "all"])
def test_the_same_plan_without_the_server(
    shell: Shell, example: Any, version: str, everything: list[str]
) -> None:
    with example(version) as server:
        asking(shell, server)
        assert shell.run("immich-apply", EXAMPLE, "--yes").code == 0
        photo = server.assets()["PXL_20240614_181544902.jpg"]["id"]
        server.ask("PUT", f"/api/assets/{photo}", {"description": "changed by hand", "rating": 1})
        text = (EXAMPLE / "immich.yaml").read_text("utf-8").replace("Italy 2024", "Italia 2024")
        shell.write("photos.yaml", text)
        by_server = json.loads(shell.run("immich-plan", "--format", "json").out)
        saved = shell.run("immich-snapshot", *everything)
        assert saved.code == 0 and "saved: 12 photos" in saved.err, saved.said
        assert not [item for item in server.writes() if "albums" in item and "DELETE" in item]
    data = (shell.folder / "live.json.gz").read_bytes()
    assert server.key.encode() not in data
    planned = shell.run("immich-plan", "--snapshot", "live.json.gz", "--format", "json", **NOWHERE)
    assert (
        planned.code == 0
        and "less than" not in planned.err
        and "old; the server was not asked" in planned.err
    )
    by_snapshot = json.loads(planned.out)
    valid(by_snapshot, "plan")
    assert by_snapshot["photos"] and by_snapshot["albums"]
    for part in PARTS:
        assert json.dumps(by_snapshot[part]) == json.dumps(by_server[part]), part
    assert [note["text"] for note in by_snapshot["notes"]][-1].startswith("planned by a snapshot of 20")


def test_what_a_snapshot_does_not_hold(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n  - match: { file: 'IMG_000*' }\n    rating: 3\n")
        assert shell.run("immich-snapshot", "-q").code == 0
        shell.write(
            "wish.yaml", "assets:\n  - match: { file: 'IMG_0001*' }\n    rating: 4\n    tags: [New]\n"
        )
        refused = shell.run("immich-plan", "--snapshot", "live.json.gz", **NOWHERE)
        assert refused.code == 1 and refused.out == ""
        assert "the list of tags" in refused.err and "`immich-snapshot --all`" in refused.err
        assert shell.run("immich-snapshot", "--all").code == 0
        planned = shell.run("immich-plan", "--snapshot", "live.json.gz", "-o", "plan.json", **NOWHERE)
        assert planned.code == 0 and "+ tag New" in planned.out
        assert shell.run("immich-apply", "plan.json", "--yes").code == 0
        nothing = shell.run("immich-plan", "--exit-code")
        assert nothing.code == 0, nothing.said
    both = shell.run("immich-plan", "--snapshot", "live.json.gz", "--server", "http://x")
    assert both.code == 2 and "leave --server and --account out" in both.err
    by_hand = {"kind": "immich-live", "version": 1, "assets": [], "server": {}}
    by_hand["server"] = {"url": "x", "version": "3.1.0", "userId": "u", "userName": "n"}
    shell.write("hand.json", json.dumps(by_hand))
    refused = shell.run("immich-plan", "--snapshot", "hand.json")
    assert refused.code == 1 and "doesn't come from immich-snapshot" in refused.err


def test_a_plan_after_what_was_accepted_still_says_what_it_was_made_by(shell: Shell, plain: Any) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n  - match: { file: IMG_0001.jpg }\n    rating: 3\n")
        assert shell.run("immich-apply", "--yes").code == 0
        photo = server.assets()["IMG_0001.jpg"]["id"]
        server.ask("PUT", f"/api/assets/{photo}", {"rating": 5})
        assert shell.run("immich-snapshot", "-q").code == 0
    accepted = shell.run("immich-plan", "--snapshot", "live.json.gz", "--accept", "*", **NOWHERE)
    assert accepted.code == 0, accepted.said
    assert "rating: 5" in (shell.folder / "wish.yaml").read_text("utf-8")
    assert "planned by a snapshot of 20" in accepted.out
