"""What is as the files ask, to be remembered: the next plan tells by it what somebody has changed since."""

from __future__ import annotations

from collections import defaultdict

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AssetChange, Changes
from reconciler.diff.converge import differs
from reconciler.diff.names import Resolution
from reconciler.diff.others import taken_ids
from reconciler.diff.sharing import Sharing, resolve_users
from reconciler.diff.whole import Whole
from reconciler.diff.wishes import Conflict, TagsTogether, field_wishes, tags_wish
from reconciler.model.applied import Applied, AppliedAlbum, AppliedShare, AppliedTags
from reconciler.model.asset import AssetState
from reconciler.model.desired import AlbumEntry, Desired, Membership
from reconciler.model.live import Album, Live
from reconciler.model.values import Coordinates, Field, FieldValue, normal_color, normal_description


def applied_of(whole: Whole, live: Live) -> Applied:
    """Every aspect that the files manage and that is as they ask; of what differs nothing is said."""
    sieve, rules = whole.sieve, whole.sieve.rules
    fields: dict[Field, dict[str, FieldValue]] = defaultdict(dict)
    tags: dict[str, AppliedTags] = {}
    alike: dict[AppliedTags, AppliedTags] = {}
    for asset_id, state in sieve.states.items():
        if asset_id not in sieve.concerned:
            continue
        named, matching = rules.named.get(asset_id, ()), sieve.hits(asset_id).entries
        if not named and not matching:
            continue
        conflicts: list[Conflict] = []
        wishes = {name: wish.value for name, wish in field_wishes(named, matching, conflicts).items()}
        asked = tags_wish(named, matching, conflicts)
        if conflicts:
            continue
        placed = isinstance(wishes.get(Field.LOCATION), Coordinates)
        for name, value in wishes.items():
            if not differs(name, state.asset.value(name), value, placed):
                fields[name][asset_id] = value
        if asked is not None:
            found = _tags(asked, state)
            tags[asset_id] = alike.setdefault(found, found)
    return Applied(
        live.identity.user_id, dict(fields), tags, _albums(whole, live), _colors(whole.desired, live)
    )


def _tags(asked: TagsTogether, state: AssetState) -> AppliedTags:
    wanted = (asked.exact or frozenset()) | asked.add.keys()
    return AppliedTags(
        frozenset(wanted & state.tags),
        frozenset(asked.remove.keys() - state.tags),
        asked.exact is not None and state.tags <= wanted,
    )


def _albums(whole: Whole, live: Live) -> dict[str, AppliedAlbum]:
    found: dict[str, AppliedAlbum] = {}
    sharing = resolve_users(whole.desired.shares, live)
    for entry in whole.desired.albums:
        album = whole.matched.live.get(entry.name)
        if entry.absent or album is None or entry.name in whole.matched.unclear:
            continue
        members: frozenset[str] | None = None
        exact = False
        if entry.name in whole.sieve.rules.managed:
            now = taken_ids(live.members.get(album.id, frozenset()), live, entry.owners)
            members = whole.outcomes.members(entry.name, now) & now
            exact = entry.membership is Membership.EXACT and members == now
        fields, share = _fields(entry, album, whole.names), _share(entry, album, sharing)
        found[album.id] = AppliedAlbum(album.name, fields, members, exact, share)
    return found


def _share(entry: AlbumEntry, album: Album, sharing: Sharing) -> AppliedShare | None:
    if entry.share is None:
        return None
    wanted: dict[str, str | None] = {
        user_id: item.role.value for user_id, (_, item) in sharing.wanted(entry.share).items()
    }
    wanted |= dict.fromkeys(sharing.unwanted(entry.share))
    as_wished = {user_id: role for user_id, role in wanted.items() if album.role_of(user_id) == role}
    others = any(share.user.id not in wanted for share in album.shares)
    return AppliedShare(as_wished, sharing.is_exact(entry.share) and not others)


