"""Folders of photos, and what becomes of them in a library."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reconciler.sandbox.app import create_app
from reconciler.sandbox.folder import Found, Mounted, Skipped, take_in, walk
from reconciler.sandbox.library import Library
from reconciler.sandbox.versions import V2_5_6, V3_1_0

SIDECAR = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    ' xmp:Rating="4" exif:DateTimeOriginal="2024-06-12T20:41:00+02:00"/></rdf:RDF></x:xmpmeta>'
)


def jpeg(red: int, caption: str | None = None) -> bytes:
    exif = Image.Exif()
    if caption:
        exif[270] = caption
    buffer = io.BytesIO()
    Image.new("RGB", (12, 8), (red, 0, 0)).save(buffer, "JPEG", exif=exif.tobytes())
    return buffer.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with everything that can be met."""
    root = tmp_path / "pictures"
    files: dict[str, bytes | str] = {
        "a.jpg": jpeg(10, "first"),
        "a.jpg.xmp": SIDECAR,
        "B.JPG": jpeg(20),
        "b.XMP": SIDECAR,
        "notes.txt": "milk",
        "orphan.xmp": SIDECAR,
        ".hidden.jpg": jpeg(30),
        ".cache/x.jpg": jpeg(40),
        "sub/copy of a.jpg": jpeg(10, "first"),
        "sub/clip.mp4": b"\x00\x00\x00\x18ftypmp42" + bytes(40),
        "sub/empty.png": b"",
        "sub/mobile.ts": b"some video",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def short(entries: list[Found | Skipped], root: Path) -> list[tuple[str, str | None]]:
    """Path and sidecar, or path and reason."""
    shown = []
    for entry in entries:
        if isinstance(entry, Skipped):
            beside: str | None = entry.reason
        else:
            beside = entry.sidecar.name if entry.sidecar else None
        shown.append((str(entry.path.relative_to(root)), beside))
    return shown


def test_photos_with_their_sidecars_in_order(pictures: Path) -> None:
    assert short(list(walk(pictures, V3_1_0)), pictures) == [
        ("B.JPG", "b.XMP"),
        ("a.jpg", "a.jpg.xmp"),
        ("notes.txt", "not a photo or video that Immich takes"),
        ("orphan.xmp", "a sidecar without its photo"),
        ("sub/clip.mp4", None),
        ("sub/copy of a.jpg", None),
        ("sub/empty.png", None),
        ("sub/mobile.ts", None),
    ]


def test_what_is_taken_depends_on_the_version(pictures: Path) -> None:
    last = list(walk(pictures, V2_5_6))[-1]
    assert short([last], pictures) == [("sub/mobile.ts", "not a photo or video that Immich takes")]


def test_a_sidecar_may_serve_a_raw_photo_and_its_jpeg(tmp_path: Path) -> None:
    for name in ("p.cr2", "p.jpg", "p.xmp", "p.jpg.xmp"):
        (tmp_path / name).touch()
    assert short(list(walk(tmp_path, V3_1_0)), tmp_path) == [("p.cr2", "p.xmp"), ("p.jpg", "p.jpg.xmp")]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(walk(tmp_path / "nowhere", V3_1_0))


def test_a_photo_that_cannot_be_read_is_named(pictures: Path, tmp_path: Path) -> None:
    entries = list(walk(pictures, V3_1_0))
    (pictures / "a.jpg").unlink()
    with Library.create(tmp_path / "library") as library:
        taken = take_in(library, entries)
    assert taken.skipped[0] == Skipped(pictures / "a.jpg", "No such file or directory")
    assert taken.photos == 4  # its copy is in now


def test_they_get_into_the_library_as_uploads_do(pictures: Path, tmp_path: Path) -> None:
    old = datetime(2019, 5, 4, 3, 2, 1, tzinfo=UTC).timestamp()
    os.utime(pictures / "sub" / "clip.mp4", (old, old))
    with Library.create(tmp_path / "library") as library:
        taken = take_in(library, walk(pictures, V3_1_0))
        with library.running():
            library.settle()
        photos = {asset["originalFileName"]: asset for asset in everything(library)}
    assert (taken.photos, taken.sidecars) == (4, 2)
    assert [(entry.path.name, entry.reason) for entry in taken.skipped] == [
        ("notes.txt", "not a photo or video that Immich takes"),
        ("orphan.xmp", "a sidecar without its photo"),
        ("copy of a.jpg", f"the same bytes as {pictures / 'a.jpg'}"),
        ("empty.png", "empty, or larger than 512 MB"),
    ]
    assert photos.keys() == {"a.jpg", "B.JPG", "clip.mp4", "mobile.ts"}
    first = photos["a.jpg"]["exifInfo"]
    assert (first["description"], first["rating"]) == ("first", 4)
    assert first["dateTimeOriginal"] == "2024-06-12T18:41:00+00:00"
    assert photos["B.JPG"]["exifInfo"]["timeZone"] == "UTC+2"
    assert photos["clip.mp4"]["fileCreatedAt"] == "2019-05-04T03:02:01.000Z"
    assert photos["clip.mp4"]["type"] == "VIDEO"


def everything(library: Library) -> list[dict[str, Any]]:
    answer = (
        create_app(library)
        .test_client()
        .post(
            "/api/search/metadata",
            json={"withExif": True, "size": 1000},
            headers={"x-api-key": library.admin_key or ""},
        )
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.get_json()["assets"]["items"]
    return items


def test_in_an_external_library_they_keep_their_folders(pictures: Path, tmp_path: Path) -> None:
    with Library.create(tmp_path / "library") as library:
        taken = take_in(library, walk(pictures, V3_1_0), mounted=Mounted(pictures, "/photos/"))
        with library.running():
            library.settle()
        photos = {asset["originalPath"]: asset for asset in everything(library)}
    assert taken.photos == 5, "the same bytes at another place are another photo there"
    assert {"/photos/a.jpg", "/photos/sub/clip.mp4"} <= photos.keys()
    assert len({asset["libraryId"] for asset in photos.values()} - {None}) == 1
    of_the_path = b64encode(sha1(b"/photos/a.jpg").digest()).decode()
    assert photos["/photos/a.jpg"]["checksum"] == of_the_path
    assert photos["/photos/a.jpg"]["exifInfo"]["rating"] == 4
