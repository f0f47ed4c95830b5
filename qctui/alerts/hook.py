"""Runs the user's command for each delivery of an alert: the way to mail, a phone or a chat.

It works when the terminal is stalled or nobody is attached, so it may hold nothing up: one command at a time for each
rule, each with an end, its output bounded, its failure in words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from qctui.alerts.alert_json import alert_line
from qctui.alerts.rules import Rule
from qctui.clock import Clock, first_of
from qctui.model.alert import Alert
from qctui.secret import SecretStr
from qctui.text import clean

LIMIT_S = 10.0
"""How long a command may take. Then it is killed, with everything it started."""

CLOSE_S = 0.25
"""How long commands that run at the end are given."""

KILLED_S = 1.0
"""How long a killed command is waited for. One that runs as another user is not ours to kill."""

KEPT_BYTES = 2_048
"""Of what a command says on standard error, the first part is kept. The rest is read and dropped."""

_READ_BYTES = 65_536
_LAST_READS = 8
"""Chunks that are read once a command has ended: what it started may still be talking."""

_OURS = frozenset({"QUANTCONNECT_API_TOKEN", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
"""Variables that are for this program alone."""

_log = logging.getLogger(__name__)


class CommandHook:
    """Runs commands on the engine's loop. `deliver` and `aclose` are called there."""

    def __init__(
        self,
        clock: Clock,
        trouble: Callable[[str], None],
        secrets: Collection[SecretStr] = (),
        begun: Callable[[Alert], None] = lambda alert: None,
    ) -> None:
        """`trouble` is called with the reason whenever a command fails, and with an empty text once no rule's command
        fails any more; `begun` with each alert whose command has been started, or can't be. Texts in `secrets` reach
        neither a command nor a reason."""
        self._clock = clock
        self._trouble = trouble
        self._begun = begun
        self._secrets = tuple(secrets)
        self._waiting: dict[str, OrderedDict[str, tuple[tuple[str, ...], Alert, bytes]]] = {}
        """By rule, then by alert: what is to run next. Of one alert the newest alone."""
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._failing: dict[str, str] = {}
        """By rule: why its last command failed."""
        self._closing = False
        self._cut: list[Alert] = []

    @property
    def idle(self) -> bool:
        """No command runs or waits."""
        return not self._workers

    def deliver(self, rule: Rule, command: tuple[str, ...], alert: Alert, profile: str) -> None:
        """Run `command` with the alert on its standard input, after what runs or waits for this rule already."""
        if self._closing or not command:
            return
        waiting = self._waiting.setdefault(rule.name, OrderedDict())
        waiting[alert.alert_id] = (command, alert, alert_line(alert, profile))
        if rule.name not in self._workers:
            task = asyncio.get_running_loop().create_task(self._work(rule.name), name=f"command of rule {rule.name}")
            self._workers[rule.name] = task

    async def aclose(self) -> list[Alert]:
        """Start nothing more, give what runs a moment, then kill it. Returns what was killed before its time."""
        self._closing = True
        self._waiting.clear()
        workers = list(self._workers.values())
        if workers:
            await asyncio.wait(workers, timeout=CLOSE_S)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        return self._cut

    async def _work(self, rule: str) -> None:
        try:
            while waiting := self._waiting.get(rule):
                _, (command, alert, given) = waiting.popitem(last=False)
                try:
                    reason = await self._run(command, alert, given)
                except asyncio.CancelledError:
                    self._cut.append(alert)
                    raise
                except OSError as error:
                    reason = f"can't be run ({error.strerror})"
                except ValueError:
                    reason = "can't be run (it holds a null character)"
                except Exception as error:  # a defect of ours must not end the deliveries
                    _log.exception("the command of rule %s could not be run", rule)
                    reason = f"internal error ({type(error).__name__}); see the log"
                self._begun(alert)
                self._note(rule, command, reason)
        finally:
            self._waiting.pop(rule, None)
            del self._workers[rule]

    def _note(self, rule: str, command: tuple[str, ...], reason: str) -> None:
        before = dict(self._failing)
        if reason:
            words = self._hide(f"the command of rule {rule} ({clean(command[0], 80)}) {reason}")
            _log.warning("%s", words)
            self._failing[rule] = words
            self._trouble(words)
        elif before:
            self._failing.pop(rule, None)
            if self._failing != before:
                self._trouble(next(reversed(self._failing.values()), ""))

    async def _run(self, command: tuple[str, ...], alert: Alert, given: bytes) -> str:
        """Why it failed, in words that follow its name; empty if it did not.

        Raises:
            OSError, ValueError: it can't be started.
        """
        with contextlib.closing(_Errors()) as errors:
            process = _Process(command, given, errors.writer, clean_environment(os.environ, self._secrets))
            try:
                if not await first_of(self._clock, LIMIT_S, process.started):
                    return f"did not start within {LIMIT_S:.0f} s"
                process.started.result()
                self._begun(alert)
                if not await first_of(self._clock, LIMIT_S, process.ended):
                    return f"did not end within {LIMIT_S:.0f} s and was killed"
            finally:
                await process.end(self._clock)
            if not (code := process.ended.result()):
                return ""
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            said = errors.first_line()
            return f"{how}: {said}" if said else how

    def _hide(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret.get_secret_value(), "***")
        return words


