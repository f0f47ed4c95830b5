"""A poller on fake time and a fake API, driven from a test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from qctui.engine.engine_port import Subscription, Visibility
from qctui.engine.health import Health
from qctui.engine.poller import Poller
from qctui.engine.schedule import PollSettings
from qctui.model.deployment import Project
from qctui.model.keys import LINK, Key
from qctui.model.link import Link
from qctui.model.resource import Failure, Resource
from qctui.store import Store
from tests.fakes import FakeApi, FakeClock, make_deployment

T = TypeVar("T")


class Rig:
    """What a test of the polling holds in its hands."""

    def __init__(self, settings: PollSettings) -> None:
        self.clock = FakeClock()
        self.api = FakeApi(self.clock)
        self.api.deployments = [make_deployment(1)]
        self.api.projects = [Project(1, "One")]
        self.store = Store()
        self.health = Health(self.store, self.clock, settings.reads_per_minute)
        self.health.open()
        self.api.observe = self.health.observe
        self.poller = Poller(self.api, self.store, self.clock, self.health, settings, random.Random(7))
        self.puts: list[Key[Any]] = []
        self.store.subscribe(self.puts.append)

    def subscribe(self, *keys: Key[Any] | tuple[Key[Any], Visibility]) -> None:
        self.poller.subscribe(
            tuple(Subscription(*each) if isinstance(each, tuple) else Subscription(each) for each in keys)
        )

    def get(self, key: Key[T]) -> Resource[T]:
        return self.store.get(key)

    def value(self, key: Key[T]) -> T:
        value = self.store.get(key).value
        assert value is not None
        return value

    def error(self, key: Key[Any]) -> Failure:
        error = self.store.get(key).error
        assert error is not None
        return error

    @property
    def link(self) -> Link:
        return self.value(LINK)


@asynccontextmanager
async def _running(settings: PollSettings, before: Callable[[Rig], None] | None) -> AsyncIterator[Rig]:
    rig = Rig(settings)
    if before is not None:
        before(rig)
    polling = asyncio.create_task(rig.poller.run())
    await rig.clock.settle()
    try:
        yield rig
    finally:
        polling.cancel()
        await asyncio.wait({polling})
        assert polling.cancelled(), polling.exception()


def nothing_runs(rig: Rig) -> None:
    """For `before`: only what a test asks for is read, and no account besides."""
    rig.api.deployments = [make_deployment(1, status="Stopped")]


def on_rig(
    body: Callable[[Rig], Awaitable[None]],
    settings: PollSettings | None = None,
    before: Callable[[Rig], None] | None = None,
) -> None:
    """Run `body` while a poller polls; `before` sets the stage before its first read."""

    async def main() -> None:
        async with _running(settings or PollSettings(), before) as rig:
            await body(rig)

    asyncio.run(main())
