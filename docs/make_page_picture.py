"""Makes docs/images/page.png: the page of the family album's plan, as Chromium shows it.

.venv/bin/python docs/make_page_picture.py
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "family-album"
PICTURE = ROOT / "docs" / "images" / "page.png"
WIDTH = 1120
HEIGHT = 3000
SHOWN = ((0, 240), (1400, 2448))
"""Rows of pixels that are shown: the page's top, and the first changes. Look at it after a change."""
COLOURS = 200


def command(name: str) -> str:
    """The installed command of this name."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def page(folder: Path) -> Path:
    """The page of the example's plan, made in the folder."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".sandbox"))
    init = [command("immich-sandbox"), "init", ".sandbox", "--from", "photos", "--quiet"]
    plan = [command("immich-plan"), "--quiet", "--state-dir", "state", "--html", "plan.html"]
    for words in (init, plan):
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "plan.html"


def screenshot(shown: Path, folder: Path) -> Image.Image:
    """What a window of that size shows of it."""
    taken = folder / "page.png"
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync --hide-scrollbars"
    )
    more = "--disable-background-networking --disable-component-update"
    words = ["chromium", *flags.split(), *more.split(), f"--user-data-dir={folder / 'profile'}"]
    size = [f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={taken}", shown.as_uri()]
    subprocess.run([*words, *size], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Image.open(io.BytesIO(taken.read_bytes())).convert("RGB")


def main() -> None:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = screenshot(page(folder / "album"), folder)
    picture = Image.new("RGB", (WIDTH, sum(end - start for start, end in SHOWN)))
    top = 0
    for start, end in SHOWN:
        picture.paste(whole.crop((0, start, WIDTH, end)), (0, top))
        top += end - start
    picture.quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
