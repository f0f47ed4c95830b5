"""Evaluates the rules as the store changes, keeps the life of every alert, and delivers what fires."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

from qctui.alerts.commands import Commands, OpenHook
from qctui.alerts.conditions import Memory, World, findings
from qctui.alerts.lives import Lives
from qctui.alerts.rules import AlertSettings, Delivery, Rule
from qctui.alerts.shared_alerts import Kept, Request, Shared, SharedAlerts
from qctui.alerts.sharing import ALONE_EVERY_S, Sharing
from qctui.clock import Clock, first_of
from qctui.model.alert import ALERT_TROUBLE, ALERTS, DELIVERED, Alert, AlertState, Subject
from qctui.model.keys import DEPLOYMENTS, JOURNAL, LINK, Key
from qctui.model.pulse import PULSES
from qctui.store import Store
from qctui.value import replace

EVERY_S = 5.0
"""How often the rules are evaluated although nothing was read, beside other processes: time alone passes thresholds."""

LEAST_S = 0.5
"""Between two evaluations: a start brings many answers at once."""

YOUNG_S = 300.0
"""So long after the start what is not found may not have been read yet."""

ASLEEP_S = 60.0
"""With more than this between two looks the machine was asleep, or its clock was set."""

_OURS: frozenset[Key[Any]] = frozenset({ALERTS, DELIVERED, ALERT_TROUBLE, JOURNAL})

_log = logging.getLogger(__name__)


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
        off_loop: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """Without `shared` the alerts live and die with this process. `open_hook` is called once there is a command to
        run. `off_loop` runs what may wait for the disk."""
        self._store, self._clock, self._settings = store, clock, settings
        self._sharing = Sharing(shared, clock, self._note_trouble, off_loop)
        trouble = partial(self._note_trouble, "commands")
        self._commands = Commands(settings, clock, open_hook, trouble, self._note_begun, shared=shared is not None)
        self._lives = Lives()
        self._memory = Memory(clock.now())
        self._took = float("-inf"), float("-inf")
        """When the alerts of another process were taken over, by both clocks."""
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._back_at = float("-inf")
        """When the last outage ended, or the machine woke up, as far as that was noticed."""
        self._looked_at, self._began_mono = clock.now(), clock.monotonic()
        self._troubles: dict[str, str] = {}
        """What is wrong now, by where it comes from; the newest last."""

    # From any thread.

    def acknowledge(self, alert_ids: Collection[str]) -> str:
        """As in `AlertsPort`."""
        return self._ask(Request(tuple(alert_ids)))

    def shelve(self, alert_ids: Collection[str], seconds: float) -> str:
        """As in `AlertsPort`."""
        return self._ask(Request(tuple(alert_ids), self._clock.now() + seconds))

    def configure(self, rules: Sequence[Rule], delivery: Delivery) -> None:
        """Go by these from now on. What the rules that stay have found stays."""
        self._settings = self._commands.settings = replace(self._settings, rules=tuple(rules), delivery=delivery)
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
        self._put(ALERT_TROUBLE, self._trouble)
        self._hurry()  # the others are to know

    @property
    def _trouble(self) -> str:
        return next(reversed(self._troubles.values()), "")

    def _ask(self, request: Request) -> str:
        leader = self._sharing.ask(request)
        self._hurry()
        return f"{leader} is asked: it shows here once that answers" if leader else ""

    def _hurry(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._wake.set)

    # On the engine's loop.

    def note_others(self, present: bool) -> None:
        """Whether other processes read this account: alone, there is nobody to look for all the time."""
        self._sharing.alone = not present

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
            await self._commands.aclose()
            await self._sharing.close(self._kept, self._memory)

    async def _rest(self) -> None:
        if self._sharing.awaits_answer:
            return
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await first_of(self._clock, ALONE_EVERY_S if self._sharing.alone else EVERY_S, woken)
        finally:
            woken.cancel()

    async def _look(self) -> None:
        led = self._sharing.leads
        newer = await self._sharing.exchange(self._commands.coverage, may_give_way=self._commands.idle)
        leads = self._sharing.leads
        if newer is not None:
            (self._adopt if leads else self._show)(newer)
        now = self._clock.now()
        if abs(now - self._looked_at) > ASLEEP_S:
            self._back_at = now
        self._looked_at = now
        if not leads:
            return
        if led:
            self._commands.run_left()
        else:
            self._commands.run(list(self._commands.owed.values()))
        for request in self._sharing.take_requests():
            if request.shelved_until is None:
                self._lives.acknowledge(request.alert_ids, now)
            else:
                self._lives.shelve(request.alert_ids, request.shelved_until, now)
        deliver = self._evaluate(now)
        self._commands.owe(deliver)
        alerts = self._lives.alerts
        self._commands.drop_old(alerts)
        if alerts != self._store.get(ALERTS).value:
            self._put(ALERTS, alerts)
        # On disk before it is told: a process that takes over must not tell it again, and runs what was not begun.
        await self._sharing.write(self._kept, self._memory)
        self._deliver(deliver)

    def _evaluate(self, now: float) -> list[Alert]:
        # Behind the outage what is grave, and what looks for more, comes first: it tells of the same fall for the
        # others.
        rules = sorted(
            (rule for rule in self._settings.rules if rule.enabled),
            key=lambda rule: (rule.when != "outage", -rule.severity, -(rule.percent or 0.0)),
        )
        ready = self._store.get(DEPLOYMENTS).value is not None
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
        for rule in rules:
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

    def _deliver(self, alerts: Sequence[Alert]) -> None:
        fired = tuple(alert for alert in alerts if alert.state is AlertState.FIRING)
        if fired:
            self._put(DELIVERED, fired)
        self._commands.run(alerts)

    def _note_begun(self) -> None:
        """Less is owed: a process that takes over must not run it again."""
        if self._sharing.leads:
            self._sharing.begin_write(self._kept, self._memory)

    # With the other processes of this account.

    def _adopt(self, known: Shared) -> None:
        """Go on from what another process has found."""
        self._lives, self._memory = Lives(known.alerts), known.memory
        self._took = self._clock.now(), self._clock.monotonic()
        self._commands.adopt(known.owed)
        self._note_trouble("leader", "")

    def _show(self, newer: Shared) -> None:
        """Show what the leader has found, and ring here too for what it has told since."""
        before = self._store.get(ALERTS).value
        self._put(ALERTS, newer.alerts)
        others = self._commands.words_of_others(newer.who, newer.programs)
        self._note_trouble("leader", f"{newer.trouble} ({newer.who})" if newer.trouble else others)
        if before is None:
            return
        told_before = {alert.alert_id: alert.deliveries for alert in before}
        told = tuple(
            alert
            for alert in newer.alerts
            if alert.state is AlertState.FIRING and alert.deliveries > told_before.get(alert.alert_id, 0)
        )
        if told:
            self._put(DELIVERED, told)

    @property
    def _kept(self) -> Kept:
        owed = tuple(self._commands.owed.values())
        return Kept(self._lives.alerts, owed, self._trouble, self._commands.programs)

    def _put(self, key: Key[Any], value: Any) -> None:
        self._store.put_value(key, value, at=self._clock.now(), mono=self._clock.monotonic())
