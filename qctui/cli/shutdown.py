"""Ends the program in time: at signals, when the terminal hangs up, when the interface no longer answers.

A thread of its own watches, because the interface's loop is the very thing that may be stuck: a terminal that stops
reading freezes it inside a write. Signals reach this thread through a pipe the interpreter writes to as soon as they
arrive, whatever the main thread is doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from qctui.actions.wording import describe_step
from qctui.cli.terminal import Terminal
from qctui.model.action import ActionRecord, Rung

GRACE_S = 0.15
"""From a signal to asking the interface to end: keys typed before it, a confirming Enter among them, still count."""

ANSWER_S = 1.0
"""How long the interface has for ending in order before it is left behind."""

DRAIN_S = 25.0
"""How long a confirmed action is given to be sent and its answer journalled, whatever ended the interface."""

LOST = "not in the journal: no start will verify what was sent; look at QuantConnect, and at the brokerage"
"""What is said of an action that nothing verifies from here on."""

_BAD_NEWS = (Rung.REJECTED, Rung.NOT_SENT, Rung.UNKNOWN, Rung.UNVERIFIED)

_ENDING = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}

_log = logging.getLogger(__name__)


class Shutdown:
    """Ends the process in time, with the terminal as it was and every confirmed action sent."""

    def __init__(self, terminal: Terminal, drain: Callable[[float], Sequence[str]]) -> None:
        """Watch `terminal`; nothing is installed before `install`.

        Args:
            terminal: restored if the interface can't do it.
            drain: called with the seconds at most, from this thread or from `finish`; waits until every confirmed
                action has its answer journalled and returns what is to be said of them. May be called twice.
        """
        self._terminal = terminal
        self._drain = drain
        self._reader, self._writer = os.pipe()
        for fd in (self._reader, self._writer):
            os.set_blocking(fd, False)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ask: Callable[[], object] | None = None
        self._interface_begun = False
        self._interface_ended = threading.Event()
        self.signal_number: int | None = None
        """The signal that ended the program, None if a person did."""

    def install(self) -> None:
        """Take over the signals and start to watch. On the main thread."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _ENDING:
            # An inherited "ignore" (nohup) is overruled: without its terminal the console has nothing left to do, and
            # its input thread would spin at the end of the file.
            # The pipe wakes the watching thread; without a handler the signal would end the process at once.
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._watch, name="shutdown", daemon=True).start()

    def interface_begins(self) -> bool:
        """The interface is about to take the terminal. False if it is not to: a signal has come already."""
        with self._lock:
            self._interface_begun = self.signal_number is None
            return self._interface_begun

    def attach(self, loop: asyncio.AbstractEventLoop, ask: Callable[[], object]) -> None:
        """The interface runs on `loop`, and its first frame is out; `ask`, called there, makes it end.

        Not before: an interface that is asked to end while it puts its parts together ends by an error.
        """
        with self._lock:
            self._loop, self._ask = loop, ask
        if self.signal_number is not None:
            self._request()

    def interface_ended(self) -> None:
        """The interface is gone and has put the terminal back."""
        self._interface_ended.set()

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        poller.register(self._terminal.fd, 0)  # no events asked for: hanging up is reported anyway
        while True:
            for fd, _ in poller.poll():
                if fd == self._reader:
                    numbers = [signal.Signals(byte) for byte in os.read(self._reader, 512) if byte in _ENDING]
                else:
                    poller.unregister(fd)
                    numbers = [signal.SIGHUP]
                if numbers and not self._interface_ended.is_set():
                    self._leave(numbers[0])
                elif signal.SIGINT in numbers:
                    # A person who presses Ctrl+C again means it, and what is open is in the journal. A closed terminal
                    # or a supervisor sends its signals several times and means nothing by it.
                    _log.warning("ended by a second signal: %s", signal.SIGINT.name)
                    logging.shutdown()
                    os._exit(128 + signal.SIGINT)

    def _leave(self, number: signal.Signals) -> None:
        """End in order if that is still possible, by force if not."""
        with self._lock:
            self.signal_number = number
        _log.info("ending: %s", number.name)
        time.sleep(GRACE_S)  # on a thread of its own: keys typed before the signal still count
        self._request()
        if self._interface_ended.wait(ANSWER_S):
            return  # the main thread goes on with draining; further signals are read again
        _log.warning("the interface does not answer: ending without it")
        if self._interface_begun:
            self._terminal.restore()
        for line in self._drain(DRAIN_S):
            self._terminal.say(line)
        logging.shutdown()
        os._exit(128 + number)

    def _request(self) -> None:
        with self._lock:
            loop, ask = self._loop, self._ask
        if loop is not None and ask is not None:
            try:
                loop.call_soon_threadsafe(ask)
            except RuntimeError:  # the loop closed meanwhile: it has ended by itself
                _log.debug("the interface had ended already")

    @staticmethod
    def force(code: int) -> None:
        """Everything is done: end with `code` even if a thread that is left keeps the interpreter from it."""

        def end() -> None:
            time.sleep(1.0)  # a daemon thread: an orderly end does not wait for it
            os._exit(code)

        threading.Thread(target=end, name="end", daemon=True).start()


class Interrupts:
    """Signals while a command acts: noted, never fatal by themselves, because a confirmed action is reported first.

    Takes over Ctrl+C, SIGTERM and SIGHUP on the running loop for the length of a `with`.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        """The first that came."""
        self._came = asyncio.Event()
        self._exits_at_once = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self._note, number)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.remove_signal_handler(number)

    @property
    def by_person(self) -> bool:
        """It was Ctrl+C."""
        return self.number == signal.SIGINT

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells say it: 130 for Ctrl+C."""
        return 128 + (self.number or 0)

    async def or_wait(self, waiting: Coroutine[Any, Any, object] | asyncio.Future[Any]) -> None:
        """Return when `waiting` is done or a signal has come, which cancels it. Its exception is left in it."""
        work, came = asyncio.ensure_future(waiting), asyncio.ensure_future(self._came.wait())
        try:
            await asyncio.wait({work, came}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, came):
                task.cancel()
            await asyncio.gather(work, came, return_exceptions=True)

    @contextlib.contextmanager
    def leaving_at_the_next(self) -> Iterator[None]:
        """Meanwhile another Ctrl+C ends the process at once: what is open is in the journal."""
        self._exits_at_once = True
        try:
            yield
        finally:
            self._exits_at_once = False

    def _note(self, number: int) -> None:
        if self._exits_at_once and number == signal.SIGINT:
            os._exit(128 + number)
        if self.number is None:
            self.number = number
            self._came.set()


def last_words(seen: Mapping[str, Rung | None], records: Sequence[ActionRecord]) -> list[str]:
    """What is said at the end about the actions: bad news that came after the screen, which showed `seen`, was gone,
    and how many are not verified yet."""
    mine = [record for record in records if not record.foreign]
    lines = [
        f"qctui: {record.rung.value}: {record.target.action} {record.target.name} ({record.target.identity}): "
        f"{record.steps[-1].detail or describe_step(record.steps[-1])}"
        for record in mine
        if record.rung in _BAD_NEWS and record.rung is not seen.get(record.action_id)
    ]
    for lost, words in (
        (False, "; verification goes on at the next start (see: qctui journal)"),
        (True, f", and {LOST}"),
    ):
        count = sum(1 for record in mine if not record.done and record.lost is lost)
        if count:
            lines.append(f"qctui: {'1 action is' if count == 1 else f'{count} actions are'} not verified yet{words}")
    return lines
