"""What can't be written in files is left out by name, and nobody loses anything for that."""

from __future__ import annotations

from reconciler.model.live import Album, Identity, Live
from reconciler.model.sharing import Share, User
from reconciler.render.export import Part, exported

BEN, CLEO = User("u-2", "ben@example.org"), User("u-3", "cleo@example.org")


def albums(*made: Album) -> Live:
    return Live(Identity("u-1", "ada", "2.5.6", "http://localhost"), albums=made)


def test_a_role_that_files_do_not_know_is_left_alone() -> None:
    both = (Share(BEN, "editor"), Share(CLEO, "boss"))
    found = exported(
        albums(Album("a", "Italy", shares=both), Album("b", "Rome", shares=both[:1])), Part.ALBUMS
    )
    assert 'name: Italy\n    share: { add: [{ user: "ben@example.org", role: editor }] }\n' in found.text
    assert 'name: Rome\n    share: [{ user: "ben@example.org", role: editor }]\n' in found.text
    (left,) = found.left_out
    assert left.startswith("that cleo@example.org sees the album 'Italy' as 'boss': ")


def test_albums_of_one_name_are_left_out_by_name() -> None:
    found = exported(albums(Album("a", "Twice"), Album("b", "Twice"), Album("c", "Once")), Part.ALBUMS)
    assert found.count == 1 and "Twice" not in found.text
    assert found.left_out == ("the albums called 'Twice': several of one name can't be told apart in files",)
