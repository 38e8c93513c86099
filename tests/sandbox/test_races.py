"""The races of the real server happen here too: lost updates, destroyed sidecars, lost tags."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from reconciler.sandbox.settings import Pace

from .running import Client, photos, running


def wait_for(client: Client, queue: str, active: int) -> None:
    end = time.monotonic() + 20
    while client.ask("GET", f"/queues/{queue}")["statistics"]["active"] < active:
        assert time.monotonic() < end, f"no job of {queue} became active"
        time.sleep(0.005)


def test_an_edit_while_the_sidecar_of_another_is_written_is_lost(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(1), pace=Pace({"sidecar": 600})) as client:
        path = f"/assets/{client.ids()[0]}"
        client.ask("PUT", path, {"description": "first"})
        wait_for(client, "sidecar", 1)
        time.sleep(0.4)  # the job has read the row by now, and not yet written the file
        client.ask("PUT", path, {"description": "second"})
        assert client.assets()[0]["exifInfo"]["description"] == "second"
        client.settle()
        assert client.assets()[0]["exifInfo"]["description"] == "first"


def test_two_writes_of_one_photo_side_by_side_can_destroy_the_file(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(1), pace=Pace({"sidecar": 100}, collision_loss=1.0)) as client:
        path = f"/assets/{client.ids()[0]}"
        client.ask("PUT", path, {"rating": 2})
        client.settle()
        client.pause()
        client.ask("PUT", path, {"description": "first"})
        client.ask("PUT", path, {"description": "second"})
        client.pause(False)
        client.settle()
        exif = client.assets()[0]["exifInfo"]
        assert (exif["description"], exif["rating"]) == ("", None)


def test_one_job_at_a_time_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(5), pace=Pace({"sidecar": 20}, collision_loss=1.0)) as client:
        config = client.ask("GET", "/system-config")
        config["job"]["sidecar"]["concurrency"] = 1
        client.ask("PUT", "/system-config", config)
        client.pause()
        for asset_id in client.ids():
            client.ask("PUT", f"/assets/{asset_id}", {"description": "kept"})
            client.ask("PUT", f"/assets/{asset_id}", {"rating": 3})
        client.pause(False)
        client.settle()
        kept = {(asset["exifInfo"]["description"], asset["exifInfo"]["rating"]) for asset in client.assets()}
        assert kept == {("kept", 3)}


def test_one_write_per_photo_loses_nothing_even_while_everything_is_read_again(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(40), pace=Pace({"sidecar": 5, "metadataExtraction": 5})) as client:
        client.ask("PUT", "/jobs/metadataExtraction", {"command": "start", "force": True})
        client.ask("PUT", "/assets", {"ids": client.ids(), "description": "kept"})
        client.settle()
        assert {asset["exifInfo"]["description"] for asset in client.assets()} == {"kept"}


def test_tags_given_in_bulk_while_files_are_read_can_be_lost(tmp_path: Path) -> None:
    """An extraction between the insert of a pair and the lock of its photo takes the pair away."""
    with running(tmp_path / "l", photos(1), pace=Pace({"metadataExtraction": 300})) as client:
        asset_id = client.ids()[0]
        library = client.running.library
        tag = client.ask("PUT", "/tags", {"tags": ["Trips/Italy"]})[0]["id"]
        client.ask("POST", "/assets/jobs", {"assetIds": [asset_id], "name": "refresh-metadata"})
        wait_for(client, "metadataExtraction", 1)
        with library.database.write() as db:  # the first half of PUT /tags/assets
            db.run("INSERT INTO tag_asset (tag_id, asset_id) VALUES (?, ?)", (tag, asset_id))
        assert client.assets(tagIds=[tag])
        client.settle()
        assert not client.assets(tagIds=[tag])


def test_a_running_migration_does_not_stop_for_a_pause(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(10), pace=Pace({"storageTemplateMigration": 30})) as client:
        config = client.ask("GET", "/system-config")
        config["storageTemplate"] |= {"enabled": True, "template": "{{y}}/{{filename}}"}
        client.ask("PUT", "/system-config", config)
        client.ask("PUT", "/jobs/storageTemplateMigration", {"command": "start", "force": False})
        wait_for(client, "storageTemplateMigration", 1)
        client.ask("PUT", "/queues/storageTemplateMigration", {"isPaused": True})
        again = client.send("PUT", "/jobs/storageTemplateMigration", {"command": "start", "force": False})
        assert (again.status_code, again.json()["message"]) == (400, "Job is already running")
        client.settle()
        paths = {asset["originalPath"] for asset in client.assets()}
        assert paths == {f"/data/library/admin/2024/IMG_{number:04d}.jpg" for number in range(10)}


def test_many_clients_at_once_are_all_served(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(24)) as client:
        ids = client.ids()

        def edit(part: list[str]) -> None:
            for asset_id in part:
                client.ask("PUT", f"/assets/{asset_id}", {"description": asset_id})

        threads = [threading.Thread(target=edit, args=(ids[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.settle()
        assert all(asset["exifInfo"]["description"] == asset["id"] for asset in client.assets())
