"""The page: whole in itself, harmless whatever it holds, and telling what a reader has to know."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.diff.changes import Action, AlbumChange, Changes, Comparison
from reconciler.model.live import NO_THUMBNAILS, Thumbnails
from reconciler.model.origin import Problem
from reconciler.model.safety import Budget, Counted, Limit, Safety
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.document import from_bytes, to_bytes
from reconciler.render.html import STATIC, plan_html, wanted_thumbnails
from reconciler.render.html import page as page_of
from tests.render import plans as made
from tests.render.strategies import encodable, plans

JPEG = b"\xff\xd8\xff\xe0 a picture"
VOID = {"meta", "input", "br"}
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background", "formaction", "ping"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    def all(self, tag: str) -> Iterator[Element]:
        for item in self.inside:
            if isinstance(item, Element):
                if item.tag == tag:
                    yield item
                yield from item.all(tag)

    @property
    def text(self) -> str:
        return "".join(item if isinstance(item, str) else item.text for item in self.inside)


class Tree(HTMLParser):
    """The elements, and a complaint where one isn't closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(text)
        self.close()
        assert len(self.open) == 1, [item.tag for item in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def page(plan: Plan, thumbnails: Thumbnails = NO_THUMBNAILS) -> Element:
    return Tree(plan_html(plan, thumbnails)).root


def by_id(root: Element, name: str) -> Element:
    (found,) = [item for item in everything(root) if item.attributes.get("id") == name]
    return found


def everything(root: Element) -> Iterator[Element]:
    for item in root.inside:
        if isinstance(item, Element):
            yield item
            yield from everything(item)


def rows(root: Element) -> list[Any]:
    found: list[Any] = json.loads(by_id(root, "data").text)
    return found


NAMES = sorted(made.PLANS)


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_nothing_but_itself(name: str) -> None:
    root = page(made.PLANS[name](), Thumbnails({"p-1": JPEG}))
    for element in everything(root):
        assert element.tag not in {"link", "iframe", "object", "embed", "base"}
        assert not [key for key in element.attributes if key.startswith("on") or key == "style"]
        for key in LOADING & element.attributes.keys():
            assert element.attributes[key].startswith(("#", "data:image/")), element
    assert "@import" not in plan_html(made.PLANS[name]()) and "url(" not in plan_html(made.PLANS[name]())


def test_nothing_runs_but_its_own_script() -> None:
    root = page(made.family())
    (policy,) = [
        item.attributes["content"]
        for item in root.all("meta")
        if item.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    (style,) = root.all("style")
    (script,) = [item for item in root.all("script") if "type" not in item.attributes]
    for element, rule in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


EVIL = "</script><script>alert(1)</script>]]>--><!--<img src=x onerror=alert(1)>\u202e\U0001f468\"'`{{7*7}}"


def hostile() -> Plan:
    """Every kind of name is EVIL."""
    photo = made.change(
        "p-1", (Field.DESCRIPTION, "old " + EVIL, EVIL, 3), add=((EVIL, 4),), remove=(("a" + EVIL, 5),)
    )
    album = AlbumChange(Action.CREATE, EVIL, made.at(6, EVIL), None, (), ("p-1",), (), 0, 1)
    return made.plan(Comparison(Changes((), (photo,), (album,)), labels={"p-1": EVIL}))


def test_names_are_text_and_nothing_else() -> None:
    plan = replace(hostile(), identity=replace(made.IDENTITY, user_name=EVIL, url=EVIL))
    root = page(plan, Thumbnails({"p-1": JPEG}, note=EVIL))
    assert len(list(root.all("script"))) == 2
    assert not list(root.all("img"))
    assert "\u202e" not in root.text and "\\u202e" in root.text
    shown = EVIL.replace("\u202e", "\\u202e")
    assert by_id(root, "title-0").text.endswith(shown)
    for row in rows(root):
        inside = Tree(row[-1]).root
        assert not list(inside.all("script")) and not list(inside.all("img"))
        assert shown in inside.text
    assert "49" not in by_id(root, "title-0").text


@pytest.mark.parametrize("name", NAMES)
def test_what_the_script_shows_is_what_is_there_without_it(name: str) -> None:
    plan = made.PLANS[name]()
    text = plan_html(plan)
    root = Tree(text).root
    if not plan.changes:
        assert not list(root.all("script"))
        assert "Nothing" in root.text
        return
    bodies = [row[-1] for row in rows(root)]
    assert all(body in text for body in bodies[:STATIC])
    assert len(list(by_id(root, "list").all("article"))) == min(STATIC, len(bodies))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
def test_a_saved_plan_gives_the_same_page(name: str) -> None:
    plan = made.PLANS[name]()
    assert plan_html(from_bytes(to_bytes(plan))) == plan_html(plan)


def test_the_summary_comes_first_and_tells_all_four() -> None:
    root = page(made.family())
    (main,) = root.all("main")
    heads = [head.text for head in main.all("h2")]
    assert heads[:4] == ["What changes", "What is removed", "What it costs", "Why: the lines that ask for it"]
    removed = next(item for item in main.all("section") if item.attributes["aria-labelledby"] == "removed")
    assert 'album "Trash album" is deleted (its 12 photos stay in the library)' in removed.text
    assert '3 photos leave album "Old scans"' in removed.text
    why = next(item for item in main.all("section") if item.attributes["aria-labelledby"] == "why")
    assert "family.yaml:14" in why.text and "family.yaml:80" in why.text
    cost = next(item for item in main.all("section") if item.attributes["aria-labelledby"] == "cost")
    assert "Requests" in cost.text and "Queue jobs" in cost.text


def test_it_says_so_where_nothing_is_removed() -> None:
    assert "Nothing is removed or deleted." in page(made.albums_only()).text


def test_problems_and_missing_photos_come_before_everything() -> None:
    heads = [head.text for head in page(made.problems()).all("h2")]
    assert heads[0] == "Problems (2)"
    assert next(page(made.undone()).all("h2")).text == "Missing (1)"


def test_captions_show_the_words_that_change() -> None:
    photo = made.change("p-1", (Field.DESCRIPTION, "The cathedral of Siena", "The dome of Siena", 3))
    root = page(made.plan(Comparison(Changes(assets=(photo,)), labels=made.labels(photo))))
    listed = by_id(root, "list")
    assert [item.text for item in listed.all("del")] == ["cathedral"]
    assert [item.text for item in listed.all("ins")] == ["dome"]


def test_dates_have_a_timeline_and_places_a_map() -> None:
    root = page(made.family())
    classes = [item.attributes.get("class") for item in by_id(root, "list").all("svg")]
    assert "timeline" in classes and "map" in classes
    world = by_id(root, "world").attributes["d"]
    assert world.startswith("M") and len(world) < 40_000


def test_pictures_stand_where_photos_come_and_go() -> None:
    files = {photo: JPEG + photo.encode() for photo in ("p-1", "s-1", "s-2", "p-540")}
    root = page(made.family(), Thumbnails(files))
    held = [item.attributes["href"] for item in root.all("image")]
    assert sorted(held) == sorted(
        f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" for data in files.values()
    )
    strips = {item.attributes["class"]: item for item in by_id(root, "change-1").all("section")}
    assert [item.text for item in strips["strip plus"].all("title")] == ["scan_1.tif"]
    assert [item.text for item in strips["strip minus"].all("title")] == ["scan_2.tif"]
    for use in root.all("use"):
        assert by_id(root, use.attributes["href"].removeprefix("#"))


def test_what_is_no_picture_is_not_put_in() -> None:
    files = {"p-1": b"<svg onload=alert(1)>", "p-2": b"", "p-540": b"\x89PNG\r\n\x1a\n..."}
    assert len(list(page(made.family(), Thumbnails(files)).all("image"))) == 1


def test_which_pictures_are_wanted() -> None:
    """Those that leave come first, each change has one before any has two, and long lists are sampled."""
    wanted = wanted_thumbnails(made.family())
    assert wanted[0] == "s-2" or wanted[0] == "s-3"
    assert {"p-1", "p-128", "p-540", "s-1"} <= {*wanted}
    assert len(wanted) < 40 and len({*wanted}) == len(wanted)
    assert wanted == wanted_thumbnails(made.family())


def test_it_can_be_used_by_keyboard_and_with_a_screen_reader() -> None:
    root = page(made.family())
    (html,) = root.all("html")
    assert html.attributes["lang"] == "en"
    assert len(list(root.all("main"))) == len(list(root.all("h1"))) == 1
    skip = next(root.all("a"))
    assert skip.attributes["href"] == "#changes" and by_id(root, "changes")
    assert by_id(root, "count").attributes["aria-live"] == "polite"
    for control in [*root.all("input"), *root.all("select")]:
        assert any(control in list(everything(label)) for label in root.all("label"))
    ids = [item.attributes["id"] for item in everything(root) if "id" in item.attributes]
    assert len(ids) == len(set(ids))
    for element in everything(root):
        if label := element.attributes.get("aria-labelledby"):
            assert label in ids
    for drawing in root.all("svg"):
        assert "aria-label" in drawing.attributes or drawing.attributes.get("aria-hidden") == "true"


def test_a_long_plan_is_mostly_data() -> None:
    root = page(made.many(2_000, alike=False))
    found = rows(root)
    assert len(found) == 2_000
    assert len(list(root.all("article"))) == STATIC
    assert "caption 1999" in found[-1][3] or "caption 1999" in "".join(row[3] for row in found)
    assert "first 40 of 2,000 changes" in next(root.all("noscript")).text


def test_a_long_page_is_made_in_pieces() -> None:
    """Nobody has to hold it: neither its changes nor its text are there as a whole."""
    pieces = page_of([made.many(5_000, alike=False)])
    size = longest = 0
    for piece in pieces:
        size, longest = size + len(piece), max(longest, len(piece))
    assert longest < size / 20


def test_long_lists_are_folded_and_what_is_left_out_is_counted() -> None:
    missing = tuple(Problem(f"no photo has file {number}.jpg", made.at(number)) for number in range(1, 1_500))
    root = page(made.plan(Comparison(missing=missing)))
    listed = next(item for item in root.all("section") if item.attributes["aria-labelledby"] == "missing")
    assert len(list(listed.all("li"))) == 1_020
    assert "1,479 more" in listed.text and "and 479 more" in listed.text
    (folded,) = listed.all("details")
    assert len(list(folded.all("li"))) == 1_000


def test_everything_is_found_by_its_names() -> None:
    texts = [row[3] for row in rows(page(made.family()))]
    assert any("img_0128.jpg" in text and "italy 2024" in text for text in texts)
    assert any("family.yaml:41" in text for text in texts)
    assert any("trips/italy/venice" in text for text in texts)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans(encodable))
def test_any_plan_is_one_sound_page_and_always_the_same(plan: Plan) -> None:
    text = plan_html(plan)
    root = Tree(text).root
    assert plan_html(plan) == text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    if plan.changes:
        assert len(list(root.all("script"))) == 2
        for row in rows(root):
            Tree(row[-1])


def test_what_is_more_than_allowed_stands_on_top() -> None:
    plan = made.family()
    strict = Safety({Budget.CHANGES: {Counted.VALUES: Limit(0)}, Budget.REMOVALS: {}, Budget.OVERWRITES: {}})
    stopped = plan.judged(strict)
    assert stopped.violations
    page = plan_html(stopped, NO_THUMBNAILS)
    top = page[: page.index('id="summary"')]
    assert "More than allowed" in top and "--max-changes values=" in top
    assert "More than allowed" not in plan_html(plan, NO_THUMBNAILS)
