"""`qctui watch`: the engine without a screen. It tells what changes, and can't act: its client builds no trigger."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from qctui.alerts.rules import AlertSettings
from qctui.cli.parser import Exit
from qctui.cli.service_manager import ServiceManager
from qctui.cli.watch_changes import WATCHED, Changes, Event
from qctui.cli.watch_output import WatchOutput
from qctui.clock import Clock
from qctui.engine.engine_port import Subscription
from qctui.engine.poller import TICK_CAP_S
from qctui.model.alert import ALERTS, AlertState, Severity
from qctui.model.keys import DEPLOYMENTS, LINK, Key, optimization_key, optimizations_key
from qctui.model.link import LinkState
from qctui.model.resource import FailureKind, Resource
from qctui.settings import Config, Profile, Settings, SettingsError, load_config
from qctui.store import Store

LATE_S = 4 * TICK_CAP_S
"""A polling without a turn for so long hangs."""

STALE_S = 300.0
"""With a live list older than this all is not well: no heartbeat is sent, and what it says is no metric."""

HEARTBEAT_S = 60.0

STARTING_S = 20.0
"""How often a start that waits for the API asks for more time ..."""

START_MORE_S = 60.0
"""... and how much it asks for."""

WATCHDOG_FLOOR_S = 0.1
WATCHDOG_CAP_S = 15.0
"""The shortest and the longest between two signs of life."""

MOST_OPTIMIZATIONS = 8
"""Unfinished optimizations of the pinned projects whose progress is read: each costs a request."""

_log = logging.getLogger(__name__)


class WatchedEngine(Protocol):
    """The engine, as far as it is watched, and measured for the metrics."""

    @property
    def store(self) -> Store:
        """What is known."""
        ...

    @property
    def clock(self) -> Clock:
        """What it goes by."""
        ...

    @property
    def turned_mono(self) -> float:
        """When the polling last had a turn."""
        ...

    def configure_alerts(self, settings: AlertSettings) -> None:
        """Go by these from now on."""
        ...

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """Keep these current."""
        ...


class Watch:
    """One run, on the main thread's loop. The engine has a thread of its own."""

    def __init__(
        self,
        engine: WatchedEngine,
        settings: Settings,
        output: WatchOutput,
        manager: ServiceManager,
        *,
        heartbeat: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """`heartbeat` sends one and returns why it failed, in words; None: none are sent."""
        self._engine, self._settings, self._output, self._manager = engine, settings, output, manager
        self._store, self._clock = engine.store, engine.clock
        self._beat = heartbeat
        self._changes = Changes(engine.store, engine.clock, settings.profile_name)
        self._lists = frozenset(optimizations_key(each) for each in settings.pinned)
        self._ended: asyncio.Future[int] | None = None
        self._listed = asyncio.Event()
        self._status = ""
        self.last_words = ""
        """Why it ended by itself; empty if it was asked to."""
        self._on_terminal = os.isatty(0)
        self._reloading: asyncio.Task[None] | None = None
        self._reload_again = False

    async def run(self, begin: Callable[[], object]) -> int:
        """Until a signal, or until it is known that watching is of no use. Returns the exit code. `begin` starts the
        engine, once everything it finds is seen."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self._engine.configure_alerts(self._settings.config.alerting)
        self._subscribe()
        # Theirs until the loop is closed: what comes a second time changes nothing.
        loop.add_signal_handler(signal.SIGTERM, self._end, Exit.DONE)
        loop.add_signal_handler(signal.SIGINT, self._end, Exit.INTERRUPTED)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        watched = WATCHED | self._lists

        def note(key: Key[Any]) -> None:
            # On the engine's thread. The resource is taken along: the next one may be here before this is printed.
            if key in watched:
                try:
                    loop.call_soon_threadsafe(self._take, key, self._store.get(key))
                except RuntimeError:
                    _log.debug("a change came after the end")

        unsubscribe = self._store.subscribe(note)
        self._show_status()
        begin()
        tasks = [asyncio.ensure_future(each) for each in (self._start_slowly(), self._feed_watchdog(), self._beats())]
        try:
            return await self._ended
        finally:
            self._manager.stopping()
            unsubscribe()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, code: int) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(code)

    # What changes.

    def _take(self, key: Key[Any], resource: Resource[Any]) -> None:
        if self._ended is None or self._ended.done():
            return
        try:
            for event in self._changes.take(key, resource):
                self._tell(event)
        except Exception:  # a defect in what is said must not end the watching
            _log.exception("a change of %s could not be told", key.kind)
        if key in self._lists:
            self._subscribe()
        if key == LINK:
            self._judge_link()
        if key == DEPLOYMENTS and resource.value is not None and not self._listed.is_set():
            self._listed.set()
            self._manager.ready()
        self._show_status()

    def _tell(self, event: Event) -> None:
        self._output.tell(event, self._clock.now())

    def _warn(self, kind: str, words: str, reason: str) -> None:
        sentence = f"{words[0].upper()}{words[1:]}."
        self._tell(Event(kind, words, sentence, Severity.WARNING, fields={"reason": reason}))

    def _judge_link(self) -> None:
        """End where nothing will be read: the engine is gone, or its very first words were that the credentials are
        refused. Later that is an outage like another one."""
        link = self._store.get(LINK).value
        failure = link.failure if link is not None else None
        if link is None or failure is None:
            return
        if link.state is LinkState.AUTH and not self._listed.is_set():
            advice = f"; {failure.kind.advice}" if failure.kind.advice else ""
            self._end_with(failure.message + advice, Exit.REJECTED)
        elif failure.kind is FailureKind.INTERNAL and link.state is LinkState.DOWN and link.next_try_mono is None:
            self._end_with(failure.message, Exit.INTERNAL)

    def _end_with(self, reason: str, code: Exit) -> None:
        self._manager.status(reason)
        self.last_words = reason
        self._end(code)

    def _subscribe(self) -> None:
        """The optimizations of the pinned projects; of the unfinished ones the progress too."""
        rows = [row for key in sorted(self._lists, key=repr) for row in self._store.get(key).value or ()]
        unfinished = [row.optimization_id for row in rows if not row.finished][:MOST_OPTIMIZATIONS]
        keys: list[Key[Any]] = [*self._lists, *(optimization_key(each) for each in unfinished)]
        self._engine.subscribe(tuple(Subscription(key) for key in keys))

    def _show_status(self) -> None:
        """One line for the service manager, when it changes."""
        deployments, alerts = self._store.get(DEPLOYMENTS).value, self._store.get(ALERTS).value or ()
        link = self._store.get(LINK).value
        run = "no list yet" if deployments is None else f"{sum(each.alive for each in deployments)} running"
        firing = [each for each in alerts if each.state is AlertState.FIRING]
        worst = f" (first: {firing[0].rule})" if firing else ""
        status = f"{run}, {len(firing)} firing{worst}, API {link.state.value if link is not None else 'unknown'}"
        if status != self._status:
            self._status = status
            self._manager.status(status)

    # The configuration.

    def _hang_up(self) -> None:
        """SIGHUP: read the rules again. From a terminal that was closed it is the end."""
        if self._on_terminal and not os.isatty(0):
            self._end(128 + signal.SIGHUP)
        elif self._reloading is None or self._reloading.done():
            self._reloading = asyncio.ensure_future(self._reload())
        else:
            self._reload_again = True

    async def _reload(self) -> None:
        path, again = self._settings.config_path, True

        def read() -> Config:
            if self._settings.config_exists:
                path.stat()  # one that has gone is not one that says nothing
            return load_config(path)

        while again:
            self._reload_again = False
            self._manager.reloading()
            try:
                # A disk may hang: what is watched goes on being watched.
                config = await asyncio.to_thread(read)
            except (SettingsError, OSError) as error:
                reason = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
                self._warn("not_reloaded", f"the configuration stays as it was: {reason}", reason)
            else:
                later = _from_the_next_start(self._settings, config)
                self._engine.configure_alerts(config.alerting)
                quoted = [f"`{each}`" for each in later]
                names = " and ".join(each for each in (", ".join(quoted[:-1]), *quoted[-1:]) if each)
                words = f"; {names} count{'s' * (len(later) == 1)} from the next start" if later else ""
                sentence = f"The configuration {path} was read again{words}."
                self._tell(Event("reloaded", f"{path} was read again{words}", sentence, fields={"next_start": later}))
            self._manager.ready()
            again = self._reload_again

    # Signs of life.

    @property
    def _turns(self) -> bool:
        """The polling has its turns, whatever the API answers."""
        return self._clock.monotonic() - self._engine.turned_mono < LATE_S

    async def _start_slowly(self) -> None:
        """Ask for more time while there is no list yet."""
        while not self._listed.is_set():
            if self._turns:
                self._manager.extend_start(START_MORE_S)
            await self._clock.sleep(STARTING_S)

    async def _feed_watchdog(self) -> None:
        if self._manager.watchdog_s is None:
            return
        while True:
            if self._turns:
                self._manager.alive()
            await self._clock.sleep(min(WATCHDOG_CAP_S, max(WATCHDOG_FLOOR_S, self._manager.watchdog_s / 3)))

    async def _beats(self) -> None:
        if self._beat is None:
            return
        await self._listed.wait()
        failing = ""
        while True:
            age_s = self._store.get(DEPLOYMENTS).age_s(self._clock.monotonic())
            if self._turns and age_s is not None and age_s < STALE_S:
                reason = await self._beat()
                if reason and not failing:
                    self._warn("heartbeat_failed", f"the heartbeat fails: {reason}", reason)
                elif failing and not reason:
                    self._tell(Event("heartbeat_back", "the heartbeat is back", "The heartbeat is back.", good=True))
                failing = reason
                await self._clock.sleep(HEARTBEAT_S)
            else:
                await self._clock.sleep(TICK_CAP_S)


def _from_the_next_start(settings: Settings, config: Config) -> list[str]:
    """What of a configuration that was read again is not as it was at the start, and is not taken up before the next:
    of what a watcher goes by."""
    before, name = settings.config, settings.profile_name

    def account(config: Config) -> object:
        values = (config.profiles.get(name) or Profile()).values
        return {key: value for key, value in values.items() if key not in ("theme", "read-only")}

    changed = {
        "profile": config.profile != before.profile and name == (before.profile or "default"),
        f"[profiles.{name}]": account(config) != account(before),
        "pinned": config.pinned != before.pinned and settings.pinned == tuple(before.pinned),
        "[polling]": config.polling != before.polling,
        "[tape]": config.taping != before.taping,
    }
    return [each for each, differs in changed.items() if differs]
