"""Rows of assets: making, editing, locking and reading again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.extraction import LOCKS, Reading
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.store.database import GIVEN, Reader, Row, Writer

EXIF_COLUMNS = (
    "description", "date_time_original", "time_zone", "latitude", "longitude", "city", "state", "country",
    "rating", "tags", "make", "model", "lens_model", "f_number", "focal_length", "iso", "exposure_time",
    "width", "height", "orientation", "modify_date", "projection_type",
)  # fmt: skip
ASSET_COLUMNS = (
    "id", "owner_id", "type", "original_path", "original_file_name", "checksum", "file_created_at",
    "file_modified_at", "local_date_time", "created_at", "updated_at", "is_favorite", "visibility", "status",
    "deleted_at", "width", "height", "duration", "thumbhash", "device_asset_id", "device_id",
)  # fmt: skip
_INSERT_ASSET = (
    f"INSERT INTO asset ({', '.join(ASSET_COLUMNS)}) VALUES ({', '.join(f':{c}' for c in ASSET_COLUMNS)})"
)
_INSERT_EXIF = (
    f"INSERT INTO exif (asset_id, file_size, {', '.join(EXIF_COLUMNS)}) "
    f"VALUES (:asset_id, :file_size, {', '.join(f':{c}' for c in EXIF_COLUMNS)})"
)


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """All rows of one new asset."""

    asset: Mapping[str, Any]
    exif: Mapping[str, Any]
    embedded: str
    sidecar: str | None
    writable: bool = True


def insert(db: Writer, records: Sequence[AssetRecord]) -> None:
    db.run_many(_INSERT_ASSET, (record.asset for record in records))
    db.run_many(_INSERT_EXIF, (record.exif for record in records))
    db.run_many(
        "INSERT INTO photo (asset_id, embedded, writable) VALUES (?, ?, ?)",
        ((record.asset["id"], record.embedded, record.writable) for record in records),
    )
    db.run_many(
        "INSERT INTO sidecar (asset_id, content) VALUES (?, ?)",
        ((record.asset["id"], record.sidecar) for record in records if record.sidecar is not None),
    )


def embedded_text(embedded: Embedded) -> str:
    """What is in the photo, as it is stored: only what is there."""
    stored = {name: getattr(embedded, name) for name in Embedded.__slots__}
    return json.dumps(
        {name: value for name, value in stored.items() if value not in (None, ())}, ensure_ascii=False
    )


def embedded_of(text: str) -> Embedded:
    stored = json.loads(text)
    return Embedded(**{**stored, "tags": tuple(stored.get("tags", ()))})


def change_flags(db: Writer, ids: Sequence[str], changes: Mapping[str, Any]) -> None:
    """Favourite, visibility and the like: columns of asset; moves updatedAt at once (FINDINGS 23)."""
    if not changes:
        return
    columns = ", ".join(f"{column} = :{column}" for column in changes)
    db.run(
        f"UPDATE asset SET {columns}, updated_at = :now WHERE id IN (SELECT value FROM json_each(:ids))",
        {**changes, "now": db.now(), "ids": json.dumps(ids)},
    )


def change_exif(db: Writer, ids: Sequence[str], changes: Mapping[str, Any]) -> None:
    """Columns of exif as edited by API: they are locked until they are in the sidecar."""
    if not changes:
        return
    columns = ", ".join(f"{column} = :{column}" for column in changes)
    locked = sum(LOCKS[column] for column in changes)
    db.run(
        f"UPDATE exif SET {columns}, locked = locked | :locked "
        "WHERE asset_id IN (SELECT value FROM json_each(:ids))",
        {**changes, "locked": locked, "ids": json.dumps(ids)},
    )


def shift_dates(db: Writer, ids: Sequence[str], minutes: int, time_zone: str | None) -> None:
    """Moves dates by minutes and, where one is given, changes the zone; locks both columns."""
    zone = ", time_zone = :zone" if time_zone is not None else ""
    db.run(
        f"UPDATE exif SET date_time_original = date_time_original + :shift{zone}, locked = locked | :locked "
        "WHERE asset_id IN (SELECT value FROM json_each(:ids))",
        {
            "shift": minutes * 60_000,
            "zone": time_zone,
            "locked": LOCKS["date_time_original"] | LOCKS["time_zone"],
            "ids": json.dumps(ids),
        },
    )


def lock_tags(db: Writer, asset_id: str, values: Sequence[str]) -> None:
    """The list of tags in the exif row, which the next sidecar write takes up."""
    change_exif(db, [asset_id], {"tags": json.dumps(values, ensure_ascii=False)})


def unlock(db: Writer, asset_id: str, bits: int) -> None:
    db.run("UPDATE exif SET locked = locked & ~? WHERE asset_id = ?", (bits, asset_id))


def store_reading(db: Writer, asset_id: str, reading: Reading) -> None:
    """The row as an extraction found it, except for locked columns; moves updatedAt."""
    values = {**reading.exif, "tags": json.dumps(reading.exif["tags"], ensure_ascii=False)}
    columns = ", ".join(
        f"{column} = CASE WHEN locked & {LOCKS[column]} THEN {column} ELSE :{column} END"
        if column in LOCKS
        else f"{column} = :{column}"
        for column in EXIF_COLUMNS
    )
    db.run(f"UPDATE exif SET {columns} WHERE asset_id = :asset_id", {**values, "asset_id": asset_id})
    db.run(
        "UPDATE asset SET file_created_at = ?, local_date_time = ?, width = coalesce(?, width), "
        "height = coalesce(?, height), updated_at = ? WHERE id = ?",
        (
            reading.file_created_at,
            reading.local_date_time,
            *_upright(reading),
            db.now(),
            asset_id,
        ),
    )


def _upright(reading: Reading) -> tuple[int | None, int | None]:
    """Width and height as shown, that is after the turning that the orientation asks for."""
    width, height = reading.exif["width"], reading.exif["height"]
    return (height, width) if reading.exif["orientation"] in ("5", "6", "7", "8") else (width, height)


def owned(db: Reader, user_id: str, ids: Iterable[str], *, locked_too: bool = False) -> set[str]:
    """Those of the ids that the user may change: their own and, without a PIN, not in the locked folder."""
    hidden = "" if locked_too else " AND visibility <> 'locked'"
    return set(
        db.values(
            f"SELECT id FROM asset WHERE +owner_id = ?{hidden} AND id IN {GIVEN}",
            (user_id, json.dumps(list(ids))),
        )
    )


def sidecar_of(db: Reader, asset_id: str) -> dict[str, Any] | None:
    text = db.value("SELECT content FROM sidecar WHERE asset_id = ?", (asset_id,))
    content: dict[str, Any] | None = json.loads(text) if text else None
    return content


def put_sidecar(db: Writer, asset_id: str, content: Mapping[str, Any] | None) -> None:
    """None: the file is gone, but the server still believes it has one."""
    text = None if content is None else json.dumps(content, ensure_ascii=False)
    db.run("INSERT OR REPLACE INTO sidecar (asset_id, content) VALUES (?, ?)", (asset_id, text))


def delete(db: Writer, ids: Sequence[str]) -> list[Row]:
    """Removes the assets for good; what they were. Stacks left with one member are dissolved."""
    packed = (json.dumps(ids),)
    gone = db.rows(f"SELECT id, stack_id FROM asset WHERE id IN {GIVEN}", packed)
    db.run(f"DELETE FROM asset WHERE id IN {GIVEN}", packed)
    for stack_id in {row["stack_id"] for row in gone if row["stack_id"]}:
        left = db.values("SELECT id FROM asset WHERE stack_id = ?", (stack_id,))
        if len(left) < 2:
            db.run("UPDATE asset SET stack_id = NULL WHERE stack_id = ?", (stack_id,))
            db.run("DELETE FROM stack WHERE id = ?", (stack_id,))
    return gone
