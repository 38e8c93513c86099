"""What the recipes meet of a forge: the comments of one pull request, as each forge's API has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0ken-of-the-forge"
PAGE = 2
"""Comments on a page: few, so that a second page is needed."""
LISTS = ("/repos/ada/photos/issues/7/comments", "/projects/42/merge_requests/7/notes")
ONE = ("/repos/ada/photos/issues/comments/", "/projects/42/merge_requests/7/notes/")


@dataclass
class Forge:
    """A forge that is running, with the bodies of its comments by number."""

    url: str = ""
    comments: dict[int, str] = field(default_factory=dict)


@contextmanager
def forge(update: str) -> Iterator[Forge]:
    """A forge on a free port, which changes a comment by this method only."""
    there = Forge(comments={1: "nice!", 2: "what about <!-- immich-plan --> here?", 3: "+1"})

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, said: object = None) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def body(self) -> str:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert said.keys() == {"body"}
            return str(said["body"])

        def do(self) -> None:
            place, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.answer(401)
            elif self.command == "GET" and place in LISTS:
                start = (int(query["page"][0]) - 1) * PAGE
                page = list(there.comments.items())[start : start + PAGE]
                self.answer(200, [{"id": number, "body": body} for number, body in page])
            elif self.command == "POST" and place in LISTS:
                there.comments[len(there.comments) + 1] = self.body()
                self.answer(201)
            elif (
                self.command == update
                and place.startswith(ONE)
                and int(place.rpartition("/")[2]) in there.comments
            ):
                there.comments[int(place.rpartition("/")[2])] = self.body()
                self.answer(200)
            else:
                self.answer(404)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    for method in ("GET", "POST", "PUT", "PATCH"):
        setattr(Handler, f"do_{method}", Handler.do)
    with _listening(Handler) as there.url:
        yield there


@contextmanager
def inbox() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An address that takes messages, and the title and text of each that came."""
    posts: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(
                (self.headers["Title"], self.rfile.read(int(self.headers["Content-Length"])).decode())
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with _listening(Handler) as url:
        yield url, posts


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on a free port, with its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
