"""A stand-in for the engine's desk, a real store, and an app that has nothing but what acting needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.theme import Theme
from textual.widgets import Static

from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.actions.spec import eligibility
from qctui.clock import Clock
from qctui.engine.subscription import Subscriptions
from qctui.model.action import ACTIONS, ActionRecord, Recheck, Rung, Step, Target, recheck_key
from qctui.model.deployment import Deployment, DeploymentDetail, Environment
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key, optimizations_key, portfolio_key
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.project import Project
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.store import Store
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.actions.controller import ActionController, Pointed
from qctui.ui.app_base import AppBase
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.selection import Mark
from qctui.ui.sync.store_bridge import Bridge, ShowsStore, StoreChanged
from qctui.ui.theme.glyph_set import ASCII, UNICODE

NOW = 1_772_375_000.0
"""2026-03-01 14:23:20 UTC."""

HOSTILE = '[bold red]x[/] 均值 [@click=app.quit]y[/] $name [SPY] [" '


class StillClock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.mono = 1_000.0

    def now(self) -> float:
        return NOW + self.mono - 1_000.0

    def monotonic(self) -> float:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the interface does not sleep")


@dataclass
class RecordingDesk:
    """Remembers what it was asked; sends nothing."""

    read_only: bool = False
    refusals: dict[int, str] = field(default_factory=dict)
    confirmed: list[tuple[tuple[Target, ...], str]] = field(default_factory=list)
    rechecked: list[tuple[Target, ...]] = field(default_factory=list)
    closed: int = 0
    cancelled: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    journal: tuple[JournalEntry, ...] = ()

    def refusal(self, target: Target) -> str | None:
        return self.refusals.get(target.project_id) or eligibility(target)

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        self.rechecked.append(tuple(targets))

    def close_rechecks(self) -> None:
        self.closed += 1

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        self.confirmed.append((tuple(targets), via))
        return tuple(f"a{number}" for number, _ in enumerate(targets))

    def cancel(self, action_id: str) -> None:
        self.cancelled.append(action_id)

    def acknowledge(self, action_id: str) -> None:
        self.acknowledged.append(action_id)

    def entries(self) -> tuple[JournalEntry, ...]:
        return self.journal


class StillEngine:
    """Reads nothing: tests put into its store what would have been read."""

    def __init__(self) -> None:
        self.store = Store()
        self.still_clock = StillClock()
        self.clock: Clock = self.still_clock
        self.desk = RecordingDesk()
        self.actions: ActionsPort = self.desk
        self.refreshed: list[tuple[Key[object], ...]] = []

    def show(self, view: Subscriptions) -> None:
        pass

    def refresh(self, keys: Sequence[Key[object]] | None = None) -> None:
        self.refreshed.append(tuple(keys or ()))


class Rows(Static, can_focus=True):
    """What has the focus before a dialog opens."""


class ActingApp(AppBase[None]):
    """A list in the middle, the action bar below it, and the keys of acting."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "ask('liquidate')", id="liquidate"),
        Binding("S", "ask('stop')", id="stop"),
        Binding("A", "ask('abort')", id="abort"),
        Binding("X", "ask('panic')", id="panic"),
        Binding("v", "details", id="action_details"),
        Binding("d", "acknowledge", id="acknowledge"),
        Binding("u", "cancel_sending", id="cancel_sending"),
        Binding("y,space,1", "heard", id="heard"),
    ]

    def __init__(self, engine: StillEngine, *, ascii_only: bool = False, theme: Theme | None = None) -> None:
        super().__init__()
        self.engine = engine
        self.glyphs = ASCII if ascii_only else UNICODE
        self.selected = Pointed()
        self.heard = 0
        self.served = 0
        self.controller = ActionController(
            self, engine, pointed=lambda: self.selected, glyphs=self.glyphs, zone=UTC, unmark=self._unmark
        )
        self._bridge = Bridge(engine.store, lambda: self.post_message(StoreChanged()))
        if theme is not None:
            self.register_theme(theme)
            self.theme = theme.name

    def compose(self) -> ComposeResult:
        yield Rows("the list of deployments")
        yield ActionBar(self.glyphs, id="action-bar")

    def on_mount(self) -> None:
        self._bridge.open()

    def on_store_changed(self) -> None:
        keys = self._bridge.take()
        for screen in self.screen_stack:
            if isinstance(screen, ShowsStore):
                screen.show_changes(keys)
        if ACTIONS in keys:
            self.show_actions()

    def on_action_bar_ticked(self) -> None:
        self.show_actions()

    def show_actions(self) -> None:
        records = self.engine.store.get(ACTIONS).value or ()
        self.screen_stack[0].query_one(ActionBar).show(records, self.context)

    @property
    def context(self) -> RenderContext:
        clock = self.engine.clock
        return RenderContext(clock.monotonic(), clock.now(), UTC, self.glyphs)

    def action_ask(self, request_id: str) -> None:
        self.controller.request(request_id)

    def action_details(self) -> None:
        self.controller.toggle_details()

    def action_acknowledge(self) -> None:
        self.controller.acknowledge()

    def action_cancel_sending(self) -> None:
        self.controller.cancel_sending()

    def action_heard(self) -> None:
        self.heard += 1

    def _unmark(self, marks: tuple[Mark, ...] | None) -> None:
        self.served += 1


CODES = ("430e", "9b1f", "77a0", "c3d2", "0e0e", "51aa", "be12", "4f4f", "d00d", "1234", "abcd", "f00d")


