"""What each condition finds in what the program knows: who is concerned, whether it holds, and in which words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from qctui.actions.capture import newest_known
from qctui.actions.wording import format_holdings, format_rough_span
from qctui.alerts.alert_wording import refused_words
from qctui.alerts.rules import DAY_S, HOUR_S, Rule
from qctui.model.account import EQUITY_HISTORY, SEEN_S, EquityTrail
from qctui.model.action import ACTIONS, ASKED, ActionRecord, Rung
from qctui.model.alert import Subject
from qctui.model.deployment import Deployment, name_of, names_of
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, portfolio_key
from qctui.model.link import LinkState
from qctui.model.optimization import Optimization, OptimizationSummary
from qctui.model.portfolio import Holding
from qctui.model.pulse import NEW_LINES, PULSES, PulseState
from qctui.store import Store
from qctui.text import clean
from qctui.value import Value

EVENT_S = HOUR_S
"""How long something that happened once counts as being the matter: a redeployment, a line of a log, an end of an
optimization."""

CLEAR_PART = 0.8
"""Where a rule says no other threshold to clear: this part of the one to fire."""

_SENT = frozenset({Rung.SENT, Rung.ACCEPTED, Rung.STOPPED, Rung.FLAT, Rung.VERIFIED, Rung.UNKNOWN, Rung.UNVERIFIED})


class Finding(Value):
    """What a rule finds about one subject."""

    subject: Subject
    holds: bool | None
    """None: what it rests on is not known now."""
    text: str = ""
    """Words that can be read before `(value, allowed threshold)` and behind `value (allowed threshold)`."""
    value: str = ""
    threshold: str = ""
    since: float | None = None
    """Since when it holds, where the data say so, Unix seconds."""
    fall: float | None = None
    """By how much the equity has fallen, percent; None of what is no fall."""


@dataclass(slots=True)
class Memory:
    """What has to be remembered between two looks, and across restarts: plain values, as the shared file has them."""

    since: float
    """From then on somebody has been watching, Unix seconds: what happened before is no news."""
    peaks: dict[str, float] = field(default_factory=dict)
    """The highest equity by deploy id."""
    deployed: dict[str, str] = field(default_factory=dict)
    """The newest deploy id by project id."""
    happened: dict[str, tuple[float, str]] = field(default_factory=dict)
    """When something happened, and its words, by the condition and the subject."""
    progress: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Of each optimization that was seen running: its progress, and since when it has been that."""


