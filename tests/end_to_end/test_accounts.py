"""Several accounts in one run, by the real commands over a socket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.end_to_end.support import PATIENCE, Served, Shell, script, served
from tests.end_to_end.test_asking import read_until, terminal
from tests.support.family import Family, make_family

FILE = """\
server:
  accounts:
    ada: { api_key: "${ADA_KEY}" }
    ben: { api_key: "${BEN_KEY}" }
  admin: ada
defaults: { account: ada }
tags:
  - { value: Best, account: ben, color: "#e07a5f" }
assets:
  - match: { file: "a*.jpg" }
    tags: [Best]
  - match: { file: b1.jpg }
    account: ben
    description: By Ben
albums:
  - name: Ours
    match: { owner: any, rating: 4 }
    share: [ben@example.org]
  - name: Best
    match: { tags: [Best] }
"""
BEN = """\
account: ben
assets:
  - match: { file: b2.jpg }
    rating: 4
    tags: [Best]
albums:
  - name: Best
    match: { tags: [Best] }
"""


@contextmanager
def family(shell: Shell, **options: object) -> Iterator[tuple[Served, Family]]:
    """A server with two accounts, and files for both."""
    made = make_family(shell.folder / "library", **options)  # type: ignore[arg-type]
    with served(shell.folder / "library") as server:
        shell.environment |= {"IMMICH_INSTANCE_URL": server.url, **made.variables}
        shell.secrets += [made.ada, made.ben]
        shell.write("photos.yaml", FILE)
        shell.write("of-ben.yaml", BEN)
        yield server, made


def tags(server: Served, key: str) -> set[str]:
    return {tag["value"] for tag in server.ask("GET", "/api/tags", key=key)}


def albums(server: Served, key: str, *, shared: bool = False) -> dict[str, int]:
    found = server.ask("GET", f"/api/albums{'?shared=true' if shared else ''}", key=key)
    return {album["albumName"]: album["assetCount"] for album in found}


def test_two_accounts_share_an_album_and_the_next_plan_is_empty(shell: Shell) -> None:
    with family(shell) as (server, made):
        valid = shell.run("immich-validate")
        assert "3 entries for photos, 3 albums; accounts: ada, ben" in valid.out
        planned = shell.run("immich-plan", "--exit-code")
        lines = planned.out.splitlines()
        places = [lines.index(text) for text in ("Account ada", "Account ben", "All accounts")]
        assert planned.code == 3 and places == sorted(places), planned.said
        assert lines[-3:-1] == ["  ada  1 tag, 4 photos, 2 albums", "  ben  1 tag, 2 photos, 1 album"]

        applied = shell.run("immich-apply", "--yes")
        assert applied.code == 0, applied.said
        assert applied.out.endswith("All accounts\n============\n\n  ada  done\n  ben  done\n"), applied.out
        assert albums(server, made.ada) == {"Ours": 1, "Best": 4}, "Ben's stars bring it into Ada's album"
        assert albums(server, made.ben)["Best"] == 1
        assert albums(server, made.ben, shared=True)["Ours"] == 1
        assert tags(server, made.ada) == tags(server, made.ben) == {"Best"}
        assert server.paused() == set()
        again = shell.run("immich-plan", "--exit-code")
        assert again.code == 0 and again.out.count("Nothing to do") == 2, again.said

        runs = shell.run("immich-runs", "--format", "json")
        assert [run["userName"] for run in json.loads(runs.out)["runs"]] == ["Demo", "Ben", "Demo"]
        which = shell.run("immich-undo", "--yes")
        assert which.code == 1 and "name the run" in which.err
        undone = shell.run("immich-undo", "--yes", "--account", "ben")
        assert undone.code == 0 and "Best" not in albums(server, made.ben), undone.said
        assert albums(server, made.ada)["Best"] == 4
        assert shell.run("immich-undo", "--yes", "3").code == 0, "whose run it was, it knows by itself"
        assert albums(server, made.ada) == {"Ours": 0, "Best": 4}
        assert shell.run("immich-runs", "verify", "1").code == 0


def test_saved_plans_are_applied_as_a_whole_or_not_at_all(shell: Shell) -> None:
    with family(shell) as (server, made):
        saved = shell.run("immich-plan", "-o", "plan.json", "-q")
        assert "carries out these plans and no others" in saved.err
        shown = shell.run("immich-show", "plan.json", "--exit-code")
        assert shown.out == saved.out and shown.code == 3
        digest = shown.out.split("Digest of all: ")[1].strip()
        refused = shell.run("immich-apply", "plan.json", "--approve", "0" * 12)
        assert refused.code == 6 and f"these plans have the digest {digest}" in refused.err
        photo = next(item for item in _photos(server, made.ben) if item["originalFileName"] == "b1.jpg")
        by_hand = {"description": "Something else"}
        server.ask("PUT", f"/api/assets/{photo['id']}", by_hand, key=made.ben)
        stale = shell.run("immich-apply", "plan.json", "--yes")
        assert stale.code == 6 and server.writes() == [f"PUT /assets/{photo['id']}"], stale.said
        assert "  ada  not started\n  ben  stopped: the saved plan no longer fits" in stale.out
        server.ask("PUT", f"/api/assets/{photo['id']}", {"description": ""}, key=made.ben)

        before = len(server.requests())
        applied = shell.run("immich-apply", "plan.json", "--approve", digest)
        assert applied.code == 0 and "  ada  done\n  ben  done" in applied.out, applied.said
        sent = [(item["method"], item["path"]) for item in server.requests()[before:]]
        first, second = sent.index(("PUT", "/tags/assets")), sent.index(("PUT", "/assets"))
        ada = next(item["id"] for item in _photos(server, made.ada) if item["originalFileName"] == "a1.jpg")
        assert sent[:first].count(("GET", f"/assets/{ada}")) == 2, "before her queues are paused, and after"
        assert sent[:second].count(("GET", f"/assets/{photo['id']}")) == 3, "and once Ada was written"
        assert albums(server, made.ada) == {"Ours": 0, "Best": 4}
        twice = shell.run("immich-apply", "plan.json", "--yes")
        assert twice.code == 6 and "applied already" in twice.out
        # the file's plan of Ada did not know Ben's stars yet
        rest = shell.run("immich-apply", "--yes", "--account", "ada")
        assert rest.code == 0 and "All accounts" not in rest.out
        assert shell.run("immich-plan", "--exit-code").code == 0


def test_after_a_failure_the_next_account_isnt_begun(shell: Shell) -> None:
    with family(shell) as (server, made):
        server.faults({"kind": "status", "method": "POST", "path": "/albums", "status": 403, "times": None})
        failed = shell.run("immich-apply", "--yes", "--format", "json")
        assert failed.code in (1, 4), failed.said
        courses = [(one["account"], one["course"]) for one in json.loads(failed.out)["accounts"]]
        assert courses == [("ada", "failed"), ("ben", "not started")]
        assert server.paused() == set() and tags(server, made.ben) == set()
        server.faults()
        assert shell.run("immich-apply", "--yes").code == 0
        assert shell.run("immich-plan", "--exit-code").code == 0


def test_interrupted_the_next_account_isnt_begun(shell: Shell) -> None:
    with family(shell) as (server, made):
        slow = {"kind": "latency", "method": "PUT", "path": "/tags/assets", "seconds": 1.0, "times": None}
        server.faults(slow)
        with shell.started("immich-apply", "--yes") as process:
            shell.reached(process, lambda: "PUT /tags/assets" in server.writes(), "it wrote")
            process.send_signal(signal.SIGINT)
            result = shell.ended(process)
        assert result.code == 130, result.said
        assert "  ada  stopped" in result.out and "  ben  not started" in result.out
        assert server.paused() == set() and tags(server, made.ben) == set()
        server.faults()
        assert shell.run("immich-apply", "--yes").code == 0
        assert shell.run("immich-plan", "--exit-code").code == 0


def _photos(server: Served, key: str) -> list[dict[str, Any]]:
    found = server.ask("POST", "/api/search/metadata", {"size": 1000}, key=key)
    items: list[dict[str, Any]] = found["assets"]["items"]
    return items


def test_what_comes_up_after_a_pass_is_asked_for_once_more(shell: Shell) -> None:
    with family(shell) as (server, made), terminal() as (ours, theirs):
        process = subprocess.Popen(
            [script("immich-apply")],
            cwd=shell.folder,
            env=shell.variables(TERM="xterm", NO_COLOR="1"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        read_until(ours, "Apply these plans?")
        os.write(ours, b"y\n")
        shown = read_until(ours, "Apply this, too?")
        assert "immich-undo 2 takes this back" in shown and "+ 1: b2.jpg" in shown
        os.write(ours, b"n\n")
        told = read_until(ours, "\0")
        assert process.wait(timeout=PATIENCE) == 1 and "nothing more was written" in told
        assert "ada  done in part: nobody has agreed" in told and "ben  done" in told
        assert albums(server, made.ada)["Ours"] == 0
