"""What the code names as the source of a fact about the server is explained in docs/server.md."""

from __future__ import annotations

import re

from tests.packaging.pages import ROOT

CITED = re.compile(r"\b(FACTS|FINDINGS|PERFORMANCE)\s+(\d+(?:\.\d+)?(?:(?:,| to| and)\s+\d+(?:\.\d+)?)*)")
EXPLAINED = re.compile(r"^- \*\*((?:FACTS|FINDINGS|PERFORMANCE) \d+(?:\.\d+)?)\.\*\*", re.MULTILINE)


def cited() -> set[str]:
    found = set()
    for folder in ("reconciler", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for name, numbers in CITED.findall(path.read_text(encoding="utf-8").replace("\n", " ")):
                found |= {f"{name} {number}" for number in re.findall(r"\d+(?:\.\d+)?", numbers)}
    return found


def test_each_source_is_explained_once_and_none_in_vain() -> None:
    explained = EXPLAINED.findall((ROOT / "docs" / "server.md").read_text(encoding="utf-8"))
    assert len(explained) == len(set(explained))
    assert set(explained) == cited()
