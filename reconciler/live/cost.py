"""What reading costs a server, measured on a real one with 100,000 photos (PERFORMANCE 2.1 to 2.3).

Seconds are the server's work, one request after the other. They are there to compare ways of reading, not to
tell how long one takes: that depends on the machine, and several requests run at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PAGE = 1000
"""Assets in one page of a search (FACTS 3.3)."""

REQUEST = 0.005
"""Seconds of a request that hardly asks anything: GET /queues, GET /tags (2.3)."""
ROW = 75e-6
"""Seconds of a photo in a page, with metadata: 5.7 s of the server and 1.9 s of its database for 100,000."""
WHO = 60e-6
"""Seconds of a photo in a page that tells nothing but who is on it."""
FILTERED = 0.4e-6
"""Seconds that a filter without an index costs for each photo of the library: 0.042 s for 100,000."""
NAMED = 0.04e-6
"""Seconds that one file name among several costs for each photo: 0.18 s for 50 in 100,000, by an index."""
BY_ID = 0.6e-3
"""Seconds of one id among several: 0.2 to 0.6 s for 500 to 1,000."""
DETAIL = 0.008
"""Seconds of GET /assets/{id}."""
MEMBER = 35e-6
"""Seconds of a member in download/info: 8.4 s for 242,600."""
CHECK = 16e-6
"""Seconds of a checksum in bulk-upload-check: 0.16 s for 10,000."""
COUNTED = 0.5e-6
"""Seconds that counting costs for each photo of the library: 0.05 s for 100,000."""
MARKER = 9e-6
"""Seconds of a photo on the map: 0.23 s of the server, 0.13 s of its database and 0.16 s of this machine for
57,546, which are 1.9 MB on their way."""
KEPT = 6e-6
"""Seconds of this machine for a photo that is kept on its disk, counted as if they were the server's."""

STAKE = 4
"""To find out whether something can be saved may cost one part in so many of what that would be."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests, rows that come with them, and seconds of the server's work."""

    requests: int = 0
    rows: int = 0
    seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.requests + other.requests, self.rows + other.rows, self.seconds + other.seconds)


NOTHING = Cost()


def total(costs: Iterable[Cost]) -> Cost:
    """All of these together."""
    return sum(costs, NOTHING)


def scan_cost(library: int, passes: int) -> Cost:
    """Reading a library of this size; `passes` is how many searches together show it."""
    requests = passes + library // PAGE
    return Cost(requests, library, requests * REQUEST + library * ROW)


def kept_cost(library: int) -> Cost:
    """Bringing up to date what is kept of such a library: counts, and a search for what has changed."""
    requests = 4
    return Cost(requests, library, requests * (REQUEST + library * FILTERED) + library * KEPT)


def search_cost(rows: int, library: int, passes: int = 1) -> Cost:
    """A search that finds `rows` photos of a library."""
    requests = passes - 1 + max(1, -(-rows // PAGE))
    return Cost(requests, rows, requests * (REQUEST + library * FILTERED) + rows * ROW)


def people_cost(rows: int, library: int = 0) -> Cost:
    """Who is on so many photos that are known, found among a library of this size."""
    requests = max(1, -(-rows // PAGE))
    return Cost(requests, rows, requests * (REQUEST + library * FILTERED) + rows * WHO)


def detail_cost(photos: int) -> Cost:
    """Photos one by one, with their tags."""
    return Cost(photos, photos, photos * DETAIL)


def check_cost(checksums: int, batch: int) -> Cost:
    """Which of these files are there."""
    requests = -(-checksums // batch)
    return Cost(requests, checksums, requests * REQUEST + checksums * CHECK)


def count_cost(library: int, requests: int = 1) -> Cost:
    """Counting photos."""
    return Cost(requests, 0, requests * (REQUEST + library * COUNTED))


def map_cost(photos: int) -> Cost:
    """Where so many photos were taken."""
    return Cost(1, photos, REQUEST + photos * MARKER)


def list_cost(requests: int = 1) -> Cost:
    """A list of tags or albums."""
    return Cost(requests, 0, requests * REQUEST)


def members_cost(sizes: Iterable[int]) -> Cost:
    """The members of albums of these sizes."""
    found = list(sizes)
    return Cost(len(found), sum(found), len(found) * REQUEST + sum(found) * MEMBER)
