"""The whole program, fast-forwarded: `python -m tests.watch.month [DAYS]` prints what happened and what was told, with
`week` what a week of the demo's own life is told of.

The engine with its polling, pulses, alerts and their file, and the lines of `qctui watch`, over the real client against
the simulated service, all on one fake clock. A command for each alert is only noted down. So that a month takes minutes
the machine is suspended for most of the nights and weekends, and reads less than half as often as it may.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from qctui.alerts import lives
from qctui.alerts.alert_service import AlertService
from qctui.alerts.rules import DEFAULT_RULES, AlertSettings, Delivery, Rule
from qctui.alerts.shared_alerts import SharedAlerts
from qctui.api.auth import Credentials
from qctui.api.client import Client, open_client
from qctui.api.ports import RequestReport
from qctui.cli.watch_changes import WATCHED, Changes, Event
from qctui.engine.host import EngineHost
from qctui.engine.schedule import PollSettings
from qctui.model.alert import Alert, AlertState
from qctui.model.keys import Key
from qctui.secret import SecretStr
from qctui.simulator.cast import ProjectPlan, Run
from qctui.simulator.config import SimConfig
from qctui.simulator.faults import Fault
from qctui.simulator.simulation import Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from qctui.store import Store
from tests.engine.test_host import StubActions
from tests.fakes import FakeClock

DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0

BEGIN = datetime(2026, 10, 5, tzinfo=UTC).timestamp()
"""A Monday. Summer time ends in New York on 1 November."""

AWAKE_S = 300.0
"""The machine is awake for so long at least."""

IB, PAPER = "InteractiveBrokersBrokerage", "PaperBrokerage"


def plan(
    number: int, name: str, tickers: Sequence[str], every_h: float, insight_s: float, brokerage: str = PAPER
) -> ProjectPlan:
    """A project that has been trading for ten days when the month begins."""
    return ProjectPlan(
        number, name, tuple(tickers), brokerage, rebalance_s=every_h * HOUR_S, insight_every_s=insight_s,
        runs=(Run(10 * DAY_S, starting=False),), optimizations=0,
    )  # fmt: skip


LOSES, WAITS, MOVED, FAILS, DROPS = 8, 9, 10, 11, 1
SHARES = (1, 2, 3, 4, LOSES, WAITS, MOVED, FAILS)
TWELVE = (
    plan(1, "Shares/Dense", ("SPY", "QQQ"), 3, 60, IB),
    plan(2, "Shares/Quarter", ("AAPL", "MSFT"), 1, 900),
    plan(3, "Shares/Hourly", ("NVDA",), 2, 3_600),
    plan(4, "Shares/Slow", ("GLD", "TLT"), 6, 14_400),
    plan(5, "Crypto/Dense", ("BTCUSD", "ETHUSD"), 6, 120, "CoinbaseBrokerage"),
    plan(6, "Crypto/Hourly", ("SOLUSD",), 8, 3_600),
    plan(7, "Currencies", ("EURUSD",), 6, 900),
    plan(LOSES, "Shares/Loses", ("SPY", "GLD"), 2, 900, IB),
    plan(WAITS, "Shares/Waits", ("QQQ", "MSFT"), 0.5, 900, IB),
    plan(MOVED, "Shares/Moved", ("AAPL",), 3, 600),
    plan(FAILS, "Shares/Fails", ("MSFT", "TLT"), 3, 600, IB),
    plan(12, "Mixed", ("SPY", "BTCUSD"), 6, 600),
)


@dataclass(frozen=True)
class Told:
    """What the command of an alert was run for."""

    at: float
    alert: Alert


async def _at_once(call: Callable[[], Any]) -> Any:
    return call()


class Recorder:
    """Notes down what a command would have been run for."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.told: list[Told] = []
        self._begun: Callable[[Alert], None] = lambda alert: None

    def open(self, trouble: Callable[[str], None], begun: Callable[[Alert], None]) -> Recorder:
        self._begun = begun
        return self

    @property
    def idle(self) -> bool:
        """Nothing runs."""
        return True

    def deliver(self, rule: Rule, command: tuple[str, ...], alert: Alert, profile: str) -> None:
        self.told.append(Told(self._clock.now(), alert))
        self._begun(alert)

    async def aclose(self) -> list[Alert]:
        """Nothing runs."""
        return []


