"""How long reading a chart holds the interpreter, and our loop: `python -m tests.bench.bench_decode`.

A thread stands in for the interface: it wakes every millisecond and notes the longest it had to wait. A task on the
engine's loop does the same. Beside it, the same bytes through one call of the decoders. Prints a table.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import threading
import time
from collections.abc import Callable
from functools import partial

import msgspec

from qctui.api.client import Client, open_client
from qctui.api.library_patches import httpx
from qctui.clock import SystemClock
from tests.api.support import BASE_URL, CREDENTIALS, payload

START = 1_700_000_000
BALLAST = 300_000
"""Objects kept alive, as the interface keeps them: they make a full collection of garbage expensive."""


def list_of(name: str, item: dict[str, object], count: int) -> bytes:
    return json.dumps({name: [{**item, "projectId": i + 1} for i in range(count)], "success": True}).encode()


def other_bodies() -> dict[str, bytes]:
    (deployment, *_), (project, *_) = (
        sample("live_list__ok", "live"),
        sample("projects_read__ok_mixed_shapes", "projects"),
    )
    equity = [[START + 86_400 * i, 1e5, 1e5 + i, 1e5 - i, 1e5 + i / 2] for i in range(500)]
    run = {"name": "r", "progress": 1, "statistics": {str(i): i * 0.5 for i in range(25)}, "equity": equity}
    runs = {f"k{i}": {**run, "id": f"{i:032x}", "parameterSet": {"fast": str(i)}} for i in range(500)}
    return {
        "deployments, 1,000": list_of("live", deployment, 1_000),
        "projects, 1,000": list_of("projects", project, 1_000),
        "optimization, 500 runs": json.dumps({"optimization": {"backtests": runs}, "success": True}).encode(),
    }


def sample(name: str, member: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = json.loads(payload(name))[member]
    return items


class Waits:
    """The longest waits of a thread that would like to run every millisecond."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick)

    def _tick(self) -> None:
        last = time.perf_counter()
        while not self._stop.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            self.longest_s = max(self.longest_s, now - last - 0.001)
            last = now

    def __enter__(self) -> Waits:
        self._thread.start()
        time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def chart_bytes(points: list[object], kind: int) -> bytes:
    series = {"name": "S", "unit": "$", "index": 0, "seriesType": kind, "values": points}
    return json.dumps({"chart": {"name": "C", "chartType": 0, "series": {"S": series}}, "success": True}).encode()


def bodies() -> dict[str, bytes]:
    lines: list[object] = [[START + 60 * i, 100_000 + i * 0.37] for i in range(100_000)]
    nulls: list[object] = [[START + 60 * i, None if i % 7 == 0 else i * 0.37] for i in range(100_000)]
    candles: list[object] = [
        [START + 60 * i, 1e5 + i * 0.37, 1e5 + i * 0.42, 1e5 + i * 0.21, 1e5 + i * 0.33] for i in range(100_000)
    ]
    markers: list[object] = [{"x": START + 60 * i, "y": i * 0.5, "tooltip": f"order {i}"} for i in range(100_000)]
    million: list[object] = [[START + 60 * i, 100_000 + i * 0.37] for i in range(1_000_000)]
    return {
        "line, 100,000": chart_bytes(lines, 0),
        "candles, 100,000": chart_bytes(candles, 2),
        "line, every 7th null": chart_bytes(nulls, 0),
        "markers with tooltips": chart_bytes(markers, 1),
        "line, newest first": chart_bytes(lines[::-1], 0),
        "line, 1,000,000": chart_bytes(million, 0),
        "points of another shape": chart_bytes([[START + 60 * i, [i]] for i in range(100_000)], 0),
    }


async def ask(client: Client, raw: bytes) -> object:
    """The call that this answer answers."""
    if raw.startswith(b'{"chart"'):
        return await client.reads.fetch_chart(1, "C", START, START + 1, 100_000)
    if raw.startswith(b'{"live"'):
        return await client.reads.fetch_deployments()
    if raw.startswith(b'{"projects"'):
        return await client.reads.fetch_projects()
    return await client.reads.fetch_optimization("O-1")


def read(raw: bytes) -> float:
    """Read the answer as the client does; the longest wait of another task of the loop, in seconds."""

    async def go() -> float:
        client = open_client(
            CREDENTIALS,
            BASE_URL,
            read_only=True,
            clock=SystemClock(),
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=raw)),
        )
        longest = 0.0

        async def other() -> None:
            nonlocal longest
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0)
                now = time.perf_counter()
                longest, last = max(longest, now - last), now

        task = asyncio.ensure_future(other())
        await ask(client, raw)
        task.cancel()
        return longest

    return asyncio.run(go())


def decoded(decoder: Callable[[bytes], object], raw: bytes) -> float:
    decoder(raw)
    return 0.0


def measured(call: Callable[[], float]) -> list[float]:
    """Milliseconds it took, the longest another thread waited, and what the call reports, in milliseconds: the smallest
    of three runs each, since the longest wait of one run may be somebody else's doing."""
    runs = []
    for _ in range(3):
        gc.collect()
        with Waits() as waits:
            began = time.perf_counter()
            reported = call()
            took = time.perf_counter() - began
        runs.append((took, waits.longest_s, reported))
    return [1e3 * min(column) for column in zip(*runs, strict=True)]


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    ballast = [[i] for i in range(BALLAST)]
    read(chart_bytes([[START, 1]], 0))  # imports
    print(f"{'answer':24}{'MB':>6} {'way':18}{'ms':>8}{'thread waits':>14}{'task waits':>12}")
    for name, raw in (bodies() | other_bodies()).items():
        ways: dict[str, Callable[[], float]] = {
            "qctui": partial(read, raw),
            "msgspec, whole": partial(decoded, msgspec.json.decode, raw),
            "json.loads, whole": partial(decoded, json.loads, raw),
        }
        label = f"{name:24}{len(raw) / 1e6:6.1f} "
        for way, call in ways.items():
            took, thread, task = measured(call)
            print(f"{label:31}{way:18}{took:8.0f}{thread:14.1f}" + (f"{task:12.1f}" if task else ""))
            label = ""
    del ballast


if __name__ == "__main__":
    main()
