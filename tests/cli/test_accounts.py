"""Commands that take one account, on files that tell several apart."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from reconciler.cli import apply, plan, queues, select, snapshot, validate
from reconciler.cli import runs as of_runs
from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import mounted
from reconciler.sandbox.store import users
from tests.support.family import make_family

READS = ["album.read", "asset.download", "asset.read", "asset.statistics", "person.read", "stack.read"]
READS += ["tag.read", "user.read", "partner.read"]
FILE = """\
server:
  url: sandbox:library
  accounts:
    ada: { api_key: "${ADA_KEY}" }
    ben: { api_key: "${BEN_KEY}" }
  admin: ada
"""
ADA = """\
account: ada
selectors:
  first: { file: "*0.jpg" }
albums:
  - name: Best
    match: { selector: first }
  - name: Ours
    match: { owner: any, rating: 4 }
"""
BEN = """\
account: ben
assets:
  - match: { file: "b*.jpg" }
    rating: 4
albums:
  - name: Best
    match: { rating: 4 }
"""


@pytest.fixture(autouse=True)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sandbox with two accounts, inside this process, and a file for each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "state"))
    for name in ("IMMICH_API_KEY", "IMMICH_INSTANCE_URL", "IMMICH_ADMIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    version = getattr(request, "param", "3.1.0")
    for name, value in make_family(tmp_path / "library", version=version).variables.items():
        monkeypatch.setenv(name, value)
    for name, text in (("server", FILE), ("ada", ADA), ("ben", BEN)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (plan.main, ["--accept", "*"]),
        (plan.main, ["--applied", "applied.json"]),
        (apply.main, ["--yes", "--applied", "applied.json"]),
        (select.main, ["{file: x}"]),
        (select.main, ["Best"]),
    ],
)
def test_what_takes_one_account_names_them(command: click.Command, arguments: list[str]) -> None:
    refused = run(command, *arguments)
    assert refused.exit_code == 2 and "say which with --account (ada, ben)" in refused.output


def test_an_account_that_isnt_listed_and_one_of_which_nothing_is_asked(folder: Path) -> None:
    unknown = run(plan.main, "--account", "cleo")
    assert unknown.exit_code == 2 and "no account 'cleo' under server.accounts" in unknown.output
    (folder / "ben.yaml").unlink()
    nothing = run(plan.main, "--account", "ben")
    assert nothing.exit_code == 0 and "the files ask nothing of ben (only of ada)" in nothing.output


def test_plans_by_a_snapshot_are_those_by_the_server(folder: Path) -> None:
    by_server = run(plan.main, "-q")
    saved = run(snapshot.main)
    assert saved.exit_code == 0 and "saved: 8 photos and 4 of other people" in saved.output
    offline = run(plan.main, "--snapshot", "live.json.gz")
    assert offline.exit_code == 0 and offline.output.count("is less than") <= 1
    digests = [[line for line in one.output.splitlines() if "Digest" in line] for one in (by_server, offline)]
    assert digests[0] == digests[1] and len(digests[0]) == 3
    narrowed = run(plan.main, "--snapshot", "live.json.gz", "--account", "ben")
    assert "Changes for Ben" in narrowed.output and "Account ada" not in narrowed.output

    assert run(snapshot.main, "--account", "ben", "-o", "ben.json.gz").exit_code == 0
    lacks = run(plan.main, "--snapshot", "ben.json.gz")
    assert lacks.exit_code == 1 and "this snapshot has nothing of ada (there: ben)" in lacks.output
    assert run(plan.main, "--snapshot", "ben.json.gz", "--account", "ben").exit_code == 0

    (folder / "ada.yaml").unlink()
    (folder / "ben.yaml").write_text(BEN.partition("\n")[2], encoding="utf-8")
    assert run(snapshot.main, "--account", "ben").exit_code == 0, "now the files are about one account"
    assert "Changes for Ben" in run(plan.main, "--snapshot", "live.json.gz").output
    for name, text in (("ada", ADA), ("ben", BEN)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    unnamed = run(plan.main, "--snapshot", "live.json.gz")
    assert unnamed.exit_code == 2 and "say which with --account (ada, ben)" in unnamed.output


def test_a_rule_is_asked_of_the_account_that_has_it() -> None:
    theirs = run(select.main, "ben.yaml:3")
    assert "b3.jpg" in theirs.output and "a3.jpg" not in theirs.output
    assert "of 8" in run(select.main, "Ours").output, "photos of both"
    named = run(select.main, "{file: '*0.jpg'}", "--account", "ben", "--format", "json", "-q")
    assert [photo["file"] for photo in json.loads(named.stdout)["photos"]] == ["b0.jpg"]


def test_where_files_name_no_account_the_option_says_whose_they_are(folder: Path) -> None:
    (folder / "ada.yaml").unlink()
    (folder / "ben.yaml").write_text(BEN.partition("\n")[2], encoding="utf-8")
    nobodys = run(plan.main)
    assert nobodys.exit_code == 2 and "say which one with --account or defaults.account" in nobodys.output
    both = run(plan.main, "--account", "ada", "--account", "ben")
    assert both.exit_code == 2 and "the files don't say whose their entries are" in both.output
    bens = run(plan.main, "--account", "ben")
    assert bens.exit_code == 0 and "Changes for Ben" in bens.output and "Account ben" not in bens.output


def test_what_needs_no_account() -> None:
    assert "accounts: ada, ben" in run(validate.main).output
    assert run(queues.main, "status").exit_code == 0


def courses(result: Result) -> list[tuple[str, str]]:
    """How far each account has come, by the JSON document."""
    told = json.loads(result.stdout)
    assert told["kind"] == "immich-reports"
    return [(one["account"], one["course"]) for one in told["accounts"]]


def runs() -> list[str]:
    """Whose runs there were, the first one first."""
    found = run(of_runs.main, "--format", "json")
    return [one["userName"] for one in json.loads(found.stdout)["runs"]][::-1]


@pytest.mark.parametrize("folder", ["3.1.0", "2.5.6"], indirect=True)
def test_one_after_the_other_until_nothing_is_left_to_do() -> None:
    """Ben's stars bring his photos into Ada's album, though Ada comes first."""
    applied = run(apply.main, "--yes", "--format", "json", "-q")
    assert applied.exit_code == 0, applied.output
    assert courses(applied) == [("ada", "done"), ("ben", "done")] and runs() == ["Demo", "Ben", "Demo"]
    assert run(plan.main, "--exit-code").exit_code == 0
    again = run(apply.main, "--yes")
    assert again.exit_code == 0 and again.output.count("Nothing to do") == 2 and len(runs()) == 3


def test_a_part_of_saved_plans() -> None:
    assert run(plan.main, "-o", "plan.json").exit_code == 0
    assert run(apply.main, "plan.json", "--yes", "--account", "cleo").exit_code == 2
    done = run(apply.main, "plan.json", "--yes", "--account", "ben", "--format", "json", "-q")
    assert json.loads(done.stdout)["kind"] == "immich-report" and runs() == ["Ben"]
    stale = run(apply.main, "plan.json", "--yes")
    assert stale.exit_code == 6 and runs() == ["Ben"], "as a whole it doesn't fit any more"


def test_one_accounts_limit_stops_all_of_them() -> None:
    stopped = run(apply.main, "--yes", "--max-changes", "values=1", "--format", "json")
    assert stopped.exit_code == 5 and runs() == []
    assert courses(stopped) == [("ada", "not started"), ("ben", "stopped")]
    assert "error: ben: nothing was written, since more would be" in stopped.stderr
    planned = run(plan.main, "--max-changes", "values=1", "-q")
    assert planned.exit_code == 5 and "because of ben: no account is written to" in planned.output
    narrowed = run(apply.main, "--yes", "--max-changes", "values=1", "--account", "ada")
    assert narrowed.exit_code == 0 and "Account ben" not in narrowed.output and runs() == ["Demo"]


def test_what_one_account_names_and_isnt_there_stops_all_of_them(folder: Path) -> None:
    (folder / "ben.yaml").write_text(f"{BEN}    assets: [{{ file: lost.jpg }}]\n", encoding="utf-8")
    assert run(plan.main).exit_code == 1
    assert run(apply.main, "--yes").exit_code == 1 and runs() == []
    anyway = run(apply.main, "--yes", "--allow-missing")
    assert anyway.exit_code == 0 and runs() == ["Demo", "Ben", "Demo"], anyway.output


def test_a_key_that_may_too_little_stops_all_of_them(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    with Library.open(folder / "library") as library, library.database.write() as db:
        (ben,) = db.values("SELECT id FROM user WHERE NOT is_admin")
        users.insert_key(db, ben, "small", [*READS, "apiKey.read"], "a-small-key")
    monkeypatch.setenv("BEN_KEY", "a-small-key")
    assert run(plan.main).exit_code == 0
    stopped = run(apply.main, "--yes")
    assert stopped.exit_code == 1 and "album.create" in stopped.output and runs() == []


def test_two_names_for_one_account_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEN_KEY", os.environ["ADA_KEY"])
    twins = run(plan.main)
    assert twins.exit_code == 2 and "the keys of ada and ben belong to the same user, Demo" in twins.output
    monkeypatch.setenv("BEN_KEY", "")
    unset = run(plan.main)
    assert (
        unset.exit_code == 2 and "server.yaml:5:21: the environment variable BEN_KEY is empty" in unset.output
    )


def test_what_another_account_only_now_shares_can_be_asked_for_in_the_same_run(folder: Path) -> None:
    asked = f"{BEN}  - name: Also ours\n    match: {{ album: Ours, owner: any }}\n"
    (folder / "ada.yaml").write_text(f"{ADA}    share: [ben@example.org]\n", encoding="utf-8")
    (folder / "ben.yaml").write_text(asked, encoding="utf-8")
    applied = run(apply.main, "--yes", "-q")
    assert applied.exit_code == 0, applied.output
    assert run(plan.main, "--exit-code").exit_code == 0
    assert "b3.jpg" in run(select.main, "{album: Also ours, owner: any}", "--account", "ben").output


def test_what_somebody_has_changed_is_told_and_taken_over_for_its_account(folder: Path) -> None:
    (folder / "ben.yaml").write_text(BEN.partition("albums:")[0], encoding="utf-8")
    unknown = run(plan.main, "--detect-drift")
    assert unknown.exit_code == 1 and "nothing is remembered of ada" in unknown.output
    assert run(apply.main, "--yes").exit_code == 0
    assert run(plan.main, "--detect-drift").exit_code == 0
    with mounted(Library.open(folder / "library")) as running:
        headers = {"x-api-key": os.environ["BEN_KEY"]}
        with running.session() as session:
            found = session.post(f"{running.base_url}/search/metadata", json={}, headers=headers).json()
            photo = next(one for one in found["assets"]["items"] if one["originalFileName"] == "b2.jpg")
            url = f"{running.base_url}/assets/{photo['id']}"
            assert session.put(url, json={"rating": 2}, headers=headers).ok
        running.library.settle(60)
        running.library.close()
    assert run(plan.main, "--detect-drift").exit_code == 7
    accepted = run(plan.main, "--accept", "photo:b2.jpg", "--account", "ben", "--exit-code")
    assert accepted.exit_code == 0, accepted.output
    assert "account: ben" in (folder / "ben.yaml").read_text(encoding="utf-8").partition("assets:")[2]
    assert run(plan.main, "--exit-code").exit_code == 3, "Ada's album had it for its stars"
