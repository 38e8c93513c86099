"""A plan as one HTML page for people who would rather look: no network, no other file.

Jinja2 writes the markup, since it escapes whatever a name or caption holds, by itself and everywhere. What is
shown of a plan is decided in `cards` and `overview`; the page's style and script are in `pages/`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.model.live import NO_THUMBNAILS, Thumbnails
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.plan.several import digest_of_all
from reconciler.render.cards import Card, cards
from reconciler.render.cells import plain
from reconciler.render.overview import overview
from reconciler.render.samples import taking_turns

STATIC = 40
"""Changes that are there without JavaScript."""
PICTURE_TYPES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF", "image/webp"),
)
"""How a picture begins, and its type; anything else is not put into the page."""

_LEAVING = re.compile(r"<([/!sS])")
"""What could end a script element or change how it is read: `</script`, `<!--`, `<script`."""


def plan_html(plan: Plan, thumbnails: Thumbnails = NO_THUMBNAILS) -> str:
    """The page. The same plan and the same thumbnails give the same page."""
    return "".join(page((plan,), thumbnails))


def page(plans: Sequence[Plan], thumbnails: Thumbnails = NO_THUMBNAILS) -> Iterator[str]:
    """The page in pieces, so that one with many changes is never there as a whole.

    That of several accounts has each plan below its heading, and then the changes of all of them.
    """
    tops = [overview(plan) for plan in plans]
    uris, total = _uris(plans, thumbnails)
    numbers = {photo: number for number, photo in enumerate(uris)}
    env = _environment()
    macros = env.get_template("cards.html.j2").make_module({"pictures": numbers})
    drawn = (
        (card, str(macros.card(card, number)))  # type: ignore[attr-defined]
        for number, card in enumerate(_shown(plans))
    )
    first = list(islice(drawn, STATIC))
    style, script = _read("page.css"), _read("page.js")
    return env.get_template("page.html.j2").generate(
        plans=plans,
        overviews=tops,
        title=tops[0].title if len(tops) == 1 else counted(len(tops), "account"),
        digest=digest_of_all(plans),
        cards=[Markup(body) for _, body in first],
        total=total,
        images=list(uris.values()),
        pictures=numbers,
        note=plain(thumbnails.note),
        data=map(_script_row, chain(first, drawn)),
        style=Markup(style),
        script=Markup(script),
        world=Markup(_read("world.path").strip()),
        policy=_policy(style, script),
    )


def wanted_thumbnails(plan: Plan) -> tuple[str, ...]:
    """The photos of which the page would show pictures: first one for each change, removals before others."""
    found = [(not card.removes, card.pictures) for card in cards(plan, values=False)]
    return tuple(taking_turns(pictures for _, pictures in sorted(found, key=itemgetter(0))))


def _shown(plans: Sequence[Plan]) -> Iterator[Card]:
    if len(plans) == 1:
        return cards(plans[0])
    return (replace(card, account=plain(plan.account)) for plan in plans for card in cards(plan))


def _uris(plans: Iterable[Plan], thumbnails: Thumbnails) -> tuple[dict[str, str], int]:
    """Pictures as data URIs, in the order in which they are first shown; and the number of all cards."""
    found: dict[str, str] = {}
    number = 0
    for card in (card for plan in plans for card in cards(plan, values=False)):
        number += 1
        for photo in card.pictures:
            data = thumbnails.files.get(photo)
            if data and photo not in found and (kind := _type_of(data)):
                found[photo] = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return found, number


def _type_of(data: bytes) -> str:
    return next((kind for start, kind in PICTURE_TYPES if data.startswith(start)), "")


def _script_row(drawn: tuple[Card, str]) -> Markup:
    """What the script needs of a change: its kind, what it touches, its text in lower case, its markup."""
    card, body = drawn
    row = [card.kind, int(card.removes), list(card.aspects), _text(card), body]
    return Markup(_LEAVING.sub(lambda found: f"\\u003c{found[1]}", orjson.dumps(row).decode()))


def _text(card: Card) -> str:
    """Everything by which a change is found."""
    texts: list[str] = [card.account, card.kind, card.state, card.title, card.note, *card.at, *card.search]
    for row in card.rows:
        texts += (row.label, row.at, row.before, row.after, *row.befores)
        texts += (text for _, text in row.words)
    return (
        "\n".join(dict.fromkeys(text.lower() for text in texts if text)).encode("utf-8", "replace").decode()
    )


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, and nothing runs but the page's own script (Content Security Policy)."""
    parts = (
        "default-src 'none'",
        "img-src data:",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=8)
def _read(name: str) -> str:
    return files("reconciler.render").joinpath("pages", name).read_text("utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reconciler.render", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters["thousands"] = _thousands
    made.filters["plain"] = plain
    return made


def _thousands(number: Any) -> str:
    return f"{number:,}"
