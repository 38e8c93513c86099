"""Sends what a plan writes, side by side where that is safe."""
