"""The console for many days, on a fake clock, in this process."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
from collections import Counter
from pathlib import Path

import httpx

from qctui.actions.capture import capture_deployment
from qctui.model.keys import DEPLOYMENTS
from tests.replay.hour import Hour, home, press
from tests.soak.processes import Use


class Lossy(httpx.AsyncBaseTransport):
    """A way to the service on which so many of a hundred requests go wrong."""

    def __init__(self, inner: httpx.AsyncBaseTransport, percent: float) -> None:
        self._inner, self._percent, self._luck = inner, percent, random.Random(14)
        self.requests = self.faults = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As in httpx."""
        self.requests += 1
        if self._luck.random() * 100.0 >= self._percent:
            return await self._inner.handle_async_request(request)
        self.faults += 1
        fault = self._luck.choice([httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout, 429, 502, 200, "half"])
        if fault == "half":
            answer = await self._inner.handle_async_request(request)
            body = await answer.aread()
            return httpx.Response(answer.status_code, content=body[: len(body) // 2])
        if isinstance(fault, int):
            return httpx.Response(fault, content=b"" if fault == 200 else b"<html>busy</html>")
        assert isinstance(fault, type)
        raise fault("made here", request=request)


class Month(Hour):
    """The console of twelve deployments for many days."""

    def __init__(self, folder: Path, percent: float) -> None:
        self._percent = percent
        super().__init__(folder, (120, 40))

    def transport(self) -> httpx.AsyncBaseTransport:
        """As in `Hour`, with faults on the way."""
        self.way = Lossy(super().transport(), self._percent)
        return self.way

    async def pass_day(self) -> None:
        """Awake for five minutes of each hour; twice a day somebody looks, and liquidates."""
        for hour in range(24):
            await self.until((self.clock.now() - self.begins_at) / 60.0 + 5.0)
            if hour in (8, 20):
                await self._visit()
            self.clock.suspend(3_300.0)

    async def _visit(self) -> None:
        for keys in (("enter",), ("4",), ("E",), ("N",), ("J",), ("2", "enter")):
            await press(self.app, keys)
            await self.until((self.clock.now() - self.begins_at) / 60.0 + 0.5)
            await home(self.app)
        alive = [each for each in self.host.store.get(DEPLOYMENTS).value or () if each.alive]
        target = capture_deployment("liquidate", self.host.store, alive[0].project_id)
        self.host.actions.confirm((target,), "console")
        await self.until((self.clock.now() - self.begins_at) / 60.0 + 3.0)
        await press(self.app, ("d",))
        self.world.redeploy(alive[0].project_id)


async def fast_forward(folder: Path, days: int, percent: float) -> None:
    """Print a line for each day, and the last words of the actions."""
    month = Month(folder, percent)
    running = asyncio.create_task(month.host.run())
    async with month.app.run_test(size=month.size):
        for day in range(days):
            await month.pass_day()
            gc.collect()
            use = Use.of(os.getpid())
            print(
                f"day {day + 1}: {use.cpu_s:.0f} s CPU; {use.memory_mib:.1f} MiB {use.descriptors} fd {use.threads} "
                f"threads {len(asyncio.all_tasks())} tasks {len(gc.get_objects())} objects; {month.way.requests} "
                f"requests, {month.way.faults} faults; {_files(folder)}",
                flush=True,
            )
    month.host.stop(0.0)
    await running
    print(f"last words {_last_words(folder)}")


def _files(folder: Path) -> str:
    sizes = {each.name: each.stat().st_size for each in folder.iterdir()}
    return ", ".join(f"{name} {size / 1024:.0f} KiB" for name, size in sorted(sizes.items()))


def _last_words(folder: Path) -> dict[str, int]:
    entries = [json.loads(each) for each in (folder / "journal.jsonl").read_text().splitlines()]
    return dict(Counter({entry["id"]: entry["event"] for entry in entries}.values()))
