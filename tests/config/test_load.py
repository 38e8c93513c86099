"""Files and folders, merged into one desired state."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.config.text.files import LARGEST
from reconciler.model.desired import Http
from reconciler.model.origin import InvalidFiles
from tests.config.writing import loaded, messages, problems


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def wrong(*paths: str | Path) -> list[str]:
    with pytest.raises(InvalidFiles) as caught:
        load(paths)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_yaml_file_below_is_read_in_order(here: Path) -> None:
    names = ["b.yaml", "a/z.yml", "a/b/c.yaml", "a.yaml"]
    write(here, {name: f"albums:\n  - name: {name}\n" for name in names})
    write(here, {"notes.txt": "{", ".hidden/x.yaml": "{", ".github/workflows/ci.yml": "{", ".pre.yaml": "{"})
    desired = load().desired
    assert desired.files == ("a/b/c.yaml", "a/z.yml", "a.yaml", "b.yaml")
    assert [album.name for album in desired.albums] == list(desired.files)
    assert next(str(album.origin) for album in desired.albums) == "a/b/c.yaml:2:5"


def test_a_file_named_twice_is_read_once(here: Path) -> None:
    write(here, {"a/x.yaml": "albums: [{ name: A }]"})
    assert load(["a", "a/x.yaml", here / "a" / "x.yaml"]).desired.files == ("a/x.yaml",)


def test_a_hidden_file_can_be_named(here: Path) -> None:
    write(here, {".x.conf": "albums: [{ name: A }]"})
    assert load([".x.conf"]).desired.files == (".x.conf",)


def test_files_elsewhere_keep_the_name_they_were_given(here: Path) -> None:
    write(here, {"one/x.yaml": "albums: [{ nam: A }]", "two/y.yaml": ""})
    os.chdir(here / "two")
    assert wrong("../one")[0].startswith("../one/x.yaml:1:12: albums[0].nam: ")
    assert wrong(here / "one")[0].startswith(f"{(here / 'one' / 'x.yaml').as_posix()}:1:12: ")
    os.chdir(here)
    assert wrong(here / "one")[0].startswith("one/x.yaml:1:12: ")


def test_what_is_not_there_or_not_yaml(here: Path) -> None:
    (here / "empty").mkdir()
    assert wrong("nowhere.yaml", "empty") == [
        "empty:1:1: no *.yaml or *.yml file is in this folder or below it",
        "nowhere.yaml:1:1: there is no such file or folder",
    ]
    assert wrong("-")[0].startswith("-:1:1: YAML isn't read from standard input")
    assert wrong("bad\0name") == ["bad\0name:1:1: there is no such file or folder"]


def test_a_file_that_is_no_file(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    assert wrong("pipe.yaml") == ["pipe.yaml:1:1: this is neither a file nor a folder"]


def test_empty_files_are_fine(here: Path) -> None:
    write(
        here, {"a.yaml": "", "b.yaml": "# only words\n", "c.yaml": "---\n", "d.yaml": "albums:\nassets: ~\n"}
    )
    desired = load().desired
    assert (desired.albums, desired.assets, desired.tags, desired.http) == ((), (), (), Http())


def test_top_keys_merge_across_files(here: Path) -> None:
    write(
        here,
        {
            "a.yaml": "server: { url: 'https://x.org', accounts: { ada: { api_key: '${A}' } } }\n"
            "settings: { http: { timeout: 2m } }\ntags: [{ value: x }]",
            "b/b.yaml": "server: { accounts: { ben: { api_key: '${file:b.key}' } }, admin: ada }\n"
            "settings: { http: { retries: 0, connections: 2 } }\ntags: [{ value: y }]\n"
            "defaults: { account: ben }",
        },
    )
    desired = load().desired
    assert {name: account.api_key.text for name, account in desired.server.accounts.items()} == {
        "ada": "${A}",
        "ben": "${file:b.key}",
    }
    assert desired.server.url is not None and desired.server.url.text == "https://x.org"
    assert desired.server.accounts["ben"].api_key.folder == "b"
    assert (desired.server.admin, desired.account) == ("ada", "ben")
    assert desired.http == Http(timeout=120.0, retries=0, connections=2)
    assert [tag.path for tag in desired.tags] == ["x", "y"]


def test_what_two_files_declare_names_both(here: Path) -> None:
    lists = "albums:\n  - name: Italy\ntags:\n  - value: %s\n"
    write(
        here,
        {
            "a.yaml": "defaults: { timezone: Europe/Rome }\n" + lists % "x/y",
            "b.yaml": "defaults: { timezone: Asia/Tokyo }\n" + lists % "x//y",
        },
    )
    assert wrong() == [
        "b.yaml:1:23: defaults.timezone: this is already written at a.yaml:1:23, with another value; "
        "keep one of them",
        "b.yaml:3:11: albums[0].name: the album 'Italy' is already declared at a.yaml:3:11; "
        "keep one of the two",
        "b.yaml:5:12: tags[0].value: the tag 'x/y' is already declared at a.yaml:5:12; keep one of the two",
    ]


def test_the_same_value_twice_is_fine(here: Path) -> None:
    write(
        here, {"a.yaml": "defaults: { timezone: Asia/Tokyo }", "b.yaml": "defaults: { timezone: Asia/Tokyo }"}
    )
    assert load().problems == ()


def test_two_keys_for_one_account_show_neither(here: Path) -> None:
    text = "server: { accounts: { ada: { api_key: '${%s}' } } }"
    write(here, {"a.yaml": text % "ONE_OF_THEM", "b.yaml": text % "ANOTHER"})
    assert wrong() == [
        "b.yaml:1:39: server.accounts.ada.api_key: this is already written at a.yaml:1:39, "
        "with another value; keep one of them"
    ]


def test_anchors_end_with_their_file(here: Path) -> None:
    write(here, {"a.yaml": "tags:\n  - value: &x y\n", "b.yaml": "albums:\n  - name: *x\n"})
    assert "must be in quotes" in wrong()[0]


def test_errors_of_all_files_are_told_at_once(here: Path) -> None:
    write(here, {"a.yaml": "albums: [\n", "b.yaml": "albmus: []"})
    (here / "c.yaml").write_bytes(b"albums:\n  - name: caf\xe9\n")
    assert [line.split(": ")[0] for line in wrong()] == ["a.yaml:2:1", "b.yaml:1:1", "c.yaml:2:14"]


def test_a_byte_that_is_not_utf8(here: Path) -> None:
    (here / "a.yaml").write_bytes(b"\xef\xbb\xbfalbums:\r\n  - name: caf\xe9\r\n")
    assert wrong()[0].startswith(
        "a.yaml:2:14: byte 25 of the file (0xe9) isn't UTF-8; save the file as UTF-8"
    )


def test_utf16_says_so(here: Path) -> None:
    (here / "a.yaml").write_text("albums: []", encoding="utf-16")
    assert "UTF-16" in wrong()[0]


def test_a_mark_at_the_start_and_windows_lines_are_fine(here: Path) -> None:
    (here / "a.yaml").write_bytes("\ufeffalbums:\r\n  - name: Café\r\n    ordr: asc\r\n".encode())
    assert wrong()[0].startswith("a.yaml:3:5: albums[0].ordr: ")


@pytest.mark.parametrize(
    ("letter", "said"),
    [("\0", "here is a NUL character"), ("\x07", "U+0007"), ("\u2028", "U+2028"), ("\x85", "U+0085")],
)
def test_characters_that_nobody_sees(here: Path, letter: str, said: str) -> None:
    write(here, {"a.yaml": f"albums:\n  - name: a{letter}b\n"})
    assert wrong()[0].startswith("a.yaml:2:12: ") and said in wrong()[0]


def test_a_huge_file_is_refused_by_its_size(here: Path) -> None:
    with (here / "a.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert wrong() == [
        "a.yaml:1:1: the file has 50 MB, more than the 32 MB that are read at once; "
        "split it into several files, which are merged"
    ]
    assert LARGEST == 32 * 1024 * 1024


def test_only_the_first_hundred_are_told(tmp_path: Path) -> None:
    text = "albums:\n" + "".join(f"  - nam: a{number}\n" for number in range(1500))
    found = problems(tmp_path, text)
    assert len(found) == 101
    assert [problem.origin.line for problem in found[:100] if problem.origin] == list(range(2, 102))
    assert str(found[100]) == "and 1,400 more errors; mend these first"


def test_one_fault_in_a_very_long_list(tmp_path: Path) -> None:
    names = "".join(f"      - file: {number}.jpg\n" for number in range(20_000))
    text = f"albums:\n  - name: a\n    assets:\n{names}      - file: [x]\n"
    found = problems(tmp_path, text)
    assert [str(problem).partition("in.yaml:")[2] for problem in found] == [
        "20004:15: albums[0].assets[20000].file: write text; here is a list"
    ]


def test_a_broken_zone_is_one_error(tmp_path: Path) -> None:
    text = """
    defaults: { timezone: Nowhere/Land }
    assets:
      - match: { added: 2024 }
        taken: 2024-06-12T20:41:00
    """
    assert messages(tmp_path, text) == ["there is no time zone 'Nowhere/Land'; write one such as Europe/Rome"]


def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    assert gc.isenabled()
    problems(tmp_path, "albums: [")
    assert gc.isenabled()
    gc.disable()
    try:
        loaded(tmp_path, "")
        assert not gc.isenabled()
    finally:
        gc.enable()
