"""What differs between the server versions the sandbox can play, in one place.

Recorded on Immich 2.5.6 and 3.1.0; the numbers in brackets are those of the project's findings. 3.2 is 3.1
with the structured search and the paths of the configuration that came with it (FACTS 10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.sandbox.errors import SandboxError

# in the order of the server's own list, which validation messages repeat
_QUEUES = (
    "thumbnailGeneration", "metadataExtraction", "videoConversion", "faceDetection", "facialRecognition",
    "smartSearch", "duplicateDetection", "backgroundTask", "storageTemplateMigration", "migration", "search",
    "sidecar", "library", "notifications", "backupDatabase", "ocr", "workflow",
)  # fmt: skip
_ONE_OFF_JOBS = (
    "person-cleanup",
    "tag-cleanup",
    "user-cleanup",
    "memory-cleanup",
    "memory-create",
    "backup-database",
)
_INTEGRITY_JOBS = tuple(
    f"integrity-{what}{step}"
    for step in ("", "-refresh", "-delete-all")
    for what in ("missing-files", "untracked-files", "checksum-mismatch")
)


@dataclass(frozen=True, slots=True)
class Version:
    """One server version; each field is a behaviour."""

    major: int
    minor: int
    patch: int
    queues: tuple[str, ...]
    one_off_jobs: tuple[str, ...]
    old_error_form: bool
    """message, error, statusCode, correlationId in the body; validation messages as a list."""
    lenient: bool
    """Numbers and booleans as text, dates without time and offset are taken (50)."""
    device_fields: bool
    """Assets have deviceAssetId and deviceId, uploads need them; duration is a text."""
    owner_fields: bool
    """Albums have owner and ownerId, and list their assets; the owner is no album user."""
    editors_share: bool
    """An editor of an album may change and share it (38)."""
    searches_timeline_only: bool
    """A search without visibility shows the timeline only, else everything but locked."""
    patch_twins: bool
    """PATCH does what PUT does for assets, tags and others."""
    zero_rating_accepted: bool
    """A rating of 0 is taken and reads null (15)."""
    lowest_rating_read: int
    """−1 survives the re-reading of a file only where this is −1 (15)."""
    keeps_empty_values: bool
    """An empty description and an empty tag list are written to the sidecar (3, 5)."""
    null_description: bool
    """An album's description may be null, which gives an empty one (36)."""
    album_filter_checked: bool
    """An unknown album in a search is refused instead of finding nothing (37)."""
    zone_with_date: bool
    """timeZone may come together with dateTimeOriginal, and need not be an IANA name (17)."""
    template_in_utc: bool
    """The storage template uses the UTC date instead of the local one (47)."""
    structured_search: bool
    """Searches take a filter, an order and a cursor; older servers overlook these (FACTS 10)."""

    def since(self, major: int, minor: int) -> bool:
        return (self.major, self.minor) >= (major, minor)

    @property
    def text(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


V2_5_6 = Version(
    2, 5, 6,
    queues=(*_QUEUES, "editor"),
    one_off_jobs=_ONE_OFF_JOBS,
    old_error_form=True,
    lenient=True,
    device_fields=True,
    owner_fields=True,
    editors_share=False,
    searches_timeline_only=True,
    patch_twins=False,
    zero_rating_accepted=True,
    lowest_rating_read=-1,
    keeps_empty_values=False,
    null_description=False,
    album_filter_checked=False,
    zone_with_date=False,
    template_in_utc=False,
    structured_search=False,
)  # fmt: skip
V3_1_0 = Version(
    3, 1, 0,
    queues=(*_QUEUES, "integrityCheck", "editor"),
    one_off_jobs=(*_ONE_OFF_JOBS, *_INTEGRITY_JOBS),
    old_error_form=False,
    lenient=False,
    device_fields=False,
    owner_fields=False,
    editors_share=True,
    searches_timeline_only=False,
    patch_twins=True,
    zero_rating_accepted=False,
    lowest_rating_read=1,
    keeps_empty_values=True,
    null_description=True,
    album_filter_checked=True,
    zone_with_date=True,
    template_in_utc=True,
    structured_search=False,
)  # fmt: skip
V3_2_2 = replace(V3_1_0, minor=2, patch=2, structured_search=True)
VERSIONS = {version.text: version for version in (V2_5_6, V3_1_0, V3_2_2)}
DEFAULT = V3_1_0.text


def version_named(text: str) -> Version:
    """The version; raises SandboxError when the sandbox cannot play it."""
    if text not in VERSIONS:
        raise SandboxError(f"the sandbox cannot play Immich {text}: choose one of {', '.join(VERSIONS)}")
    return VERSIONS[text]
