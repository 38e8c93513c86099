"""`python -m tests.soak --plans 2000 --seed 1`."""

from __future__ import annotations

import argparse
import sys
import time

from tests.soak.running import Count, soak


def main() -> int:
    """Runs the plans and tells how it went; 1 where one failed."""
    options = argparse.ArgumentParser(prog="python -m tests.soak")
    options.add_argument("--plans", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--library", type=int, default=0, help="the first library, to see a failure again")
    asked = options.parse_args()
    began, told, count = time.monotonic(), 0, Count()
    for count in soak(asked.plans, asked.seed, first=asked.library):
        while told < len(count.failures):
            print(f"\n{count.failures[told]}\n", flush=True)
            told += 1
        if count.plans % 100 == 0:
            print(f"{time.monotonic() - began:.0f} s  {count}", file=sys.stderr, flush=True)
    print(count)
    return 1 if count.failures else 0


if __name__ == "__main__":
    sys.exit(main())
