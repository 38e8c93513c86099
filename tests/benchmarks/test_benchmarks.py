"""The benchmarks still run; what they measure is not asserted here, as machines differ."""

from __future__ import annotations

import pytest

from tests.benchmarks import __main__ as benchmarks


@pytest.mark.parametrize("name", ["yaml", "compare"])
def test_a_bench_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main([name, "--scale", "60", "--markdown"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Measured on: ")
    rows = [line for line in lines if line.startswith("| ") and line.count("|") == 8]
    assert len(rows) > 4
    assert any("60 " in row and (" s |" in row) for row in rows)


def test_a_wrong_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmarks.main(["yamll"])
    assert "there is no yamll; there are yaml, " in capsys.readouterr().err
