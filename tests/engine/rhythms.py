"""A month of a desk's life for the pulse: twelve deployments with rhythms of their own, seen through snapshots.

What happens: weekends, a holiday, the end of summer time, an outage of the API, redeployments, a brokerage that is gone
after Sunday's restart, and a login that waits for ever.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from qctui.alerts.rules import DEFAULT_BLIND
from qctui.engine.pulse_judge import PulseJudge
from qctui.model.deployment import LogPage
from qctui.model.order import Order, OrderEvent
from qctui.model.pulse import PulseState

NEW_YORK = ZoneInfo("America/New_York")
BEGIN = datetime(2026, 10, 5, tzinfo=UTC).timestamp()
"""A Monday; summer time ends on 1 November."""
DAYS = 30
HOLIDAY = date(2026, 10, 12)
LOOK_S = 3_600.0
SNAPSHOT_S = 600.0

Open = Callable[[float], bool]


def us(at: float) -> bool:
    local = datetime.fromtimestamp(at, NEW_YORK)
    minutes = local.hour * 60 + local.minute
    return local.weekday() < 5 and local.date() != HOLIDAY and 570 <= minutes < 960


def fx(at: float) -> bool:
    local = datetime.fromtimestamp(at, NEW_YORK) + timedelta(hours=7)
    return local.weekday() < 5


def always(at: float) -> bool:
    return True


@dataclass
class Rhythm:
    """How one deployment lives: log lines about every `line_s` and orders every `order_s` while its market is open."""

    name: str
    opens: Open
    line_s: float
    order_s: float
    blind: tuple[float, float] | None = None
    """From when to when its brokerage refuses it."""
    waits: tuple[float, float] | None = None
    """From when to when nothing comes from it at all."""
    redeployed_at: tuple[float, ...] = ()
    lines: list[tuple[float, str]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    def live(self, seed: int) -> None:
        """Everything it will do, from three weeks before the month on."""
        chance = random.Random(seed)
        at = begin = BEGIN - 21 * 86_400
        while at < BEGIN + DAYS * 86_400:
            at += chance.expovariate(1 / self.line_s)
            if self.opens(at) and not within(at, self.waits):
                self.lines.append((at, f"{stamp(at)} signal updated"))
        at = begin
        while at < BEGIN + DAYS * 86_400:
            at += chance.expovariate(1 / self.order_s)
            if self.opens(at) and not within(at, self.waits):
                gone = within(at, self.blind)
                status, said = ("invalid", f"{DEFAULT_BLIND[0]}.") if gone else ("filled", "")
                event = OrderEvent(at, status, 0.0 if gone else 1.0, 10.0, self.name, said)
                number = len(self.orders) + 1
                self.orders.append(Order(number, self.name, "SPY", "market", status, 1.0, 10.0, at, at, "", (event,)))

    def judge(self) -> PulseJudge:
        return PulseJudge(BEGIN - 21 * 86_400, DEFAULT_BLIND)

    def look(self, judge: PulseJudge, now: float) -> None:
        """One look at its snapshots, as the engine makes it."""
        seen = now - SNAPSHOT_S
        placed = bisect_right(self.orders, seen, key=lambda order: order.at or 0.0)
        judge.take_orders(self.orders[max(0, placed - 100) : placed], self.name, now)
        last = bisect_right(self.lines, (seen, ""))
        first = max(0, last - 200)
        judge.take_log(LogPage(tuple(text for _, text in self.lines[first:last]), first, last, 0), now)
        judge.take_insights([], now)


def within(at: float, span: tuple[float, float] | None) -> bool:
    return span is not None and span[0] <= at < span[1]


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")


def day(number: float) -> float:
    return BEGIN + number * 86_400


def desk() -> list[Rhythm]:
    """Twelve deployments. The seventh loses its brokerage on Sunday of the second week, the eleventh waits for a login
    from Sunday of the third week on, both for three days."""
    return [
        Rhythm("us-dense-1", us, 60, 1_800),
        Rhythm("us-dense-2", us, 90, 3_600),
        Rhythm("us-hourly", us, 3_600, 14_400),
        Rhythm("us-quarter", us, 900, 7_200),
        Rhythm("us-daily", us, 23_000, 40_000),
        Rhythm("us-slow", us, 60_000, 100_000),
        Rhythm("us-loses", us, 300, 1_200, blind=(day(13), day(16))),
        Rhythm("crypto-1", always, 300, 7_200),
        Rhythm("crypto-2", always, 3_600, 20_000),
        Rhythm("fx-1", fx, 600, 10_000),
        Rhythm("us-waits", us, 300, 3_600, waits=(day(20), day(23))),
        Rhythm("us-moved", us, 120, 3_600, redeployed_at=(day(9.7), day(24.7))),
    ]


def month(outage: tuple[float, float] = (day(3.6), day(3.8))) -> Iterator[tuple[str, PulseState, float]]:
    """Each change of a pulse: whose, what it is now, when. The first reads are made when the month begins."""
    rhythms = desk()
    for seed, rhythm in enumerate(rhythms):
        rhythm.live(seed)
    judges = [rhythm.judge() for rhythm in rhythms]
    known: dict[str, PulseState] = {}
    now = BEGIN
    while now < BEGIN + DAYS * 86_400:
        now += LOOK_S
        for place, rhythm in enumerate(rhythms):
            if any(now - LOOK_S < at <= now for at in rhythm.redeployed_at):
                judges[place] = rhythm.judge()
            if not within(now, outage):
                rhythm.look(judges[place], now)
        habits = [judge.habit for judge in judges]
        for rhythm, judge in zip(rhythms, judges, strict=True):
            state = judge.judge(habits, now).state
            if known.get(rhythm.name) is not state:
                known[rhythm.name] = state
                yield rhythm.name, state, now
