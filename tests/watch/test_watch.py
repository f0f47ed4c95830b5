"""Watching on fake time: what ends it, what it tells a service manager, the configuration, the heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from qctui.alerts.rules import DEFAULT_RULES, AlertSettings, Delivery
from qctui.cli.service_manager import ServiceManager
from qctui.cli.step_printer import Printer
from qctui.cli.watch import HEARTBEAT_S, LATE_S, STALE_S, Watch
from qctui.cli.watch_changes import Event
from qctui.cli.watch_output import MOST_WAITING, Style, WatchOutput
from qctui.model.alert import ALERTS, Alert, AlertState, Severity, Subject
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, optimization_key, optimizations_key
from qctui.model.link import Link, LinkState
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.resource import Failure, FailureKind
from qctui.settings import load_settings
from qctui.value import replace
from tests.fakes import make_deployment
from tests.watch.still_engine import StillEngine

AUTH = Failure(FailureKind.AUTH, "The API does not accept the credentials.", 0.0, 0.0, next_try_mono=2_000.0)
GONE = Failure(FailureKind.INTERNAL, "The engine has stopped (KeyError); see the log and restart.", 0.0, 0.0)


class Lines:
    """What would be printed."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.told = asyncio.Event()

    def tell(self, event: Event, at: float) -> None:
        self.events.append(event)
        self.told.set()


class Manager:
    """The other end of a notify socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self.path))
        self._taken: list[str] = []

    def take(self) -> None:
        """Take what has come: the kernel keeps a few datagrams only."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._taken.append(self._socket.recv(4_096).decode())

    def told(self) -> list[str]:
        """All datagrams since the last time."""
        self.take()
        found, self._taken = self._taken, []
        return found

    def close(self) -> None:
        self._socket.close()


class Rig:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.touch()
        self.engine = StillEngine()
        self.clock = self.engine.clock
        self.lines = Lines()
        self.manager = Manager(folder)
        self.service = ServiceManager({"NOTIFY_SOCKET": str(self.manager.path), **environment})
        self.beats: list[float] = []
        self.beat_fails = ""
        self.pinned: tuple[int, ...] = ()
        self.ended: asyncio.Future[int] | None = None

    def start(self) -> None:
        settings = replace(load_settings(config=str(self.config)), pinned=self.pinned)
        self.watch = Watch(self.engine, settings, self.lines, self.service, heartbeat=self._beat)  # type: ignore[arg-type]
        self.ended = asyncio.ensure_future(self.watch.run(lambda: None))

    async def _beat(self) -> str:
        self.beats.append(self.clock.monotonic())
        return self.beat_fails

    def read_list(self) -> None:
        """The engine has read the list."""
        self.engine.put(PROJECTS, ())
        self.engine.put(DEPLOYMENTS, (make_deployment(1),))

    async def turn(self, seconds: float) -> None:
        """Time passes, and the polling has its turns."""
        for _ in range(int(seconds // 15)):
            self.engine.turned_mono = self.clock.monotonic()
            await self.clock.advance(15)
            self.manager.take()

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.lines.events]


@pytest.fixture
def on_rig(tmp_path: Path) -> Callable[..., int]:
    def run(body: Callable[[Rig], Awaitable[None]], pinned: tuple[int, ...] = (), **environment: str) -> int:
        async def main() -> int:
            rig = Rig(tmp_path, environment)
            rig.pinned = pinned
            rig.start()
            assert rig.ended is not None
            await rig.clock.settle()
            try:
                await body(rig)
                os.kill(os.getpid(), signal.SIGTERM)
                return await rig.ended
            finally:
                rig.ended.cancel()
                rig.manager.close()

        return asyncio.run(main())

    return run


def test_sigterm_ends_it_in_order_and_sigint_as_an_interruption(on_rig: Callable[..., int], tmp_path: Path) -> None:
    async def nothing(rig: Rig) -> None:
        pass

    async def interrupt(rig: Rig) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert rig.ended is not None
        assert await rig.ended == 130
        assert rig.manager.told()[-1] == "STOPPING=1"

    assert on_rig(nothing) == 0
    (tmp_path / "notify").unlink()
    assert on_rig(interrupt) == 130


def test_it_is_ready_with_the_first_list_and_asks_for_time_until_then(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        rig.engine.put(LINK, Link(LinkState.DOWN, failure=replace(AUTH, kind=FailureKind.CONNECT)))
        await rig.turn(60)
        told = rig.manager.told()
        assert "READY=1" not in told
        assert told.count("EXTEND_TIMEOUT_USEC=60000000") == 4
        rig.read_list()
        await rig.clock.settle()
        assert rig.manager.told() == ["STATUS=1 running, 0 firing, API down", "READY=1"]
        await rig.turn(60)
        assert rig.manager.told() == []

    on_rig(body)


def test_the_status_says_what_fires(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        rig.read_list()
        rig.engine.put(ALERTS, (Alert("blind", Severity.CRITICAL, Subject(), AlertState.FIRING, "x"),))
        await rig.clock.settle()
        assert "STATUS=1 running, 1 firing (first: blind), API unknown" in rig.manager.told()

    on_rig(body)


def test_the_watchdog_is_fed_by_the_turns_of_the_polling_whatever_the_api_answers(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        rig.engine.put(LINK, Link(LinkState.DOWN, failure=replace(AUTH, kind=FailureKind.CONNECT)))
        rig.manager.told()
        await rig.turn(600)
        assert rig.manager.told().count("WATCHDOG=1") == 60  # a third of 30 s
        rig.engine.turned_mono = rig.clock.monotonic()  # and from now on it hangs
        await rig.clock.advance(LATE_S)
        rig.manager.told()
        await rig.clock.advance(3_600)
        assert rig.manager.told() == []

    on_rig(body, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid()))


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}])
def test_without_a_watchdog_of_ours_none_is_fed(on_rig: Callable[..., int], environment: dict[str, str]) -> None:
    async def body(rig: Rig) -> None:
        await rig.turn(60)
        assert "WATCHDOG=1" not in rig.manager.told()

    on_rig(body, **environment)


