"""Plans and reports made in code, for the tests of the renderers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    AlbumFieldChange,
    AssetChange,
    Changes,
    Comparison,
    FieldChange,
    Note,
    ShareChange,
    TagChange,
    TagMove,
    Undone,
)
from reconciler.model.attempts import Attempt
from reconciler.model.live import Features, Identity, Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.sharing import User
from reconciler.model.values import Coordinates, Field, FieldValue, Taken
from reconciler.plan import Plan, make_plan
from reconciler.plan.report import (
    Fate,
    ItemFailure,
    OperationReport,
    Outcome,
    Report,
    Reverted,
    Tally,
    WindowReport,
)
from reconciler.plan.standing import Kind, Standing, State

IDENTITY = Identity("u-1", "Ada", "3.1.0", "https://photos.example.org")
ITALY = "Trips/Italy"


def at(line: int, file: str = "family.yaml", column: int = 5) -> Origin:
    """A place in a file."""
    return Origin(file, line, column)


def taken(text: str, offset: int | None = 120) -> Taken:
    """What the clock showed, and its offset in minutes."""
    local = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Taken(local - timedelta(minutes=offset or 0), offset)


def change(
    photo: str,
    *fields: tuple[Field, FieldValue, FieldValue, int],
    add: tuple[tuple[str, int], ...] = (),
    remove: tuple[tuple[str, int], ...] = (),
) -> AssetChange:
    """What happens to one photo; the last number of each part is the line that asks."""
    return AssetChange(
        photo,
        tuple(FieldChange(name, before, after, at(line)) for name, before, after, line in fields),
        tuple(TagMove(path, at(line)) for path, line in add),
        tuple(TagMove(path, at(line)) for path, line in remove),
    )


def plan(comparison: Comparison, features: Features | None = None) -> Plan:
    """The plan of what differs, against a server that has nothing else."""
    return make_plan(comparison, Live(IDENTITY, features or Features()), ("family.yaml",))


def labels(*changes: AssetChange, **others: str) -> dict[str, str]:
    """Names of photos: `p-7` is IMG_0007.jpg."""
    found = {item.id: f"IMG_{item.id.removeprefix('p-').zfill(4)}.jpg (2024-06-12)" for item in changes}
    return found | {key.replace("_", "-"): label for key, label in others.items()}


def trip_photos() -> list[AssetChange]:
    """128 photos that get a tag and a rating because of one line."""
    return [
        change(
            f"p-{number}",
            (Field.RATING, None if number > 8 else 2, 4, 14),
            add=((ITALY, 14),),
        )
        for number in range(1, 129)
    ]


def family() -> Plan:
    """A bit of everything that an ordinary plan holds."""
    single = change(
        "p-540",
        (Field.DESCRIPTION, "", "Brunelleschi's dome, 463 steps later", 33),
        (Field.TAKEN, taken("2024-06-13 09:00:00", None), taken("2024-06-13 11:00:00"), 34),
        (Field.LOCATION, None, Coordinates(43.0731, 11.61), 35),
        (Field.FAVORITE, False, True, 36),
    )
    cleared = change("p-541", (Field.DESCRIPTION, "Ticket", "", 40), remove=(("Todo", 41),))
    assets = [*trip_photos(), single, cleared]
    ids = tuple(f"p-{number}" for number in range(1, 129))
    albums = (
        AlbumChange(
            Action.CREATE,
            "Italy 2024",
            at(60),
            None,
            (
                AlbumFieldChange(AlbumField.DESCRIPTION, "", "Two families, one van.", at(61)),
                AlbumFieldChange(AlbumField.ORDER, None, "asc", at(62)),
                AlbumFieldChange(AlbumField.COVER, None, "p-1", at(63)),
            ),
            ids,
            (),
            0,
            128,
            shares=(ShareChange(User("u-2", "ben@example.org", "Ben"), None, "viewer", at(64)),),
        ),
        AlbumChange(
            Action.UPDATE,
            "Old scans",
            at(70),
            "a-2",
            (AlbumFieldChange(AlbumField.NAME, "scans-tmp", "Old scans", at(71)),),
            ("s-1",),
            ("s-2", "s-3", "s-4"),
            40,
            38,
            shares=(
                ShareChange(User("u-2", "ben@example.org", "Ben"), "viewer", "editor", at(73)),
                ShareChange(User("u-3", "cleo@example.org", "Cleo"), None, "viewer", at(74)),
                ShareChange(User("u-4", "dan@example.org", "Dan"), "boss", None, at(72)),
            ),
        ),
        AlbumChange(Action.DELETE, "Trash album", at(80), "a-3", size_before=12),
    )
    tags = (
        TagChange(Action.UPDATE, "Family", at(3), "t-1", True, "#000000", "#3d405b"),
        TagChange(Action.CREATE, ITALY, at(5), None, True, None, "#e07a5f"),
        TagChange(Action.CREATE, "Trips/Italy/Siena", at(50)),
        TagChange(Action.CREATE, "Trips/Italy/Venice", at(50)),
    )
    scans = {"s-1": "scan_1.tif", "s-2": "scan_2.tif", "s-3": "scan, 3.tif", "s-4": "scan_4.tif (1962-08-19)"}
    return plan(
        Comparison(
            Changes(tags, tuple(assets), albums),
            notes=(
                Note(
                    "photos get a place; from then on Immich shows their time in the zone of that place",
                    at(35),
                    1,
                    ("IMG_0540.jpg (2024-06-12)",),
                ),
                Note("3 in album 'Old scans' are hidden or belong to somebody else: they stay", at(70), 3),
            ),
            labels=labels(*assets) | scans,
        )
    )


def nothing() -> Plan:
    """Nothing to do."""
    return plan(Comparison())


def undone() -> Plan:
    """Nothing to do, but not all is well."""
    reason = "the file beside the photo could not be written: give Immich the right to write to its folder"
    photos = [f"IMG_{number:04d}.jpg (2024-06-12)" for number in range(1, 10)]
    tried = [
        Undone(
            Attempt(label, "description", "Sunset over Val d'Orcia", "", reason, "2024-11-20"), label, at(14)
        )
        for label in photos
    ]
    offset = Attempt(
        "p-77",
        "taken",
        "2024-06-12T20:41:00+05:00",
        "2024-06-12T17:41:00+02:00",
        "the place decides the zone",
        "2024-11-21",
    )
    tag = Attempt("p-78", "tag-Old", "off", "on", "", "2024-11-21")
    return plan(
        Comparison(
            undone=(
                *tried,
                Undone(offset, "IMG_0077.jpg (2024-06-12)", at(20)),
                Undone(tag, "IMG_0078.jpg (2024-06-12)", at(25)),
            ),
            missing=(
                Problem(
                    "no photo on the server has file van.jpg: check the name, and whether it is in the trash",
                    at(30),
                ),
            ),
            notes=(
                Note("7 files are not read by the server yet: rules leave them out until they are", None, 7),
            ),
        )
    )


def problems() -> Plan:
    """Changes, and errors that stand in their way."""
    photo = change("p-1", (Field.RATING, 3, 5, 12))
    return plan(
        Comparison(
            Changes(assets=(photo,)),
            problems=(
                Problem(
                    "disagrees with family.yaml:18:5 about rating ('4' here, '5' there) of IMG_0007.jpg "
                    "(2024-06-12) and 3 more: narrow one of the two, or name the photo in an entry of its "
                    "own",
                    at(14),
                    "assets[2].rating",
                ),
                Problem("2 albums are called 'Italy': add the `id` of the one that is meant", at(60)),
            ),
            labels=labels(photo),
        )
    )


def rounds() -> Plan:
    """Values and tags for the same photos, and tags off and on, without an admin's key."""
    both = [change(f"p-{n}", (Field.RATING, None, 5, 9), add=((ITALY, 14),)) for n in range(1, 13)]
    swap = [change(f"p-{n}", add=((ITALY, 14),), remove=(("Trips", 15),)) for n in range(13, 15)]
    off = [change("p-15", remove=(("A", 16), ("B", 16)))]
    assets = (*both, *swap, *off)
    return plan(Comparison(Changes(assets=assets), labels=labels(*assets)), Features(can_hold_window=False))


