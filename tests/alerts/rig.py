"""The alert service on fake time, over a store that a test fills."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC
from pathlib import Path
from typing import Any

from qctui.alerts.alert_service import AlertService
from qctui.alerts.rules import DEFAULT_RULES, AlertSettings, Delivery, Rule
from qctui.alerts.shared_alerts import SharedAlerts
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERTS, DELIVERED, Alert
from qctui.model.deployment import Deployment, Project
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import Link, LinkState
from qctui.model.pulse import PULSES, Pulse, PulseState, Sign
from qctui.model.resource import Failure, FailureKind
from qctui.store import Store
from tests.fakes import FakeClock, make_deployment

RULES = tuple(rule for rule in DEFAULT_RULES if rule.when != "data-old")
"""The default ones, but for the one that says that nothing is read: in these tests nothing is."""


class RecordedHook:
    """What a command would have been run for."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.waiting: list[Alert] = []
        """While `busy`: what no command has begun for yet."""
        self.busy = False
        self.cut: list[Alert] = []
        self.closed = False
        self._begun: Callable[[Alert], None] = lambda alert: None
        self.fail: Callable[[str], None] = lambda words: None
        """A command failed, in words; or, with none, goes well again."""

    def open(self, trouble: Callable[[str], None], begun: Callable[[Alert], None]) -> RecordedHook:
        self._begun, self.fail = begun, trouble
        return self

    def deliver(self, rule: Rule, command: tuple[str, ...], alert: Alert, profile: str) -> None:
        if self.busy:
            self.waiting.append(alert)
        else:
            self.told.append((alert.rule, alert.subject.identity, alert.state.value))
            self._begun(alert)

    @property
    def idle(self) -> bool:
        return not self.waiting

    def begin(self) -> None:
        """What waits begins now."""
        self.busy = False
        while self.waiting:
            alert = self.waiting.pop(0)
            self.told.append((alert.rule, alert.subject.identity, alert.state.value))
            self._begun(alert)

    async def aclose(self) -> list[Alert]:
        self.closed = True
        return self.cut


class Desk:
    """One process that watches."""

    def __init__(
        self,
        clock: FakeClock,
        rules: Iterable[Rule],
        shared: SharedAlerts | None = None,
        command: tuple[str, ...] = ("tell",),
    ) -> None:
        self.clock = clock
        self.store = Store()
        self.hook = RecordedHook()
        self.disk = asyncio.Event()
        """Cleared, the disk hangs."""
        self.disk.set()
        self.asked_disk = 0
        """How often the disk was asked for something."""
        settings = AlertSettings(tuple(rules), Delivery(command=command), "main", UTC)
        self.service = AlertService(
            self.store, clock, settings, shared=shared, open_hook=self.hook.open, off_loop=self.off_loop
        )
        self.delivered: list[tuple[Alert, ...]] = []
        self.store.subscribe(self._note)
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self.service.run())

    async def off_loop(self, call: Callable[[], Any]) -> Any:
        self.asked_disk += 1
        await self.disk.wait()
        return call()

    async def die(self) -> None:
        """As when the process is killed: nothing is written any more, and its lock is free."""
        assert self._task is not None
        sharing = self.service._sharing
        lock, sharing.files = sharing.files, None
        await self.end()
        if lock is not None:
            lock.close()

    async def end(self) -> None:
        """As when the process ends: the locks go with it."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    def _note(self, key: Key[Any]) -> None:
        if key == DELIVERED:
            self.delivered.append(self.store.get(DELIVERED).value or ())

    def put(self, key: Key[Any], value: Any) -> None:
        self.store.put_value(key, value, at=self.clock.now(), mono=self.clock.monotonic())

    def list(self, *deployments: Deployment) -> None:
        self.put(DEPLOYMENTS, deployments)
        self.put(PROJECTS, tuple(Project(each.project_id, f"Project {each.project_id}") for each in deployments))

    def pulse(self, state: PulseState, number: int = 1) -> None:
        now = self.clock.now()
        refusal = Sign("order", now, "disconnected") if state is PulseState.BLIND else None
        pulse = Pulse(state, now, refusals=int(refusal is not None), last_refusal=refusal, looked_at={"orders": now})
        self.put(PULSES, {make_deployment(number).deploy_id: pulse})

    def link(self, state: LinkState) -> None:
        down = state is LinkState.DOWN
        now, mono = self.clock.now(), self.clock.monotonic()
        self.put(
            LINK, Link(state, failure=Failure(FailureKind.CONNECT, "can't be reached", now, mono) if down else None)
        )

    @property
    def alerts(self) -> dict[str, str]:
        """State by rule and subject."""
        return {each.alert_id: each.state.value for each in self.store.get(ALERTS).value or ()}

    def alert(self, alert_id: str) -> Alert:
        return next(each for each in self.store.get(ALERTS).value or () if each.alert_id == alert_id)


BLIND = f"blind@{make_deployment(1).deploy_id}"


def shared_desk(tmp_path: Path, clock: FakeClock, *command: str, rules: Iterable[Rule] = RULES) -> Desk:
    """A process beside others; one deployment trades."""
    found = Desk(clock, rules, SharedAlerts(tmp_path / "alerts-1.json", "qctui watch, process 1"), command)
    found.link(LinkState.OK)
    found.put(ACTIONS, ())
    found.list(make_deployment(1))
    return found


def blind(*desks: Desk) -> None:
    """The brokerage refuses the deployment, as these have read."""
    for each in desks:
        each.pulse(PulseState.BLIND)


def on_desk(body: Callable[[Desk], Awaitable[None]], *rules: Rule) -> None:
    """Run `body` beside a service with these rules, or the default ones; one deployment trades."""

    async def main() -> None:
        clock = FakeClock()
        desk = Desk(clock, rules or RULES)
        desk.link(LinkState.OK)
        desk.put(ACTIONS, ())
        desk.list(make_deployment(1))
        desk.begin()
        await clock.advance(1)
        await body(desk)
        await desk.end()
        assert desk.hook.closed or not desk.hook.told

    asyncio.run(main())