def _fields(entry: AlbumEntry, album: Album, names: Resolution) -> dict[str, str | bool | None]:
    wanted: dict[AlbumField, str | bool | None] = {}
    if entry.description:
        wanted[AlbumField.DESCRIPTION] = normal_description(entry.description.value)
    if entry.order:
        wanted[AlbumField.ORDER] = entry.order.value
    if entry.activity:
        wanted[AlbumField.ACTIVITY] = entry.activity.value
    if entry.cover and entry.cover in names.ids:
        wanted[AlbumField.COVER] = names.ids[entry.cover]
    there: dict[AlbumField, str | bool | None] = {
        AlbumField.DESCRIPTION: normal_description(album.description),
        AlbumField.ORDER: album.order,
        AlbumField.ACTIVITY: album.activity,
        AlbumField.COVER: album.cover,
    }
    return {name.value: value for name, value in wanted.items() if there[name] == value}


def _colors(desired: Desired, live: Live) -> dict[str, str | None]:
    return {
        entry.path: wanted
        for entry in desired.tags
        if entry.color
        and entry.path in live.tags
        and (wanted := normal_color(entry.color.value)) == normal_color(live.tags[entry.path].color)
    }


def after(applied: Applied, changes: Changes) -> Applied:
    """The same once these changes have been made; albums that they make are known by their names."""
    fields = {
        name: {change.id: change.values[name] for change in changes.assets if name in change.values}
        for name in sorted({item.field for change in changes.assets for item in change.fields})
    }
    tags = {
        change.id: _retagged(applied.tags.get(change.id, AppliedTags()), change)
        for change in changes.assets
        if change.tags_added or change.tags_removed
    }
    made: dict[str, AppliedAlbum] = {}
    for change in changes.albums:
        key = change.id or f"name:{change.name}"
        known = applied.albums.get(key)
        if change.action is Action.DELETE or (change.action is Action.UPDATE and known is None):
            continue
        new = AppliedAlbum(change.name, members=frozenset(), exact=True, share=AppliedShare(exact=True))
        before = new if change.action is Action.CREATE or known is None else known
        values = {item.field.value: item.after for item in change.fields if item.field is not AlbumField.NAME}
        members = None if before.members is None else before.members.union(change.added) - {*change.removed}
        share = _reshared(before.share, change)
        made[key] = AppliedAlbum(change.name, {**before.fields, **values}, members, before.exact, share)
    colors = {change.path: change.after for change in changes.tags if change.color}
    return applied | Applied(applied.user, fields, tags, made, colors)


def _reshared(before: AppliedShare | None, change: AlbumChange) -> AppliedShare | None:
    if not change.shares:
        return before
    before = before or AppliedShare()
    roles = {item.user.id: item.after for item in change.shares}
    return AppliedShare({**before.roles, **roles}, before.exact)


def _retagged(before: AppliedTags, change: AssetChange) -> AppliedTags:
    added = {move.path for move in change.tags_added}
    removed = {move.path for move in change.tags_removed}
    return AppliedTags((before.on | added) - removed, (before.off | removed) - added, before.exact)


def without(applied: Applied, changes: Changes) -> Applied:
    """The same without what these changes touch: it was changed on purpose, and nothing is known of it."""
    photos = {change.id: {item.field for item in change.fields} for change in changes.assets}
    retagged = {change.id for change in changes.assets if change.tags_added or change.tags_removed}
    gone = {change.id for change in changes.albums} | {change.name for change in changes.albums}
    colored = {change.path for change in changes.tags}
    return Applied(
        applied.user,
        {
            name: {key: value for key, value in of.items() if name not in photos.get(key, ())}
            for name, of in applied.fields.items()
        },
        {key: tags for key, tags in applied.tags.items() if key not in retagged},
        {key: album for key, album in applied.albums.items() if key not in gone and album.name not in gone},
        {path: color for path, color in applied.colors.items() if path not in colored},
    )
