"""The digest of a plan: what it is bound to, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from reconciler.diff.changes import Note
from reconciler.model.live import Features, Identity
from reconciler.model.origin import Origin, Problem
from reconciler.plan import Plan, document
from reconciler.plan.digest import BadDigest, approved, read_approval
from reconciler.plan.publishing import public_names
from reconciler.plan.text import checksum
from tests.plan.test_budgets import photos, plan, server

TEXT = "assets:\n  - match: { type: image }\n    rating: 4\n    tags: [Trips]\n"


def made(folder: Path, text: str = TEXT, number: int = 3, **values: object) -> Plan:
    found = plan(folder, text, server(photos(number, **values), {"Italy": 1}, {"Trips": 0}))
    return replace(found, hashes={found.files[0]: "a" * 64})


def test_it_is_bound_to_account_files_and_changes(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert first.digest == made(tmp_path).digest
    assert len(first.digest) == len("sha256:") + 64
    others = [
        replace(first, identity=replace(first.identity, user_id="u-2")),
        replace(first, hashes={first.files[0]: "b" * 64}),
        replace(first, files=(), hashes={}),
        replace(first, migrates=True),
        made(tmp_path, TEXT.replace("4", "5")),
        made(tmp_path, TEXT.replace("Trips", "Trip")),
        made(tmp_path, number=4),
        made(tmp_path, rating=2),
        made(tmp_path, TEXT + "albums:\n  - { name: Italy, description: x }\n"),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == len(others) + 1


def test_it_is_not_bound_to_what_may_differ_tomorrow(tmp_path: Path) -> None:
    first = made(tmp_path)
    other = replace(
        first,
        identity=Identity("u-1", "Ada Lovelace", "3.2.0", "https://elsewhere.example.org"),
        labels={key: f"{label}?" for key, label in first.labels.items()},
        notes=(Note("something"),),
        features=Features(can_hold_window=False),
        basis=replace(first.basis, library=1_000_000),
    )
    assert other.digest == first.digest
    one, two = (orjson.loads(document.to_bytes(plan)) for plan in (first, other))
    assert one["digest"] == two["digest"] and one["checksum"] != two["checksum"]


def test_a_saved_plan_has_the_digest_of_its_changes_and_not_the_one_it_claims(tmp_path: Path) -> None:
    first = made(tmp_path)
    saved = orjson.loads(document.to_bytes(first))
    assert saved["digest"] == document.from_bytes(document.to_bytes(first)).digest == first.digest
    saved["photos"][0]["fields"][0]["after"] = 1
    with pytest.raises(document.BadPlanFile, match="changed after it was written"):
        document.from_bytes(orjson.dumps(saved))
    saved["checksum"] = checksum(saved)
    forged = document.from_bytes(orjson.dumps(saved))
    assert forged.digest != saved["digest"]


def test_approvals(tmp_path: Path) -> None:
    digest = made(tmp_path).digest
    digits = digest.removeprefix("sha256:")
    for text in (digest, digits, digits[:12], digits[:40].upper(), f" {digits[:13]} "):
        assert approved(digest, read_approval(text)), text
    assert not approved(digest, read_approval("0" * 12))
    for text in (digits[:11], digits + "0", "sha256:", "", "md5:" + digits, digits[:12] + "x"):
        with pytest.raises(BadDigest, match="12 digits or more"):
            read_approval(text)


def test_names_of_files_that_others_may_see() -> None:
    assert public_names(["a.yaml", "b/c.yaml"]) == {}
    outside = ["/home/ada/photos/a.yaml", "/home/ada/photos/trips/b.yaml", "../x.yaml"]
    assert public_names(outside[:2]) == {outside[0]: "a.yaml", outside[1]: "trips/b.yaml"}
    assert public_names(["a.yaml", outside[0]]) == {outside[0]: "_a.yaml"}
    assert public_names(["../x/a.yaml", "../x/y/b.yaml"]) == {
        "../x/a.yaml": "a.yaml",
        "../x/y/b.yaml": "y/b.yaml",
    }
    mixed = public_names(outside)
    assert not any("ada" in name or ".." in name for name in mixed.values())
    assert len(set(mixed.values())) == 3


def test_no_path_of_the_machine_gets_into_the_document(tmp_path: Path) -> None:
    text = (
        TEXT
        + "    description: see /home\nalbums:\n  - { name: Italy, match: { file: zz }, protect: true }\n"
    )
    first = made(tmp_path, "settings: { safety: { floor: 0, changes: 0 } }\n" + text, description="old")
    where = Origin(first.files[0], 3)
    first = replace(
        first,
        notes=(Note(f"look at {where}", where),),
        problems=(Problem(f"disagrees with {where}", where),),
        missing=(Problem("gone", where),),
    )
    assert first.violations
    data = document.to_bytes(first)
    assert str(tmp_path).encode() in repr(first).encode()
    assert str(tmp_path).encode() not in data
    again = document.from_bytes(data)
    assert again.files == ("photos.yaml",)
    assert again.digest == first.digest
    assert {item.origin.file for change in again.changes.assets for item in change.fields} == {"photos.yaml"}
    assert any(item.after == "see /home" for change in again.changes.assets for item in change.fields)
