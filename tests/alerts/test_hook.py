"""The command hook, with real commands. What they are waited for by is what they write, never time."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from qctui.alerts.hook import LIMIT_S, CommandHook
from qctui.alerts.rules import Rule
from qctui.clock import SystemClock
from qctui.model.alert import Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment
from qctui.secret import SecretStr
from qctui.value import replace
from tests.fakes import FakeClock

RULE = Rule("blind", "blind")
ALERT = Alert(
    "blind",
    Severity.CRITICAL,
    Subject("Momentum", 7, "L-0123", environment=Environment.LIVE),
    AlertState.FIRING,
    "refused by its brokerage",
    value="3 orders",
    threshold="0",
    began_at=1_700_000_000.0,
    fired_at=1_700_000_060.0,
    deliveries=1,
    when="blind",
)
OTHER = replace(ALERT, subject=Subject("Other", 8, "L-4567", environment=Environment.PAPER))


class Rig:
    """A hook, the pipes its commands answer by, and what it said of them."""

    def __init__(self, folder: Path, secrets: tuple[SecretStr, ...] = ()) -> None:
        self.clock = FakeClock()
        self.folder = folder
        self.troubles: asyncio.Queue[str] = asyncio.Queue()
        self.begun: asyncio.Queue[Alert] = asyncio.Queue()
        self.hook = CommandHook(self.clock, self.troubles.put_nowait, secrets, self.begun.put_nowait)
        self._pipes: list[int] = []

    def python(self, code: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-I", "-c", f"import json, os, sys, time\n{code}", *arguments)

    def pipe(self, name: str) -> tuple[str, asyncio.Queue[str]]:
        """A named pipe that commands write to, and the lines that came out of it."""
        path = self.folder / name
        os.mkfifo(path)
        reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # read and write: it never ends
        lines: asyncio.Queue[str] = asyncio.Queue()
        left = b""

        def read() -> None:
            nonlocal left
            *whole, left = (left + os.read(reader, 65_536)).split(b"\n")
            for line in whole:
                lines.put_nowait(line.decode())

        asyncio.get_running_loop().add_reader(reader, read)
        self._pipes.append(reader)
        return str(path), lines

    def deliver(self, command: tuple[str, ...], alert: Alert = ALERT, rule: Rule = RULE) -> None:
        self.hook.deliver(rule, command, alert, "main")

    def close(self) -> None:
        for pipe in self._pipes:
            asyncio.get_running_loop().remove_reader(pipe)
            os.close(pipe)


def on_rig(folder: Path, body: Callable[[Rig], Awaitable[None]], secrets: tuple[SecretStr, ...] = ()) -> None:
    async def main() -> None:
        rig = Rig(folder, secrets)
        try:
            await body(rig)
        finally:
            await rig.hook.aclose()
            rig.close()

    asyncio.run(main())


def is_gone(pid: int) -> bool:
    """Neither running nor a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


SAY = "pipe = os.open(sys.argv[1], os.O_WRONLY)\nsay = lambda text: os.write(pipe, (text + chr(10)).encode())\n"


