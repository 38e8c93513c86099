"""Every selector in words, and what a photo has there."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import reconciler.model
from reconciler.config import load
from reconciler.model.asset import Asset, AssetState, Beside, Owner, Person
from reconciler.model.selectors import OneByOne, Selector, conditions_of
from reconciler.model.values import AssetType, Coordinates, Taken
from reconciler.render.why import reason, reason_lines, why_json, why_text
from tests.support.world import as_yaml

MOMENT = datetime(2024, 6, 12, 18, 41, tzinfo=UTC)
ID = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"
SHA = "L9ThxnotKPzthJ7hu3bnORuT6xI="
PHOTO = AssetState(
    Asset(
        "id-1", "owner", SHA, "IMG_1.jpg", "/photos/2024/IMG_1.jpg", AssetType.IMAGE, MOMENT, MOMENT, MOMENT,
        description="Sunset\n\x1b[31mred", taken=Taken(MOMENT, 120), location=Coordinates(43.0731, 11.61),
        rating=3, city="Siena", country="Italy", make="FUJIFILM", model="X-T5", library_id=ID,
        width=4000, height=3000, duration=90_500,
    ),
    frozenset({"Trips/Italy", "Sea"}),
    frozenset({"Italy 2024"}),
    Beside(frozenset({Person("p1", "Ben"), Person("p2", "Ada"), Person("p3")}), True, "NAS"),
)  # fmt: skip
BARE = AssetState(
    Asset("id-2", "owner", "", "b.mov", "/b.mov", AssetType.VIDEO, MOMENT, MOMENT, MOMENT),
    beside=Beside(owner=Owner("u2", "Ben", "ben@example.org")),
)

CASES: list[tuple[Any, str, str]] = [
    ({"id": ID}, f"✗ id is {ID}: id-1", f"✗ id is {ID}: id-2"),
    ({"checksum": SHA}, f"✓ checksum is {SHA}: {SHA}", f"✗ checksum is {SHA}: "),
    ({"path": "/photos/*"}, "✓ path is /photos/*: /photos/2024/IMG_1.jpg", "✗ path is /photos/*: /b.mov"),
    ({"camera": {"lens": ["a", "b"]}}, "✗ lens is a or b: none", "✗ lens is a or b: none"),
    ({"file": {"regex": "^img"}}, "✓ file fits the regular expression ^img: IMG_1.jpg",
     "✗ file fits the regular expression ^img: b.mov"),
    ({"folder": ["2023", "2024"]}, "✓ folder is 2023 or 2024 or below: /photos/2024",
     '✗ folder is 2023 or 2024 or below: ""'),
    ({"type": ["image", "other"]}, "✓ type is image or other: image", "✗ type is image or other: video"),
    ({"taken": "2024-06-08..2024-06-15"}, "✓ taken 2024-06-08..2024-06-15: 2024-06-12 20:41:00 +02:00",
     "✗ taken 2024-06-08..2024-06-15: no date"),
    ({"taken": "2024-06-12"},
     "✓ taken 2024-06-12: 2024-06-12 20:41:00 +02:00", "✗ taken 2024-06-12: no date"),
    ({"taken": "..2024"},
     "✓ taken ..2024-12-31: 2024-06-12 20:41:00 +02:00", "✗ taken ..2024-12-31: no date"),
    ({"taken": "2024-06-12T18:00Z.."}, "✓ taken from 2024-06-12 18:00:00 UTC: 2024-06-12 20:41:00 +02:00",
     "✗ taken from 2024-06-12 18:00:00 UTC: no date"),
    ({"taken": "12-24..01-06"}, "✗ taken 12-24..01-06 of any year: 2024-06-12 20:41:00 +02:00",
     "✗ taken 12-24..01-06 of any year: no date"),
    ({"added": "2024-06-12T20:41"},
     "✗ added from 2024-06-12 20:41:00 UTC, before 2024-06-12 20:42:00 UTC: 2024-06-12 18:41:00 UTC",
     "✗ added from 2024-06-12 20:41:00 UTC, before 2024-06-12 20:42:00 UTC: 2024-06-12 18:41:00 UTC"),
    ({"added": "06-12"}, "✓ added 06-12 of any year (UTC): 2024-06-12 18:41:00",
     "✓ added 06-12 of any year (UTC): 2024-06-12 18:41:00"),
    ({"tags": "Trips/*"}, "✓ has tag Trips or one below it: Sea, Trips/Italy",
     "✗ has tag Trips or one below it: none of the tags that were asked for"),
    ({"album": "Italy 2024"}, "✓ in album Italy 2024: Italy 2024",
     "✗ in album Italy 2024: none of the albums that were asked for"),
    ({"in_album": True}, "✓ in an album other than A: Italy 2024",
     "✗ in an album other than A: none of the albums that were asked for"),
    ({"favorite": True}, "✗ is a favorite: no favorite", "✗ is a favorite: no favorite"),
    ({"rating": ">=4"}, "✗ rating is 4 to 5: 3", "✗ rating is 4 to 5: unrated"),
    ({"rating": None}, "✗ unrated: 3", "✓ unrated: unrated"),
    ({"visibility": "archive"}, "✗ visibility is archive: timeline", "✗ visibility is archive: timeline"),
    ({"description": "sun"}, '✓ description contains "sun": "Sunset ⏎ \\x1b[31mred"',
     '✗ description contains "sun": none'),
    ({"description": {"regex": "x$"}},
     '✗ description fits the regular expression x$: "Sunset ⏎ \\x1b[31mred"',
     "✗ description fits the regular expression x$: none"),
    ({"has": "place"}, "✓ has place: Siena, Italy", "✗ has place: none"),
    ({"lacks": "camera"}, "✗ lacks camera: FUJIFILM X-T5", "✓ lacks camera: none"),
    ({"has": "people"}, "✓ has people: Ada, Ben, id p3", "✗ has people: nobody"),
    ({"people": "ada"}, "✓ ada is on it: Ada, Ben, id p3", "✗ ada is on it: nobody who was asked for"),
    ({"people": {"only": ["Ada", "Ben"]}},
     "✗ nobody but Ada or Ben is on it, and somebody is: Ada, Ben, id p3",
     "✗ nobody but Ada or Ben is on it, and somebody is: nobody"),
    ({"stacked": True}, "✓ in a stack: in a stack", "✗ in a stack: in none"),
    ({"library": "NAS"}, "✓ in external library NAS: NAS", "✗ in external library NAS: uploaded"),
    ({"owner": "Ben"}, "✗ is Ben's: your own", "✓ is Ben's: Ben (ben@example.org)"),
    ({"owner": "any"}, "✓ is anybody's: your own", "✓ is anybody's: Ben (ben@example.org)"),
    ({"owner": "me"}, "✓ is your own: your own", "✗ is your own: Ben (ben@example.org)"),
    ({"library": None}, "✗ in no external library: NAS", "✓ in no external library: uploaded"),
    ({"near": {"latitude": 43.0731, "longitude": 11.6, "radius": "1km"}},
     "✓ within 1 km of 43.0731, 11.6: 812 m away", "✗ within 1 km of 43.0731, 11.6: no location"),
    ({"box": {"south": 40, "west": 10, "north": 44, "east": 11}},
     "✗ between latitudes 40 and 44, longitudes 10 and 11: 43.0731, 11.61",
     "✗ between latitudes 40 and 44, longitudes 10 and 11: no location"),
    ({"duration": ">1m30s"}, "✓ duration is more than 1m30s: 1m30.5s",
     "✗ duration is more than 1m30s: no length"),
    ({"duration": "30s"}, "✗ duration is at least 30s and less than 31s: 1m30.5s",
     "✗ duration is at least 30s and less than 31s: no length"),
    ({"width": 4000}, "✓ width is 4000: 4000", "✗ width is 4000: size unknown"),
    ({"megapixels": "12.5..20"}, "✗ megapixels is at least 12.5 and at most 20: 12",
     "✗ megapixels is at least 12.5 and at most 20: size unknown"),
    ({"orientation": ["portrait", "square"]}, "✗ orientation is portrait or square: landscape",
     "✗ orientation is portrait or square: size unknown"),
]  # fmt: skip


def rule_of(folder: Path, match: Any, top: Any = None) -> Selector:
    path = folder / "rule.yaml"
    wish = {**(top or {}), "albums": [{"name": "A", "match": match}]}
    path.write_text(as_yaml(wish), encoding="utf-8")
    rule = load([path]).desired.albums[0].rule
    assert rule is not None
    return rule


@pytest.mark.parametrize(("match", "photo", "bare"), CASES, ids=[str(match) for match, _, _ in CASES])
def test_words(tmp_path: Path, match: Any, photo: str, bare: str) -> None:
    rule = rule_of(tmp_path, match)
    assert list(reason_lines(reason(rule, PHOTO))) == [photo]
    assert list(reason_lines(reason(rule, BARE))) == [bare.removesuffix(": ")]


def test_no_condition_is_without_words(tmp_path: Path) -> None:
    told = {
        type(condition).__name__
        for match, _, _ in CASES
        for condition in conditions_of(rule_of(tmp_path, match))
    }
    for module in pkgutil.iter_modules(reconciler.model.__path__):
        importlib.import_module(f"reconciler.model.{module.name}")
    waiting: list[type] = [OneByOne]
    there: set[str] = set()
    while waiting:
        kinds: list[type] = waiting.pop().__subclasses__()
        waiting += kinds
        there |= {
            kind.__name__
            for kind in kinds
            if dataclasses.is_dataclass(kind) and kind.__module__.startswith("reconciler.model.")
        }
    assert len(there) > 25 and there == told


def test_a_tree(tmp_path: Path) -> None:
    match = {"selector": "best", "not": [{"file": "*.dng"}, {"type": "image"}]}
    rule = rule_of(tmp_path, match, {"selectors": {"best": {"rating": 3, "favorite": False}}})
    assert why_text([(rule, PHOTO)]).splitlines() == [
        "IMG_1.jpg (2024-06-12), id id-1: is not matched",
        "  ✗ all of these",
        "    ✓ selector best",
        "      ✓ all of these",
        "        ✓ rating is 3: 3",
        "        ✓ is no favorite: no favorite",
        "    ✗ not",
        "      ✓ any of these",
        "        ✗ file is *.dng: IMG_1.jpg",
        "        ✓ type is image: image",
    ]
    (photo,) = why_json([(rule, PHOTO)])["photos"]
    assert photo["id"] == "id-1" and photo["why"]["holds"] is False
    assert photo["why"]["parts"][0]["parts"][0]["parts"][0] == {
        "holds": True,
        "words": "rating is 3",
        "has": "3",
    }
