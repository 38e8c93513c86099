"""The commands as a user runs them, and a sandbox on a real port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

EXAMPLE = Path(__file__).parents[2] / "examples" / "family-album"
VERSIONS = ["3.1.0", "2.5.6"]
PATIENCE = 30.0
"""Seconds after which a test gives up on something that should have happened long ago."""
PIPELINE = {"sidecar", "metadataExtraction", "storageTemplateMigration"}


def script(name: str) -> str:
    """The installed command beside this Python."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"{name} is not installed beside {sys.executable}"
    return found


def until(there: Callable[[], Any], what: str) -> Any:
    """Waits until something is there, and fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not (found := there()):
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE:g} seconds"
        time.sleep(0.01)
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Shell:
    """A folder, an environment without anybody's own settings, and keys that must never be shown."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def variables(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("IMMICH_", "NO_COLOR", "COLUMNS"))
        }
        home = {"HOME": str(self.folder), "IMMICH_RECONCILER_STATE_DIR": str(self.folder / "state")}
        return {**kept, **home, **self.environment, **more}

    def run(self, name: str, *args: str | Path, input: str | None = None, **more: str) -> Result:  # noqa: A002
        """Runs a command to its end. It shows no traceback and no key, whatever happens."""
        ended = subprocess.run(
            [script(name), *map(str, args)],
            cwd=self.folder,
            env=self.variables(**more),
            input=input or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return self.checked(Result(ended.returncode, ended.stdout, ended.stderr))

    def checked(self, result: Result) -> Result:
        assert "Traceback" not in result.said, result.said
        for secret in self.secrets:
            assert secret not in result.said, "a key was shown"
        return result

    @contextmanager
    def started(self, name: str, *args: str | Path, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Starts a command, and makes sure that it is gone afterwards."""
        process = subprocess.Popen(
            [script(name), *map(str, args)],
            cwd=self.folder,
            env=self.variables(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=PATIENCE)

    def reached(self, process: subprocess.Popen[str], there: Callable[[], Any], what: str) -> None:
        """Waits until a started command is where a test wants it; fails at once where it has ended."""

        def there_or_over() -> bool:
            if process.poll() is not None:
                result = self.ended(process)
                raise AssertionError(f"it ended before {what}: {result.code} {result.said}")
            return bool(there())

        until(there_or_over, what)

    def ended(self, process: subprocess.Popen[str]) -> Result:
        """The result of a started command, once it has ended by itself."""
        out, err = process.communicate(timeout=PATIENCE)
        return self.checked(Result(process.returncode, out, err))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox on a port, and what an administrator with a browser would see of it."""

    url: str
    key: str
    session: requests.Session

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        answer = self.session.request(
            method, f"{self.url}{path}", json=body, headers={"x-api-key": key or self.key}, timeout=PATIENCE
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def paused(self) -> set[str]:
        return {queue["name"] for queue in self.ask("GET", "/api/queues") if queue["isPaused"]}

    def assets(self) -> dict[str, dict[str, Any]]:
        """The photos by file name, with their metadata."""
        found = self.ask("POST", "/api/search/metadata", {"size": 1000, "withExif": True})
        return {item["originalFileName"]: item for item in found["assets"]["items"]}

    def albums(self) -> list[str]:
        return sorted(album["albumName"] for album in self.ask("GET", "/api/albums"))

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "/_sandbox/requests")
        return found

    def writes(self) -> list[str]:
        """What was written, queues left out: `PUT /assets`."""
        reads = ("/search/", "/download/info")
        return [
            f"{item['method']} {item['path']}"
            for item in self.requests()
            if item["method"] != "GET" and not item["path"].startswith((*reads, "/queues"))
        ]

    def faults(self, *rules: Mapping[str, Any]) -> None:
        self.ask("PUT", "/_sandbox/faults", list(rules))

    def new_key(self, permissions: Sequence[str], name: str = "small", *, key: str | None = None) -> str:
        made = self.ask("POST", "/api/api-keys", {"name": name, "permissions": list(permissions)}, key=key)
        return str(made["secret"])

    def new_user(self, name: str = "Ben") -> str:
        """A user who is no administrator: his session's token, good for making him a key."""
        account = {"email": f"{name.lower()}@example.org", "password": "correct horse", "name": name}
        self.ask("POST", "/api/admin/users", account)
        login = self.session.post(f"{self.url}/api/auth/login", json=account, timeout=PATIENCE)
        token = login.json()["accessToken"]
        made = self.session.post(
            f"{self.url}/api/api-keys",
            json={"name": "ben", "permissions": ["all"]},
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        )
        return str(made.json()["secret"])


@contextmanager
def served(library: Path) -> Iterator[Served]:
    """Puts a library on a free port with `immich-sandbox serve`."""
    process = subprocess.Popen(
        [script("immich-sandbox"), "serve", str(library), "--port", "0", "--print-key"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    session = requests.Session()
    try:
        assert process.stdout and process.stderr
        first, second = process.stdout.readline(), process.stdout.readline()
        assert "http://" in first, process.stderr.read()
        url = first.split(" on ")[1].strip()
        yield Served(url, second.removeprefix("API key: ").strip(), session)
    finally:
        session.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
