"""Chromium, driven over WebDriver by plain requests, for tests that need a real browser."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PATIENCE = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def installed() -> bool:
    """Whether there is a Chromium with its driver."""
    return bool(shutil.which("chromedriver") and (shutil.which("chromium") or shutil.which("google-chrome")))


@dataclass(frozen=True, slots=True)
class Browser:
    """One window."""

    session: str

    def post(self, what: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.session}/{what}", json=body, timeout=PATIENCE).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def open(self, page: Path) -> None:
        self.post("url", {"url": page.as_uri()})

    def run(self, script: str, *arguments: object) -> Any:
        """What JavaScript returns."""
        return self.post("execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str) -> None:
        """Until an expression of JavaScript is true."""
        for _ in range(100):
            if self.run(f"return Boolean({script})"):
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def press(self, *keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.post("actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self.post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def complaints(self) -> list[str]:
        """What the browser has complained about: errors, and whatever the page's policy forbids."""
        return [entry["message"] for entry in self.post("se/log", {"type": "browser"})]


@contextmanager
def browser(folder: Path, *, width: int = 1600, height: int = 1000) -> Iterator[Browser]:
    """A window of that size with a profile of its own in `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base)
        screen = {"width": width, "height": height, "pixelRatio": 1, "touch": False}
        options = {
            "args": [*FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"],
            "mobileEmulation": {"deviceMetrics": screen},
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        body = {"capabilities": {"alwaysMatch": wanted}}
        made = requests.post(f"{base}/session", json=body, timeout=PATIENCE).json()["value"]
        assert "sessionId" in made, made
        session = f"{base}/session/{made['sessionId']}"
        yield Browser(session)
        requests.delete(session, timeout=PATIENCE)
    finally:
        driver.terminate()
        driver.wait()


def _wait_for(base: str) -> None:
    for _ in range(200):
        try:
            requests.get(f"{base}/status", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the driver of the browser doesn't start")
