"""In which order several processes do the tests: what waits beside what computes."""

from __future__ import annotations

from itertools import groupby

import pytest

WAITING = ("tests/e2e/", "tests/campaign/")
"""What mostly waits for other programs: half of the time of all tests, and a quarter of their work."""

FIRST = "tests/replay/test_hour.py"
"""Its tests share what took half a minute to make: begun late, or divided, all would wait for it."""


def beside_each_other(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """The order for so many processes, each of which begins with an equal part of it and, once through, takes over from
    the end of another's part. In each part files that wait and tests that compute take turns, half of the parts begin
    with either, and all end with what computes. A file that waits stays whole: its tests may share a world."""
    if processes == 1:
        return items
    files = [list(file) for _, file in groupby(items, _path)]
    waiting = sorted((file for file in files if _path(file[0]).startswith(WAITING)), key=len, reverse=True)
    others = (item for item in items if not _path(item).startswith(WAITING))
    computing = sorted(others, key=lambda item: _path(item) != FIRST)
    ordered: list[pytest.Item] = []
    for process in range(processes):
        waits = waiting[process::processes]
        room = max(0, len(items) * (process + 1) // processes - len(ordered) - sum(map(len, waits)))
        ordered += _by_turns(waits, computing[:room], waits_first=process % 2 == 1)
        computing = computing[room:]
    return ordered + computing


def _path(item: pytest.Item) -> str:
    return item.location[0]


def _by_turns(waits: list[list[pytest.Item]], computes: list[pytest.Item], *, waits_first: bool) -> list[pytest.Item]:
    if not waits:
        return computes
    # One more than there are turns: what is left at the end is short, and easily taken over by another process.
    count = len(waits) + (not waits_first) + 1
    parts = [computes[len(computes) * part // count : len(computes) * (part + 1) // count] for part in range(count)]
    ordered = [] if waits_first else parts.pop(0)
    for wait, part in zip(waits, parts[:-1], strict=True):
        ordered += wait + part
    return ordered + parts[-1]
