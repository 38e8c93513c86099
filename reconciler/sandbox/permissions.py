"""What an API key may be allowed to do, in the order of the server's own list."""

from __future__ import annotations

from reconciler.sandbox.versions import Version

_GROUPS = (
    ("all", ""),
    ("activity", "create read update delete statistics"),
    ("apiKey", "create read update delete rotate"),
    ("asset", "read update delete statistics share view download upload replace copy derive"),
    ("assetFile", "read delete download"),
    ("asset", "edit.get edit.create edit.delete"),
    ("album", "create read update delete statistics share download"),
    ("albumAsset", "create delete"),
    ("albumUser", "create update delete"),
    ("auth", "changePassword"),
    ("authDevice", "delete"),
    ("archive", "read"),
    ("backup", "list download upload delete"),
    ("clusterGroup", "read leave"),
    ("clusterGroupRequest", "create read delete"),
    ("adminConfig", "read update"),
    ("userConfig", "read"),
    ("duplicate", "read delete"),
    ("face", "create read update delete"),
    ("folder", "read"),
    ("job", "create read"),
    ("library", "create read update delete statistics"),
    ("timeline", "read download"),
    ("maintenance", ""),
    ("map", "read search"),
    ("memory", "create read update delete statistics"),
    ("memoryAsset", "create delete"),
    ("notification", "create read update delete"),
    ("partner", "create read update delete"),
    ("person", "create read update delete statistics merge reassign"),
    ("pinCode", "create update delete"),
    ("plugin", "create read update delete"),
    ("server", "about apkLinks storage statistics versionCheck"),
    ("serverLicense", "read update delete"),
    ("session", "create read update delete lock"),
    ("sharedLink", "create read update delete"),
    ("stack", "create read update delete"),
    ("sync", "stream"),
    ("syncCheckpoint", "read update delete"),
    ("systemConfig", "read update"),
    ("systemMetadata", "read update"),
    ("tag", "create read update delete asset"),
    ("user", "read update"),
    ("userLicense", "create read update delete"),
    ("userOnboarding", "read update delete"),
    ("userPreference", "read update"),
    ("userProfileImage", "create read update delete"),
    ("queue", "read update"),
    ("queueJob", "create read update delete"),
    ("workflow", "create read update delete logs"),
    ("adminUser", "create read update delete"),
    ("adminSession", "read"),
    ("adminAuth", "unlinkAll"),
)  # fmt: skip
_UNTIL_2 = {"asset.replace"}
_SINCE_3_2 = {
    "apiKey.rotate", "assetFile.read", "assetFile.delete", "assetFile.download", "clusterGroup.read",
    "clusterGroup.leave", "clusterGroupRequest.create", "clusterGroupRequest.read",
    "clusterGroupRequest.delete",
    "adminConfig.read", "adminConfig.update", "userConfig.read", "workflow.logs",
}  # fmt: skip


def permissions_of(version: Version) -> list[str]:
    """All names that the version knows."""
    names = [
        f"{group}.{name}" if name else group for group, rest in _GROUPS for name in (rest.split() or [""])
    ]
    unknown = (_UNTIL_2 if version.since(3, 0) else set()) | (set() if version.since(3, 2) else _SINCE_3_2)
    return [name for name in names if name not in unknown]