class _Process:
    """One command on a thread of its own: the loop, which a trigger may need, would stand still while it is started."""

    def __init__(self, command: tuple[str, ...], given: bytes, errors: int, environment: dict[str, str]) -> None:
        """`given` is its standard input, `errors` the file of its standard error, which is closed here."""
        self._loop = asyncio.get_running_loop()
        self.started: asyncio.Future[int] = self._loop.create_future()
        """The process id; raises why it can't be started."""
        self.ended: asyncio.Future[int] = self._loop.create_future()
        """The exit code."""
        arguments = (command, given, errors, environment)
        threading.Thread(target=self._run, args=arguments, name="command", daemon=True).start()

    async def end(self, clock: Clock) -> None:
        """Kill what still runs, with all it started."""
        if not await first_of(clock, KILLED_S, self.started):
            self.started.add_done_callback(_kill_late)
        elif self.started.exception() is None and not self.ended.done():
            _kill_group(self.started.result())
            await first_of(clock, KILLED_S, self.ended)  # reaped, or it stays as a zombie

    def _run(self, command: tuple[str, ...], given: bytes, errors: int, environment: dict[str, str]) -> None:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
                start_new_session=True,  # a group of its own, to be killed whole, and no terminal to talk to
            )
        except Exception as error:  # whatever it is, it is the answer
            self._call(self.started, self.started.set_exception, error)
            return
        finally:
            os.close(errors)
        self._call(self.started, self.started.set_result, process.pid)
        process.communicate(given)  # a command need not read it
        self._call(self.ended, self.ended.set_result, process.returncode)

    def _call(self, future: asyncio.Future[int], answer: Callable[[Any], None], value: object) -> None:
        def tell() -> None:
            if not future.done():
                answer(value)

        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(tell)


class _Errors:
    """A pipe for standard error: its beginning is kept, everything else is read and dropped.

    Not the subprocess module's own: a child left behind in the background keeps that one open, and the waiting with it.
    """

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        """For the command, and to be closed by whoever starts it."""
        os.set_blocking(self._reader, False)
        self._kept = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reader, self._read)
        self._open = True

    def first_line(self) -> str:
        """The first line that says anything, safe to print."""
        for _ in range(_LAST_READS):
            if not self._read():
                break
        lines = (clean(line, 200) for line in self._kept.decode("utf-8", "replace").splitlines())
        return next((line for line in lines if line), "")

    def close(self) -> None:
        """Read no more."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._reader)
            os.close(self._reader)

    def _read(self) -> bool:
        """Read what there is. False if there is nothing now."""
        if not self._open:
            return False
        try:
            data = os.read(self._reader, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        self._kept += data[: KEPT_BYTES - len(self._kept)]
        return True


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill_late(started: asyncio.Future[int]) -> None:
    """It was said that the command did not start: what starts now must not run on, nor what fails leave an error."""
    if started.exception() is None:
        _kill_group(started.result())


def clean_environment(environment: Mapping[str, str], secrets: Collection[SecretStr]) -> dict[str, str]:
    """What a command may know of ours: not the token, under whatever name, nor how to speak for us to systemd."""
    hidden = [value for secret in secrets if (value := secret.get_secret_value())]
    return {
        name: value
        for name, value in environment.items()
        if name not in _OURS and not any(each in value for each in hidden)
    }