@dataclass(slots=True)
class World:
    """Everything known at one instant."""

    store: Store
    now: float
    memory: Memory
    zone: tzinfo | None = None
    """Where the day begins; None: this machine's zone."""
    young: bool = False
    """This process has begun a moment ago: what is not there may not have been read yet."""
    back_at: float = float("-inf")
    """Since when everything could be read: when the last outage ended, or the machine woke up. Unix seconds."""
    rows: list[Deployment] = field(default_factory=list)
    names: Mapping[int, str] = field(default_factory=dict)
    records: tuple[ActionRecord, ...] = ()
    read_at: dict[str, float] = field(default_factory=dict)
    """When the details of each optimization were read last."""
    current: bool = False
    """The live list is known, and its last read did not fail."""

    def __post_init__(self) -> None:
        listed = self.store.get(DEPLOYMENTS)
        self.rows = newest_known(self.store)
        self.names = names_of(self.store.get(PROJECTS).value or ())
        self.records = self.store.get(ACTIONS).value or ()
        self.current = listed.value is not None and listed.error is None
        self._remember()

    def subject(self, row: Deployment) -> Subject:
        """A deployment as a subject."""
        return Subject(name_of(row.project_id, self.names), row.project_id, row.deploy_id, environment=row.environment)

    @property
    def running(self) -> list[Deployment]:
        """The deployments that trade."""
        return [row for row in self.rows if row.alive]

    def asked_by_us(self, row: Deployment) -> bool:
        """Whether an action of ours may have ended it."""
        return row.deploy_id in (self.store.get(ASKED).value or ()) or any(
            record.target.deploy_id == row.deploy_id and any(step.rung in _SENT for step in record.steps)
            for record in self.records
        )

    def left_by(self, record: ActionRecord, stopped_at: float) -> Sequence[Holding] | None:
        """What is open since its deployment stopped: by its own reads or, where another process makes those, by the
        portfolio that was read here since. None while that is not known. A portfolio is the project's: with another
        deployment in it, it says nothing of the one that stopped."""
        if not record.foreign:
            return record.holdings
        target, read = record.target, self.store.get(portfolio_key(record.target.project_id))
        there = [each.deploy_id for each in self.running if each.project_id == target.project_id]
        if there not in ([], [target.deploy_id]) or read.value is None or not read.value.is_known:
            return None
        return read.value.open_holdings if (read.fetched_at or 0.0) > stopped_at else None

    def optimizations(self) -> Iterator[OptimizationSummary | Optimization]:
        """Every optimization that is known: what says that it has ended before details, and details before rows of
        lists. Details stay in the store when they are not read any more."""
        best: dict[str, OptimizationSummary | Optimization] = {}
        for key in sorted(self.store.keys(), key=lambda key: key.kind):
            if key.kind not in ("optimization", "optimizations"):
                continue
            resource = self.store.get(key)
            value = resource.value
            for each in (value,) if isinstance(value, Optimization) else value or ():
                known = best.setdefault(each.optimization_id, each)
                if each.finished and not known.finished:
                    best[each.optimization_id] = each
            if isinstance(value, Optimization) and resource.fetched_at is not None:
                self.read_at[value.optimization_id] = resource.fetched_at
        yield from best.values()

    def _remember(self) -> None:
        memory = self.memory
        if not self.current:
            return
        trails = self.store.get(EQUITY_HISTORY).value or {}
        running = {row.deploy_id: row for row in self.running}
        memory.peaks = {deploy_id: peak for deploy_id, peak in memory.peaks.items() if deploy_id in running}
        for deploy_id, row in running.items():
            known = [*(trails[deploy_id].values if deploy_id in trails else ()), memory.peaks.get(deploy_id)]
            if row.equity is not None:
                memory.peaks[deploy_id] = max([each for each in known if each is not None] + [row.equity])
            before = memory.deployed.get(str(row.project_id))
            if before not in (None, deploy_id):
                self.note("redeployed", deploy_id, f"deployed again: {deploy_id[-4:]} in place of {str(before)[-4:]}")
            memory.deployed[str(row.project_id)] = deploy_id
        for each in self.optimizations():
            self._remember_optimization(each)
        memory.happened = {
            what: (at, words) for what, (at, words) in memory.happened.items() if self.now - at < EVENT_S
        }

    def _remember_optimization(self, each: OptimizationSummary | Optimization) -> None:
        memory, number = self.memory, each.optimization_id
        if each.finished:
            if memory.progress.pop(number, None) is not None:
                completed = each.status.casefold() == "completed"
                ours = any(record.target.optimization_id == number and record.steps for record in self.records)
                if completed or not ours:
                    what = "optimization-finished" if completed else "optimization-failed"
                    self.note(what, number, "completed" if completed else f"ended: {each.status}")
        else:
            progress = each.progress if isinstance(each, Optimization) else None
            known = memory.progress.get(number)
            if known is None or (progress is not None and progress != known[0]):
                memory.progress[number] = (progress if progress is not None else -1.0, self.now)

    def note(self, what: str, identity: str, words: str) -> None:
        """Something happened now."""
        self.memory.happened[f"{what}@{identity}"] = (self.now, words)


def findings(world: World, rule: Rule, fires: Callable[[Subject], bool]) -> Iterator[Finding]:
    """What a rule finds. What it does not mention does not hold. `fires` says whether it fires about a subject now: its
    threshold is the lower one then."""
    for found in _CONDITIONS[rule.when](world, rule, fires):
        subject = found.subject
        if found.holds is None:
            yield found
            continue
        if rule.projects and not rule.projects & {subject.project_id, subject.name}:
            continue
        if rule.environment is None or subject.environment is rule.environment:
            yield found


