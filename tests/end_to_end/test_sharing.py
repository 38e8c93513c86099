"""Albums shared between the users of a server, by the real commands over a socket."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.end_to_end.support import VERSIONS, Served, Shell

FILE = """\
albums:
  - name: All
    match: { file: "IMG_*" }
    share:
      - ben@example.org # he took most of them
      - { user: Cleo, role: editor }
album_sets:
  - for_each: year
    name: "{year}"
    share: { add: [ben@example.org] }
"""

Plain = Callable[..., "contextmanager[Served]"]


@contextmanager
def family(shell: Shell, plain: Plain, version: str = "3.1.0") -> Iterator[Served]:
    """A server with four users."""
    with plain(4, version) as server:
        shell.environment |= {"IMMICH_INSTANCE_URL": server.url, "IMMICH_API_KEY": server.key}
        shell.secrets += [server.key, server.new_user("Ben")]
        for name in ("Cleo", "Dan"):
            account = {"email": f"{name.lower()}@example.org", "password": "correct horse", "name": name}
            server.ask("POST", "/api/admin/users", account)
        shell.write("photos.yaml", FILE)
        yield server


def roles(server: Served, name: str) -> dict[str, str]:
    (album,) = [one for one in server.ask("GET", "/api/albums") if one["albumName"] == name]
    users = {one["user"]["email"]: one["role"] for one in album["albumUsers"]}
    return {email: role for email, role in users.items() if role != "owner"}


def by_hand(server: Served) -> None:
    """What the owner does in the browser: Ben loses access, Cleo becomes a viewer, Dan an editor."""
    ids = {user["name"]: user["id"] for user in server.ask("GET", "/api/users")}
    album = f"/api/albums/{_id(server, 'All')}"
    server.ask("DELETE", f"{album}/user/{ids['Ben']}")
    server.ask("PUT", f"{album}/user/{ids['Cleo']}", {"role": "viewer"})
    server.ask("PUT", f"{album}/users", {"albumUsers": [{"userId": ids["Dan"], "role": "editor"}]})


def _id(server: Served, name: str) -> str:
    return next(one["id"] for one in server.ask("GET", "/api/albums") if one["albumName"] == name)


@pytest.mark.parametrize("version", VERSIONS)
def test_shared_seen_changed_by_hand_accepted_and_taken_back(
    shell: Shell, plain: Plain, version: str
) -> None:
    with family(shell, plain, version) as server:
        planned = shell.run("immich-plan", "-o", "plan.json")
        assert "+ ben@example.org (viewer)" in planned.out and "+ cleo@example.org (editor)" in planned.out
        assert shell.run("immich-show", "plan.json").out.startswith(planned.out.split("\nDigest")[0][:400])
        applied = shell.run("immich-apply", "--yes", "plan.json")
        assert applied.code == 0 and "share 3" in applied.out, applied.said
        assert server.writes()[-2:] == ["POST /albums"] * 2
        assert roles(server, "All") == {"ben@example.org": "viewer", "cleo@example.org": "editor"}
        (years,) = [name for name in server.albums() if name != "All"]
        assert roles(server, years) == {"ben@example.org": "viewer"}
        bens = server.ask("GET", "/api/albums?shared=true", key=shell.secrets[1])
        assert sorted(album["albumName"] for album in bens) == sorted(["All", years])
        assert shell.run("immich-plan", "--exit-code").code == 0

        by_hand(server)
        if version == "2.5.6":  # all that follows is the same there
            assert shell.run("immich-apply", "--yes").code == 0
            assert roles(server, "All") == {"ben@example.org": "viewer", "cleo@example.org": "editor"}
            return
        told = shell.run("immich-plan", "--detect-drift")
        assert told.code == 7
        for text in (
            'album "All" is no longer shared with ben@example.org, who was viewer',
            'cleo@example.org was made viewer of album "All", and was editor',
            'album "All" was shared with dan@example.org as editor',
            'Removes: dan@example.org loses access to album "All"',
        ):
            assert text in " ".join(told.out.split()), told.out
        accepted = shell.run("immich-plan", "--accept", "*", "--exit-code")
        assert accepted.code == 0, accepted.said
        assert shell.folder.joinpath("photos.yaml").read_text() == FILE.replace(
            "      - ben@example.org # he took most of them\n      - { user: Cleo, role: editor }\n",
            '      - "cleo@example.org"\n      - { user: "dan@example.org", role: editor }\n',
        )

        undone = shell.run("immich-undo", "--yes")
        assert undone.code == 0 and server.albums() == ["All"], undone.said
        assert "somebody has shared it with others since" in undone.said


def test_taking_access_away_is_a_removal_and_nobody_loses_it_by_a_slip(shell: Shell, plain: Plain) -> None:
    with family(shell, plain) as server:
        assert shell.run("immich-apply", "--yes").code == 0
        shell.write("photos.yaml", FILE.replace("share:\n", "share: []\n").replace("      - ", "    # - "))
        stopped = shell.run("immich-apply", "--yes", "--max-removals", "shares=1")
        assert stopped.code == 5
        assert "2 users would lose access to albums (at most 1 may): All (2)" in stopped.said
        assert "--max-removals shares=2" in stopped.said
        assert roles(server, "All")
        done = shell.run("immich-apply", "--yes", "--max-removals", "shares=2", "--target", "album:All")
        assert done.code == 0 and roles(server, "All") == {}, done.said
        assert shell.run("immich-undo", "--yes").code == 0
        assert roles(server, "All") == {"ben@example.org": "viewer", "cleo@example.org": "editor"}

        shell.write("photos.yaml", FILE.replace("- ben@", "- bne@"))
        anyway = shell.run("immich-apply", "--yes", "--allow-missing")
        assert anyway.code == 0 and "did you mean 'ben@example.org'?" in anyway.out, anyway.said
        assert "ben@example.org" in roles(server, "All"), "nobody loses access while somebody isn't found"


def test_by_a_snapshot(shell: Shell, plain: Plain) -> None:
    with family(shell, plain):
        assert shell.run("immich-snapshot").code == 0
        assert shell.run("immich-snapshot", "--without-people", "-o", "nameless.json.gz").code == 0
    offline = shell.run("immich-plan", "--snapshot", "live.json.gz")
    assert offline.code == 0 and "+ cleo@example.org (editor)" in offline.out, offline.said
    refused = shell.run("immich-plan", "--snapshot", "nameless.json.gz")
    assert refused.code == 1 and "names of the server's users" in refused.err
    shell.write("other.yaml", "albums: [{ name: All, share: [] }]")
    assert shell.run("immich-plan", "--snapshot", "nameless.json.gz", "other.yaml").code == 0
    assert b"ben@" not in gzip.decompress(shell.folder.joinpath("nameless.json.gz").read_bytes())
