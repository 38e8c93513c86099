"""References to the environment and to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import resolve, secret_of_file
from reconciler.model.desired import Reference
from reconciler.model.origin import InvalidFiles, Origin
from tests.config.writing import entry, loaded

HERE = Origin("family.yaml", 3, 14)


def resolved(text: str, folder: Path | str = ".", **environ: str) -> str:
    return resolve(Reference(text, HERE, str(folder)), environ)


def wrong(text: str, folder: Path | str = ".", **environ: str) -> str:
    with pytest.raises(InvalidFiles) as caught:
        resolved(text, folder, **environ)
    return str(caught.value)


def test_variables() -> None:
    assert resolved("${KEY}", KEY="x") == "x"
    assert resolved("https://${HOST}:${PORT:-2283}/", HOST="h") == "https://h:2283/"
    assert resolved("${KEY:-}") == ""
    assert resolved("${KEY:-a}", KEY="") == "a"
    assert resolved("https://x.org") == "https://x.org"
    assert resolved("${KEY}", KEY="${OTHER}") == "${OTHER}"


def test_a_variable_that_is_missing() -> None:
    assert wrong("${KEY}") == (
        "family.yaml:3:14: the environment variable KEY is not set; set it first, for example: export KEY=..."
    )
    assert "is empty" in wrong("${KEY}", KEY="")


@pytest.mark.parametrize("text", ["${", "${}", "${A B}", "${1A}", "${file:}", "${A:-${B}}", "x${A", "${A-b}"])
def test_what_is_no_reference(text: str) -> None:
    assert "this reference can't be read; write ${NAME}" in wrong(text, A="5ecr3t", B="5ecr3t")


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_bytes(b"5ecr3t\r\n")
    assert resolved("${file:a.key}", tmp_path) == "5ecr3t"
    assert resolved(f"${{file:{tmp_path}/a.key}}") == "5ecr3t"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert wrong("${file:a.key}", tmp_path) == (
        "family.yaml:3:14: the file a.key can't be read (No such file or directory); "
        "create it, with the key as its only line"
    )
    (tmp_path / "folder").mkdir()
    assert "folder can't be read" in wrong("${file:folder}", tmp_path)
    (tmp_path / "empty").write_text("\n")
    assert "empty is empty" in wrong("${file:empty}", tmp_path)
    (tmp_path / "image").write_bytes(b"\xff\xd8\xff5ecr3t")
    assert wrong("${file:image}", tmp_path).endswith("the file image is no text")
    (tmp_path / "large").write_text("x" * 70_000)
    assert "too large" in wrong("${file:large}", tmp_path)


def test_a_path_is_meant_from_the_file_it_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada.key").write_text("5ecr3t\n")
    found = loaded(tmp_path, "server: { accounts: { ada: { api_key: '${file:ada.key}' } } }").desired
    monkeypatch.chdir("/")
    assert resolve(found.server.accounts["ada"].api_key, {}) == "5ecr3t"


def test_elsewhere_it_is_plain_text(tmp_path: Path) -> None:
    (value,) = entry(tmp_path, "description: 'costs ${MONEY}'").values.values()
    assert value.value == "costs ${MONEY}"


def test_a_file_that_a_variable_names(tmp_path: Path) -> None:
    (tmp_path / "a {key}").write_text("5ecr3t\n")
    assert secret_of_file(f"{tmp_path}/a {{key}}", "KEY_FILE") == "5ecr3t"
    with pytest.raises(InvalidFiles, match=r"^KEY_FILE: the file nowhere can't be read \(No such file"):
        secret_of_file("nowhere", "KEY_FILE")
    with pytest.raises(InvalidFiles, match=r"can't be read \(Is a directory\)$"):
        secret_of_file(str(tmp_path), "KEY_FILE")
