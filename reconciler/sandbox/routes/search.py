"""Searching: pages of assets, and how many there are."""

from __future__ import annotations

import json
from typing import Any

from reconciler.sandbox import filters, search, views
from reconciler.sandbox import validation as v
from reconciler.sandbox.access import require_album
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.routes.people import people_of
from reconciler.sandbox.store import partners
from reconciler.sandbox.store.database import GIVEN

ROUTES = Routes()


@ROUTES.add("POST", "/search/metadata", "asset.read")
def search_metadata(call: Call) -> Any:
    """Search assets."""
    asked = call.body(filters.search_fields(call.version))
    size = asked.get("size", search.DEFAULT_SIZE)
    if filters.is_structured(asked, call.version):
        query, order, offset = _structured(call, asked), filters.order_of(asked), filters.offset_of(asked)
        items, is_more = _found(call, asked, query, order, size, offset, unread=True)
        return _page(call, items, cursor=filters.cursor_at(offset + size) if is_more else None)
    call.refuse_locked(asked.get("visibility"))
    _check_albums(call, asked)
    page = asked.get("page", 1)
    query = search.query_for(asked, call.version, partners.in_timeline_of(call.db, call.user_id))
    direction = "ASC" if asked.get("order") == "asc" else "DESC"
    order = f"file_created_at {direction}, asset.id {direction}"
    items, is_more = _found(call, asked, query, order, size, (page - 1) * size)
    return _page(call, items, next_page=str(page + 1) if is_more else None)


def _found(
    call: Call,
    asked: dict[str, Any],
    query: search.Query,
    order: str,
    size: int,
    offset: int,
    *,
    unread: bool = False,
) -> tuple[list[dict[str, Any]], bool]:
    """One page, and whether there is another; `unread`: assets without metadata are shown too."""
    with_exif = asked.get("withExif", False)
    if with_exif:
        select = views.ASSET_WITH_ANY_EXIF_SELECT if unread else views.ASSET_WITH_EXIF_SELECT
    else:
        join = " LEFT JOIN exif" if unread else " JOIN exif"
        select = views.ASSET_SELECT + (f"{join} ON asset_id = asset.id" if query.needs_exif else "")
    rows = call.db.rows(
        f"{select} WHERE {query.where} ORDER BY {order} LIMIT ? OFFSET ?",
        (*query.params, size + 1, offset),
    )
    items = [views.asset(dict(row), call.version, call.user_id, with_exif=with_exif) for row in rows[:size]]
    if asked.get("withPeople"):
        _add_people(call, items)
    return items, len(rows) > size


def _page(
    call: Call, items: list[dict[str, Any]], *, next_page: str | None = None, cursor: str | None = None
) -> dict[str, Any]:
    assets: dict[str, Any] = {
        "total": len(items),
        "count": len(items),
        "items": items,
        "facets": [],
        "nextPage": next_page,
    }
    if call.version.structured_search:
        assets["nextCursor"] = cursor
    return {"albums": {"total": 0, "count": 0, "items": [], "facets": []}, "assets": assets}


def _structured(call: Call, asked: dict[str, Any], *, counting: bool = False) -> search.Query:
    """The query of a request of the new form, after the checks that it has of its own."""
    if filters.may_find_locked(asked):
        call.refuse_locked("locked")
    for album in sorted(filters.albums_in(asked)):
        require_album(call.db, call.version, call.user_id, album, "album.read")
    owners = partners.in_timeline_of(call.db, call.user_id)
    return filters.query_for(asked, owners, call.user_id, locked_open=call.who.has_pin, counting=counting)


@ROUTES.add("POST", "/search/statistics", "asset.statistics")
def search_statistics(call: Call) -> Any:
    """Search asset statistics."""
    asked = call.body(filters.statistics_fields(call.version))
    structured = filters.is_structured(asked, call.version)
    if structured:
        query = _structured(call, asked, counting=True)
    else:
        call.refuse_locked(asked.get("visibility"))
        _check_albums(call, asked)
        owners = partners.in_timeline_of(call.db, call.user_id)
        query = search.query_for(asked, call.version, owners, counting=True)
    join = "LEFT JOIN" if structured else "JOIN"
    source = f"asset {join} exif ON asset_id = asset.id" if query.needs_exif else "asset"
    return {"total": call.db.value(f"SELECT count(*) FROM {source} WHERE {query.where}", query.params)}


_SUGGESTED = {
    "country": "country",
    "state": "state",
    "city": "city",
    "camera-make": "make",
    "camera-model": "model",
    "camera-lens-model": "lens_model",
}
_SUGGESTIONS: v.Schema = {
    "type": v.one_of(*_SUGGESTED).needed(),
    "country": v.text(),
    "state": v.text(),
    "make": v.text(),
    "model": v.text(),
    "lensModel": v.text(),
    "includeNull": v.flag(),
}


@ROUTES.add("GET", "/search/suggestions", "asset.read")
def search_suggestions(call: Call) -> Any:
    """Retrieve search suggestions: what photos of the timeline have, archived and hidden ones left out."""
    asked = call.query(_SUGGESTIONS)
    column = _SUGGESTED[asked["type"]]
    sql = (
        f"SELECT DISTINCT {column} FROM asset JOIN exif ON asset_id = asset.id "
        f"WHERE owner_id IN {GIVEN} AND visibility = 'timeline' "
        f"AND deleted_at IS NULL AND {column} IS NOT NULL AND {column} <> ''"
    )
    params = [json.dumps(partners.in_timeline_of(call.db, call.user_id))]
    narrowed = {
        "country": "country",
        "state": "state",
        "make": "make",
        "model": "model",
        "lensModel": "lens_model",
    }
    for name, other in narrowed.items():
        if asked.get(name) and other != column:
            sql += f" AND {other} = ?"
            params.append(asked[name])
    found = call.db.values(f"{sql} ORDER BY {column}", params)
    return [*found, None] if asked.get("includeNull") else list(found)


def _add_people(call: Call, items: list[dict[str, Any]]) -> None:
    for item in items:
        item["people"] = people_of(call, item["id"])
        if call.version.device_fields:
            item["unassignedFaces"] = []


def _check_albums(call: Call, asked: dict[str, Any]) -> None:
    """3.x refuses albums that the caller may not read; 2.x finds nothing in them (FINDINGS 37)."""
    if not call.version.album_filter_checked:
        return
    for album in asked.get("albumIds") or []:
        require_album(call.db, call.version, call.user_id, album, "album.read")
