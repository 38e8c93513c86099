"""Figures: how long the engine takes and how much memory, at 100,000 photos. `python -m tests.benchmarks`."""