class Program(logging.Handler):
    """The program and what it watches."""

    def __init__(
        self,
        cast: Sequence[ProjectPlan] | None,
        folder: Path,
        begin: float,
        *,
        events: bool = False,
        reads_per_minute: int = 60,
        wakes_at: Callable[[float], float] = lambda now: now,
    ) -> None:
        """`wakes_at` says at a time until when the machine is suspended now."""
        super().__init__()
        self._wakes_at = wakes_at
        self.clock = FakeClock(now=begin)
        world_clock = WorldClock(speed=1.0, real=self.clock.now, monotonic=self.clock.monotonic)
        self.simulation = Simulation(World(SimConfig(events=events), world_clock, cast))
        self.world = self.simulation.world
        self.hook = Recorder(self.clock)
        self.life: list[str] = []
        """The lines of the log about alerts."""
        self.lines: list[tuple[float, Event]] = []
        """What `qctui watch` printed."""
        self.follow: Callable[[float, Event], object] = lambda at, event: None
        """Called with each of them."""
        self._folder = folder
        self.host = EngineHost(
            self._open_client,
            lambda client: StubActions(),
            clock=self.clock,
            settings=PollSettings(reads_per_minute),
            open_alerts=self._open_alerts,
        )
        self.changes = Changes(self.host.store, self.clock, "")
        self.host.store.subscribe(self._note)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log."""
        self.life.append(record.getMessage())

    async def _open_client(self, observer: Callable[[RequestReport], None]) -> Client:
        config = self.simulation.config
        return open_client(
            Credentials(str(config.user_id), SecretStr(config.token)),
            "http://127.0.0.1:1/api/v2",
            read_only=True,
            clock=self.clock,
            observer=observer,
            transport=httpx.ASGITransport(build_app(self.simulation)),
            jitter=lambda: 0.5,
        )

    def _open_alerts(self, store: Store, clock: Any) -> AlertService:
        settings = AlertSettings(DEFAULT_RULES, Delivery(command=("tell",)), zone=UTC)
        shared = SharedAlerts(self._folder / "alerts.json")
        return AlertService(store, clock, settings, shared=shared, open_hook=self.hook.open, off_loop=_at_once)

    def _note(self, key: Key[Any]) -> None:
        if key in WATCHED:
            now = self.clock.now()
            for event in self.changes.take(key, self.host.store.get(key)):
                self.lines.append((now, event))
                self.follow(now, event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The engine runs."""
        lives._log.addHandler(self)
        lives._log.setLevel(logging.INFO)
        running = asyncio.create_task(self.host.run())
        await self.clock.settle()
        try:
            yield
        finally:
            self.host.stop(0.0)
            await running
            lives._log.removeHandler(self)

    async def until(self, at: float) -> None:
        """Let it run up to a Unix time."""
        while (left_s := at - self.clock.now()) > 0:
            await self.clock.advance(min(left_s, AWAKE_S))
            now = self.clock.now()
            self.clock.suspend(max(0.0, min(self._wakes_at(now), at) - now))


def _wakes_at(now: float) -> float:
    """At night and on weekends the machine is suspended for most of each hour."""
    return now if _is_busy(now) else now + HOUR_S - AWAKE_S


