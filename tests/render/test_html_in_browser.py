"""The page in a real Chromium; where none is installed these are skipped, and test_html.py still holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.live import Thumbnails
from reconciler.render.html import plan_html
from tests.render import plans as made
from tests.render.test_html import JPEG, hostile
from tests.support.browser import Browser, browser, installed

pytestmark = pytest.mark.skipif(
    not installed(), reason="no Chromium: apt-get install chromium chromium-driver"
)

TAB, ENTER = "\ue004", "\ue007"
CARDS = "document.querySelectorAll('#list > article').length"
FOLDED = "document.querySelectorAll('details:not([open])').length"
COUNT = "document.getElementById('count').textContent"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("wide")) as opened:
        yield opened


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("narrow"), width=360, height=740) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page that is opened here, as a file."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {name: plan_html(plan()) for name, plan in made.PLANS.items()}
    texts["hostile"] = plan_html(hostile(), Thumbnails({"p-1": JPEG}))
    texts["many"] = plan_html(made.many(20_000, alike=False))
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


def type_into(window: Browser, text: str) -> None:
    window.run("document.getElementById('find').focus(); document.getElementById('find').value = ''")
    window.press(*text)


def choose(window: Browser, name: str, value: str) -> None:
    script = "e.value = arguments[1]; e.dispatchEvent(new Event('change'))"
    window.run(f"const e = document.getElementById(arguments[0]); {script}", name, value)


@pytest.mark.parametrize("name", [*sorted(made.PLANS), "many"])
def test_it_fits_every_window_and_asks_for_nothing(
    window: Browser, phone: Browser, pages: dict[str, Path], name: str
) -> None:
    for opened, width in ((window, 1600), (phone, 360)):
        opened.open(pages[name])
        assert opened.run("return document.documentElement.scrollWidth") <= width
        assert opened.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
        assert [text for text in opened.complaints() if "data:image" not in text] == []


def test_searching_and_filtering(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["family"])
    assert window.run(f"return [{CARDS}, {COUNT}]") == [9, "9 entries"]
    type_into(window, "scan")
    window.wait(f"{COUNT} === '1 of 9 entries fits'")
    assert window.run(f"return {CARDS}") == 1
    type_into(window, "family.yaml:41")
    window.wait(f"{COUNT} === '1 of 9 entries fits'")
    window.run("document.getElementById('find').value = ''")
    choose(window, "kind", "album")
    assert window.run(f"return {COUNT}") == "3 of 9 entries fit"
    choose(window, "kind", "")
    window.run("document.getElementById('removes').click()")
    assert window.run(f"return {COUNT}") == "3 of 9 entries fit"
    choose(window, "aspect", "description")
    assert window.run(f"return {COUNT}") == "1 of 9 entries fits"


def test_a_cause_leads_to_its_changes(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["family"])
    window.run("[...document.querySelectorAll('button.at')].find(b => b.textContent.endsWith(':80')).click()")
    assert window.run(f"return {COUNT}") == "1 of 9 entries fits"
    assert "Trash album" in window.run("return document.querySelector('#list h3').textContent")


def test_twenty_thousand_changes_come_in_portions(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["many"])
    assert window.run(f"return [{COUNT}, {CARDS}]")[0] == "20,000 entries"
    assert window.run("return document.querySelectorAll('*').length") < 10_000
    before = window.run(f"return {CARDS}")
    window.run("document.getElementById('more').click()")
    assert window.run(f"return {CARDS}") >= before + 60
    type_into(window, "caption 19999")
    window.wait(f"{COUNT} === '1 of 20,000 entries fits'")


def test_scrolling_to_the_end_brings_more(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["many"])
    before = window.run(f"return {CARDS}")
    window.run("window.scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    window.wait(f"{CARDS} > {before}")


def test_the_keyboard_is_enough(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["family"])
    window.press(TAB)
    assert window.run("return document.activeElement.className") == "skip"
    window.press(ENTER)
    window.press(TAB)
    assert window.run("return document.activeElement.id") == "find"
    assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    window.press(TAB)
    assert window.run("return document.activeElement.id") == "kind"


def test_hostile_names_stay_text(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["hostile"])
    assert window.run("return document.images.length") == 0
    assert "</script><script>alert(1)" in window.run("return document.getElementById('title-0').textContent")
    assert window.run(f"return {CARDS}") == 2


def test_day_and_night(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["family"])
    shown = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        window.devtools("Emulation.setEmulatedMedia", features=[feature])
        shown[scheme] = window.run("return getComputedStyle(document.body).backgroundColor")
    window.devtools("Emulation.setEmulatedMedia", features=[])
    assert shown["light"] != shown["dark"]


def test_on_paper_everything_is_unfolded(window: Browser, pages: dict[str, Path]) -> None:
    window.open(pages["family"])
    window.run(f"window.seen = []; addEventListener('beforeprint', () => seen.push({FOLDED}))")
    assert window.run(f"return {FOLDED}") > 2
    paper = window.devtools("Page.printToPDF", printBackground=True)["data"]
    assert len(paper) > 10_000
    assert window.run("return seen") == [0]
    assert window.run(f"return {FOLDED}") > 2


def test_without_javascript_the_first_changes_are_there(window: Browser, pages: dict[str, Path]) -> None:
    window.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        window.open(pages["many"])
        document = window.devtools("DOM.getDocument", depth=0)["root"]["nodeId"]
        cards = window.devtools("DOM.querySelectorAll", nodeId=document, selector="#list > article")
        assert len(cards["nodeIds"]) == 40
    finally:
        window.devtools("Emulation.setScriptExecutionDisabled", value=False)