def test_the_command_gets_the_alert_as_one_line_of_json(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        rig.deliver(rig.python(SAY + "say(sys.stdin.read().rstrip())", path))
        told: dict[str, Any] = json.loads(await lines.get())
        assert told == {
            "id": "blind@L-0123",
            "rule": "blind",
            "when": "blind",
            "severity": "critical",
            "state": "firing",
            "text": "refused by its brokerage",
            "value": "3 orders",
            "threshold": "0",
            "began_at": "2023-11-14T22:13:20.000Z",
            "fired_at": "2023-11-14T22:14:20.000Z",
            "no_data_since": None,
            "shelved_until": None,
            "delivery": 1,
            "profile": "main",
            "mode": "live",
            "project_id": 7,
            "project": "Momentum",
            "deploy_id": "L-0123",
            "optimization_id": None,
        }

    on_rig(tmp_path, body)


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        rig.deliver(rig.python(SAY + "say(sys.argv[2])", path, "$HOME; `id` > x"))
        assert await lines.get() == "$HOME; `id` > x"

    on_rig(tmp_path, body)


def test_the_token_is_not_in_its_environment_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "QUANTCONNECT_API_TOKEN": "another",
        "COPY": "t0ken",
        "HEADER": "Bearer t0ken",
        "NOTIFY_SOCKET": "@x",
        "KEPT": "yes",
    }.items():
        monkeypatch.setenv(name, value)

    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        rig.deliver(rig.python(SAY + "say(json.dumps(dict(os.environ)))", path))
        found = json.loads(await lines.get())
        assert found["KEPT"] == "yes"
        assert not {"QUANTCONNECT_API_TOKEN", "COPY", "HEADER", "NOTIFY_SOCKET"} & found.keys()

    on_rig(tmp_path, body, (SecretStr("t0ken"),))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit(3)", "ended with exit code 3"),
        ("sys.stderr.write('\\n\\x1b[31mno route\\x1b[0m\\nmore'); sys.exit(1)", "ended with exit code 1: no route"),
        ("sys.stderr.write('key t0ken is wrong'); sys.exit(1)", "ended with exit code 1: key *** is wrong"),
        ("os.kill(os.getpid(), 15)", "was ended by signal 15"),
    ],
)
def test_a_command_that_fails_is_said_with_its_first_line_of_error(tmp_path: Path, code: str, words: str) -> None:
    async def body(rig: Rig) -> None:
        rig.deliver(rig.python(code))
        assert await rig.troubles.get() == f"the command of rule blind ({sys.executable}) {words}"

    on_rig(tmp_path, body, (SecretStr("t0ken"),))


def test_a_command_that_can_not_be_started_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")

    async def body(rig: Rig) -> None:
        for program, words in (
            ("qctui-no-such-program", "can't be run (No such file or directory)"),
            (str(tmp_path / "plain"), "can't be run (Permission denied)"),
            ("a\0b", "can't be run (it holds a null character)"),
        ):
            rig.deliver((program,))
            assert words in await rig.troubles.get()

    on_rig(tmp_path, body)


def test_trouble_ends_when_no_rules_command_fails_any_more(tmp_path: Path) -> None:
    other = Rule("quiet", "quiet")

    async def body(rig: Rig) -> None:
        rig.deliver(rig.python("sys.exit(1)"))
        assert "rule blind" in await rig.troubles.get()
        rig.deliver(rig.python("sys.exit(2)"), rule=other)
        assert "rule quiet" in await rig.troubles.get()
        rig.deliver(rig.python(""), rule=other)
        assert "rule blind" in await rig.troubles.get()
        rig.deliver(rig.python(""))
        assert await rig.troubles.get() == ""

    on_rig(tmp_path, body)


