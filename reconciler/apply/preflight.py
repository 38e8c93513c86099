"""Before anything is touched: may these keys do what the plan needs? Everything that is missing, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconciler.immich.answers import KeyInfo
from reconciler.immich.permissions import explain_missing, missing, needed
from reconciler.immich.reader import Reader
from reconciler.immich.versions import Dialect
from reconciler.immich.writer import Writer
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
)

_READ_PHOTOS = (Reader.assets, Reader.scan, Reader.count)
_METHODS: dict[type[object], tuple[Callable[..., object], ...]] = {
    CreateTags: (Writer.upsert_tags, Reader.tags),
    ColorTag: (Writer.set_tag_color, Reader.tags),
    CreateAlbum: (Writer.create_album, Reader.albums, Reader.members_of),
    UpdateAlbum: (Writer.update_album, Reader.albums),
    DeleteAlbum: (Writer.delete_album, Reader.albums, Reader.members_of),
    AddMembers: (Writer.add_members, Reader.albums, Reader.members_of),
    AddToAlbums: (Writer.add_to_albums, Writer.add_members, Reader.albums, Reader.members_of),
    RemoveMembers: (Writer.remove_members, Reader.albums, Reader.members_of),
    ShareAlbum: (Writer.share_album, Reader.albums),
    SetRole: (Writer.set_role, Reader.albums),
    UnshareAlbum: (Writer.unshare_album, Reader.albums),
    UpdateAssets: (Writer.update_assets, *_READ_PHOTOS),
    UpdateAsset: (Writer.update_asset, *_READ_PHOTOS),
    TagAssets: (Writer.tag_assets, Reader.tags, Reader.tagged, *_READ_PHOTOS),
    UntagAssets: (Writer.untag_assets, Reader.tags, Reader.tagged, *_READ_PHOTOS),
}
WINDOW = (Reader.queues, Writer.pause, Writer.resume)
MIGRATION = (Writer.start_storage_migration,)


def methods_for(operations: Iterable[Operation]) -> Iterator[Callable[..., object]]:
    """The calls that carry out these operations and read them back."""
    return _calls_of({type(operation) for operation in operations})


def likely_for(desired: Desired) -> Iterator[Callable[..., object]]:
    """The calls that applying a plan for these files may turn out to need."""
    entries, albums, sets = desired.assets, desired.albums, desired.album_sets
    asked: dict[type[object], bool] = {
        UpdateAssets: any(entry.values for entry in entries),
        CreateTags: bool(desired.tags) or any(entry.tags for entry in entries),
        TagAssets: any(entry.tags for entry in entries),
        ColorTag: any(entry.color for entry in desired.tags),
        DeleteAlbum: any(album.absent for album in albums) or any(made.prune for made in sets),
        CreateAlbum: any(not album.absent for album in albums) or bool(sets),
        UpdateAlbum: any(not album.absent for album in albums) or bool(sets),
        AddMembers: any(album.manages_members for album in albums) or bool(sets),
        RemoveMembers: any(album.manages_members for album in albums) or bool(sets),
        ShareAlbum: any(wish.wanted for wish in desired.shares),
        SetRole: any(wish.wanted for wish in desired.shares),
        UnshareAlbum: any(wish.remove or wish.exact is not None for wish in desired.shares),
    }
    return _calls_of({kind for kind, may_be in asked.items() if may_be})


def _calls_of(kinds: Iterable[type[object]]) -> Iterator[Callable[..., object]]:
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        yield from _METHODS[kind]


def lacking(plan: Plan, dialect: Dialect, key: KeyInfo, admin: KeyInfo | None) -> str:
    """What the keys lack for this plan, and what to click; empty where they lack nothing.

    `admin` is the administrator's key, which may be the same one; None where there is none.
    """
    wanted = needed(Reader.me, *methods_for(plan.operations), dialect=dialect)
    starts = needed(*MIGRATION, dialect=dialect) if plan.migrates else frozenset[str]()
    if admin is None or admin == key:
        return explain_missing(missing(key.permissions, wanted | starts), account_key=key.name)
    return explain_missing(
        missing(key.permissions, wanted),
        missing(admin.permissions, starts),
        account_key=key.name,
        admin_key=admin.name,
    )


def can_hold(dialect: Dialect, granted: frozenset[str]) -> bool:
    """Whether a key with these permissions may read, pause and resume the queues."""
    return not missing(granted, needed(*WINDOW, dialect=dialect))
