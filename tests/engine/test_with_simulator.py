"""The polling over the real client against the simulated service, all on one fake clock and without a socket."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import pytest

from qctui.api.auth import Credentials
from qctui.api.client import open_client
from qctui.engine.engine_port import Subscription
from qctui.engine.health import Health
from qctui.engine.poller import Poller
from qctui.engine.schedule import PollSettings
from qctui.model.account import EQUITY_HISTORY
from qctui.model.chart import ChartWindow
from qctui.model.keys import (
    DEPLOYMENTS,
    LINK,
    PROJECTS,
    Key,
    chart_key,
    detail_key,
    insights_key,
    logs_key,
    optimization_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from qctui.model.link import LinkState
from qctui.model.resource import FailureKind
from qctui.secret import SecretStr
from qctui.simulator.config import SimConfig
from qctui.simulator.faults import Fault
from qctui.simulator.simulation import Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from qctui.store import Store
from tests.fakes import FakeClock

T = TypeVar("T")

SESSION_AT = 1_795_188_600.0
"""A Friday, an hour into New York's session."""

CALM = {"events": False, "loading": 1}


class Scene:
    def __init__(self, **config: Any) -> None:
        self.clock = FakeClock(now=SESSION_AT)
        self.config = SimConfig(**{**CALM, **config})
        world_clock = WorldClock(speed=1.0, real=self.clock.now, monotonic=self.clock.monotonic)
        self.simulation = Simulation(World(self.config, world_clock))
        self.store = Store()

    def value(self, key: Key[T]) -> T:
        value = self.store.get(key).value
        assert value is not None, key
        return value

    def selection(self) -> list[Key[Any]]:
        """Everything about the first deployment that is alive and has optimizations beside it."""
        rows = self.store.get(DEPLOYMENTS).value or ()
        row = next(row for row in rows if row.alive)
        project_id = row.project_id
        return [
            detail_key(project_id),
            chart_key(project_id, "Strategy Equity", ChartWindow(span_s=None), 300),
            portfolio_key(project_id),
            insights_key(project_id, row.deploy_id),
            logs_key(project_id, row.deploy_id),
            orders_key(project_id),
            optimizations_key(project_id),
        ]

    def asked(self) -> Counter[str]:
        return Counter(record.path for record in self.simulation.log.records)

    @asynccontextmanager
    async def polling(self, token: str = "") -> AsyncIterator[Poller]:
        health = Health(self.store, self.clock, 60)
        health.open()
        client = open_client(
            Credentials(str(self.config.user_id), SecretStr(token or self.config.token)),
            "http://127.0.0.1:1/api/v2",
            read_only=False,
            clock=self.clock,
            observer=health.observe,
            transport=httpx.ASGITransport(build_app(self.simulation)),
            jitter=lambda: 0.5,
        )
        poller = Poller(client.reads, self.store, self.clock, health, PollSettings(), random.Random(7))
        running = asyncio.create_task(poller.run())
        try:
            yield poller
        finally:
            running.cancel()
            await asyncio.wait({running})
            await client.aclose()


@pytest.mark.parametrize("shapes", ["modern", "legacy", "ugly"])
def test_everything_there_is_of_a_deployment_arrives_and_stays_current(shapes: str) -> None:
    async def main() -> None:
        scene = Scene(shapes=shapes)
        async with scene.polling() as poller:
            await scene.clock.advance(1)
            keys = scene.selection()
            poller.subscribe(tuple(Subscription(key) for key in keys))
            await scene.clock.advance(20)
            summaries = scene.value(optimizations_key(keys[0].project_id))
            keys += [optimization_key(summary.optimization_id) for summary in summaries[:3]]
            poller.subscribe(tuple(Subscription(key) for key in keys))
            await scene.clock.advance(450)
            assert scene.value(EQUITY_HISTORY)
            everything: list[Key[Any]] = [DEPLOYMENTS, PROJECTS, *keys]
            for key in everything:
                resource = scene.store.get(key)
                assert resource.value is not None, key
                assert resource.error is None, (key, resource.error)
                if key.kind != "optimization":
                    assert (resource.age_s(scene.clock.monotonic()) or 0) <= 300, key
            link = scene.value(LINK)
            assert (link.state, link.skew_s) == (LinkState.OK, 0.0)

    asyncio.run(main())


def test_ten_thousand_insights_of_the_service_are_read_once() -> None:
    async def main() -> None:
        scene = Scene(insights=10_000)
        async with scene.polling() as poller:
            await scene.clock.advance(1)
            key = next(key for key in scene.selection() if key.kind == "insights")
            poller.subscribe((Subscription(key),))
            await scene.clock.advance(420)
            log = scene.value(insights_key(key.project_id, key.name))
            assert log.complete
            assert len(log.insights) >= 10_000
            times = [insight.generated_at or 0.0 for insight in log.insights]
            assert times == sorted(times, reverse=True)
            assert scene.asked()["live/insights/read"] <= 10_000 // 99 + 1 + 2 * 7 + 5
            before = scene.asked()["live/insights/read"]
            await scene.clock.advance(600)
            assert scene.asked()["live/insights/read"] - before <= 20

    asyncio.run(main())


def test_faults_of_the_service_are_said_and_over_when_they_are_over() -> None:
    async def main() -> None:
        scene = Scene()
        async with scene.polling() as poller:
            await scene.clock.advance(1)
            keys = scene.selection()
            poller.subscribe(tuple(Subscription(key) for key in keys))
            await scene.clock.advance(120)
            for kind in ("http-502", "http-500", "truncated-json", "json-array", "http-429-retry", "empty-200"):
                before = scene.store.get(DEPLOYMENTS).value
                scene.simulation.faults.active.append(Fault(kind))
                await scene.clock.advance(180)
                resource = scene.store.get(DEPLOYMENTS)
                assert resource.error is not None, kind
                assert resource.value is before, kind
                assert (resource.age_s(scene.clock.monotonic()) or 0) > 150, kind
                scene.simulation.faults.active.clear()
                await scene.clock.advance(140)
                assert all(scene.store.get(key).error is None for key in keys), kind

    asyncio.run(main())


@pytest.mark.parametrize("auth_failure", ["401", "hash", "userid"])
def test_a_wrong_token_is_said_and_costs_few_requests(auth_failure: str) -> None:
    async def main() -> None:
        scene = Scene(auth_failure=auth_failure)
        async with scene.polling(token="wrong-token") as poller:
            poller.subscribe((Subscription(detail_key(23456789)),))
            await scene.clock.advance(3_600)
            error = scene.store.get(DEPLOYMENTS).error
            assert error is not None
            assert error.kind is FailureKind.AUTH
            assert "wrong-token" not in error.message
            assert scene.asked().total() <= 20

    asyncio.run(main())
