"""A week of polling, fast-forwarded: what has grown by its end.

`python -m tests.bench.bench_week [--days N] [--ended]`: with `--ended` no deployment runs any more: money and pulse are
read of none, only what is on screen.

The engine runs on a fake clock against a fake API whose values change all the time, while somebody moves about, zooms,
and the API goes away every few hours. Prints a line a day; the last column of each should stand still.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import random
import threading
import time
import tracemalloc
from array import array
from pathlib import Path
from typing import Any

from qctui.engine.engine_port import Subscription, Visibility
from qctui.engine.health import Health
from qctui.engine.poller import Poller
from qctui.engine.schedule import PollSettings
from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.model.deployment import DeploymentDetail, DeploymentList, Project
from qctui.model.keys import (
    chart_key,
    detail_key,
    insights_key,
    optimization_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from qctui.store import Store
from tests.fakes import (
    FakeApi,
    FakeClock,
    connect_error,
    make_deployment,
    make_detail,
    make_insight,
    make_order,
)

DAY_S = 86_400.0
DEPLOYMENTS = 50
MOVE_S = 900.0
"""Somebody moves to another deployment this often ..."""
OUTAGE_EVERY = 16
"""... and every so many moves the API is away in between."""


def _view(project_id: int, span_s: float) -> tuple[Subscription, ...]:
    return (
        Subscription(detail_key(project_id), Visibility.OPENED),
        Subscription(chart_key(project_id, "Strategy Equity", ChartWindow(span_s), 300)),
        Subscription(portfolio_key(project_id)),
        Subscription(insights_key(project_id, f"L-{project_id}")),
        Subscription(optimizations_key(project_id)),
        Subscription(optimization_key(f"O-{project_id}")),
        Subscription(orders_key(project_id), Visibility.HIDDEN),
    )


def _prepare(api: FakeApi, clock: FakeClock, ended: bool) -> None:
    api.projects = [Project(number, f"Project {number}") for number in range(DEPLOYMENTS)]
    api.insights = [make_insight(number) for number in range(2_000)]
    api.orders = [make_order(number) for number in range(300)]
    state: dict[str, Any] = {"status": "Stopped", "stopped_at": 1_699_000_500.0} if ended else {}

    def deployments() -> Any:
        mono = clock.monotonic()
        rows = (make_deployment(n, equity=1e5 + 1e3 * math.sin(mono / 1e3 + n), **state) for n in range(DEPLOYMENTS))
        return DeploymentList(tuple(rows))

    def detail(project_id: int) -> DeploymentDetail:
        return make_detail(project_id, statistics={"Equity": f"${clock.monotonic():,.2f}"})

    def chart(project_id: int, name: str, start: float, end: float, count: int) -> Chart:
        xs = array("d", (start + (end - start) * step / count for step in range(count)))
        ys = array("d", (math.sin(x / 1e4 + project_id) for x in xs))
        return Chart(name, False, (Series("Equity", "$", 0, SeriesType.LINE, xs, ys),), start, end, count)

    api.script.update(deployments=deployments, detail=detail, chart=chart)


def _open_files() -> int:
    listing = Path("/proc/self/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0


async def _week(days: int, ended: bool) -> None:
    clock, store, luck = FakeClock(), Store(), random.Random(5)
    api = FakeApi(clock)
    _prepare(api, clock, ended)
    health = Health(store, clock, 60)
    health.open()
    api.observe = health.observe
    poller = Poller(api, store, clock, health, PollSettings(), luck)
    polling = asyncio.create_task(poller.run())
    print(f"{'day':>4} {'requests':>9} {'tasks':>6} {'threads':>8} {'files':>6} {'keys':>5} {'seconds':>8} {'MB':>7}")
    requests, began = 0, time.perf_counter()
    first = 0.0
    for day in range(days + 1):
        if day:
            for move in range(int(DAY_S / MOVE_S)):
                poller.subscribe(_view(luck.randrange(DEPLOYMENTS), luck.choice([3_600.0, 86_400.0, 604_800.0])))
                if move % OUTAGE_EVERY == 0:
                    api.fail(connect_error())
                await clock.advance(MOVE_S / 2)
                api.heal()
                await clock.advance(MOVE_S / 2)
                api.insights.append(make_insight(len(api.insights)))
                requests += len(api.calls)
                api.calls.clear()  # the recorder's own growth is none of the engine's
        gc.collect()
        megabytes = tracemalloc.get_traced_memory()[0] / 1e6
        if day == 1:
            first = megabytes
        files = _open_files()
        print(
            f"{day:>4} {requests:>9} {len(asyncio.all_tasks()):>6} {threading.active_count():>8} {files:>6}"
            f" {len(store.keys()):>5} {time.perf_counter() - began:>8.1f} {megabytes:>7.2f}",
            flush=True,
        )
    print(f"growth after the first day: {megabytes - first:+.2f} MB (target: under 5)")
    polling.cancel()
    await asyncio.wait({polling})


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--ended", action="store_true")
    options = parser.parse_args()
    tracemalloc.start()
    asyncio.run(_week(options.days, options.ended))


if __name__ == "__main__":
    main()
