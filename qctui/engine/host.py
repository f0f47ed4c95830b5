"""Runs the engine: a thread with an event loop of its own for the API client, the polling and the actions."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from qctui.actions.actions_port import ActionsPort
from qctui.alerts.alert_service import AlertService
from qctui.alerts.rules import AlertSettings
from qctui.api.ports import ReadApi, RequestReport, TriggerApi
from qctui.clock import Clock, SystemClock
from qctui.engine.actions_proxy import ActionsLifecycle, ActionsProxy, ReadAfterActions
from qctui.engine.engine_port import AlertsPort, Subscription
from qctui.engine.health import Health
from qctui.engine.schedule import PollSettings
from qctui.engine.shared_budget import ALONE_EVERY_S, EXCHANGE_EVERY_S, SharedBudget
from qctui.model.keys import DEPLOYMENTS, Key
from qctui.store import Store
from qctui.tape.recorder import Recorder
from qctui.value import replace

if TYPE_CHECKING:
    from qctui.engine.poller import Poller
    from qctui.engine.remembered import OpenRecorded

log = logging.getLogger(__name__)

RESTART_S = 5.0
"""Pause before polling that ended by a defect begins again."""

CLOSE_S = 0.5
"""How long each part may take to close, beyond what the actions were given to drain."""


class ApiClient(Protocol):
    """Both sides of the API, opened on the engine's loop and closed there."""

    @property
    def reads(self) -> ReadApi:
        """The polled reads."""
        ...

    @property
    def triggers(self) -> TriggerApi:
        """The emergency path."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


Observer = Callable[[RequestReport], None]
OpenClient = Callable[[Observer], Awaitable[ApiClient]]
"""Makes the client on the engine's loop. The observer is called with every finished request. Whatever it raises ends
the engine, visibly."""
OpenActions = Callable[[ApiClient], ActionsLifecycle]
"""Makes the actions for that client."""


OpenAlerts = Callable[[Store, Clock], AlertService]
"""Makes the alerts for this store and clock."""


class EngineHost:
    """The `Engine` of `qctui.engine.engine_port`, on a thread (`start`, `stop`) or on the caller's loop (`run`).

    `subscribe`, `refresh` and `stop` may be called from any thread, before, during and after its life. Nothing here
    ever waits for the readers of the store: an interface that hangs does not slow it down.
    """

    def __init__(
        self,
        open_client: OpenClient,
        open_actions: OpenActions,
        open_alerts: OpenAlerts,
        *,
        clock: Clock | None = None,
        settings: PollSettings | None = None,
        read_only: bool = False,
        sharing: SharedBudget | None = None,
        tape: Recorder | None = None,
        open_recorded: OpenRecorded | None = None,
    ) -> None:
        """Nothing is opened or read before `start` or `run`. `read_only` is what `actions` says until the action
        service runs. `open_actions` makes that service for the same store and clock, `open_alerts` the alerts.
        `sharing` knows of the other processes that read the same account. `tape` records, from `run` on, and
        what it knows is taken up through `open_recorded`.
        """
        self.store = Store()
        self.clock: Clock = clock or SystemClock()
        self._proxy = ActionsProxy(self.store, self.clock, read_only)
        self.actions: ActionsPort = self._proxy
        self._alerts = open_alerts(self.store, self.clock)
        self.alerts: AlertsPort = self._alerts
        self._sharing = sharing
        self.tape = tape
        self._open_recorded = open_recorded
        self._open_client = open_client
        self._open_actions = open_actions
        self._settings = settings or PollSettings()
        self._health = Health(self.store, self.clock, self._settings.reads_per_minute)
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._subscribing = False
        """New subscriptions wait for the loop, which has been called."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: Poller | None = None
        self._ending: asyncio.Event | None = None
        self._stopping = False
        self._drain_s = 0.0
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    # From any thread.

    def start(self) -> None:
        """Run on a thread of its own, once. Returns at once; `wait_ready` waits until actions can be sent."""
        # A daemon, because a defect in here must never keep a terminal from being given back. `stop` waits for it.
        self._thread = threading.Thread(target=self._run_thread, name="engine", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until actions can be sent, or the engine has ended. False when neither happened in time."""
        return self._ready.wait(timeout_s)

    @property
    def turned_mono(self) -> float:
        """When the polling last had a turn, on the monotonic clock: a loop that hangs has none."""
        return self._health.turned_mono

    def configure_alerts(self, settings: AlertSettings) -> None:
        """Go by these rules, tell what fires in this way, and take these texts for BLIND, from now on."""
        self._alerts.configure(settings.rules, settings.delivery)
        self._settings = replace(self._settings, blind_patterns=settings.blind)
        self._call(lambda: self._poller.pulses.look_for(settings.blind) if self._poller is not None else None)

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """As in `Engine`. Of those that come faster than the loop turns only the last ones count."""
        with self._lock:
            self._subscriptions = subscriptions
            if self._subscribing or self._loop is None:
                return
            self._subscribing = True
        self._call(self._apply_subscriptions)

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """As in `Engine`."""
        self._call(lambda: self._poller.refresh(keys) if self._poller is not None else None)

    def stop(self, drain_s: float = 1.0) -> bool:
        """End the polling, give the actions `drain_s` seconds to be sent and journalled, close everything.

        Returns False if the thread did not end in time; it dies with the process. May be called again.
        """
        with self._lock:
            self._stopping = True
            self._drain_s = drain_s
        self._call(lambda: self._ending.set() if self._ending is not None else None)
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(drain_s + 4 * CLOSE_S)
        return not self._thread.is_alive()

    def _call(self, function: Callable[[], object]) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:
            log.debug("the engine's loop is closed: a call was dropped")

    # On the engine's loop.

    async def run(self) -> None:
        """The whole life, on the running loop, until `stop` or cancelled. Never raises for a defect: it shows it."""
        self._ending = asyncio.Event()
        self._health.open()
        with self._lock:
            self._loop = asyncio.get_running_loop()
            stopping = self._stopping
        try:
            if not stopping:
                await self._run_client()
        except Exception as error:  # whatever it was, the screen must say that nothing is read any more
            self._crash(error)
        finally:
            with self._lock:
                self._loop = None
            self._proxy.detach()
            self._ready.set()

    async def _run_client(self) -> None:
        if self.tape is not None:
            self.tape.start()
        opening = asyncio.ensure_future(self._open_client(self._health.observe))
        if not await self._unless_ending(opening):
            return
        client = opening.result()
        try:
            await self._run_actions(client)
        finally:
            await self._bounded(client.aclose(), CLOSE_S, "closing the client")
            if self.tape is not None:
                # The drain has its answers: what is written now is the whole run. A disk that hangs is left behind.
                await asyncio.to_thread(self.tape.close, CLOSE_S)

    async def _run_actions(self, client: ApiClient) -> None:
        actions = self._open_actions(client)
        try:
            starting = asyncio.ensure_future(actions.start())
            if not await self._unless_ending(starting):
                return
            starting.result()
            self._proxy.attach(actions)
            self._ready.set()
            await self._run_polling(client)
        finally:
            # The polling is over: the actions have the loop and the line to themselves.
            await self._bounded(actions.drain(self._drain_s), self._drain_s + CLOSE_S, "draining the actions")
            self._proxy.detach()
            await self._bounded(actions.aclose(), CLOSE_S, "closing the actions")

    async def _run_polling(self, client: ApiClient) -> None:
        # Not before there is a client: the first frame shares this interpreter, and nothing is read before it.
        from qctui.engine.poller import Poller
        from qctui.engine.tape_follower import follow_tape

        self._poller = poller = Poller(client.reads, self.store, self.clock, self._health, self._settings)
        self._apply_subscriptions()
        polling = asyncio.ensure_future(self._poll_for_ever(poller))
        beside = [
            asyncio.ensure_future(each)
            for each in (
                ReadAfterActions(self.store, self.clock, poller.read_again, poller.follow_portfolios).run(),
                self._alerts.run(),
                self._share_budget(poller),
                follow_tape(self.tape, self.store, self.clock),
                self._remember(poller),
            )
        ]
        try:
            await self._unless_ending(polling)
        finally:
            self._poller = None
            for each in (*beside, polling):
                await _cancel(each)
            if self._sharing is not None:
                self._sharing.close()

    async def _share_budget(self, poller: Poller) -> None:
        while self._sharing is not None:
            # A disk may hang, and reading must not wait for it.
            mono = self.clock.monotonic()
            listed = self.store.get(DEPLOYMENTS).fetched_mono
            say = (poller.limiter.reads(mono), mono, float("-inf") if listed is None else listed)
            readers, others = await asyncio.to_thread(self._sharing.exchange, *say)
            poller.limiter.share(readers, others)
            poller.note_listed_elsewhere(self._sharing.listed_elsewhere)
            self._alerts.note_others(readers > 1)
            await self.clock.sleep(EXCHANGE_EVERY_S if readers > 1 else ALONE_EVERY_S)
        self._alerts.note_others(False)

    async def _remember(self, poller: Poller) -> None:
        if self.tape is not None and self._open_recorded is not None:
            from qctui.engine.remembered import remember  # as late as the polling

            await remember(self.tape.path, self._open_recorded, poller.accounts, self.clock)

    async def _poll_for_ever(self, poller: Poller) -> None:
        while True:
            try:
                await poller.run()
            except Exception as error:  # the actions and the screen live on; the polling is begun again
                log.exception("polling ended by a defect; it begins again in %.0f s", RESTART_S)
                self._health.crashed(f"Internal error ({type(error).__name__}) in the polling; see the log.", RESTART_S)
                await self.clock.sleep(RESTART_S)

    async def _unless_ending(self, work: asyncio.Future[Any]) -> bool:
        """Wait for `work` or for `stop`. False, with the work cancelled, if it was `stop`."""
        assert self._ending is not None
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            if not work.done():
                await _cancel(work)
        return not work.cancelled()

    def _apply_subscriptions(self) -> None:
        with self._lock:
            self._subscribing = False
            subscriptions = self._subscriptions
        if self._poller is not None:
            self._poller.subscribe(subscriptions)

    async def _bounded(self, closing: Awaitable[None], seconds: float, what: str) -> None:
        # By the loop's own time and not by `clock`: this bound is for the process, whatever a test says the time is.
        try:
            async with asyncio.timeout(seconds):
                await closing
        except TimeoutError:
            log.warning("%s took longer than %.1f s", what, seconds)
        except Exception:  # closing goes on with the next part, whatever this one did
            log.exception("%s failed", what)

    def _crash(self, error: BaseException) -> None:
        log.error("the engine ended by a defect", exc_info=error)
        self._health.crashed(f"The engine has stopped ({type(error).__name__}); see the log and restart.", None)

    def _run_thread(self) -> None:
        try:
            asyncio.run(self.run())
        except BaseException as error:  # the last stop before a thread that ends without a word
            self._crash(error)
        finally:
            self._proxy.detach()
            self._ready.set()


async def _cancel(work: asyncio.Future[Any]) -> None:
    work.cancel()
    await asyncio.wait({work})
