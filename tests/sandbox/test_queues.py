"""Queues: pausing, counting, chains, and what survives a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import open_sandbox

from .running import Client, photos, running


def counts(client: Client, queue: str) -> dict[str, int]:
    found: dict[str, int] = client.ask("GET", f"/queues/{queue}")["statistics"]
    return {name: number for name, number in found.items() if number}


def test_a_job_in_a_paused_queue_counts_as_paused_and_runs_after_the_resume(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(3)) as client:
        client.pause()
        client.ask("PUT", "/assets", {"ids": client.ids(), "dateTimeOriginal": "2020-01-01T00:00:00+02:00"})
        assert counts(client, "sidecar") == {"paused": 3}
        before = client.assets()[0]
        assert before["exifInfo"]["dateTimeOriginal"] == "2019-12-31T22:00:00+00:00"
        assert before["fileCreatedAt"].startswith("2024-06-01")

        client.ask("PUT", "/queues/sidecar", {"isPaused": False})
        client.settle()
        assert counts(client, "sidecar") == {}
        assert counts(client, "metadataExtraction") == {"paused": 3}

        client.ask("PUT", "/queues/metadataExtraction", {"isPaused": False})
        client.settle()
        assert {asset["fileCreatedAt"] for asset in client.assets()} == {"2019-12-31T22:00:00.000Z"}
        assert counts(client, "storageTemplateMigration") == {"paused": 3}


def test_pending_jobs_and_pauses_survive_a_restart_but_metadata_extraction_runs(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(2)) as client:
        client.pause()
        client.ask("PUT", "/assets", {"ids": client.ids(), "description": "kept"})

    with open_sandbox(tmp_path / "l") as again:
        client = Client(again, again.session())
        paused = {queue["name"] for queue in client.ask("GET", "/queues") if queue["isPaused"]}
        assert paused == {"sidecar", "storageTemplateMigration"}
        assert counts(client, "sidecar") == {"paused": 2}
        client.pause(False)
        client.settle()
        assert {asset["exifInfo"]["description"] for asset in client.assets()} == {"kept"}
        with again.library.database.read() as db:
            assert db.value("SELECT count(*) FROM job") == 0
            assert db.value("SELECT count(*) FROM exif WHERE locked") == 0
            assert db.value("SELECT count(*) FROM sidecar") == 2


def test_dropped_writes_leave_the_value_locked_in_the_row(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(1, description="embedded")) as client:
        client.pause()
        client.ask("PUT", f"/assets/{client.ids()[0]}", {"description": "edited"})
        client.ask("DELETE", "/queues/sidecar/jobs", {})
        client.pause(False)
        client.ask("POST", "/assets/jobs", {"assetIds": client.ids(), "name": "refresh-metadata"})
        client.settle()
        assert client.assets()[0]["exifInfo"]["description"] == "edited"


def test_a_sidecar_that_cannot_be_written_loses_the_edit_but_not_the_favourite(tmp_path: Path) -> None:
    protected = [replace(photo, sidecar_writable=False) for photo in photos(1, description="embedded")]
    with running(tmp_path / "l", protected) as client:
        edit = {"ids": client.ids(), "description": "edited", "rating": 5, "isFavorite": True}
        client.ask("PUT", "/assets", edit)
        client.settle()
        asset = client.assets()[0]
        assert (asset["exifInfo"]["description"], asset["exifInfo"]["rating"]) == ("embedded", None)
        assert asset["isFavorite"] is True


def test_concurrency_follows_the_configuration(tmp_path: Path) -> None:
    with running(tmp_path / "l") as client:
        config = client.ask("GET", "/system-config")
        config["job"]["sidecar"]["concurrency"] = 1
        client.ask("PUT", "/system-config", config)
        assert client.ask("GET", "/system-config")["job"]["sidecar"]["concurrency"] == 1
        config["job"]["sidecar"]["concurrency"] = 0
        assert client.send("PUT", "/system-config", config).status_code == 400
        del config["storageTemplate"]
        assert "storageTemplate" in client.send("PUT", "/system-config", config).text


def test_one_process_at_a_time_runs_a_library(tmp_path: Path) -> None:
    in_use = pytest.raises(SandboxError, match="in use by another process")
    with running(tmp_path / "l"), Library.open(tmp_path / "l") as other, in_use:
        other.start()


def test_what_is_no_library_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="immich-sandbox init"):
        Library.open(tmp_path)
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(SandboxError, match=r"not empty \(holiday.jpg\)"):
        Library.create(tmp_path)
    with pytest.raises(SandboxError, match=r"cannot play Immich 1.90.0: choose one of 2.5.6, 3.1.0"):
        Library.create(tmp_path / "new", version="1.90.0")
