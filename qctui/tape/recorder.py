"""Records what it is handed, on a thread of its own that nothing waits for."""

from __future__ import annotations

import json
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from qctui.clock import Clock
from qctui.model.recording import Exchange, Recording, TapeState
from qctui.paths import hold_lock, private_dir
from qctui.tape.request_key import request_key
from qctui.tape.tape_file import OldTapeError, TapeError, error_words, is_damage, set_aside, size_of
from qctui.tape.tape_writer import Noted, TapeWriter
from qctui.value import replace

KEEP_S = 7 * 86_400.0
LIMIT = 500_000_000
"""What is kept by default: so long, or so many bytes, whichever is less."""

GATHER_S = 5.0
"""What comes in so short a time is written at once. A process that is killed loses no more than that."""

EVENT_S = 0.5
"""So soon an event is written, and what waits with it. Not at once: the emergency request that it may be about is on
its way in the same interpreter, and its journal on the same disk."""

RETRY_S = 15.0
"""How soon it is tried again after the disk declined, and how often a standby looks whether it is needed."""

TRIM_EVERY_S = 60.0

WAITING_BYTES = 64_000_000
WAITING = 5_000
"""What may wait to be written. What does not fit is counted, and never waited for."""

HANGS_S = 10.0
"""A disk that takes longer for a batch hangs."""

SPARE_BYTES = 100_000_000
"""Free space that recording leaves on the disk: the journal of actions may be on the same."""

GROWN = 1_000_000
"""A size that grew by less is no news."""

_log = logging.getLogger(__name__)


