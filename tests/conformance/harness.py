"""Plays recorded scenarios against a sandbox in this process and tells where its answers differ.

A scenario is a list of steps (scenarios.json); `{kind:name}` stands for an id that an earlier step
captured. What differs from run to run is replaced by symbols on both sides: `«asset:berlin»`,
`«now»`, `«id»` and the like, as the recordings have it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import Mounted, mounted
from reconciler.sandbox.settings import Pace

Json = Any
HERE = Path(__file__).parent
PHOTOS = HERE / "photos"
SCENARIOS: dict[str, dict[str, Json]] = json.loads((HERE / "scenarios.json").read_text(encoding="utf-8"))
VERSIONS = ("2.5.6", "3.1.0", "3.2.2")
RELEASES = VERSIONS[:2]
"""Those that recorded everything. The search of 3.2 was recorded from a server that was built of Immich's
sources on the way from 3.1 to 3.2; whoever has the release may record the rest."""
QUICK = Pace({}, collision_loss=0.0)
WRITING_QUEUES = ("sidecar", "metadataExtraction")
USERS = {
    "admin": {"email": "admin@conformance.example", "password": "conformance-admin", "name": "Ada Admin"},
    "second": {"email": "second@conformance.example", "password": "conformance-second", "name": "Sam Second"},
}

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SYMBOL = re.compile(r"\{([a-z][\w-]*:[\w .-]+)\}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?")
_MEDIA_PATH = re.compile(r"^.*/(upload|library|thumbs|encoded-video|profile|backups)/(?=.)")
_SHARDS = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{2}(?=/|$)")
_LONG_SECRET = re.compile(r"[A-Za-z0-9_-]{60,}")
_SECRETS = {"secret", "token", "accessToken"}
_REPLACED = {"correlationId": "«correlation-id»", "thumbhash": "«thumbhash»", "avatarColor": "«colour»"}
_NEVER_ORDERED = {"contributorCounts", "faces", "unassignedFaces"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an answer is not the recorded one."""

    step: int
    request: str
    path: str
    text: str

    def __str__(self) -> str:
        return f"step {self.step} ({self.request}): {self.path}: {self.text}"


def recording(version: str) -> dict[tuple[str, int], Json]:
    """The recorded answers by scenario and step: {"status", "body"}."""
    lines = (HERE / "recordings" / f"immich-{version}.jsonl").read_text(encoding="utf-8").splitlines()
    return {(line["scenario"], line["step"]): line for line in map(json.loads, lines)}


def played() -> list[tuple[str, str]]:
    """The scenarios, each with the versions that recorded it."""
    return [
        (name, version)
        for name, scenario in SCENARIOS.items()
        for version in scenario.get("versions", RELEASES)
    ]


def play(name: str, version: str, folder: Path) -> list[Difference]:
    """Plays one scenario on a new library of that version."""
    library = Library.create(folder, version=version, with_admin=False, pace=QUICK)
    with library, mounted(library) as running:
        player = _Player(running, int(version[0]))
        expected = recording(version)
        found: list[Difference] = []
        number = 0
        for step in SCENARIOS[name]["steps"]:
            if step.get("only") not in (None, int(version[0])):
                continue
            answer = player.act(step)
            if answer is None:
                continue
            number += 1
            request = step.get("call") or f"upload {step['upload']}"
            wanted = expected[(name, number)]
            found += [Difference(number, request, path, text) for path, text in differences(wanted, answer)]
        assert (name, number + 1) not in expected, "the recording has more steps than the scenario"
        return found


def differences(wanted: Json, found: Json) -> Iterator[tuple[str, str]]:
    """Of an error only status and message count: the lists of single issues are not compared."""
    if wanted["status"] != found["status"]:
        yield "status", f"{wanted['status']} was recorded, got {found['status']} {_short(found['body'])}"
        return
    one, other = wanted["body"], found["body"]
    if wanted["status"] >= 400:
        one, other = _message(one), _message(other)
    yield from _compare(one, other, "")


def _message(body: Json) -> Json:
    return body.get("message") if isinstance(body, dict) else body


