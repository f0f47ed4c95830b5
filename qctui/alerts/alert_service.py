"""Evaluates the rules as the store changes, keeps the life of every alert, and delivers what fires."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import Any, Protocol, TypeVar

from qctui.alerts.conditions import Memory, World, findings
from qctui.alerts.lives import Lives
from qctui.alerts.rules import Delivery, Rule
from qctui.alerts.shared_alerts import HUNG_S, Request, Shared, SharedAlerts
from qctui.clock import Clock, first_of
from qctui.model.alert import ALERT_TROUBLE, ALERTS, DELIVERED, Alert, AlertState, Subject
from qctui.model.keys import DEPLOYMENTS, JOURNAL, LINK, Key
from qctui.model.pulse import PULSES
from qctui.store import Store

T = TypeVar("T")

EVERY_S = 5.0
"""How often the rules are evaluated although nothing was read: time itself passes thresholds."""

LEAST_S = 0.5
"""Between two evaluations: a start brings many answers at once."""

YOUNG_S = 300.0
"""So long after the start what is not found may not have been read yet."""

ASLEEP_S = 60.0
"""With more than this between two looks the machine was asleep, or its clock was set."""

SHARE_EVERY_S = 3.0
"""How often the files are looked at: what is read for the screen evaluates the rules far more often."""

WRITE_EVERY_S = 30.0
"""How often the leader writes although nothing changed: the others see that it is there."""

DISK_S = 10.0
"""How long the disk is waited for."""

LAST_WRITE_S = 0.5
"""How long the end waits for the disk."""

_OURS: frozenset[Key[Any]] = frozenset({ALERTS, DELIVERED, ALERT_TROUBLE, JOURNAL})

_log = logging.getLogger(__name__)


class Hook(Protocol):
    """Runs a command of the user's for an alert (`hook.CommandHook`)."""

    def deliver(self, rule: Rule, command: tuple[str, ...], alert: Alert, profile: str) -> None:
        """Run it, once those before it have ended. Returns at once."""
        ...

    async def aclose(self) -> list[Alert]:
        """End what still runs. Returns what it was killed for before its time."""
        ...


OpenHook = Callable[[Callable[[str], None], Callable[[Alert], None]], Hook]
"""Makes what runs commands. It calls the first with a reason when one fails, the second with each alert whose command
has begun."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What the configuration says of alerts."""

    rules: tuple[Rule, ...]
    delivery: Delivery
    profile: str = ""
    zone: tzinfo | None = None
    """Where a day begins; None: this machine's zone."""


async def on_thread(call: Callable[[], T]) -> T:
    """Run what may wait for a disk beside the loop."""
    return await asyncio.to_thread(call)