def albums_only() -> Plan:
    """Nothing that touches photo metadata."""
    album = AlbumChange(Action.UPDATE, "Italy", at(60), "a-1", (), ("p-1",), (), 3, 4)
    photo = change("p-2", (Field.FAVORITE, False, True, 9))
    return plan(Comparison(Changes(assets=(photo,), albums=(album,)), labels=labels(photo)))


LONG = (
    "We left before sunrise, had coffee in Montepulciano, and by the time the fog was gone from the valley "
    "we stood at the chapel; nobody said a word.\nThen Ben dropped the tripod."
)


def long_texts() -> Plan:
    """Captions that are longer than a line, one of them changed near its end only."""
    one = change("p-1", (Field.DESCRIPTION, LONG, LONG.replace("the tripod", "the camera"), 12))
    many = [
        change(f"p-{n}", (Field.DESCRIPTION, f"{LONG} ({n % 7})", "One van, two families, " + LONG, 20))
        for n in range(2, 30)
    ]
    name = "a-very-long-name-that-a-phone-or-a-program-once-made-up-" * 2 + "001.jpg (2024-06-12)"
    assets = (one, *many)
    return plan(Comparison(Changes(assets=assets), labels=labels(*assets) | {"p-2": name}))


EVIL = (
    "\x1b[2J\x1b]0;owned\x07evil.jpg",
    "abc\u202egpj.exe",
    "[bold red]not markup[/] :smile:",
    "line one\r\nline two\rback",
    "日本の写真、とても長い名前.jpg",
    "👨\u200d👩\u200d👧 family ❤\ufe0f",
    "zalgo" + "\u0301" * 40,
    "lone \ud800 surrogate\u2028and\u0085lines",
    " padded ",
    'a.jpg, b.jpg → "c.jpg"',
)


