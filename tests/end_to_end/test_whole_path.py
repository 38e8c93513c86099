"""From a folder of real photos to a server that is as the files say, by the commands alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.end_to_end.support import EXAMPLE, VERSIONS, Served, Shell

SCHEMAS = Path(__file__).parents[2] / "schemas"


def asking(shell: Shell, server: Served) -> Shell:
    """The shell with the server's address and key in the environment."""
    shell.environment |= {"IMMICH_INSTANCE_URL": server.url, "IMMICH_API_KEY": server.key}
    shell.secrets.append(server.key)
    return shell


def valid(document: Any, schema: str) -> None:
    Draft202012Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8"))).validate(
        document
    )


@pytest.mark.parametrize("version", [*VERSIONS, "3.2.2"])
def test_plan_apply_and_nothing_left_to_do(shell: Shell, example: Any, version: str) -> None:
    with example(version) as server:
        asking(shell, server)
        planned = shell.run("immich-plan", EXAMPLE, "--exit-code")
        assert planned.code == 3 and "Trips/Italy" in planned.out and "Italy 2024" in planned.out
        assert shell.run("immich-plan", EXAMPLE).code == 0
        assert server.writes() == []
        applied = shell.run("immich-apply", EXAMPLE, "--yes")
        assert applied.code == 0, applied.said
        assert "Done: everything is written and has settled." in applied.out
        assert server.paused() == set()
        again = shell.run("immich-plan", EXAMPLE, "--exit-code")
        assert again.code == 0 and again.out.count("\n") == 1 and again.out.startswith("Nothing to do")
        once_more = shell.run("immich-apply", EXAMPLE, "--yes")
        assert once_more.code == 0 and once_more.out == again.out
        photos = server.assets()
        assert photos["DSC01187.jpg"]["exifInfo"]["country"] == "Italy"
        assert photos["DSC01187.jpg"]["exifInfo"]["description"] == "The road to Pienza"
        assert {"Italy 2024", "Nonna is eighty"} <= set(server.albums())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_saved_plan_is_what_is_applied_and_only_once(shell: Shell, example: Any, version: str) -> None:
    with example(version) as server:
        asking(shell, server)
        planned = shell.run("immich-plan", EXAMPLE, "-o", "plan.json")
        assert planned.code == 0 and "immich-apply plan.json" in planned.err
        saved = json.loads((shell.folder / "plan.json").read_text("utf-8"))
        valid(saved, "plan")
        assert shell.run("immich-plan", EXAMPLE, "-o", "other.json").code == 0
        assert (shell.folder / "other.json").read_bytes() == (shell.folder / "plan.json").read_bytes()
        applied = shell.run("immich-apply", "plan.json", "--yes")
        assert applied.code == 0, applied.said
        assert len(server.writes()) == saved["summary"]["requests"]
        again = shell.run("immich-apply", "plan.json", "--yes")
        assert again.code == 6 and "this plan was applied already" in again.out
        assert shell.run("immich-plan", EXAMPLE, "--exit-code").code == 0


def test_a_stale_plan_is_refused_and_says_what_has_moved(shell: Shell, example: Any) -> None:
    with example() as server:
        asking(shell, server)
        shell.run("immich-plan", EXAMPLE, "-o", "plan.json")
        photo = server.assets()["PXL_20240614_181544902.jpg"]["id"]
        server.ask("PUT", f"/api/assets/{photo}", {"description": "somebody was faster"})
        applied = shell.run("immich-apply", "plan.json", "--yes")
        assert applied.code == 6
        assert "somebody was faster" in applied.out and "PXL_20240614_181544902.jpg" in applied.out
        assert server.writes() == [f"PUT /assets/{photo}"]