def _is_busy(at: float) -> bool:
    """Around the hours in which shares are traded."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.weekday() < 5 and 12 <= moment.hour < 22


@dataclass
class Happening:
    """Something that is made to happen, and what has to be told of it."""

    at: float
    what: str
    act: Callable[[Program], object]
    rule: str = ""
    """The rule that tells it; empty: nothing may be told."""
    project_id: int = 0
    within_s: float = 0.0
    """By when it has to be told."""
    over_at: float | None = None
    """From when on it may be told no more: it has cleared."""
    told: list[Told] = field(default_factory=list)


def quiet(*projects: int, on: bool) -> Callable[[Program], object]:
    """Nothing comes from these from then on, or again."""

    def act(program: Program) -> None:
        for each in projects:
            program.simulation.happen("quiet", {"projectId": each, "quiet": on})

    return act


def gone(on: bool) -> Callable[[Program], object]:
    """A brokerage is gone, or back."""
    return lambda program: program.simulation.happen("brokerage", {"projectId": LOSES, "gone": on})


def down(kind: str | None) -> Callable[[Program], object]:
    """The API fails in this way, or answers again."""
    faults = [] if kind is None else [Fault(kind)]
    return lambda program: program.simulation.faults.active.__setitem__(slice(None), faults)


def month() -> list[Happening]:
    """A month of twelve deployments."""

    def at(day: float) -> float:
        return BEGIN + day * DAY_S

    def redeploy(project_id: int) -> Callable[[Program], object]:
        return lambda program: program.world.redeploy(project_id)

    open_s, close_s = 13.5 * HOUR_S / DAY_S, 20 * HOUR_S / DAY_S
    winter_open_s = 14.5 * HOUR_S / DAY_S
    return sorted(
        [
            Happening(at(2.7), "outage of 2 min", down("http-502")),
            Happening(at(2.7) + 120, "... over", down(None)),
            Happening(at(3.6), "outage of 5 h, in the session", down("http-502"), "outage", 0, 900, at(3.81)),
            Happening(at(3.6) + 5 * HOUR_S, "... over", down(None)),
            Happening(
                at(6.2), "brokerage lost on Sunday", gone(True), "blind", LOSES, DAY_S + (open_s - 0.2) * DAY_S + 900,
                at(8.75),
            ),
            Happening(at(8.7), "... found on Tuesday", gone(False)),
            Happening(at(9.7), "redeployed in the session", redeploy(MOVED), "redeployed", MOVED, 60, at(9.8)),
            # The machine is asleep for most of each hour of the night.
            Happening(at(11.1), "outage at night, 3 h", down("http-500"), "outage", 0, HOUR_S + 300, at(11.3)),
            Happening(at(11.1) + 3 * HOUR_S, "... over", down(None)),
            Happening(
                at(13.2), "login waits on Sunday", quiet(WAITS, on=True), "quiet", WAITS,
                DAY_S + (open_s - 0.2) * DAY_S + 3 * HOUR_S, at(15.7),
            ),
            Happening(at(15.6), "... answered on Tuesday", quiet(WAITS, on=False)),
            Happening(
                at(16.7), "runtime error",
                lambda program: program.world.end(FAILS, "RuntimeError", "Runtime Error: division by zero"),
                "runtime-error", FAILS, 60, at(16.8),
            ),
            Happening(at(16.75), "... deployed again", redeploy(FAILS), "redeployed", FAILS, 60, at(16.9)),
            Happening(at(18) + close_s * DAY_S, "holiday begins (a Monday)", quiet(*SHARES, on=True)),
            Happening(at(21) + close_s * DAY_S + 60, "holiday is over", quiet(*SHARES, on=False)),
            Happening(
                at(23.7), "equity falls by 12 %",
                lambda program: program.simulation.happen("equity", {"projectId": DROPS, "percent": -12.0}),
                "step", DROPS, 600, at(23.72),
            ),
            # The same fall: listed at once, told when the first has cleared. The loss of the day is listed beside it.
            Happening(at(23.7), "... and stays there", lambda program: None, "drawdown", DROPS, 1_000, None),
            Happening(
                at(27.2), "brokerage lost again, summer time has ended", gone(True), "blind", LOSES,
                DAY_S + (winter_open_s - 0.2) * DAY_S + 900, at(29.75),
            ),
            Happening(at(29.7), "... found on Tuesday", gone(False)),
        ],
        key=lambda each: each.at,
    )  # fmt: skip


@dataclass
class Report:
    """What came of it."""

    happenings: list[Happening]
    extra: list[Told]
    """Alerts that nothing was behind."""
    repeats: int
    told: tuple[int, int, int]
    """How often something fired, was repeated, and cleared."""
    logged: tuple[int, int, int]
    """The same, by the lines of the log."""


async def live(program: Program, happenings: Iterable[Happening], end: float) -> Report:
    """Let everything happen at its time, and sort what was told."""
    known = list(happenings)
    async with program.running():
        for each in known:
            await program.until(each.at)
            each.act(program)
        await program.until(end)
    fired = [told for told in program.hook.told if told.alert.state is AlertState.FIRING]
    extra: list[Told] = []
    for told in (each for each in fired if each.alert.deliveries == 1):
        found = next((each for each in known if _is_of(told, each)), None)
        (found.told if found is not None else extra).append(told)
    states = Counter(line.split(":")[0] for line in program.life)
    cleared = sum(told.alert.state is AlertState.CLEARED for told in program.hook.told)
    firsts = len(fired) - (repeats := sum(told.alert.deliveries > 1 for told in fired))
    logged = (states["alert firing"], states["alert repeated"], states["alert cleared"])
    return Report(known, extra, repeats, (firsts, repeats, cleared), logged)


def is_true(program: Program, told: Told) -> bool:
    """Whether a loss that nobody caused is there by the books: prices move."""
    live = program.world.projects[told.alert.subject.project_id].current(told.at)
    limits = {rule.name: rule.percent or 0.0 for rule in DEFAULT_RULES}
    if live is None or told.alert.rule not in ("drawdown", "day-loss", "step"):
        return False
    hours = {"drawdown": told.at - BEGIN, "day-loss": told.at % DAY_S, "step": 900.0 + 120.0}[told.alert.rule] / HOUR_S
    since = max(live.launched_at, told.at - hours * HOUR_S)
    before = [live.equity(since + part * (told.at - since) / 500) for part in range(501)]
    base = before[0] if told.alert.rule == "day-loss" else max(before)
    fell = max((base - each) / base * 100.0 for each in before[-3:] or [base])
    return fell >= limits[told.alert.rule] - 0.5


def _is_of(told: Told, each: Happening) -> bool:
    alert = told.alert
    over_at = each.over_at if each.over_at is not None else float("inf")
    return (alert.rule, alert.subject.project_id) == (each.rule, each.project_id) and each.at <= told.at < over_at


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %H:%M:%S")


def show(report: Report, program: Program, began_s: float) -> None:
    """Print it."""
    for each in report.happenings:
        words = ", ".join(
            f"{told.alert.rule} after {timedelta(seconds=round(told.at - each.at))}" for told in each.told
        )
        late = any(told.at - each.at > each.within_s for told in each.told)
        verdict = "" if not each.rule else "ok" if len(each.told) == 1 and not late else "LATE" if late else "WRONG"
        print(f"{_stamp(each.at)}  {each.what:<44} {verdict:<6} {words}")
    real = [told for told in report.extra if is_true(program, told)]
    print(f"\ntold of what prices did: {len(real)}; without a cause: {len(report.extra) - len(real)}")
    for told in report.extra:
        alert, true = told.alert, "by the books" if told in real else "NO CAUSE"
        print(f"  {_stamp(told.at)}  {alert.rule:<12} {alert.subject.name:<16} {alert.text} {alert.value}  {true}")
    kinds = Counter(event.kind for _, event in program.lines)
    print(f"\nrepeats: {report.repeats}; lines of the watcher by kind: {dict(kinds)}")
    print(f"fired, repeated, cleared: {report.told}; by the log: {report.logged}")
    print(f"requests: {program.simulation.log.total}; processor time: {time.process_time() - began_s:.0f} s")


async def main(days: float, *, usual: bool = False) -> None:
    """Run so many days and print the table; `usual`: the demo's own life, in which nothing is made to happen."""
    began_s = time.process_time()
    cast = None if usual else TWELVE
    with tempfile.TemporaryDirectory() as folder:
        program = Program(cast, Path(folder), BEGIN, events=usual, reads_per_minute=24, wakes_at=_wakes_at)
        program.follow = lambda at, event: print(f"{_stamp(at)}  {event.words}", flush=True)
        end = BEGIN + days * DAY_S
        report = await live(program, (each for each in month() if each.at < end and not usual), end)
        show(report, program, began_s)


if __name__ == "__main__":
    if sys.argv[1:] == ["week"]:
        asyncio.run(main(7.0, usual=True))
    else:
        asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 31.0))
