"""What an API key may be allowed to do, in the order of the server's own list."""

from __future__ import annotations

from reconciler.sandbox.versions import Version

_GROUPS = (
    ("all", ""),
    ("activity", "create read update delete statistics"),
    ("apiKey", "create read update delete"),
    ("asset", "read update delete statistics share view download upload replace copy derive"),
    ("asset", "edit.get edit.create edit.delete"),
    ("album", "create read update delete statistics share download"),
    ("albumAsset", "create delete"),
    ("albumUser", "create update delete"),
    ("auth", "changePassword"),
    ("authDevice", "delete"),
    ("archive", "read"),
    ("backup", "list download upload delete"),
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
    ("workflow", "create read update delete"),
    ("adminUser", "create read update delete"),
    ("adminSession", "read"),
    ("adminAuth", "unlinkAll"),
)  # fmt: skip
_UNTIL_2 = {"asset.replace"}


def permissions_of(version: Version) -> list[str]:
    """All names that the version knows."""
    names = [
        f"{group}.{name}" if name else group for group, rest in _GROUPS for name in (rest.split() or [""])
    ]
    return [name for name in names if version.major < 3 or name not in _UNTIL_2]