def test_refused_credentials_end_it_before_the_first_list_and_not_later(on_rig: Callable[..., int]) -> None:
    async def before(rig: Rig) -> None:
        rig.engine.put(LINK, Link(LinkState.AUTH, failure=AUTH))
        assert rig.ended is not None
        assert await rig.ended == 1
        assert rig.watch.last_words == "The API does not accept the credentials.; run: qctui doctor"
        assert "READY=1" not in rig.manager.told()
        rig.manager.path.unlink()

    async def after(rig: Rig) -> None:
        rig.manager.told()
        rig.read_list()
        rig.engine.put(LINK, Link(LinkState.AUTH, failure=AUTH))
        await rig.turn(60)
        assert rig.ended is not None
        assert not rig.ended.done()
        assert rig.kinds == ["watching", "api_lost"]
        rig.manager.path.unlink()

    on_rig(before)
    assert on_rig(after) == 0


def test_an_engine_that_has_stopped_ends_it(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        rig.read_list()
        rig.engine.put(LINK, Link(LinkState.DOWN, failure=replace(GONE, next_try_mono=5.0), next_try_mono=5.0))
        await rig.clock.settle()
        assert rig.ended is not None
        assert not rig.ended.done()  # the polling begins again
        rig.engine.put(LINK, Link(LinkState.DOWN, failure=GONE))
        assert await rig.ended == 70
        assert rig.watch.last_words == GONE.message

    on_rig(body)


def test_sighup_reads_the_rules_again_and_a_mistake_changes_nothing(on_rig: Callable[..., int]) -> None:
    async def hang_up(rig: Rig) -> None:
        rig.lines.told.clear()
        os.kill(os.getpid(), signal.SIGHUP)
        await rig.lines.told.wait()
        await rig.clock.settle()

    async def body(rig: Rig) -> None:
        assert rig.engine.rules == [AlertSettings(DEFAULT_RULES, Delivery())]
        rig.read_list()
        await rig.clock.settle()
        rig.manager.told()
        rig.config.write_text('[delivery]\nbell = false\n[pulse]\nblind = ["x"]\n')
        await hang_up(rig)
        assert rig.engine.rules[1:] == [AlertSettings(DEFAULT_RULES, Delivery(bell=False), blind=("x",))]
        reloading, ready = rig.manager.told()
        assert reloading.startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert ready == "READY=1"
        rig.config.write_text('[[alerts]]\nname = "blind"\npercent = 3\n')
        await hang_up(rig)
        assert len(rig.engine.rules) == 2
        assert rig.kinds == ["watching", "reloaded", "not_reloaded"]
        assert "rule blind of `alerts`: `percent` is not used" in rig.lines.events[-1].words
        rig.config.write_text('[tape]\nkeep = "1 day"\n')
        await hang_up(rig)
        assert rig.lines.events[-1].words == f"{rig.config} was read again; `[tape]` counts from the next start"
        rig.config.write_text(
            'profile = "other"\npinned = [7]\ntheme = "x"\n[polling]\nbudget = 30\n[profiles.default]\ntheme = "x"\n'
            '[profiles.other]\nuser-id = 7\ntoken-command = ["x"]\n'
        )
        await hang_up(rig)
        assert rig.lines.events[-1].words.endswith("; `profile`, `pinned` and `[polling]` count from the next start")
        assert rig.lines.events[-1].fields == {"next_start": ["profile", "pinned", "[polling]"]}
        rig.config.write_text('[profiles.default]\nuser-id = 7\ntoken-command = ["x"]\n')
        await hang_up(rig)
        assert rig.lines.events[-1].fields == {"next_start": ["[profiles.default]"]}
        rig.config.unlink()
        await hang_up(rig)
        assert len(rig.engine.rules) == 5
        assert rig.lines.events[-1].words.endswith(f"{rig.config}: No such file or directory")

    on_rig(body)


def test_a_configuration_that_can_not_be_read_for_long_holds_nothing_up(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        rig.config.unlink()
        os.mkfifo(rig.config)  # as on a disk that hangs: to open it waits
        rig.read_list()
        os.kill(os.getpid(), signal.SIGHUP)
        while not any(each.startswith("RELOADING=1") for each in rig.manager.told()):
            await rig.clock.settle()
        os.kill(os.getpid(), signal.SIGHUP)
        await rig.turn(60)
        assert "WATCHDOG=1" in rig.manager.told()
        for _ in range(2):  # what was asked for meanwhile is read too
            rig.lines.told.clear()
            rig.config.write_text("[delivery]\nbell = false\n")
            await rig.lines.told.wait()
        assert rig.kinds == ["watching", "reloaded", "reloaded"]
        assert rig.engine.rules[-1] == AlertSettings(DEFAULT_RULES, Delivery(bell=False))

    assert on_rig(body, WATCHDOG_USEC="30000000") == 0


def test_a_defect_in_what_is_said_does_not_end_the_watching(
    on_rig: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    async def body(rig: Rig) -> None:
        rig.engine.put(PROJECTS, ())
        rig.engine.put(ALERTS, (3,))
        rig.read_list()
        await rig.clock.settle()
        assert rig.kinds == ["watching"]
        assert "READY=1" in rig.manager.told()

    on_rig(body)
    assert "a change of alerts could not be told" in caplog.text


def test_the_heartbeat_is_sent_while_all_is_well_and_its_failure_said_once(on_rig: Callable[..., int]) -> None:
    async def body(rig: Rig) -> None:
        await rig.turn(300)
        assert rig.beats == []  # no list yet
        for _ in range(10):
            rig.read_list()
            await rig.turn(HEARTBEAT_S)
        assert len(rig.beats) == 11  # at once, and then every minute
        rig.beat_fails = "HTTP 404"
        await rig.turn(180)
        assert rig.kinds == ["watching", "heartbeat_failed"]
        rig.beat_fails = ""
        rig.read_list()
        await rig.turn(60)
        assert rig.kinds[2:] == ["heartbeat_back"]
        await rig.turn(STALE_S)
        rig.beats.clear()
        await rig.turn(300)
        assert rig.beats == []  # the list is old
        rig.read_list()
        await rig.clock.advance(LATE_S + 15)  # and now the polling hangs
        rig.beats.clear()
        rig.read_list()
        await rig.clock.advance(600)
        assert rig.beats == []

    on_rig(body)


def test_optimizations_of_the_pinned_projects_are_read(on_rig: Callable[..., int]) -> None:
    def row(number: int, status: str) -> OptimizationSummary:
        return OptimizationSummary(f"O-{number}", 7, "x", status, Criterion("Sharpe Ratio", maximize=True), None)

    async def body(rig: Rig) -> None:
        assert {each.key for each in rig.engine.subscribed} == {optimizations_key(7), optimizations_key(8)}
        rig.engine.put(optimizations_key(7), (row(1, "running"), row(2, "completed")))
        await rig.clock.settle()
        assert {each.key for each in rig.engine.subscribed} == {
            optimizations_key(7),
            optimizations_key(8),
            optimization_key("O-1"),
        }

    on_rig(body, pinned=(7, 8))


def test_a_notify_socket_may_be_abstract_missing_or_gone() -> None:
    name = f"qctui-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0{name}")
        end.setblocking(False)
        manager = ServiceManager({"NOTIFY_SOCKET": f"@{name}"})
        manager.ready()
        assert end.recv(100) == b"READY=1"
    manager.alive()  # nobody is there any more
    ServiceManager({}).ready()
    ServiceManager({"NOTIFY_SOCKET": "vsock:2:1234"}).ready()


class Held(Printer):
    """A printer whose reader takes nothing until it is let go."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.held = 0

    @property
    def waiting(self) -> int:
        return self.held

    def print(self, line: str) -> None:
        self.lines.append(line)


EVENT = Event("pulse", "LIVE x BLIND", "The pulse is BLIND.", Severity.CRITICAL, fields={"pulse": "BLIND"})


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("style", "stream", "line"),
    [
        (Style.PEOPLE, io.StringIO(), "2023-11-14 22:13:20 UTC  LIVE x BLIND"),
        (Style.PEOPLE, Screen(), "2023-11-14 22:13:20 UTC  \x1b[1;31mLIVE x BLIND\x1b[0m"),
        (Style.PLAIN, Screen(), "22:13:20: The pulse is BLIND."),
        (Style.JSON, Screen(), '{"at": "2023-11-14T22:13:20.000Z", "event": "pulse", "pulse": "BLIND"}'),
    ],
)
def test_an_event_in_each_style(style: Style, stream: io.StringIO, line: str) -> None:
    printer = Held()
    WatchOutput(printer, style, {"TERM": "xterm"}, stream).tell(EVENT, 1_700_000_000.0)
    assert printer.lines == [line]


@pytest.mark.parametrize("style", Style)
def test_an_event_is_one_line_and_controls_no_terminal(style: Style) -> None:
    printer = Held()
    words = "boom\n\x1b[2Jat line 3"
    event = Event("deployment_ended", words, words, fields={"error": words})
    WatchOutput(printer, style, {}, io.StringIO()).tell(event, 0.0)
    (line,) = printer.lines
    assert "\n" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize("environment", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_colour_where_none_is_wanted(environment: dict[str, str]) -> None:
    printer = Held()
    WatchOutput(printer, Style.PEOPLE, environment, Screen()).tell(EVENT, 0.0)
    assert "\x1b" not in printer.lines[0]


def test_the_journal_of_systemd_gets_levels_and_no_times() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, os.fdopen(os.dup(ours.fileno()), "w") as stream:
        found = os.fstat(ours.fileno())
        printer = Held()
        output = WatchOutput(printer, Style.PEOPLE, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}, stream)
        output.tell(EVENT, 0.0)
        assert printer.lines == ["<2>LIVE x BLIND"]


def test_what_a_reader_does_not_take_is_counted_and_not_kept() -> None:
    printer = Held()
    output = WatchOutput(printer, Style.JSON, {}, io.StringIO())
    printer.held = MOST_WAITING
    for _ in range(3):
        output.tell(EVENT, 0.0)
    assert printer.lines == []
    printer.held = 0
    output.tell(EVENT, 0.0)
    missing, event = (json.loads(line) for line in printer.lines)
    assert (missing["event"], missing["count"], event["event"]) == ("dropped", 3, "pulse")
