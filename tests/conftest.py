"""Settings for all tests: in CI, hypothesis asks the same questions each time, so that a failure is news."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
