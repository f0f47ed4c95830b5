"""Judges the pulse of one deployment from its signs of life and its refusals (DESIGN section 8). Knows no API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from qctui.engine.habit import HOUR_S, Habit, new_york_offset_s
from qctui.engine.readers import ORDER_WINDOW
from qctui.model.deployment import LogPage
from qctui.model.order import Order
from qctui.model.pulse import Pulse, PulseState, Sign
from qctui.text import clean

SNAPSHOT_S = 600.0
"""The reads are snapshots up to so old (REFERENCE.md 3): silence is counted up to that long before a look."""

LEAST_SILENCE_S = 1_800.0
"""No silence shorter than this is QUIET, however dense the habit."""

WITNESS_PACE = 4.0
"""Another deployment's silence says that the market is closed only if its own habit is at most so much slower."""

CLOSED_CAP_S = 5 * 86_400.0
"""No market stays closed longer than this, Easter's four days included: after that a shared silence counts."""

STALE_LOOK_S = 1_800.0
"""With the last look older than this the pulse is not known ..."""

STALE_CHART_S = 3_600.0
"""... or than this, where it rests on the samples of the chart, which is read every half hour."""

HOLD_S = 1_800.0
"""QUIET waits so long for a part that was not read, or longer ago than the others: one that can't be read holds it back
no longer."""

LOG_REFUSAL_S = 2 * HOUR_S
"""A log line that says disconnected counts for so long: a nightly restart of a brokerage leaves one, and no line says
that it is over. A refused order counts until another order goes well."""

KEPT_LINES = 200
"""New lines of the log that are kept for the rules that look for a pattern."""

WENT_WELL = frozenset({"submitted", "partiallyFilled", "filled", "updateSubmitted"})
"""States that an order only reaches through a brokerage that takes it."""

_LINE = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?Z?\s+(.*)", re.DOTALL)