def hostile() -> Plan:
    """Names and captions that would like to do harm."""
    assets = tuple(
        change(
            f"p-{n}",
            (Field.DESCRIPTION, "", text, 10 + n),
            add=((text.replace("/", "|"), 30),) if n < 3 else (),
        )
        for n, text in enumerate(EVIL)
    )
    album = AlbumChange(
        Action.CREATE,
        EVIL[0] + EVIL[1],
        Origin("\x1b[31mred.yaml", 3),
        None,
        (AlbumFieldChange(AlbumField.DESCRIPTION, "", EVIL[3], at(61)),),
        tuple(item.id for item in assets),
        (),
        0,
        len(assets),
        shares=(ShareChange(User("u-9", EVIL[1], EVIL[2]), EVIL[3], "viewer", at(62)),),
    )
    return plan(
        Comparison(
            Changes((TagChange(Action.CREATE, EVIL[2], at(4)),), assets, (album,)),
            missing=(Problem(f"no photo on the server has file {EVIL[0]}", at(1)),),
            notes=(Note(f"something about {EVIL[1]}", at(2), 1, (EVIL[3],)),),
            labels={item.id: text for item, text in zip(assets, EVIL, strict=True)},
        )
    )


def many(number: int, *, alike: bool) -> Plan:
    """A plan of many photos that become the same, or of many that each become something else."""
    assets = tuple(
        change(f"p-{n}", (Field.DESCRIPTION, "", "The same" if alike else f"Caption {n}", 1 if alike else n))
        for n in range(1, number + 1)
    )
    return plan(Comparison(Changes(assets=assets), labels=labels(*assets)))


# -- reports -------------------------------------------------------------------------------------------

TROUBLE = (
    "metadataExtraction is still paused (the server answered 500): run immich-apply again to have it "
    "resumed, or resume it in Immich under Administration > Job Queues"
)
QUEUES = ("sidecar", "metadataExtraction", "storageTemplateMigration")


def standing(
    name: str,
    aspect: str,
    before: str,
    after: str,
    found: str,
    state: State = State.OTHER,
    kind: Kind = Kind.PHOTO,
) -> Standing:
    """One aspect; the id is made of the name."""
    return Standing(kind, f"id-{name}", name, aspect, before, after, found, state)


def done_report() -> Report:
    """All went well."""
    return Report(
        Outcome.DONE,
        (
            OperationReport("make 2 tags", 0, Fate.WRITTEN),
            OperationReport("set rating 4 on 128 photos", 128, Fate.WRITTEN),
            OperationReport("make album 'Italy 2024' with 128 photos", 128, Fate.WRITTEN),
        ),
        settled=258,
        window=WindowReport(QUEUES[:2], QUEUES[2:], "128 sidecar files are written"),
        requests=(("GET /queues", 41), ("POST /albums", 1), ("PUT /assets", 1), ("PUT /tags", 1)),
        run="12",
    )


