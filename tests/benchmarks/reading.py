"""Reading a real server's whole library, against a bare reader that sends the same requests and only decodes.

Takes IMMICH_INSTANCE_URL and IMMICH_API_KEY; without them there is nothing to measure. Only reads.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter

from tests.benchmarks.child import Spent, measure
from tests.benchmarks.figure import Row

WISH = """assets:
  - match: { has: date }
    favorite: false
albums:
"""


def wish() -> str:
    """One rule over everything and twenty albums by rule."""
    months = [f"{2010 + number % 15}-0{number % 9 + 1}" for number in range(20)]
    albums = [f"  - {{ name: Rule {month}, match: {{ taken: {month}, rating: '>=1' }} }}" for month in months]
    return WISH + "\n".join(albums) + "\n"


def read_both(spent: Spent, folder: str, url: str) -> dict[str, int]:
    """Reads for the wish, then sends the same requests again and only decodes what comes."""
    from reconciler.config import load
    from reconciler.immich.transport import Call, Transport
    from reconciler.live.read import read_planned
    from reconciler.model.live import Features
    from tests.support.readers import open_reader

    key, asked = os.environ["IMMICH_API_KEY"], []

    class Watched(Transport):
        def _send(self, call: Call, base: str) -> requests.Response:
            asked.append((call.method, base + call.path, call.query, call.body))
            return super()._send(call, base)

    reader = open_reader(Watched(url, key))
    identity, desired = reader.identity(), load([folder]).desired
    asked.clear()
    with spent.part("ours"):
        live, plan = read_planned(desired, reader, identity=identity, features=Features())
    with spent.part("bare"):
        _bare(asked, key, reader.connections)
    return {"photos": len(live.assets), "requests": len(asked), "fewest": plan.fewest}


def _bare(asked: list[Any], key: str, connections: int) -> None:
    session = requests.Session()
    session.headers.update(
        {"x-api-key": key, "Accept-Encoding": "identity", "Content-Type": "application/json"}
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def send(one: Any) -> None:
        method, url, query, body = one
        orjson.loads(session.request(method, url, params=query, data=body, timeout=300).content)

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(send, asked))


def rows(_photos: int) -> Iterator[Row]:
    """The library as it is, whatever the scale."""
    url = os.environ.get("IMMICH_INSTANCE_URL", "")
    if not url or not os.environ.get("IMMICH_API_KEY"):
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "wish.yaml").write_text(wish(), encoding="utf-8")
        spent = measure(read_both, folder, url)
    found, wall, processor = spent.result, spent.wall, spent.processor
    note = f"{wall['ours']:.1f} s against {wall['bare']:.1f} s"
    yield Row(
        f"read {found['photos']:,} photos, against a bare reader", wall["ours"] / wall["bare"], "x", 1.3, note
    )
    note = f"{processor['ours']:.1f} s against {processor['bare']:.1f} s"
    share = processor["ours"] / processor["bare"]
    yield Row("the same, processor time of the client", share, "x", 2, note)
    most = found["photos"] / 1000 + 10
    note = f"{found['fewest']} is the fewest that can answer"
    yield Row("the same, requests", found["requests"], "requests", most, note)