def test_a_plan_for_another_account_or_one_edited_by_hand_is_refused(shell: Shell, example: Any) -> None:
    with example() as server:
        asking(shell, server)
        shell.run("immich-plan", EXAMPLE, "-o", "plan.json")
        before = server.writes()
        other = server.new_user()
        shell.secrets.append(other)
        refused = shell.run("immich-apply", "plan.json", "--yes", IMMICH_API_KEY=other)
        assert refused.code == 6 and "this plan was made for" in refused.err and "Ben" in refused.err
        text = (shell.folder / "plan.json").read_text("utf-8").replace("The last boat home", "Something else")
        shell.write("plan.json", text)
        refused = shell.run("immich-apply", "plan.json", "--yes")
        assert refused.code == 1 and "was changed after it was written" in refused.err
        shell.write("plan.json", "[]")
        assert "not a plan file" in shell.run("immich-apply", "plan.json", "--yes").err
        made_by_us = [item for item in server.writes() if item not in before]
        assert all("admin/users" in item or "auth/login" in item or "api-keys" in item for item in made_by_us)


def test_json_is_one_document_and_nothing_else(shell: Shell, example: Any) -> None:
    with example() as server:
        asking(shell, server)
        planned = shell.run("immich-plan", EXAMPLE, "--format", "json")
        valid(json.loads(planned.out), "plan")
        applied = shell.run("immich-apply", EXAMPLE, "--yes", "--format", "json")
        report = json.loads(applied.out)
        valid(report, "report")
        assert report["outcome"] == "done" and report["plan"] == json.loads(planned.out)["digest"]
        again = shell.run("immich-apply", EXAMPLE, "--yes", "--format", "json")
        assert json.loads(again.out)["outcome"] == "nothing" and again.code == 0


PLACE_RULE = """
assets:
  - match: { file: IMG_0000.jpg }
    location: { latitude: 41.89193, longitude: 12.51133 }
  - match: { place: { country: Italy } }
    tags: [Trips/Italy]
albums:
  - name: Italy
    match: { tags: [Trips/Italy] }
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_rule_that_matches_once_the_server_has_named_the_place_converges_in_one_run(
    shell: Shell, plain: Any, form: str
) -> None:
    with plain() as server:
        asking(shell, server)
        shell.write("wish.yaml", PLACE_RULE)
        applied = shell.run("immich-apply", "wish.yaml", "--yes", "--format", form)
        assert applied.code == 0, applied.said
        if form == "json":
            report = json.loads(applied.out)
            valid(report, "report")
            assert report["outcome"] == "done" and len(report["operations"]) == len(server.writes()) == 5
        else:
            assert applied.out.rstrip().endswith("Nothing to do: the server is as the files say.")
        assert shell.run("immich-plan", "wish.yaml", "--exit-code").code == 0
        assert server.albums() == ["Italy"]


DISAGREE_LATER = """
assets:
  - match: { file: IMG_0000.jpg }
    location: { latitude: 41.89193, longitude: 12.51133 }
  - match: { place: { country: Italy } }
    rating: 3
  - match: { file: "IMG_000*.jpg" }
    rating: 4
