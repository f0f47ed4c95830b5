from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from qctui.actions.actions_port import JournalEntry
from qctui.api.ports import RequestReport, TriggerApi
from qctui.clock import SystemClock
from qctui.engine.engine_port import Engine, Subscription
from qctui.engine.host import ApiClient, EngineHost
from qctui.model.action import ACTIONS, Rung, Target
from qctui.model.keys import DEPLOYMENTS, LINK, Key, detail_key
from qctui.model.link import LinkState
from qctui.model.optimization import OptimizationPlan
from qctui.model.resource import FailureKind
from tests.fakes import FakeApi, FakeClock, default_alerts, make_deployment

WAIT_S = 10.0
"""Bounds a wait for an event that always comes; never reached by a passing test."""

TARGET = Target("liquidate", "One", 1, f"L-{1:032x}")


class StubClient:
    def __init__(self, api: FakeApi) -> None:
        self.reads = api
        self.closed = False

    @property
    def triggers(self) -> TriggerApi:
        raise AssertionError("the engine itself never triggers anything")

    async def aclose(self) -> None:
        self.closed = True


class StubActions:
    def __init__(self) -> None:
        self.read_only = False
        self.life: list[str] = []
        self.confirmed: list[Target] = []
        self.draining: asyncio.Event | None = None

    def refusal(self, target: Target) -> str | None:
        return None

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        self.life.append("rechecks")

    def close_rechecks(self) -> None:
        self.life.append("no rechecks")

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        self.confirmed.extend(targets)
        return tuple(f"id {number}" for number, _ in enumerate(targets))

    def prepare(self, plan: OptimizationPlan) -> None: ...

    def stop_preparing(self) -> None: ...

    def cancel(self, action_id: str) -> None:
        self.life.append("cancel")

    def acknowledge(self, action_id: str) -> None:
        self.life.append("acknowledge")

    def entries(self) -> tuple[JournalEntry, ...]:
        return ()

    async def start(self) -> None:
        self.life.append("start")

    async def drain(self, timeout_s: float) -> None:
        self.life.append(f"drain {timeout_s}")
        if self.draining is not None:
            await self.draining.wait()

    async def aclose(self) -> None:
        self.life.append("aclose")


