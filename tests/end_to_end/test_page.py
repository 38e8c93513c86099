"""The page as a user gets it: with pictures of the server's photos, beside whatever else is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.end_to_end.support import EXAMPLE, Served, Shell

PLANNING = ("album.read", "asset.download", "asset.read", "asset.statistics", "tag.read", "user.read")


def asking(shell: Shell, server: Served) -> None:
    shell.environment |= {"IMMICH_INSTANCE_URL": server.url, "IMMICH_API_KEY": server.key}
    shell.secrets.append(server.key)


def pictures(page: Path) -> int:
    return page.read_text("utf-8").count('href="data:image/jpeg;base64,')


def asked_for(server: Served) -> int:
    return sum("/thumbnail?" in item["path"] for item in server.requests())


def test_a_page_beside_the_text(shell: Shell, example: Any) -> None:
    with example("3.1.0") as server:
        asking(shell, server)
        plain = shell.run("immich-plan", EXAMPLE, "--quiet")
        assert plain.code == 0 and plain.err == ""
        ended = shell.run("immich-plan", EXAMPLE, "--quiet", "--html", "plan.html", "-o", "plan.json")
        assert ended.code == 0 and ended.out == plain.out
        page = shell.folder / "plan.html"
        assert "saved: plan.html" in ended.err and "saved: immich-apply plan.json" in ended.err
        whole = pictures(page)
        assert whole > 5
        printed = shell.run("immich-plan", EXAMPLE, "--quiet", "--format", "html")
        assert printed.out == page.read_text("utf-8") and printed.err == ""
        assert server.key not in printed.out
        before = asked_for(server)
        assert before >= whole
        shell.run("immich-plan", EXAMPLE, "--quiet", "--html", "plan.html", "--no-thumbnails")
        assert pictures(page) == 0 and "Italy 2024" in page.read_text("utf-8")
        assert asked_for(server) == before


def test_a_key_that_may_not_show_pictures(shell: Shell, example: Any) -> None:
    with example("2.5.6") as server:
        asking(shell, server)
        shell.environment["IMMICH_API_KEY"] = server.new_key(PLANNING)
        ended = shell.run("immich-plan", EXAMPLE, "--quiet", "--html", "plan.html")
        assert ended.code == 0 and "Italy 2024" in ended.out
        assert "warning: No pictures: the API key lacks the permission asset.view." in ended.err
        page = shell.folder / "plan.html"
        assert pictures(page) == 0 and "asset.view" in page.read_text("utf-8")