"""


def test_rules_that_disagree_once_the_place_is_named_stop_the_run_after_its_first_pass(
    shell: Shell, plain: Any
) -> None:
    with plain(3) as server:
        asking(shell, server)
        shell.write("wish.yaml", DISAGREE_LATER)
        applied = shell.run("immich-apply", "wish.yaml", "--yes", "--format", "json")
        assert applied.code == 4 and "nothing more was written" in applied.err
        assert "wish.yaml:6:5 disagrees" in applied.err or "wish.yaml:6" in applied.err
        report = json.loads(applied.out)
        valid(report, "report")
        assert report["outcome"] == "partial" and "contradict" in report["error"]
        assert server.paused() == set()


def test_programs_get_an_account_and_people_the_plan_that_was_refused(shell: Shell, plain: Any) -> None:
    with plain(1) as server:
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n- match: { file: nothing.jpg }\n  rating: 1\n")
        refused = shell.run("immich-apply", "--yes", "--format", "json")
        assert refused.code == 1 and refused.out == "" and "nothing.jpg" in refused.err


def test_a_plan_as_a_comment_for_a_pull_request(shell: Shell, plain: Any) -> None:
    with plain(2) as server:
        asking(shell, server)
        shell.write("wish.yaml", "albums:\n- name: '</details>|@everyone'\n  match: { type: image }\n")
        shown = shell.run("immich-plan", "--format", "markdown", "--quiet")
        assert shown.code == 0 and shown.err == ""
        assert shown.out.startswith("<!-- immich-plan -->\n\n### Immich plan: 1 album\n")
        assert "- new: album `</details>|@everyone`" in shown.out


def test_files_go_into_the_folders_of_their_albums(shell: Shell, plain: Any) -> None:
    template = "{{y}}/{{#if album}}{{album}}{{else}}other{{/if}}/{{filename}}"
    with plain(3, milliseconds=10) as server:
        asking(shell, server)
        config = server.ask("GET", "/api/system-config")
        config["storageTemplate"] |= {"enabled": True, "template": template}
        server.ask("PUT", "/api/system-config", config)
        wish = """
            settings: { window: { migrate: true } }
            assets: [{ match: { file: IMG_0000.jpg }, taken: "2021-05-06T07:08:09+02:00" }]
            albums: [{ name: Sea, assets: [{ file: IMG_0001.jpg }] }]
        """
        shell.write("wish.yaml", wish)
        applied = shell.run("immich-apply", "--yes")
        assert applied.code == 0, applied.said
        assert "files its photos anew (storage migration)" in applied.said
        assert "1 file lies elsewhere now" in applied.said or "2 files lie elsewhere now" in applied.said
        places = {name: photo["originalPath"].split("/")[-3:-1] for name, photo in server.assets().items()}
        assert places == {
            "IMG_0000.jpg": ["2021", "other"],
            "IMG_0001.jpg": ["2024", "Sea"],
            "IMG_0002.jpg": ["2024", "other"],
        }
        assert shell.run("immich-plan", "--exit-code").code == 0
        undone = shell.run("immich-undo", "--yes")
        assert undone.code == 0, undone.said
        assert {tuple(photo["originalPath"].split("/")[-3:-1]) for photo in server.assets().values()} == {
            ("2024", "other")
        }


def test_a_sandbox_in_a_folder_needs_no_port_and_no_key(shell: Shell, templates: Any) -> None:
    import shutil

    shutil.copytree(templates("3.1.0"), shell.folder / "lib")
    shell.write(
        "wish.yaml", "server: { url: 'sandbox:lib' }\nassets:\n- match: { file: IMG_0540.jpg }\n  rating: 2\n"
    )
    assert shell.run("immich-plan", "--exit-code").code == 3
    foreign = {"IMMICH_API_KEY": "the-key-of-a-real-server", "IMMICH_ADMIN_API_KEY": "another-one"}
    applied = shell.run("immich-apply", "--yes", **foreign)
    assert applied.code == 0, applied.said
    assert "its own is used" in applied.err and "real-server" not in applied.said
    assert shell.run("immich-plan", "--exit-code").code == 0
    elsewhere = shell.run("immich-plan", "--server", "sandbox:nowhere")
    assert elsewhere.code == 1 and "there is no sandbox library" in elsewhere.err


def test_a_sandbox_that_is_served_is_not_opened_a_second_time(shell: Shell, example: Any) -> None:
    with example():
        shell.write("wish.yaml", "assets:\n- match: { file: IMG_0540.jpg }\n  rating: 2\n")
        refused = shell.run("immich-plan", "--server", "sandbox:library")
        assert refused.code == 1 and "process" in refused.err


def test_undone_values_are_told_once_and_not_tried_for_ever(shell: Shell) -> None:
    """An embedded place comes back: named after the settle, and by the next plan as tried."""
    from datetime import UTC, datetime

    from reconciler.sandbox.library import Library, NewAsset
    from reconciler.sandbox.photo import Embedded

    with Library.create(shell.folder / "lib") as library:
        place = Embedded(taken="2024-06-01T12:00:00", latitude=41.89193, longitude=12.51133)
        library.add_assets([NewAsset("rome.jpg", datetime(2024, 6, 1, tzinfo=UTC), place)])
    shell.write(
        "wish.yaml",
        "server: { url: 'sandbox:lib' }\nassets:\n- match: { file: rome.jpg }\n  location: null\n",
    )
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 4 and "embedded in the photo came back" in applied.out
    planned = shell.run("immich-plan", "--exit-code")
    assert planned.code == 4 and "rome.jpg" in planned.out
    assert shell.run("immich-apply", "--yes").code == 4
    assert shell.run("immich-plan", "--exit-code", "--retry-undone").code == 3