def test_a_command_that_hangs_is_killed_with_what_it_started_and_leaves_no_zombie(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        child = "import signal; signal.pause()"
        rig.deliver(
            rig.python(
                SAY + "import subprocess, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                f"child = subprocess.Popen([sys.executable, '-I', '-c', {child!r}])\n"
                "say(f'{os.getpid()} {child.pid}')\nsignal.pause()",
                path,
            )
        )
        pids = [int(word) for word in (await lines.get()).split()]
        handle = os.pidfd_open(pids[1])
        await rig.clock.advance(LIMIT_S - 0.1)
        assert rig.troubles.empty()
        await rig.clock.advance(0.1)
        assert "did not end within 10 s and was killed" in await rig.troubles.get()
        assert is_gone(pids[0])
        assert select.select([handle], [], [], 30)[0]  # it ends; whoever adopts orphans here reaps it
        os.close(handle)

    on_rig(tmp_path, body)


def test_a_flood_on_both_outputs_neither_blocks_it_nor_is_kept(tmp_path: Path) -> None:
    flood = "for stream in (1, 2):\n    for _ in range(64): os.write(stream, b'first line\\n' + b'x' * 65536)\n"

    async def body(rig: Rig) -> None:
        rig.deliver(rig.python(flood + "sys.exit(5)"))
        words = await rig.troubles.get()
        assert words.endswith("ended with exit code 5: first line")

    on_rig(tmp_path, body)


def test_what_it_leaves_in_the_background_holds_nothing_up(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        child = "import signal; signal.pause()"
        rig.deliver(
            rig.python(
                SAY + f"import subprocess\nsay(str(subprocess.Popen([sys.executable, '-I', '-c', {child!r}]).pid))\n"
                "sys.exit(6)",
                path,
            )
        )
        pid = int(await lines.get())
        try:
            assert "exit code 6" in await rig.troubles.get()
        finally:
            os.kill(pid, signal.SIGKILL)

    on_rig(tmp_path, body)


def test_an_alert_that_nobody_reads_is_no_failure(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        long = replace(ALERT, text="x" * 2_000_000)  # more than any pipe holds
        rig.deliver(rig.python("sys.exit(1)"), long)
        assert "exit code 1" in await rig.troubles.get()
        rig.deliver(rig.python(""), long)
        assert await rig.troubles.get() == ""

    on_rig(tmp_path, body)


def test_the_loop_goes_on_while_a_command_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, start = threading.Event(), subprocess.Popen

    def start_slowly(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        assert gate.wait(60)
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", start_slowly)

    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        rig.deliver(rig.python(SAY + "say('begun')", path))
        await rig.clock.settle()
        assert rig.begun.empty()
        gate.set()
        assert await lines.get() == "begun"
        assert await rig.begun.get() == ALERT

    on_rig(tmp_path, body)


@pytest.mark.parametrize("late", ["fails", "runs"])
def test_one_that_can_not_be_started_in_time_is_said_and_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    gate, started, start = threading.Event(), [], subprocess.Popen

    def hang(*arguments: Any, **options: Any) -> Any:
        gate.wait()
        if late == "fails":
            raise OSError
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", hang)

    async def body(rig: Rig) -> None:
        said: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))
        rig.deliver(rig.python("time.sleep(600)"))
        await rig.clock.settle()
        (thread,) = (each for each in threading.enumerate() if each.name == "command")
        await rig.clock.advance(LIMIT_S)
        await rig.clock.advance(5)
        assert (await rig.troubles.get()).endswith("did not start within 10 s")
        gate.set()
        # Whatever becomes of it now, it neither runs on nor leaves an error behind.
        await asyncio.to_thread(thread.join)
        await rig.clock.settle()
        gc.collect()
        assert said == []
        assert [each.returncode for each in started] == ([] if late == "fails" else [-signal.SIGKILL])

    on_rig(tmp_path, body)


def test_one_runs_at_a_time_for_a_rule_and_of_an_alert_the_newest_waits(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        go = str(rig.folder / "go")
        os.mkfifo(go)
        tell = "told = json.load(sys.stdin)\nsay(f\"{told['project']} {told['delivery']}\")\n"
        command = rig.python(SAY + tell + "os.read(os.open(sys.argv[2], os.O_RDONLY), 1)", path, go)
        writer = os.open(go, os.O_RDWR)
        for delivery in (1, 2, 3):
            rig.deliver(command, replace(ALERT, deliveries=delivery))
            rig.deliver(command, replace(OTHER, deliveries=delivery))
            if delivery == 1:
                assert await lines.get() == "Momentum 1"
        rig.deliver(command, OTHER, Rule("quiet", "quiet"))
        assert await lines.get() == "Other 1"  # another rule's waits for nothing
        os.write(writer, b"\n\n")
        assert await lines.get() == "Other 3"
        os.write(writer, b"\n")
        assert await lines.get() == "Momentum 3"
        os.write(writer, b"\n")
        os.close(writer)
        assert lines.empty()

    on_rig(tmp_path, body)


def test_closing_kills_what_runs_and_starts_nothing_more(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        path, lines = rig.pipe("out")
        command = rig.python(SAY + "import signal\nsay(str(os.getpid()))\nsignal.pause()", path)
        rig.deliver(command)
        rig.deliver(command, OTHER)
        pid = int(await lines.get())
        # Its line may be here before the hook has heard that it began.
        assert await rig.begun.get() == ALERT
        assert await rig.hook.aclose() == [ALERT]
        assert is_gone(pid)
        rig.deliver(command)
        assert lines.empty()
        assert rig.begun.empty()

    on_rig(tmp_path, body)


def test_on_a_thread_of_its_own_and_the_machines_clock_as_in_the_program() -> None:
    said: list[str] = []

    async def main() -> None:
        troubles: asyncio.Queue[str] = asyncio.Queue()
        hook = CommandHook(SystemClock(), troubles.put_nowait)
        hook.deliver(RULE, ("false",), ALERT, "main")
        said.append(await troubles.get())
        await hook.aclose()

    engine = threading.Thread(target=lambda: asyncio.run(main()))
    engine.start()
    engine.join()
    assert said == ["the command of rule blind (false) ended with exit code 1"]