def partial_report() -> Report:
    """Some of it was not taken, and a queue is still paused."""
    gone = "the server doesn't let this account touch it, or it is gone"
    failures = tuple(ItemFailure(f"p-{n}", f"IMG_{n:04d}.jpg (2024-06-12)", gone) for n in range(1, 15))
    return Report(
        Outcome.PARTIAL,
        (
            OperationReport("make 2 tags", 0, Fate.WRITTEN),
            OperationReport(
                "put 20 photos into album 'Italy 2024'",
                20,
                Fate.PARTLY,
                "",
                (*failures, ItemFailure("p-99", "van.jpg", "it is gone")),
            ),
            OperationReport(
                "set rating 4 on 128 photos",
                128,
                Fate.FAILED,
                "the server answered 500: Internal server error",
            ),
            OperationReport(
                "delete album 'Trash album'", 0, Fate.NOT_SENT, "after a failure nothing follows"
            ),
        ),
        drifted=(
            standing("IMG_0001.jpg (2024-06-12)", "description", "", "Sunset", "Dawn"),
            standing("Italy", "album", "there", "there", "gone", State.GONE, Kind.ALBUM),
            standing("IMG_0002.jpg (2024-06-12)", "tag+Trips/Italy", "off", "on", "off", State.GONE),
        ),
        settled=6,
        fields=(Tally("description", 4, 3), Tally("tags", 3, 3)),
        window=WindowReport(QUEUES[::-1], (), "", (TROUBLE,)),
        error="The server stopped answering at photos.example.org.",
        requests=(("GET /queues", 12), ("PUT /tags", 1)),
    )


def unsettled_report() -> Report:
    """All was written, not all lasted."""
    reason = "its sidecar file can't be written: make the folder writable, then run with --retry-undone"
    photos = [
        Reverted(standing(f"IMG_{n:04d}.jpg", "description", "", "Sunset", "", State.BEFORE), reason)
        for n in range(1, 9)
    ]
    return Report(
        Outcome.UNSETTLED,
        (OperationReport("set description Sunset on 20 photos", 20, Fate.WRITTEN),),
        settled=12,
        reverted=(
            *photos,
            Reverted(standing("IMG_0077.jpg", "tag+Trips", "off", "on", "off", State.BEFORE), ""),
            Reverted(
                standing("Italy", "order", "asc", "desc", "asc", State.BEFORE, Kind.ALBUM), "", again=True
            ),
        ),
        window=WindowReport(QUEUES, (), "20 sidecar files are written"),
    )


def waiting_report() -> Report:
    """All was written, and nobody waited."""
    return Report(
        Outcome.UNSETTLED,
        (OperationReport("set rating 4 on 1 photo", 1, Fate.WRITTEN),),
        settled=3,
        waiting="the queues were still busy after 30 minutes",
        window=WindowReport(why="the queues run on: no administrator's key is there to pause them"),
    )


def stale_report() -> Report:
    """The server has moved on."""
    return Report(
        Outcome.STALE,
        (OperationReport("set rating 4 on 1 photo", 1, Fate.NOT_SENT),),
        drifted=(standing("IMG_0001.jpg", "rating", "none", "4", "5"),),
    )


def interrupted_report() -> Report:
    """Ctrl-C between two requests, among many."""
    operations = [
        OperationReport(f"set description {n} on 1 photo", 1, Fate.WRITTEN if n < 30 else Fate.NOT_SENT)
        for n in range(33)
    ]
    return Report(Outcome.INTERRUPTED, tuple(operations), window=WindowReport(QUEUES))


PLANS = {
    "family": family,
    "nothing": nothing,
    "undone": undone,
    "problems": problems,
    "rounds": rounds,
    "albums_only": albums_only,
    "long_texts": long_texts,
    "hostile": hostile,
}
REPORTS = {
    "done": done_report,
    "partial": partial_report,
    "unsettled": unsettled_report,
    "waiting": waiting_report,
    "stale": stale_report,
    "interrupted": interrupted_report,
}