def deploy_id(number: int) -> str:
    """Of the `number`-th deployment of `with_deployments`."""
    return f"L-8c1e2f{number:04x}5a6b7c8d9e0f1a2b3c{CODES[number % len(CODES)]}"


def project_id(number: int) -> int:
    return 23_456_789 + number


def pointed(*numbers: int) -> Pointed:
    """The deployments of these projects of `with_deployments`: one is selected, several are marked."""
    if len(numbers) == 1:
        return Pointed(project_id=project_id(numbers[0]))
    return Pointed(tuple(Mark(project_id(number), deploy_id(number)) for number in numbers))


def with_deployments(engine: StillEngine, count: int = 1, *, name: str = "", paper: Sequence[int] = ()) -> None:
    """So many running deployments; project n is called `name`, or `Momentum/Crossover n`."""
    store, mono, now = engine.store, engine.clock.monotonic(), engine.clock.now()
    rows = tuple(
        Deployment(
            project_id=project_id(number),
            deploy_id=deploy_id(number),
            status="Running",
            launched_at=now - 86_400,
            stopped_at=None,
            brokerage="PaperBrokerage" if number in paper else "Interactive Brokers",
            environment=Environment.PAPER if number in paper else Environment.LIVE,
            equity=1_204_567.25 + 1_000 * number,
        )
        for number in range(count)
    )
    projects = tuple(
        Project(project_id(number), name or f"Momentum/Crossover{f' {number}' if number else ''}")
        for number in range(count)
    )
    store.put(DEPLOYMENTS, Resource(value=rows, fetched_at=now, fetched_mono=mono))
    store.put(PROJECTS, Resource(value=projects, fetched_at=now, fetched_mono=mono))
    for number in range(count):
        snapshot = Resource(value=portfolio(), fetched_at=now - 150, fetched_mono=mono - 150)
        store.put(portfolio_key(project_id(number)), snapshot)


def portfolio() -> Portfolio:
    return Portfolio(
        holdings=(
            Holding("SPY R735QTJ8XC9X", "SPY", 1_200, 500.0, 537.6, 645_120.0),
            Holding("AAPL R735QTJ8XC9X", "AAPL", -300, 200.0, 201.5, -60_450.0),
            Holding("QQQ RIWIV7K5Z9LX", "QQQ", 150, 400.0, 455.1, 68_265.0),
            Holding("GLD T3SKPOF94JFP", "GLD", 80, 180.0, 210.0, 16_800.0),
            Holding("TLT SGNKIKYGE9NP", "TLT", 10, 90.0, 88.0, 880.0),
            Holding("IBM R735QTJ8XC9X", "IBM", 0.0),
        ),
        cash=(Cash("USD", 533_952.25, "$"), Cash("EUR", 1_250.0, "€", 1.08, 1_350.0)),
        tells=True,
    )


def detail(number: int = 0, **changes: object) -> DeploymentDetail:
    known = DeploymentDetail(
        project_id=project_id(number),
        deploy_id=deploy_id(number),
        status="Running",
        launched_at=NOW - 86_400,
        stopped_at=None,
        brokerage="Interactive Brokers",
        environment=Environment.LIVE,
        project_name="Momentum/Crossover",
        statistics={"Equity": "$1,204,999.00"},
    )
    return replace(known, **changes)  # type: ignore[arg-type]  # the field names are checked by replace itself


def recheck(engine: StillEngine, target: Target, value: Recheck) -> None:
    """A re-read of a target that worked."""
    fetched = Resource(value=value, fetched_at=engine.clock.now(), fetched_mono=engine.clock.monotonic())
    engine.store.put(recheck_key(target), fetched)


def fail_recheck(engine: StillEngine, target: Target, why: str) -> None:
    failure = Failure(FailureKind.TIMEOUT, why, engine.clock.now(), engine.clock.monotonic())
    engine.store.put(recheck_key(target), engine.store.get(recheck_key(target)).with_error(failure))


def with_optimization(engine: StillEngine, status: str = "running", name: str = "Grid of periods") -> Pointed:
    row = OptimizationSummary("O-1f2e3d4c5b6a", project_id(0), name, status, Criterion("Sharpe Ratio", True), NOW)
    listed = Resource[tuple[OptimizationSummary, ...]](value=(row,), fetched_at=NOW, fetched_mono=1_000.0)
    engine.store.put(optimizations_key(project_id(0)), listed)
    return Pointed(optimization_id=row.optimization_id, optimization_project_id=project_id(0))


def target(number: int = 0, action: str = "liquidate", name: str = "Momentum/Crossover") -> Target:
    return Target(action, name, project_id(number), deploy_id(number), status="Running")


def record(
    action_id: str, aim: Target, *rungs: tuple[Rung, float] | tuple[Rung, float, str], **more: object
) -> ActionRecord:
    """An action confirmed at NOW whose rungs came so many seconds later."""
    steps = tuple(Step(rung, NOW + after, 1_000.0 + after, *detail) for rung, after, *detail in rungs)
    made = ActionRecord(
        action_id=action_id, batch_id=action_id, target=aim, via="console", confirmed_at=NOW, confirmed_mono=1_000.0,
        steps=steps,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # the field names are checked by replace itself


def put_actions(engine: StillEngine, *records: ActionRecord) -> None:
    engine.store.put(ACTIONS, Resource(value=records, fetched_at=NOW, fetched_mono=1_000.0))