class Stage:
    """A host with everything around it, for a test on a real thread."""

    def __init__(self) -> None:
        # The thread sleeps by the machine's clock; only the API's answers are dated by the fake one.
        self.api = FakeApi(FakeClock())
        self.api.deployments = [make_deployment(1)]
        self.client = StubClient(self.api)
        self.actions = StubActions()
        self.opened_on = ""

        async def open_client(observe: Callable[[RequestReport], None]) -> ApiClient:
            self.opened_on = threading.current_thread().name
            self.api.observe = observe
            return self.client

        self.host = EngineHost(open_client, lambda client: self.actions, default_alerts, clock=SystemClock())

    def expect(self, key: Key[Any], condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds, looking each time `key` changes."""
        seen = threading.Event()

        def look(changed: Key[Any]) -> None:
            if changed == key and condition():
                seen.set()

        unsubscribe = self.host.store.subscribe(look)
        if condition():
            seen.set()
        assert seen.wait(WAIT_S)
        unsubscribe()


def test_a_host_is_an_engine() -> None:
    engine: Engine = Stage().host
    assert engine.store.get(LINK).loading


def test_it_reads_on_a_thread_of_its_own_and_ends_when_told() -> None:
    stage = Stage()
    before = threading.active_count()
    stage.host.start()
    assert stage.host.wait_ready(WAIT_S)
    stage.expect(DEPLOYMENTS, lambda: stage.host.store.get(DEPLOYMENTS).value == (make_deployment(1),))
    assert stage.opened_on == "engine"
    assert stage.host.stop()
    assert stage.client.closed
    assert stage.actions.life == ["start", "drain 1.0", "aclose"]
    assert threading.active_count() == before


def test_views_from_another_thread_are_followed() -> None:
    stage = Stage()
    stage.host.subscribe((Subscription(detail_key(1)),))
    stage.host.start()
    stage.expect(detail_key(1), lambda: stage.host.store.get(detail_key(1)).value is not None)
    stage.host.subscribe((Subscription(detail_key(2)),))
    stage.expect(detail_key(2), lambda: stage.host.store.get(detail_key(2)).value is not None)
    stage.host.stop()


def test_stopping_before_and_after_and_twice_is_harmless() -> None:
    stage = Stage()
    stage.host.subscribe(())
    stage.host.refresh()
    assert stage.host.stop()
    stage.host.start()
    assert stage.host.wait_ready(WAIT_S)
    assert stage.host.stop()
    assert stage.host.stop()
    stage.host.subscribe((Subscription(detail_key(1)),))
    stage.host.refresh()
    assert stage.api.calls == []


def test_a_client_that_does_not_open_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    async def open_client(observe: Callable[[RequestReport], None]) -> ApiClient:
        raise RuntimeError("boom")

    host = EngineHost(open_client, lambda client: StubActions(), default_alerts)
    host.start()
    assert host.wait_ready(WAIT_S)
    link = host.store.get(LINK).value
    assert link is not None
    assert link.state is LinkState.DOWN
    assert link.failure is not None
    assert link.failure.kind is FailureKind.INTERNAL
    assert "RuntimeError" in link.failure.message
    assert any(record.levelno >= logging.ERROR for record in caplog.records)
    assert host.actions.refusal(TARGET)
    assert host.stop()


def test_a_confirmation_that_comes_before_the_service_says_not_sent() -> None:
    stage = Stage()
    ids = stage.host.actions.confirm([TARGET, TARGET], "console")
    records = stage.host.store.get(ACTIONS).value
    assert records is not None
    assert tuple(record.action_id for record in records) == ids
    assert [record.rung for record in records] == [Rung.NOT_SENT, Rung.NOT_SENT]
    assert records[0].steps[0].detail


def _on_loop(body: Callable[[EngineHost, FakeClock, StubActions, FakeApi], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeApi(clock)
        actions = StubActions()

        async def open_client(observe: Callable[[RequestReport], None]) -> ApiClient:
            return StubClient(api)

        host = EngineHost(open_client, lambda client: actions, default_alerts, clock=clock)
        running = asyncio.create_task(host.run())
        await clock.settle()
        await body(host, clock, actions, api)
        host.stop()
        await running

    asyncio.run(main())


def test_it_runs_on_the_callers_loop_too() -> None:
    async def body(host: EngineHost, clock: FakeClock, actions: StubActions, api: FakeApi) -> None:
        await clock.advance(60)
        assert api.count("deployments") == 5
        host.refresh([DEPLOYMENTS])
        await clock.advance(1)
        assert api.count("deployments") == 6
        assert host.actions.confirm([TARGET], "command") == ("id 0",)
        assert actions.confirmed == [TARGET]

    _on_loop(body)


def test_a_defect_that_ends_the_polling_is_seen_and_the_polling_begins_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(host: EngineHost, clock: FakeClock, actions: StubActions, api: FakeApi) -> None:
        await clock.advance(20)
        poller = host._poller
        assert poller is not None
        tick = poller._tick

        def broken(now: float) -> float:
            raise ZeroDivisionError

        monkeypatch.setattr(poller, "_tick", broken)
        await clock.advance(16)
        link = host.store.get(LINK).value
        assert link is not None
        assert link.failure is not None
        assert link.failure.kind is FailureKind.INTERNAL
        assert host.actions.refusal(TARGET) is None
        monkeypatch.setattr(poller, "_tick", tick)
        await clock.advance(30)
        link = host.store.get(LINK).value
        assert link is not None
        assert link.state is LinkState.OK

    _on_loop(body)
    assert any("polling" in record.message for record in caplog.records)


def test_the_actions_are_given_time_to_drain_while_nothing_is_polled() -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeApi(clock)
        actions = StubActions()
        actions.draining = asyncio.Event()
        client = StubClient(api)

        async def open_client(observe: Callable[[RequestReport], None]) -> ApiClient:
            return client

        host = EngineHost(open_client, lambda _: actions, default_alerts, clock=clock)
        running = asyncio.create_task(host.run())
        await clock.settle()
        host.stop(drain_s=30.0)
        await clock.advance(100)
        calls = api.count()
        assert not running.done()
        assert not client.closed
        assert host.actions.confirm([TARGET], "console")
        actions.draining.set()
        await running
        assert api.count() == calls
        assert actions.life[-2:] == ["drain 30.0", "aclose"]
        assert host.actions.refusal(TARGET)

    asyncio.run(main())
