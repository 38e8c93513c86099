"""What was changed on the server: told, and taken over into the files, by the real commands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.support import Served, Shell

FILE = """\
assets:
  - match: { file: IMG_0001.jpg } # a good one
    description: Sunset
    rating: 4
albums:
  - name: All
    match: { file: "IMG_*" }
"""


@pytest.fixture
def there(shell: Shell, plain: Callable[..., contextmanager[Served]]) -> object:  # type: ignore[valid-type]
    with plain(4) as server:
        shell.write("photos.yaml", FILE)
        shell.environment |= {"IMMICH_INSTANCE_URL": server.url, "IMMICH_API_KEY": server.key}
        shell.secrets.append(server.key)
        yield server


def by_hand(server: Served) -> None:
    """What somebody does in the browser."""
    photos = server.assets()
    server.ask("PUT", f"/api/assets/{photos['IMG_0001.jpg']['id']}", {"isFavorite": True, "rating": 2})
    (album,) = server.ask("GET", "/api/albums")
    ids = [photos["IMG_0003.jpg"]["id"]]
    server.ask("DELETE", f"/api/albums/{album['id']}/assets", {"ids": ids})


@pytest.mark.parametrize("place", [(), ("--applied", "applied.json.gz")], ids=["in the state", "in a file"])
def test_it_is_told_and_accepted(shell: Shell, there: Served, place: tuple[str, ...]) -> None:
    unknown = shell.run("immich-plan", "--detect-drift", *place)
    assert unknown.code == 1 and "nothing is remembered of this account" in unknown.err
    assert shell.run("immich-apply", "--yes", *place).code == 0
    assert shell.run("immich-plan", "--detect-drift", *place).code == 0
    by_hand(there)
    told = shell.run("immich-plan", "--detect-drift", *place)
    assert told.code == 7
    assert (
        "IMG_0001.jpg" in told.out and "rating is 2 on the server, and the files still ask for 4" in told.out
    )
    assert "was taken out of album" in told.out
    requests = len(there.writes())
    done = shell.run("immich-plan", "--accept", "photo:img_0001*", "--detect-drift", *place)
    assert done.code == 7 and "photos.yaml:4: accepted: " in done.err
    text = (shell.folder / "photos.yaml").read_text()
    assert text == FILE.replace("rating: 4", "rating: 2")
    done = shell.run("immich-plan", "--accept", "*", "--exit-code", *place)
    assert done.code == 0, done.said
    assert (
        'match: { file: "IMG_*" }\n    exclude:\n      - { checksum: '
        in (shell.folder / "photos.yaml").read_text()
    )
    assert len(there.writes()) == requests
    assert shell.run("immich-apply", "--yes", *place).out.startswith("Nothing to do")


def test_what_cannot_be_taken_over_is_named_and_nothing_written(shell: Shell, there: Served) -> None:
    shell.write(
        "photos.yaml", FILE.replace("file: IMG_0001.jpg", 'file: "IMG_*"').replace("rating: 4", "tags: [Sea]")
    )
    assert shell.run("immich-apply", "--yes").code == 0
    (tag,) = [tag for tag in there.ask("GET", "/api/tags") if tag["value"] == "Sea"]
    some = there.assets()["IMG_0002.jpg"]["id"]
    there.ask("DELETE", f"/api/tags/{tag['id']}/assets", {"ids": [some]})
    before = Path(shell.folder / "photos.yaml").read_bytes()
    refused = shell.run("immich-plan", "--accept", "photo:*")
    assert refused.code == 1
    assert "a rule asks it of all its photos: narrow the rule" in refused.err
    assert Path(shell.folder / "photos.yaml").read_bytes() == before
    nothing = shell.run("immich-plan", "--accept", "album:x")
    assert nothing.code == 1 and "nothing that was changed on the server fits album:x" in nothing.err
    assert shell.run("immich-plan", "--accept", "x:y").code == 2
