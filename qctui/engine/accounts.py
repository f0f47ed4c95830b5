"""Reads what is known of all running deployments in turn, after what is on screen: the day's equity, the holdings, and
what their pulse rests on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from qctui.api.ports import ApiError, Loading, ReadApi
from qctui.clock import Clock
from qctui.engine.circuit_breaker import ANSWERED
from qctui.engine.equity_history import EquityHistory
from qctui.engine.pulses import Part, Pulses
from qctui.engine.rate_limiter import Priority
from qctui.engine.readers import Answer
from qctui.engine.schedule import MIN_GAP_S, SLOW_LOADING_S
from qctui.model.account import ACCOUNTS, DAY_S, Account, EquityTrail
from qctui.model.chart import EQUITY_CHART, Chart, Series
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, alive_by_project
from qctui.model.keys import DEPLOYMENTS, Key, portfolio_key
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from qctui.store import Store
from qctui.value import replace

EQUITY_SERIES = "Equity"
"""Every deployment's equity chart has it (REFERENCE.md 6.3)."""

CHART_SPAN_S = 2 * DAY_S
"""The service keeps that much in full. An equity stays what it was until the next sample: what was a day ago may have
been sampled before."""

CHART_SAMPLES = 192
"""One every 15 minutes."""

FAILED_S = 300.0
FAILED_CAP_S = 3_600.0
"""When to ask again for what could not be read: doubling from the first to the cap."""

NOT_ITS_OWN = frozenset({FailureKind.AUTH, FailureKind.RATE_LIMITED, FailureKind.CONNECT, FailureKind.RESET})
"""Failures that say nothing of what was asked for."""


EVERY_S = {Part.HOLDINGS: 300.0, Part.EQUITY: 1_800.0, Part.ORDERS: 300.0, Part.LOG: 300.0, Part.INSIGHTS: 600.0}
"""How often. The live list continues the equity; the service takes its snapshots every five to ten minutes
(REFERENCE.md 3)."""

CROWD = 25
"""With more running deployments than this each is looked at less often, so that all of them fit in the budget."""

_KINDS = {
    Part.HOLDINGS: "portfolio", Part.EQUITY: "", Part.ORDERS: "orders", Part.LOG: "logs", Part.INSIGHTS: "insights",
}  # fmt: skip
"""The kind of key that shows the same on screen."""


@dataclass(slots=True, eq=False)
class _Running:
    """One running deployment, and when each part of its account is read next."""

    deployment: Deployment
    due_mono: dict[Part, float] = field(default_factory=lambda: dict.fromkeys(Part, float("-inf")))
    failures: dict[Part, int] = field(default_factory=lambda: dict.fromkeys(Part, 0))
    account: Account = field(default_factory=Account)