Fires = Callable[[Subject], bool]


def _ended(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    for row in world.rows:
        if row.alive or row.failed is not (rule.when == "runtime-error") or world.asked_by_us(row):
            continue
        at = row.stopped_at
        if at is not None and at >= world.memory.since and world.now - at < DAY_S:
            error = f": {clean(row.error, 200)}" if row.failed and row.error else ""
            yield Finding(world.subject(row), True, f"ended as {row.status}{error}", since=at)


def _happened(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    subjects = {row.deploy_id: world.subject(row) for row in world.rows}
    for each in world.optimizations():
        subjects[each.optimization_id] = _optimization(each)
    for what, (at, words) in world.memory.happened.items():
        condition, _, identity = what.partition("@")
        if condition == rule.when and identity in subjects:
            yield Finding(subjects[identity], True, words, since=at)
        elif condition == rule.when and world.young:
            yield Finding(Subject(optimization_id=identity), None)


def _pulse(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    pulses = world.store.get(PULSES).value or {}
    for row in world.running:
        pulse = pulses.get(row.deploy_id)
        if pulse is None or pulse.state is PulseState.UNKNOWN:
            # Of one that is too young for a habit it is known nevertheless whether its brokerage refuses it.
            ended = pulse is not None and pulse.refusals_known and rule.when == "blind"
            yield Finding(world.subject(row), False if ended else None)
        elif pulse.state is PulseState.BLIND and rule.when == "blind":
            said = pulse.last_refusal.text if pulse.last_refusal is not None else ""
            words = f"BLIND: {refused_words(pulse)}{f': {said}' if said else ''}"
            yield Finding(world.subject(row), True, words, since=pulse.since)
        elif pulse.state is PulseState.QUIET and rule.when == "quiet":
            allowed = format_rough_span(pulse.allowed_s) if pulse.allowed_s is not None else ""
            silent = format_rough_span(pulse.silence_s)
            yield Finding(world.subject(row), True, "QUIET: no sign of life", silent, allowed, pulse.since)


def _equity(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    trails = world.store.get(EQUITY_HISTORY).value or {}
    for row in world.running:
        subject, trail = world.subject(row), trails.get(row.deploy_id)
        base = _base(world, rule, row, trail)
        if row.equity is None or base is None or base <= 0 or not world.current:
            yield Finding(subject, None)
            continue
        change = (row.equity / base - 1.0) * 100.0
        far = abs(change) if rule.when == "equity-step" else -change
        limit = rule.percent or 0.0
        if fires(subject):
            limit = rule.clear_percent if rule.clear_percent is not None else limit * CLEAR_PART
        words = f"equity {_MEASURED[rule.when]}"
        fall = -change if change < 0 else None
        yield Finding(subject, far >= limit, words, f"{change:+.1f}%", f"{rule.percent:g}%", fall=fall)


_MEASURED = {
    "equity-below-peak": "below its peak",
    "equity-below-launch": "below its launch",
    "equity-below-open": "below the day's open",
    "equity-step": "moved at once",
}


def _base(world: World, rule: Rule, row: Deployment, trail: EquityTrail | None) -> float | None:
    """The equity that a rule measures from; None while it is not known."""
    if rule.when == "equity-below-peak":
        return world.memory.peaks.get(row.deploy_id)
    if trail is None or not trail.ats:
        return None
    if rule.when == "equity-below-launch":
        return trail.at_launch(row.launched_at)
    if rule.when == "equity-step":
        at = world.now - (rule.within_s or 0.0)
        # What was last read before an outage did not stay so until something was read again.
        return _at(trail, at) if at >= world.back_at + SEEN_S else None
    midnight = datetime.fromtimestamp(world.now, world.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if row.launched_at is not None and row.launched_at > midnight.timestamp():
        return trail.at_launch(row.launched_at)
    return _at(trail, midnight.timestamp())


def _at(trail: EquityTrail, at: float) -> float | None:
    # An equity stays what it was until the next one is sampled.
    place = bisect_right(trail.ats, at)
    if place:
        return trail.values[place - 1]
    return trail.values[0] if trail.since <= at + SEEN_S else None


def _holdings_left(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    for record in world.records:
        if record.stopped_at is not None:
            left = world.left_by(record, record.stopped_at)
            words = f"{format_holdings(left or ())} still open after STOPPED"
            yield Finding(_target(record), None if left is None else bool(left), words, since=record.stopped_at)


def _action_open(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    for record in world.records:
        if record.rung in (Rung.UNKNOWN, Rung.UNVERIFIED) and not record.acknowledged:
            words = f"{record.target.action} {record.rung.value}"
            yield Finding(_target(record), True, words, since=record.steps[-1].at)


def _data_old(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    pulses, listed_at = world.store.get(PULSES).value or {}, world.store.get(DEPLOYMENTS).fetched_at
    for row in world.running:
        pulse = pulses.get(row.deploy_id)
        looks = [at for at in (listed_at, pulse.oldest_look if pulse is not None else None) if at is not None]
        age_s = world.now - min(looks, default=world.now)
        # After an outage, which is an alert of its own, there is as much time again to read it.
        old = min(age_s, world.now - world.back_at) > (rule.after_s or 0.0)
        yield Finding(
            world.subject(row), old, "not read", format_rough_span(age_s), format_rough_span(rule.after_s or 0.0)
        )


def _stuck(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    for each in world.optimizations():
        known = world.memory.progress.get(each.optimization_id)
        if known is not None and isinstance(each, Optimization):
            # Up to when its details were read last: what is not read any more may well go on.
            still_s = world.read_at.get(each.optimization_id, known[1]) - known[1]
            words = "no run has ended"
            stuck = still_s > (rule.after_s or 0.0)
            limit = format_rough_span(rule.after_s or 0.0)
            yield Finding(_optimization(each), stuck, words, format_rough_span(still_s), limit, known[1])
        elif known is not None:
            yield Finding(_optimization(each), None)
    if world.young:
        unread = world.memory.progress.keys() - {each.optimization_id for each in world.optimizations()}
        yield from (Finding(Subject(optimization_id=number), None) for number in unread)


def _log(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    lines, pattern = world.store.get(NEW_LINES).value or {}, rule.pattern
    for row in world.running:
        what = f"{rule.name}@{row.deploy_id}"
        for line in lines.get(row.deploy_id, ()) if pattern is not None else ():
            known = world.memory.happened.get(what)
            new = line.at >= world.memory.since and (known is None or line.at > known[0])
            if new and pattern is not None and pattern.search(line.text):
                world.memory.happened[what] = (line.at, f"log: {line.text}")
        found = world.memory.happened.get(what)
        if found is not None and world.now - found[0] < EVENT_S:
            yield Finding(world.subject(row), True, found[1], since=found[0])


def _outage(world: World, rule: Rule, fires: Fires) -> Iterator[Finding]:
    link = world.store.get(LINK).value
    if link is not None and link.state in (LinkState.DOWN, LinkState.AUTH):
        said = f": {link.failure.message}" if link.failure is not None else ""
        yield Finding(Subject(), True, f"the API does not answer{said}")


def _target(record: ActionRecord) -> Subject:
    target = record.target
    deployment = target.environment if target.deploy_id else None
    return Subject(target.name, target.project_id, target.deploy_id, target.optimization_id, deployment)


def _optimization(each: OptimizationSummary | Optimization) -> Subject:
    return Subject(each.name, each.project_id or 0, optimization_id=each.optimization_id)


_CONDITIONS: dict[str, Callable[[World, Rule, Fires], Iterator[Finding]]] = {
    "ended": _ended,
    "runtime-error": _ended,
    "redeployed": _happened,
    "blind": _pulse,
    "quiet": _pulse,
    "equity-below-peak": _equity,
    "equity-below-launch": _equity,
    "equity-below-open": _equity,
    "equity-step": _equity,
    "holdings-left": _holdings_left,
    "data-old": _data_old,
    "action-open": _action_open,
    "optimization-finished": _happened,
    "optimization-failed": _happened,
    "optimization-stuck": _stuck,
    "log": _log,
    "outage": _outage,
}
