"""What a library was made with, and the server configuration that admins change through the API."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox import template
from reconciler.sandbox.versions import Version

Config = dict[str, Any]

# queues whose concurrency the configuration sets; all others run one job at a time
CONCURRENCY = {
    "backgroundTask": 5,
    "smartSearch": 2,
    "metadataExtraction": 5,
    "faceDetection": 2,
    "search": 5,
    "sidecar": 5,
    "library": 5,
    "migration": 5,
    "thumbnailGeneration": 3,
    "videoConversion": 1,
    "notifications": 5,
    "ocr": 1,
    "workflow": 5,
    "editor": 2,
    "integrityCheck": 1,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long jobs take: the time in which writes of one photo can meet (PERFORMANCE 1.1)."""

    job_milliseconds: Mapping[str, float] = field(
        default_factory=lambda: {"sidecar": 5, "metadataExtraction": 3, "storageTemplateMigration": 1}
    )
    """By queue name; a queue not named takes no time."""
    collision_loss: float = 0.06
    """How often two sidecar writes of one photo side by side destroy the file (PERFORMANCE 1.2)."""
    seed: int = 0
    """Of the draws that decide that."""
    spread: float = 0.0
    """How far a job's time may differ from the one given, as a part of it: 0.5 is from half to 1.5 of it."""
    cores: int = 0
    """How many jobs are computing at once, the others wait with what they have read; 0 is all that run."""
    tag_milliseconds: float = 0.0
    """What a tag call takes for each photo, between its pairs and its lock (PERFORMANCE 2.5: 2.5 to 2.9)."""

    def seconds(self, queue: str) -> float:
        return self.job_milliseconds.get(queue, 0) / 1000

    def as_json(self) -> dict[str, Any]:
        return {
            "job_milliseconds": dict(self.job_milliseconds),
            "collision_loss": self.collision_loss,
            "seed": self.seed,
            "spread": self.spread,
            "cores": self.cores,
            "tag_milliseconds": self.tag_milliseconds,
        }


def default_config(version: Version) -> Config:
    """The configuration of a new server, machine learning and version check off."""
    jobs = {name: {"concurrency": number} for name, number in CONCURRENCY.items() if name in version.queues}
    return copy.deepcopy(_CONFIG) | {"job": jobs}


def concurrency(config: Mapping[str, Any], queue: str) -> int:
    """How many jobs of the queue run side by side."""
    return int(config["job"].get(queue, {}).get("concurrency", 1))


_CONFIG: Config = {
    "backup": {"database": {"enabled": True, "cronExpression": "0 02 * * *", "keepLastAmount": 14}},
    "image": {
        "thumbnail": {"format": "webp", "size": 250, "quality": 80, "progressive": False},
        "preview": {"format": "jpeg", "size": 1440, "quality": 80, "progressive": False},
        "fullsize": {"enabled": False, "format": "jpeg", "quality": 80, "progressive": False},
        "colorspace": "p3",
        "extractEmbedded": False,
    },
    "library": {
        "scan": {"enabled": True, "cronExpression": "0 0 * * *"},
        "watch": {"enabled": False},
    },
    "logging": {"enabled": True, "level": "log"},
    "machineLearning": {"enabled": False, "urls": ["http://immich-machine-learning:3003"]},
    "map": {
        "enabled": True,
        "lightStyle": "https://tiles.immich.cloud/v1/style/light.json",
        "darkStyle": "https://tiles.immich.cloud/v1/style/dark.json",
    },
    "metadata": {"faces": {"import": False}},
    "newVersionCheck": {"enabled": False},
    "nightlyTasks": {
        "startTime": "00:00",
        "databaseCleanup": True,
        "missingThumbnails": True,
        "clusterNewFaces": True,
        "generateMemories": True,
        "syncQuotaUsage": True,
    },
    "passwordLogin": {"enabled": True},
    "reverseGeocoding": {"enabled": True},
    "server": {"externalDomain": "", "loginPageMessage": "", "publicUsers": True},
    "storageTemplate": {"enabled": False, "hashVerificationEnabled": True, "template": template.DEFAULT},
    "theme": {"customCss": ""},
    "trash": {"enabled": True, "days": 30},
    "user": {"deleteDelay": 7},
}