class Recorder:
    """One process's part in the tape of an account. `note` and `note_event` may be called from any thread, and neither
    wait nor raise."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        scrub: Callable[[bytes], bytes],
        *,
        keep_s: float = KEEP_S,
        limit: int = LIMIT,
        gives_way: bool = False,
        spare: int = SPARE_BYTES,
        gather_s: float = GATHER_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Nothing is opened before `start`. `scrub` takes secrets out of bodies.

        One that `gives_way` leaves the recording to one that does not: a console reads more than a watcher, namely what
        a person looks at.
        """
        self.path = path
        self._clock, self._scrub = clock, scrub
        self._keep_s, self._limit, self._spare = keep_s, limit, spare
        self._gather_s, self._retry_s = gather_s, retry_s
        self._gives_way = gives_way
        self._waiting: queue.SimpleQueue[Noted | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._taking = True
        """What is handed over is queued: from the start on, since the file will be open in a moment."""
        self._lock = threading.Lock()
        self._state = TapeState(Recording.STANDBY)
        self.told = self._state
        """The state when `changed` was called last."""
        self.changed: Callable[[], object] = lambda: None
        """Called, on any thread, when the state has become another. It must be quick and not raise."""
        self._missed = self._missed_noted = 0
        self._busy_since: float | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._held: dict[str, int] = {}
        """Open lock files by their suffix."""

    def start(self) -> None:
        """Begin to record, or to stand by."""
        self._thread.start()

    def close(self, wait_s: float = 1.0) -> bool:
        """Write what waits, and end. False if the disk did not take it in time: it is lost with the process."""
        self._closing.set()
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    @property
    def state(self) -> TapeState:
        """What it does now."""
        state, busy_since = replace(self._state, missed=self._missed), self._busy_since
        if busy_since is None or self._clock.monotonic() - busy_since <= HANGS_S:
            return state
        return replace(state, recording=Recording.STOPPED, reason="its disk does not answer")

    def _tell(self) -> None:
        state, told = self.state, self.told
        news = (state.recording, state.reason, state.missed) != (told.recording, told.reason, told.missed)
        if news or abs(state.size - told.size) >= GROWN:
            self.told = state
            self.changed()

    # From any thread.

    def note(self, exchange: Exchange) -> None:
        """Record one finished request."""
        at = self._clock.now()
        text = request_key(exchange.request, at)
        self._hand_over(
            Noted(at, exchange.endpoint, text, exchange.status, exchange.failure, exchange.body, exchange.latency_s)
        )

    def note_event(self, kind: str, body: Mapping[str, object]) -> None:
        """Record something to seek for later."""
        self._hand_over(Noted(self._clock.now(), kind, json.dumps(body)))

    def _hand_over(self, noted: Noted) -> None:
        size = len(noted.body or b"")
        with self._lock:
            fits = self._taking and self._waiting_bytes + size <= WAITING_BYTES and self._waiting.qsize() < WAITING
            if fits:
                self._waiting_bytes += size
            else:
                self._missed += noted.body is not None and self._state.recording is not Recording.STANDBY
        if fits:
            self._waiting.put(noted)
        if self._busy_since is not None:  # the thread that hangs can't say so
            self._tell()

    # The thread.

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._is_ours():
                    self._record()
                    continue
                self._rest(Recording.STANDBY)
            except (OSError, sqlite3.Error, TapeError) as error:
                self._rest(Recording.STOPPED, error_words(error))
            except Exception as error:  # a defect here must cost the tape and nothing else
                _log.exception("the tape ended by a defect")
                self._rest(Recording.STOPPED, f"internal error ({type(error).__name__}); see the log")
            self._closing.wait(self._retry_s)
        for suffix in tuple(self._held):
            self._let_go(suffix)

    def _rest(self, recording: Recording, reason: str = "") -> None:
        """Record nothing for now. What waits is lost; and counted, unless another process has recorded."""
        if reason and reason != self._state.reason:
            _log.warning("the tape does not record: %s", reason)
        with self._lock:
            self._taking = False
            self._state = replace(self._state, recording=recording, reason=reason)
            while not self._waiting.empty():
                lost = self._waiting.get()
                self._missed += lost is not None and lost.body is not None and recording is Recording.STOPPED
            self._waiting_bytes = 0
        self._tell()

    def _is_ours(self) -> bool:
        """Whether this process is to record. The locks die with their processes."""
        private_dir(self.path.parent)
        if self._gives_way:
            if self._hold(".console"):
                self._let_go(".console")
            else:
                self._let_go(".lock")
                return False
        else:
            self._hold(".console")
        return self._hold(".lock")

    def _hold(self, suffix: str) -> bool:
        if suffix not in self._held:
            fd = hold_lock(self.path.with_name(self.path.name + suffix))
            if fd is not None:
                self._held[suffix] = fd
        return suffix in self._held

    def _let_go(self, suffix: str) -> None:
        fd = self._held.pop(suffix, None)
        if fd is not None:
            os.close(fd)

    def _record(self) -> None:
        """Record until it ends, or is another process's turn. Raises what the disk says."""
        said = ""
        while True:
            try:
                self._require_space()
                with closing(TapeWriter(self.path, self._scrub, self._keep_s, self._limit)) as tape:
                    self._record_on(tape, said)
                return
            except (sqlite3.Error, OldTapeError) as error:
                old = isinstance(error, OldTapeError)
                if said or not (old or is_damage(error)):
                    raise
                beside = set_aside(self.path, "old" if old else "damaged")
                said = f"{error_words(error)}: it is now {beside.name}, and another one was begun"
                _log.warning("the tape: %s", said)
            finally:
                self._busy_since = None

    def _record_on(self, tape: TapeWriter, said: str) -> None:
        trim_mono = look_mono = self._clock.monotonic()
        while True:
            with self._lock:
                self._taking = True
                self._state = TapeState(Recording.ON, tape.since, size_of(self.path), said)
            self._tell()
            batch = self._gather()
            self._busy_since = self._clock.monotonic()
            if missed := self._missed - self._missed_noted:
                _log.warning("the tape missed %d answers", missed)
                self._missed_noted, words = self._missed_noted + missed, json.dumps({"answers": missed})
                batch.append(Noted(self._clock.now(), "missed", words))
            if batch:
                self._require_space()
                tape.write(batch)
                with self._lock:
                    self._waiting_bytes -= sum(len(each.body or b"") for each in batch)
            if self._closing.is_set() and self._waiting.empty():
                return
            if self._busy_since >= trim_mono and not tape.trim(self._clock.now()):
                trim_mono = self._busy_since + TRIM_EVERY_S
            if self._gives_way and self._busy_since >= look_mono:
                look_mono = self._busy_since + self._retry_s
                if not self._is_ours():
                    return
            self._busy_since = None

    def _gather(self) -> list[Noted]:
        """What came within some seconds; less with an event."""
        batch: list[Noted] = []
        until = self._clock.monotonic() + self._gather_s
        while len(batch) < 200:
            left_s = 0.0 if self._closing.is_set() else until - self._clock.monotonic()
            try:
                noted = self._waiting.get(timeout=max(0.0, left_s))
            except queue.Empty:
                break
            if noted is not None:
                batch.append(noted)
                if noted.body is None:
                    until = min(until, self._clock.monotonic() + EVENT_S)
        return batch

    def _require_space(self) -> None:
        status = os.statvfs(self.path.parent)
        if status.f_bavail * status.f_frsize < self._spare:
            raise TapeError("its disk is nearly full")
