"""What is acted on, and how actions went: deployments, an optimization, records. For the one engine of `scene`."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.model.action import ACTIONS, ActionRecord, Recheck, Rung, Step, Target, recheck_key
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, optimizations_key, portfolio_key
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.resource import Failure, FailureKind
from qctui.value import replace
from tests.ui.scene import MONO, NOW, StillEngine

HOSTILE = '[bold red]x[/] 均值 [@click=app.quit]y[/] $name [SPY] [" '

OPTIMIZATION_ID = "O-1f2e3d4c5b6a"

CODES = ("430e", "9b1f", "77a0", "c3d2", "0e0e", "51aa", "be12", "4f4f", "d00d", "1234", "abcd", "f00d")


def deploy_id(number: int) -> str:
    """Of the `number`-th deployment of `with_deployments`."""
    return f"L-8c1e2f{number:04x}5a6b7c8d9e0f1a2b3c{CODES[number % len(CODES)]}"


def project_id(number: int) -> int:
    return 23_456_789 + number


def deployment(number: int, *, paper: bool = False) -> Deployment:
    """The `number`-th deployment, running for a day."""
    return Deployment(
        project_id=project_id(number),
        deploy_id=deploy_id(number),
        status="Running",
        launched_at=NOW - 86_400,
        stopped_at=None,
        brokerage="PaperBrokerage" if paper else "Interactive Brokers",
        environment=Environment.PAPER if paper else Environment.LIVE,
        equity=1_204_567.25 + 1_000 * number,
    )


def with_deployments(engine: StillEngine, count: int = 1, *, name: str = "", paper: Sequence[int] = ()) -> None:
    """So many running deployments; project n is called `name`, or `Momentum/Crossover n`."""
    rows = tuple(deployment(number, paper=number in paper) for number in range(count))
    projects = tuple(
        Project(project_id(number), name or f"Momentum/Crossover{f' {number}' if number else ''}")
        for number in range(count)
    )
    engine.put(DEPLOYMENTS, rows, age_s=0.0)
    engine.put(PROJECTS, projects, age_s=0.0)
    for number in range(count):
        engine.put(portfolio_key(project_id(number)), portfolio(), age_s=150.0)


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
        is_known=True,
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
    engine.put(recheck_key(target), value, age_s=0.0)


def fail_recheck(engine: StillEngine, target: Target, why: str) -> None:
    failure = Failure(FailureKind.TIMEOUT, why, engine.clock.now(), engine.clock.monotonic())
    engine.store.put(recheck_key(target), engine.store.get(recheck_key(target)).with_error(failure))


def with_optimization(engine: StillEngine, status: str = "running", name: str = "Grid of periods") -> None:
    """One optimization of the first deployment's project."""
    row = OptimizationSummary(OPTIMIZATION_ID, project_id(0), name, status, Criterion("Sharpe Ratio", True), NOW)
    engine.put(optimizations_key(project_id(0)), (row,), age_s=0.0)


def target(number: int = 0, action: str = "liquidate", name: str = "Momentum/Crossover") -> Target:
    return Target(action, name, project_id(number), deploy_id(number), status="Running")


def record(
    action_id: str, aim: Target, *rungs: tuple[Rung, float] | tuple[Rung, float, str], **more: object
) -> ActionRecord:
    """An action confirmed at NOW whose rungs came so many seconds later."""
    steps = tuple(Step(rung, NOW + after, MONO + after, *detail) for rung, after, *detail in rungs)
    made = ActionRecord(
        action_id=action_id, batch_id=action_id, target=aim, via="console", confirmed_at=NOW, confirmed_mono=MONO,
        steps=steps,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # the field names are checked by replace itself


def put_actions(engine: StillEngine, *records: ActionRecord) -> None:
    engine.put(ACTIONS, records, age_s=0.0)