class Accounts:
    """A `Reader`: each `read` is one request, for what has been due longest; what is opened goes first.

    Holdings and charts are read by project: where several deployments run in one, it is not known whose they are, and
    none is followed.
    """

    def __init__(self, api: ReadApi, store: Store, clock: Clock, patterns: Sequence[str]) -> None:
        """`patterns` are texts that mean that a brokerage is disconnected."""
        self.pulses = Pulses(api, store, clock, patterns)
        self._api = api
        self._store = store
        self._clock = clock
        self._history = EquityHistory(store)
        self._running: dict[str, _Running] = {}
        self._remembered: dict[str, Account] = {}
        """What is known of an earlier run, until the deployment is listed."""
        self.opened: Collection[int] = ()
        """Projects whose detail is open."""
        self.polled: Collection[tuple[str, int]] = ()
        """Kinds of keys, with their project, that are on screen: they are read for that, and handed to `note`."""

    @property
    def any(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._running)

    def note(self, key: Key[Any], value: Any) -> bool:
        """Take in what was read for the screen. Returns whether a deployment runs whose account is to be read first."""
        self.pulses.note(key, value)
        if key.kind == "portfolio":
            self._note_holdings(key.project_id, value)
        elif key.kind == "detail":
            self._note_detail(value)
        elif key == DEPLOYMENTS:
            self._history.record(value, self._clock.now(), self._clock.monotonic())
            return self._follow(value)
        return False

    def restore(self, deploy_id: str, account: Account, trail: EquityTrail | None) -> None:
        """Begin with what an earlier run knew; what this one has read already stays."""
        if trail is not None:
            self._history.restore(deploy_id, trail, self._clock.now(), self._clock.monotonic())
        running = self._running.get(deploy_id)
        if running is None:
            self._remembered[deploy_id] = account
        elif running.account.read_mono is None:
            self._change(running, replace(account, currency=running.account.currency or account.currency))

    def _follow(self, deployments: Iterable[Deployment]) -> bool:
        """Read the accounts of these as far as they run, and of no others. Returns whether one is new."""
        listed = tuple(deployments)
        named = Counter(deploy_id for _, deploy_id in {(each.project_id, each.deploy_id) for each in listed})
        followed = {each.deploy_id: each for each in running_alone(listed) if named[each.deploy_id] == 1}
        before, alive = self._running, alive_by_project(listed)
        self._running = {deploy_id: before.get(deploy_id) or self._begin(each) for deploy_id, each in followed.items()}
        for running in self._running.values():
            running.deployment = followed[running.deployment.deploy_id]
        self.pulses.follow(each.deployment for each in self._running.values())
        for gone in before.keys() - self._running.keys():
            project_id = before[gone].deployment.project_id
            if alive[project_id]:
                # Another one runs there now: no dialog may show it with what this one held.
                self._store.drop(portfolio_key(project_id))
        if self._running.keys() != before.keys():
            self._publish()
        return not self._running.keys() <= before.keys()

    def end_outage(self) -> None:
        """The API answers again: what failed meanwhile is due, and has not failed by itself."""
        for running, part, *_ in self._parts():
            if running.failures[part]:
                running.failures[part] = 0
                running.due_mono[part] = self._clock.monotonic()

    def _begin(self, deployment: Deployment) -> _Running:
        return _Running(deployment, account=self._remembered.pop(deployment.deploy_id, Account()))

    async def read(self) -> Answer:
        """Make one request. Raises `ApiError` where the API did not answer."""
        if not self._running:
            return Answer(wait_s=FAILED_S)
        began = self._clock.monotonic()
        running, part, *_ = min(self._parts(), key=lambda each: self._turn(began, *each))
        # Put off before it is asked for: one that fails must not stand in the way of the others.
        self._put_off(running, part, FAILED_S)
        try:
            if part is Part.EQUITY:
                await self._read_equity(running)
            elif part is Part.HOLDINGS:
                await self._read_holdings(running)
            else:
                await self._read_look(running, part)
        except ApiError as error:
            if error.kind in NOT_ITS_OWN:
                running.failures[part] -= 1
                running.due_mono[part] = self._clock.monotonic()
            if error.kind not in ANSWERED:
                raise
        mono = self._clock.monotonic()
        left = list(self._parts())
        next_mono = min((due_mono for *_, due_mono in left), default=mono + FAILED_S)
        # A row that does not say yet what is at risk is more urgent than to bring the others up to date.
        unknown = any(
            part is Part.HOLDINGS and each.account.read_mono is None and each.due_mono[part] <= mono
            for each, part, *_ in left
        )
        return Answer(wait_s=max(MIN_GAP_S, next_mono - mono), more=Priority.UNKNOWN if unknown else None)

    def _note_holdings(self, project_id: int, portfolio: Portfolio) -> None:
        for running in self._running.values():
            if running.deployment.project_id == project_id:
                self._done(running, Part.HOLDINGS)
                self._change(running, account_with(portfolio, self._clock.monotonic(), running.account.currency))

    def _note_detail(self, detail: DeploymentDetail) -> None:
        # Its statistics begin with the account's currency.
        running = self._running.get(detail.deploy_id)
        symbol = currency_symbol(detail.statistics.get("Equity", ""))
        if running is not None and symbol:
            self._change(running, replace(running.account, currency=symbol))

    def _parts(self) -> Iterator[tuple[_Running, Part, bool, float]]:
        """What is not read for the screen: whether its pulse waits for it, and when it is due."""
        for running in self._running.values():
            project_id, awaited = running.deployment.project_id, self.pulses.awaited(running.deployment.deploy_id)
            for part, kind in _KINDS.items():
                if (kind, project_id) not in self.polled:
                    # What a pulse waits for is read now, but what fails keeps its back-off.
                    hurried = part in awaited and not running.failures[part]
                    yield running, part, part in awaited, float("-inf") if hurried else running.due_mono[part]

    def _turn(
        self, now: float, running: _Running, part: Part, awaited: bool, due_mono: float
    ) -> tuple[bool, bool, float, Part]:
        due, opened = due_mono <= now, running.deployment.project_id in self.opened
        # At the start everything is due: what is at risk in all of them, then what is most telling of each.
        return not (due and opened), not (due and awaited), due_mono, part

    def _put_off(self, running: _Running, part: Part, first_s: float) -> None:
        running.failures[part] += 1
        wait_s = min(FAILED_CAP_S, first_s * 2.0 ** min(running.failures[part] - 1, 30))
        running.due_mono[part] = self._clock.monotonic() + wait_s

    def _put_off_loading(self, running: _Running, part: Part) -> None:
        """The service is preparing the answer, which is no failure."""
        running.failures[part] -= 1
        self._put_off(running, part, SLOW_LOADING_S)

    def _done(self, running: _Running, part: Part) -> None:
        running.failures[part] = 0
        stretched = max(1.0, len(self._running) / CROWD)
        times = {Part.EQUITY: 1.0, Part.ORDERS: stretched, Part.LOG: stretched}.get(part, stretched**2)
        running.due_mono[part] = self._clock.monotonic() + EVERY_S[part] * times

    async def _read_equity(self, running: _Running) -> None:
        deployment, now = running.deployment, self._clock.now()
        start = now - CHART_SPAN_S
        answer = await self._api.fetch_chart(deployment.project_id, EQUITY_CHART, start, now, CHART_SAMPLES)
        if isinstance(answer, Loading):
            self._put_off_loading(running, Part.EQUITY)
            return
        equity = equity_of(answer)
        if equity is None or not self._follows(running):
            return
        self.pulses.note_samples(deployment.deploy_id, equity.xs)
        if self._history.adopt(deployment, equity, start, self._clock.now(), self._clock.monotonic()):
            self._done(running, Part.EQUITY)
        if equity.unit and equity.unit != "%" and not running.account.currency:
            self._change(running, replace(running.account, currency=equity.unit))

    def _follows(self, running: _Running) -> bool:
        """Whether it neither ended nor was replaced while its answer was on the way."""
        return self._running.get(running.deployment.deploy_id) is running

    async def _read_holdings(self, running: _Running) -> None:
        project_id = running.deployment.project_id
        portfolio = await self._api.fetch_portfolio(project_id)
        if self._follows(running):
            # The dialog of an action and the details begin with what is known.
            key, at, mono = portfolio_key(project_id), self._clock.now(), self._clock.monotonic()
            self._store.put_value(key, portfolio, at=at, mono=mono)
            self._note_holdings(project_id, portfolio)

    async def _read_look(self, running: _Running, part: Part) -> None:
        answer = await self.pulses.read(running.deployment.deploy_id, part)
        if answer is None:
            return
        if answer.loading is not None:
            self._put_off_loading(running, part)
        else:
            self._done(running, part)
            if answer.more is not None or answer.wait_s == 0.0:
                running.due_mono[part] = float("-inf")

    def _change(self, running: _Running, account: Account) -> None:
        if account != running.account:
            running.account = account
            self._publish()

    def _publish(self) -> None:
        accounts = {deploy_id: running.account for deploy_id, running in self._running.items()}
        self._store.put_value(ACCOUNTS, accounts, at=self._clock.now(), mono=self._clock.monotonic())


def account_with(portfolio: Portfolio, read_mono: float, currency: str) -> Account:
    """The account that holds this, received at that monotonic time."""
    return Account(portfolio.positions, portfolio.exposure, portfolio.other_cash, read_mono, currency)


def running_alone(listed: Iterable[Deployment]) -> list[Deployment]:
    """What runs alone in its project, real money first: holdings and charts are the project's."""
    listed = tuple(listed)
    alive = alive_by_project(listed)
    running = [each for each in listed if each.alive and each.deploy_id and alive[each.project_id] == 1]
    return sorted(running, key=lambda each: each.environment is not Environment.LIVE)


def equity_of(chart: Chart) -> Series | None:
    """The equity's samples. A window the service misread is answered with its end alone: no change may be measured from
    that."""
    return next((series for series in chart.series if series.name == EQUITY_SERIES and not chart.sparse), None)


def currency_symbol(text: str) -> str:
    """The symbol before a formatted amount (`$1,204.50`, `€-61.31`); empty without one."""
    found = re.match(r"\s*[-+]?\s*([^\d\s.,+-]+)", text)
    return found[1] if found else ""