def _compare(one: Json, other: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            inner = f"{path}.{key}" if path else key
            if key not in other:
                yield inner, f"missing, {_short(one[key])} was recorded"
            elif key not in one:
                yield inner, f"not recorded: {_short(other[key])}"
            else:
                yield from _compare(one[key], other[key], inner)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield path, f"{len(one)} items were recorded, got {len(other)}: {_short(one)} / {_short(other)}"
            return
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _compare(first, second, f"{path}[{index}]")
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path or "body", f"{_short(one)} was recorded, got {_short(other)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


class _Player:
    """Two users with keys, and the symbols of one run."""

    def __init__(self, running: Mounted, major: int) -> None:
        self._running = running
        self._session = running.session()
        self._major = major
        self._keys: dict[str, str] = {}
        manifest = json.loads((PHOTOS / "manifest.json").read_text(encoding="utf-8"))
        self._photos: dict[str, dict[str, Json]] = {photo["file"]: photo for photo in manifest}
        self._started = datetime.now(UTC)
        self._symbols = Symbols(self._started, {photo["checksum"] for photo in manifest})
        self._sign_up()
        self._learn_what_is_known()

    def act(self, step: Mapping[str, Json]) -> dict[str, Json] | None:
        """Status and symbolic body of the answer; None for steps that are no requests."""
        match step:
            case {"settle": _}:
                self._settle()
            case {"hold": _}:
                self._pause(True)
            case {"release": _}:
                self._pause(False)
                self._settle()
            case {"wait": _}:
                pass  # real servers need it, jobs of a paused queue are counted at once here
            case {"template": text}:
                config = self._ask("GET", "/system-config")
                config["storageTemplate"] |= {"enabled": True, "template": text}
                self._ask("PUT", "/system-config", config)
            case _:
                return self._request(step)
        return None

    def _request(self, step: Mapping[str, Json]) -> dict[str, Json]:
        answer = self._upload(step) if "upload" in step else self._call(step)
        body = _read_body(answer)
        capture = step.get("capture", {})
        for symbol, place in ({capture: "id"} if isinstance(capture, str) else capture).items():
            if isinstance(value := _dig(body, place), str):
                if symbol.startswith("key:"):
                    self._keys[symbol] = value
                self._symbols.learn(symbol, value)
        return {"status": answer.status_code, "body": self._symbols.answer(body, step)}

    def _call(self, step: Mapping[str, Json]) -> requests.Response:
        method, path = self._symbols.resolve(step["call"]).split(" ", 1)
        options = {"json": self._symbols.resolve(step["body"])} if "body" in step else {}
        return self._send(method, path, step, **options)

    def _upload(self, step: Mapping[str, Json]) -> requests.Response:
        photo = self._photos[step["upload"]]
        name = step.get("filename") or Path(photo["file"]).name
        form = {key: photo[key] for key in ("fileCreatedAt", "fileModifiedAt")}
        if self._major < 3:
            form |= {"deviceAssetId": photo["file"], "deviceId": "conformance"}
        form |= self._symbols.resolve(step.get("fields", {}))
        parts = {"assetData": (name, (PHOTOS / photo["file"]).read_bytes(), "application/octet-stream")}
        if sidecar := step.get("sidecar"):
            parts["sidecarData"] = (f"{name}.xmp", sidecar.encode(), "application/xml")
        return self._send("POST", "/assets", step, data=form, files=parts)

    def _send(self, method: str, path: str, step: Mapping[str, Json], **options: Any) -> requests.Response:
        headers = self._symbols.resolve(step.get("headers", {}))
        actor = step.get("actor", "admin")
        if actor != "none":
            headers.setdefault("x-api-key", self._keys.get(actor, "not-a-key"))
        return self._session.request(method, self._running.base_url + path, headers=headers, **options)

    def _ask(self, method: str, path: str, body: Json = None, token: str | None = None) -> Json:
        """A request of the harness itself, which must succeed."""
        key = {"x-api-key": self._keys["admin"]} if "admin" in self._keys else {}
        headers = {"Authorization": f"Bearer {token}"} if token else key
        answer = self._session.request(method, self._running.base_url + path, json=body, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def _pause(self, paused: bool) -> None:
        for queue in WRITING_QUEUES:
            self._ask("PUT", f"/queues/{queue}", {"isPaused": paused})

    def _settle(self) -> None:
        """Until all queues that run have been idle twice: between the jobs of a chain they look idle."""
        end, idle = time.monotonic() + 60, 0
        while idle < 2:
            assert time.monotonic() < end, "the queues did not settle"
            self._running.library.settle(60)
            counts = [queue["statistics"] for queue in self._ask("GET", "/queues")]
            idle = 0 if any(count["active"] + count["waiting"] for count in counts) else idle + 1

    def _sign_up(self) -> None:
        self._ask("POST", "/auth/admin-sign-up", USERS["admin"])
        self._keys["admin"] = self._new_key("admin")
        self._ask("POST", "/admin/users", USERS["second"] | {"shouldChangePassword": False})
        self._keys["second"] = self._new_key("second")

    def _new_key(self, actor: str) -> str:
        login = {name: USERS[actor][name] for name in ("email", "password")}
        token = self._ask("POST", "/auth/login", login)["accessToken"]
        made = self._ask("POST", "/api-keys", {"name": "conformance", "permissions": ["all"]}, token=token)
        secret: str = made["secret"]
        return secret

    def _learn_what_is_known(self) -> None:
        users = {user["email"]: user for user in self._ask("GET", "/users")}
        for actor, known in USERS.items():
            user = users[known["email"]]
            for kind, field_name in (("user", "id"), ("email", "email"), ("name", "name")):
                self._symbols.learn(f"{kind}:{actor}", user[field_name])
        for file, photo in self._photos.items():
            for kind in ("sha1", "checksum"):
                self._symbols.learn(f"{kind}:{file}", photo[kind], shown=False)
        self._symbols.learn("uuid:unknown", "00000000-0000-4000-8000-000000000000")
        self._symbols.learn("uuid:other", "00000000-0000-4000-8000-000000000001")
        started = self._started.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._symbols.learn("time:started", started)


@dataclass(slots=True)
class Symbols:
    """The values behind the symbols of one run, in both directions."""

    started: datetime
    checksums: set[str]
    values: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def learn(self, symbol: str, value: str, *, shown: bool = True) -> None:
        """`{symbol}` means the value from now on; answers show it as «symbol», a first name stays."""
        self.values[symbol] = value
        if shown:
            self.names.setdefault(value, f"«{symbol}»")

    def resolve(self, value: Json) -> Json:
        if isinstance(value, str):
            return _SYMBOL.sub(lambda match: self.values[match[1]], value)
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, dict):
            return {self.resolve(key): self.resolve(item) for key, item in value.items()}
        return value

    def answer(self, body: Json, step: Mapping[str, Json]) -> Json:
        """The body with symbols, as the step wants it: fields dropped or masked, lists sorted."""
        return _sorted(self._shown(body, "", step), _NEVER_ORDERED | set(step.get("unordered", ())), ".")

    def _shown(self, value: Json, key: str, step: Mapping[str, Json]) -> Json:
        if key in step.get("mask", ()):
            return "«any»"
        if isinstance(value, list):
            return [self._shown(item, "", step) for item in value]
        if isinstance(value, dict):
            return self._object(value, step)
        return self._text(value, key) if isinstance(value, str) else value

    def _object(self, value: dict[str, Json], step: Mapping[str, Json]) -> Json:
        result: dict[str, Json] = {}
        for key, item in value.items():
            if key in step.get("drop", ()):
                continue
            shown = self._shown(item, key, step)
            if key == "updatedAt" and "id" in value and shown == "«now»":
                shown = self._moved(str(value["id"]), item, bool(step.get("watch")))
            result[self._without_ids(key)] = shown
        return result

    def _moved(self, owner: str, value: str, watch: bool) -> str:
        before = self.seen.get(owner)
        self.seen[owner] = value
        if not watch or before is None:
            return "«now»"
        return "«now, same»" if before == value else "«now, moved»"

    def _text(self, value: str, key: str) -> str:
        if value in self.names:
            return self.names[value]
        if key in _SECRETS or (key == "key" and _LONG_SECRET.fullmatch(value)):
            return "«secret»"
        if key in _REPLACED:
            return _REPLACED[key]
        if key == "checksum" and value not in self.checksums:
            return "«other-checksum»"
        if _INSTANT.fullmatch(value) and self._is_now(value):
            return "«now»"
        text = self._without_ids(value)
        if not text.startswith("/"):
            return text
        return _SHARDS.sub("/«xx»/«xx»", _MEDIA_PATH.sub(r"«media»/\1/", text))

    def _without_ids(self, text: str) -> str:
        return _UUID.sub(lambda match: self.names.get(match[0], "«id»"), text)

    def _is_now(self, text: str) -> bool:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return False
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return abs(instant - self.started) <= timedelta(hours=1)


def _sorted(value: Json, names: set[str], key: str) -> Json:
    if isinstance(value, dict):
        return {name: _sorted(item, names, name) for name, item in value.items()}
    if isinstance(value, list):
        items = [_sorted(item, names, "") for item in value]
        return sorted(items, key=_sort_key) if key in names else items
    return value


def _sort_key(item: Json) -> str:
    lead = str(item.get("id", item.get("assetId", ""))) if isinstance(item, dict) else ""
    return lead + json.dumps(item, sort_keys=True, ensure_ascii=False)


def _dig(body: Json, place: str) -> Json:
    for part in place.split("."):
        if isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, dict) and part in body:
            body = body[part]
        else:
            return None
    return body


def _read_body(answer: requests.Response) -> Json:
    """JSON as it is, nothing as None, a file as its size and hash, an archive as its file names."""
    if not answer.content:
        return None
    kind = answer.headers.get("content-type", "").split(";")[0]
    if kind == "application/json":
        return answer.json()
    if answer.content[:2] == b"PK":
        return {"zip": sorted(zipfile.ZipFile(io.BytesIO(answer.content)).namelist())}
    digest = base64.b64encode(hashlib.sha1(answer.content, usedforsecurity=False).digest()).decode()
    return {"contentType": kind, "bytes": len(answer.content), "checksum": digest}
