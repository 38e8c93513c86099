"""Where immich-queues finds the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.planning.files import settings_from


def test_files_below_the_folder_tell_where_the_server_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not settings_from(()).server.url
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "server.yaml").write_text("server: { url: https://photos.example.org }\n")
    assert settings_from(()).server.url