class AlertService:
    """Runs on the engine's loop. `acknowledge`, `shelve` and `configure` may be called from any thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: AlertSettings,
        *,
        shared: SharedAlerts | None = None,
        open_hook: OpenHook | None = None,
        off_loop: Callable[[Callable[[], Any]], Awaitable[Any]] = on_thread,
    ) -> None:
        """Without `shared` the alerts live and die with this process. `open_hook` is called once there is a command to
        run. `off_loop` runs what may wait for the disk."""
        self._store, self._clock, self._settings = store, clock, settings
        self._shared, self._open_hook, self._off_loop = shared, open_hook, off_loop
        self._hook: Hook | None = None
        self._lives = Lives()
        self._memory = Memory(clock.now())
        self._leads = shared is None
        self._took = float("-inf"), float("-inf")
        """When the alerts of another process were taken over, by both clocks."""
        self._newest: Shared | None = None
        """What the leader wrote, while another process leads."""
        self._asked: deque[Request] = deque()
        """Added to by any thread, taken from by the loop alone."""
        self._exchanged_mono = float("-inf")
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._back_at = float("-inf")
        """When the last outage ended, or the machine woke up, as far as that was noticed."""
        self._looked_at, self._began_mono = clock.now(), clock.monotonic()
        self._owed: dict[str, Alert] = {}
        """Of each alert the newest delivery whose command has not begun. Kept on disk: whoever leads next runs it."""
        self._written: tuple[tuple[Alert, ...], tuple[Alert, ...]] = ((), ())
        self._written_mono = float("-inf")
        self._writing: asyncio.Task[None] | None = None
        """The last write, which may still be under way."""
        self._waits_for: asyncio.Future[Any] | None = None
        """What the disk was asked for last."""
        self._troubles: dict[str, str] = {}
        """What is wrong now, by where it comes from; the newest last."""

    # From any thread.

    def acknowledge(self, alert_ids: Collection[str]) -> None:
        """As in `AlertsPort`."""
        self._ask(Request(tuple(alert_ids)))

    def shelve(self, alert_ids: Collection[str], seconds: float) -> None:
        """As in `AlertsPort`."""
        self._ask(Request(tuple(alert_ids), self._clock.now() + seconds))

    def configure(self, rules: Sequence[Rule], delivery: Delivery) -> None:
        """Go by these from now on. What the rules that stay have found stays."""
        self._settings = replace(self._settings, rules=tuple(rules), delivery=delivery)
        self._hurry()

    def _note_trouble(self, source: str, words: str) -> None:
        """Alerts can't be found, delivered or shared now; empty: they can again, as far as this source goes. Said on
        screen while it lasts."""
        if words == self._troubles.get(source, ""):
            return
        self._troubles.pop(source, None)
        if words:
            self._troubles[source] = words
            _log.warning("alerts: %s", words)
        self._put(ALERT_TROUBLE, next(reversed(self._troubles.values()), ""))

    def _ask(self, request: Request) -> None:
        self._asked.append(request)
        self._hurry()

    def _hurry(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._wake.set)

    # On the engine's loop.

    async def run(self) -> None:
        """Evaluate until cancelled."""
        self._loop = asyncio.get_running_loop()
        unsubscribe = self._store.subscribe(lambda key: None if key in _OURS else self._hurry())
        try:
            while True:
                self._wake.clear()
                try:
                    await self._look()
                except Exception:  # a defect in a rule must end neither the others nor the engine
                    _log.exception("the alerts could not be evaluated")
                    self._note_trouble("rules", "the alerts could not be evaluated; see the log")
                await self._clock.sleep(LEAST_S)
                await self._rest()
        finally:
            unsubscribe()
            if self._hook is not None:
                self._owed |= {alert.alert_id: alert for alert in await self._hook.aclose()} | self._owed
            if self._shared is not None:
                if self._leads:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LAST_WRITE_S):
                            await self._write(self._lives.alerts, self._clock.now())
                self._shared.close()

    async def _rest(self) -> None:
        woken, late = asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(self._clock.sleep(EVERY_S))
        try:
            await asyncio.wait({woken, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            late.cancel()

    async def _look(self) -> None:
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        led = self._leads
        await self._exchange(asked)
        now = self._clock.now()
        if abs(now - self._looked_at) > ASLEEP_S:
            self._back_at = now
        self._looked_at = now
        if not self._leads:
            return
        if not led:
            self._run_commands(list(self._owed.values()))
        asked += [self._asked.popleft() for _ in range(len(self._asked))]
        for request in asked:
            self._do(request, now)
        deliver = self._evaluate(now)
        self._owed |= {alert.alert_id: alert for alert in deliver if self._command_of(alert)}
        alerts = self._lives.alerts
        if alerts != self._store.get(ALERTS).value:
            self._put(ALERTS, alerts)
        # On disk before it is told: a process that takes over must not tell it again, and runs what was not begun.
        await self._write(alerts, now)
        self._deliver(deliver)

    def _evaluate(self, now: float) -> list[Alert]:
        rules = [rule for rule in self._settings.rules if rule.enabled]
        ready = self._store.get(DEPLOYMENTS).value is not None
        outages = [rule for rule in rules if rule.when == "outage"]
        # Before the first list nothing is known: what was firing when the last process ended goes on firing.
        link = self._store.get(LINK)
        lost = link.value is not None and link.value.state.value in ("down", "auth")
        if lost:
            self._back_at = now
        outage = lost or not ready
        young = self._clock.monotonic() - self._began_mono < YOUNG_S
        world = World(self._store, now, self._memory, self._settings.zone, young, self._back_at)
        deliver: list[Alert] = []
        failed: list[str] = []
        for rule in outages:
            deliver += self._apply(rule, world, failed, outage=False)
        for rule in rules:
            if rule.when != "outage":
                deliver += self._apply(rule, world, failed, outage=outage)
        self._note_trouble("rules", failed[0] if failed else "")
        self._lives.forget({rule.name for rule in rules}, now)
        return deliver

    def _apply(self, rule: Rule, world: World, failed: list[str], *, outage: bool) -> list[Alert]:
        try:
            found = list(findings(world, rule, partial(self._lives.fires, rule)))
        except Exception as error:  # a defect in one rule must not take the others away
            words = f"the rule {rule.name} failed ({type(error).__name__}); see the log"
            if not failed and words != self._troubles.get("rules"):
                _log.exception("the rule %s failed", rule.name)
            failed.append(words)
            return []
        proves = partial(self._proves, rule)
        return self._lives.step(rule, found, world.now, outage=outage, proves=proves)

    def _proves(self, rule: Rule, subject: Subject) -> bool:
        """Whether what is known of a subject is from after this process took over: what it read itself before may be
        older than what its predecessor told of."""
        took_at, took_mono = self._took
        if rule.when in ("blind", "quiet", "log") and (
            pulse := (self._store.get(PULSES).value or {}).get(subject.deploy_id)
        ):
            return pulse.looked_at.get("log" if rule.when == "log" else "orders", float("-inf")) >= took_at
        listed_mono = self._store.get(DEPLOYMENTS).fetched_mono
        return listed_mono is not None and listed_mono >= took_mono

    def _do(self, request: Request, now: float) -> None:
        if request.shelved_until is None:
            self._lives.acknowledge(request.alert_ids, now)
        else:
            self._lives.shelve(request.alert_ids, request.shelved_until, now)

    def _deliver(self, alerts: Iterable[Alert]) -> None:
        fired = tuple(alert for alert in alerts if alert.state is AlertState.FIRING)
        if fired:
            self._put(DELIVERED, fired)
        self._run_commands(alerts)

    def _command_of(self, alert: Alert) -> tuple[str, ...]:
        rule = self._rule_of(alert)
        return (rule.command or self._settings.delivery.command) if rule is not None else ()

    def _rule_of(self, alert: Alert) -> Rule | None:
        return next((rule for rule in self._settings.rules if rule.name == alert.rule), None)

    def _run_commands(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            rule, command = self._rule_of(alert), self._command_of(alert)
            if self._hook is None and command and self._open_hook is not None:
                self._hook = self._open_hook(partial(self._note_trouble, "commands"), self._note_begun)
            if rule is not None and command and self._hook is not None:
                self._hook.deliver(rule, command, alert, self._settings.profile)
            else:
                self._note_begun(alert)

    def _note_begun(self, alert: Alert) -> None:
        """The command has been started, or never will be: a process that takes over must not run it again."""
        if self._owed.get(alert.alert_id) == alert:
            del self._owed[alert.alert_id]
            if self._leads:
                self._spawn_write(self._lives.alerts, self._clock.now())

    # With the other processes of this account.

    async def _exchange(self, asked: Sequence[Request]) -> None:
        """Find out who leads; show what another one wrote and hand it what was asked here, or take what was asked of
        the others."""
        shared, mono = self._shared, self._clock.monotonic()
        if shared is None or (not asked and mono - self._exchanged_mono < SHARE_EVERY_S):
            return
        self._exchanged_mono = mono
        try:
            locked = await self._on_disk(shared.lead)
            newer = await self._on_disk(shared.read_newer)
            self._note_trouble("sharing", "")
            if locked and not self._leads:
                self._take_over(newer or self._newest)
            elif self._leads and newer is not None:
                # One of the two hung, and the other one did its work meanwhile: who has the lock goes on from there.
                self._leads = locked
                self._adopt(newer)
            if self._leads:
                # Whenever the disk answers: what was taken from it must not be lost.
                await self._on_disk(lambda: self._asked.extend(shared.take_requests()))
                return
            await self._on_disk(partial(shared.ask, asked))
            if newer is not None:
                self._show(newer)
        except OSError as error:
            # Alone with a disk that declines, it watches for itself: told twice is better than not at all.
            self._note_trouble("sharing", f"alerts are not kept: {error.strerror or error}")
            if not self._leads:
                self._take_over(self._newest)
                self._owed = {}  # the one that leads runs these
            return
        if self._newest is not None and self._clock.now() - self._newest.written_at > HUNG_S:
            self._take_over(self._newest)

    async def _on_disk(self, call: Callable[[], T]) -> T:
        """Raises `OSError` where the disk declines, or has not answered for long: the rules can't wait for it."""
        while self._waits_for is not None and not self._waits_for.done():  # one at a time
            if not await first_of(self._clock, DISK_S, self._waits_for):
                raise OSError(errno.ETIMEDOUT, "the disk does not answer")
        self._waits_for = work = asyncio.ensure_future(self._off_loop(call))
        if not await first_of(self._clock, DISK_S, work):
            raise OSError(errno.ETIMEDOUT, "the disk does not answer")
        done: T = work.result()
        return done

    def _take_over(self, known: Shared | None) -> None:
        self._leads = True
        if known is not None:
            self._adopt(known)

    def _adopt(self, known: Shared) -> None:
        self._lives, self._memory = Lives(known.alerts), known.memory
        self._took = self._clock.now(), self._clock.monotonic()
        self._owed = {alert.alert_id: alert for alert in known.owed}

    def _show(self, newer: Shared) -> None:
        """Show what the leader has found, and ring here too for what it has told since."""
        before = {alert.alert_id: alert for alert in self._newest.alerts} if self._newest is not None else None
        self._newest = newer
        self._put(ALERTS, newer.alerts)
        if before is not None:
            told = tuple(
                alert
                for alert in newer.alerts
                if alert.state is AlertState.FIRING
                and alert.deliveries > (before[alert.alert_id].deliveries if alert.alert_id in before else 0)
            )
            if told:
                self._put(DELIVERED, told)

    async def _write(self, alerts: tuple[Alert, ...], now: float) -> None:
        self._spawn_write(alerts, now)
        if self._writing is not None:
            await asyncio.shield(self._writing)

    def _spawn_write(self, alerts: tuple[Alert, ...], now: float) -> None:
        """Write, after what is being written: what is said last has to stay."""
        shared, mono, told = self._shared, self._clock.monotonic(), (alerts, tuple(self._owed.values()))
        if shared is None or (told == self._written and mono - self._written_mono < WRITE_EVERY_S):
            return
        self._written, self._written_mono = told, mono
        write, before = partial(shared.write, alerts, deepcopy(self._memory), now, told[1]), self._writing

        async def run() -> None:
            if before is not None:
                await asyncio.wait({before})
            try:
                await self._on_disk(write)
            except OSError as error:
                self._written_mono = float("-inf")  # again with the next look
                self._note_trouble("keeping", f"alerts are not kept: {error.strerror or error}")
            else:
                self._note_trouble("keeping", "")

        self._writing = asyncio.ensure_future(run())

    def _put(self, key: Key[Any], value: Any) -> None:
        self._store.put_value(key, value, at=self._clock.now(), mono=self._clock.monotonic())