class PulseJudge:
    """What the reads of one running deployment have shown so far, and what follows from that."""

    def __init__(
        self, launched_at: float | None, patterns: Sequence[str], *, watched_since: float = float("inf")
    ) -> None:
        """`patterns` are texts that mean disconnected, in any case. `watched_since`: lines of the log from then on, by
        their own time, are new although the first look comes later."""
        self.activity, self.samples = Habit(), Habit()
        """Orders, insights and log lines; and the samples of the equity chart, which may go on without a brokerage
        (REFERENCE.md 6.9)."""
        self.looked_at: dict[str, float] = {}
        self.lines: tuple[Sign, ...] = ()
        """The newest log lines that came while this program watched, oldest first."""
        self._launched_at = launched_at or 0.0
        self._watched_since = watched_since
        self._patterns = patterns
        self._newest: Sign | None = None
        self._refused: dict[object, Sign] = {}
        """Orders that were refused as disconnected, by id."""
        self._refused_lines: list[Sign] = []
        self._good_at = float("-inf")
        self._next_line: int | None = None
        self._quiet_since: float | None = None
        self._held_since: float | None = None
        """Since when QUIET waits for a part to be read."""
        self.awaits: frozenset[str] = frozenset()
        """The parts that QUIET waits for."""
        self._complete = False
        """It is known from an earlier run since when nothing of its signs is missing."""
        self.pulse: Pulse | None = None

    def adopt_habits(self, earlier: PulseJudge) -> None:
        """Go on with the habits of an earlier run. What happened between the two was perhaps not read: no silence is
        learnt from that."""
        for old, own in ((earlier.activity, self.activity), (earlier.samples, self.samples)):
            old.excuse(old.last_at)
            old.add(own.signs)
        self.activity, self.samples = earlier.activity, earlier.samples
        self._complete = True

    # What was read.

    def take_orders(self, orders: Sequence[Order], deploy_id: str, now: float) -> None:
        """The newest orders of the project: those of this deployment count."""
        self._begin("orders", now, [order.at for order in orders] if len(orders) >= ORDER_WINDOW // 2 else [])
        signs: list[float] = []
        for order in orders:
            at = max((event.at for event in order.events if event.at is not None), default=order.at)
            if at is None or at < self._launched_at or order.deploy_id not in ("", deploy_id):
                continue
            said = " ".join([event.message for event in order.events if event.message][-1:])
            if order.status == "invalid":
                # That an order is refused for want of money is a sign of life like any other.
                if self._says_disconnected(said):
                    self._refused[order.order_id] = Sign("order", at, clean(said, 200))
                    continue
            elif any(event.status in WENT_WELL for event in order.events) or order.status in WENT_WELL:
                self._good_at = max(self._good_at, at)
            signs.append(at)
        self._note("order", signs, now)

    def take_insights(self, ats: Iterable[float | None], now: float, *, newest: bool = True) -> None:
        """When insights were generated; not `newest`: others have come since that are still to be read."""
        known = [at for at in ats if at is not None]
        if newest:
            self._begin("insights", now, known)
        self._note("insight", known, now)

    def take_log(self, page: LogPage, now: float) -> None:
        """A window of its log. Lines that stood there before are not new."""
        first = self._next_line is None
        since = max(self._next_line or 0, page.deployment_offset)
        # A log that has become shorter begins anew.
        if page.length is not None and page.length < since:
            since = page.deployment_offset
        lines: list[Sign] = []
        for line in page.lines[max(0, since - page.start_line) :]:
            # What stood there before the first look is as old as the line before it, where it has no time of its own.
            before = lines[-1].at if lines else self._launched_at
            lines.append(_sign(line, before if first else now, now))
        self._next_line = max(since, page.start_line + len(page.lines))
        self._begin("log", now, [line.at for line in lines] if page.start_line > page.deployment_offset else [])
        self._refused_lines += [line for line in lines if self._says_disconnected(line.text)]
        del self._refused_lines[:-50]
        ordinary = [line for line in lines if not self._says_disconnected(line.text)]
        self._note("log line", [line.at for line in ordinary], now)
        new = [line for line in lines if line.at >= self._watched_since] if first else lines
        self.lines = (*self.lines, *new)[-KEPT_LINES:]

    def take_samples(self, ats: Iterable[float], now: float) -> None:
        """The times of the equity chart's samples."""
        self.looked_at["chart"] = now
        self.samples.add(at for at in ats if self._launched_at <= at <= now)

    # What follows from it.

    def judge(self, habits: Iterable[Habit], now: float, *, more: bool = True) -> Pulse:
        """Its pulse at Unix time `now`; `habits` are those of all running deployments. Not `more`: nothing else will be
        read, and QUIET waits for nothing."""
        habit = self.habit
        # The insights are read less often than the rest, and with many deployments hours apart.
        parts = ("orders", "log", "insights") if habit is self.activity else ("chart",)
        stale_s = STALE_LOOK_S if habit is self.activity else STALE_CHART_S
        looks = [self.looked_at[part] for part in parts if part in self.looked_at]
        looked_at = min(looks, default=float("-inf"))
        witnesses = _witnesses(habits, habit)
        open_until = max((each.last_at for each in witnesses), default=now)
        if now - open_until > CLOSED_CAP_S:
            witnesses, open_until = [], now
        seen_until = looked_at - SNAPSHOT_S
        telling_at = min(self.looked_at.get(part, looked_at) for part in parts[:2])

        def silence_s_until(look: float) -> float:
            end = min(look - SNAPSHOT_S, open_until)
            return habit.open_s(habit.last_at, end, witnesses)

        silence_s = silence_s_until(looked_at)
        refusals = self._refusals(now)
        allowed_s = max(LEAST_SILENCE_S, habit.tolerated_s or 0.0)
        unread = frozenset(parts) - self.looked_at.keys()
        # Silent as far as is known, but a part that was read long ago, or never, may hold a newer sign.
        late = frozenset(part for part in parts if self.looked_at.get(part, 0.0) < telling_at)
        held = more and silence_s_until(telling_at) > allowed_s and (bool(unread) or silence_s <= allowed_s)
        held_since = self._held_since if held and self._held_since is not None else now
        self._held_since, self.awaits = None, frozenset()
        # What may have been silent for too long since is looked at before the others: an alert may be waiting for it.
        silent = silence_s_until(now + SNAPSHOT_S) > allowed_s
        overdue = frozenset(part for part in parts if silent and now - self.looked_at.get(part, 0.0) > stale_s)
        state, why = PulseState.OK, ""
        looked = {"orders", "log"} <= self.looked_at.keys()
        refusals_known = looked and now - min(self.looked_at["orders"], self.looked_at["log"]) < STALE_LOOK_S
        if refusals:
            state = PulseState.BLIND
        elif not looked:
            # Before both it is not known whether its brokerage refuses it, whatever else is seen of it.
            state, why = PulseState.UNKNOWN, "not looked at yet"
            self.awaits = overdue
        elif habit.tolerated_s is None:
            state, why = PulseState.UNKNOWN, "too little history to judge"
        elif now - telling_at > stale_s:
            state, why = PulseState.UNKNOWN, "the reads fail"
            self.awaits = overdue
        elif held and now - held_since <= HOLD_S:
            self._held_since, self.awaits = held_since, late
            if unread:
                state, why = PulseState.UNKNOWN, f"{' and '.join(sorted(unread))} not looked at yet"
        elif held or silence_s > allowed_s:
            state, silence_s = PulseState.QUIET, max(silence_s, silence_s_until(telling_at))
            self._held_since = held_since if held else None
        else:
            self._learn(habit, unusual=habit.open_s(habit.last_at, seen_until) > allowed_s)
        if state is PulseState.QUIET:
            self._learn(habit, unusual=True)
        before = self.pulse
        since = before.since if before is not None and before.state is state else now
        if state is PulseState.BLIND:
            since = refusals[0].at
        elif state is PulseState.QUIET:
            since = habit.last_at
        sign = Sign("chart sample", habit.last_at) if habit is self.samples and habit.count else self._newest
        self.pulse = Pulse(
            state,
            since,
            why,
            sign,
            len(refusals),
            refusals[-1] if refusals else None,
            silence_s,
            habit.usual_s,
            allowed_s if habit.tolerated_s is not None else None,
            MappingProxyType(dict(self.looked_at)),
            refusals_known,
        )
        return self.pulse

    @property
    def habit(self) -> Habit:
        """The habit it is judged by."""
        return self.activity if self.activity.tolerated_s is not None else self.samples

    def _refusals(self, now: float) -> list[Sign]:
        """Refused orders since the last one that went well, oldest first; without any, the log lines that say so."""
        orders = sorted((sign for sign in self._refused.values() if sign.at > self._good_at), key=lambda sign: sign.at)
        self._refused = {number: sign for number, sign in self._refused.items() if sign.at > self._good_at}
        if orders:
            return orders
        return [line for line in self._refused_lines if line.at > self._good_at and now - line.at <= LOG_REFUSAL_S]

    def _learn(self, habit: Habit, *, unusual: bool) -> None:
        """A silence that was QUIET, or that a closed market explains, is not taken for a habit once it is over."""
        if unusual:
            self._quiet_since = habit.last_at
        elif self._quiet_since is not None and habit.last_at > self._quiet_since:
            habit.excuse(self._quiet_since)
            self._quiet_since = None

    def _begin(self, part: str, now: float, ats: Sequence[float | None]) -> None:
        """A look at this part. The first one shows since when nothing of it is missing: from the first of the newest
        ones on, or all if these are not a part only."""
        if part not in self.looked_at and not self._complete:
            since = min((at for at in ats if at is not None and at >= self._launched_at), default=self._launched_at)
            self.activity.begin(since)
        self.looked_at[part] = now

    def _note(self, kind: str, ats: list[float], now: float) -> None:
        ats = [at for at in ats if self._launched_at <= at <= now]
        self.activity.add(ats)
        newest_at = max(ats, default=None)
        if newest_at is not None and (self._newest is None or newest_at > self._newest.at):
            self._newest = Sign(kind, newest_at)

    def _says_disconnected(self, text: str) -> bool:
        folded = text.casefold()
        return any(pattern.casefold() in folded for pattern in self._patterns)


def _witnesses(habits: Iterable[Habit], own: Habit) -> list[Habit]:
    if own.usual_s is None:
        return []
    slowest_s = WITNESS_PACE * max(own.usual_s, LEAST_SILENCE_S)
    return [
        each
        for each in habits
        if each is not own and each.usual_s is not None and each.usual_s <= slowest_s and each.shares_market(own)
    ]


def _sign(line: str, untimed_at: float, now: float) -> Sign:
    """A log line with its time, which is New York's by default (REFERENCE.md 6.5); one from the future is as old as the
    look, one without a readable time is of `untimed_at`."""
    found = _LINE.match(line)
    at = untimed_at
    if found is not None:
        try:
            wall = datetime.fromisoformat(f"{found[1]} {found[2]}").replace(tzinfo=UTC).timestamp()
        except ValueError:
            wall = now + HOUR_S
        at = wall - new_york_offset_s(int(wall // HOUR_S))
    return Sign("log line", at if at <= now else now, clean(found[3] if found is not None else line, 500))
