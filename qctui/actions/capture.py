"""Targets, captured by id out of what the store knows just then. Pure: no network, no cursor."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable

from qctui.actions.spec import LIQUIDATE, RERUN, eligibility
from qctui.model.action import Preparation, Target
from qctui.model.deployment import (
    Deployment,
    DeploymentDetail,
    Environment,
    deployments_of,
    is_alive,
    newest_deployments,
)
from qctui.model.keys import DEPLOYMENTS, PROJECTS, detail_key, optimization_key, optimizations_key, portfolio_key
from qctui.model.optimization import Optimization, OptimizationPlan
from qctui.store import Store
from qctui.value import replace


def capture_deployment(action: str, store: Store, project_id: int) -> Target:
    """The deployment of `project_id` that matters now, by what was received last. What is in no answer stays empty."""
    listed, read = store.get(DEPLOYMENTS), store.get(detail_key(project_id))
    project, detail = deployments_of(project_id, listed, read), read.value
    rows, known = project.rows, project.known
    row = next((row for row in rows if known is not None and row.deploy_id == known.deploy_id), None)
    others = dict.fromkeys(row.deploy_id for row in rows if known is not None and row.deploy_id != known.deploy_id)
    alive = {row.deploy_id for row in rows if row.alive} - {project.ended}
    return Target(
        action=action,
        name=_project_name(store, project_id) or (detail.project_name if detail else "") or f"project {project_id}",
        project_id=project_id,
        deploy_id=known.deploy_id if known else "",
        environment=known.environment if known else Environment.LIVE,
        brokerage=known.brokerage if known else "",
        account_environment=known.account_environment if known else "",
        status=_status(known),
        equity=row.equity if row is not None else None,
        equity_mono=listed.fetched_mono if row is not None else None,
        portfolio=store.get(portfolio_key(project_id)),
        also_alive=len(alive - {known.deploy_id if known else ""}),
        others=tuple(others),
    )


def known_ended(store: Store) -> frozenset[str]:
    """Deploy ids of which the last live/read said that they ended. The list may be newer, and behind all the same."""
    return frozenset(each.deploy_id for each in _read_details(store) if each.deploy_id and not each.alive)


def newest_known(store: Store) -> list[Deployment]:
    """The deployment that matters of each project in live/list, by all that was read."""
    return newest_deployments(store.get(DEPLOYMENTS).value or (), known_ended(store))


def capture_optimization(action: str, store: Store, optimization_id: str, project_id: int = 0) -> Target:
    """The optimization with this id, by its opened detail or its project's list."""
    opened = store.get(optimization_key(optimization_id)).value
    if not project_id and opened is not None:
        project_id = opened.project_id or 0
    rows = store.get(optimizations_key(project_id)).value or ()
    row = next((row for row in rows if row.optimization_id == optimization_id), None)
    name = row.name if row else (opened.name if opened else "")
    return Target(
        action=action,
        name=name or optimization_id,
        project_id=project_id,
        optimization_id=optimization_id,
        status=opened.status if opened is not None else (row.status if row else ""),
    )


def capture_rerun(store: Store, old_id: str, plan: OptimizationPlan, preparation: Preparation) -> Target:
    """What is to be run again, with all optimizations of its project that are known: the new one is none of them."""
    known = [row.optimization_id for row in store.get(optimizations_key(plan.project_id)).value or ()]
    return rerun_of(capture_optimization(RERUN.id, store, old_id, plan.project_id), plan, preparation, known)


def rerun_of(old: Target, plan: OptimizationPlan, preparation: Preparation, known: Iterable[str]) -> Target:
    """As `capture_rerun`, of an optimization that was captured already. `known` are the ids of those that its project
    has."""
    return replace(
        old,
        new_name=plan.name,
        plan=plan,
        compile_id=preparation.compile_id,
        estimate=preparation.estimate,
        others=tuple(dict.fromkeys([old.optimization_id, *known])),
    )


def running_targets(store: Store) -> tuple[Target, ...]:
    """Every deployment of the profile that any answer has alive, to be liquidated: what panic hits. LIVE first, then by
    name. One that has ended by a later answer is among them: the dialog says so, and none is left out without a word.
    """
    rows = store.get(DEPLOYMENTS).value or ()
    alive = {row.project_id for row in rows if row.alive}
    # A later answer may know of one that the list has as ended, or not at all.
    read = {key.project_id for key in store.keys() if key.kind == "detail"} - alive  # noqa: SIM118 - no mapping
    found = {project_id: capture_deployment(LIQUIDATE.id, store, project_id) for project_id in sorted(alive | read)}
    targets = [target for project_id, target in found.items() if project_id in alive or eligibility(target) is None]
    return _real_money_first(replace(target, panic=True) for target in targets)


def running_beside(store: Store, targets: Collection[Target], hit: Container[int]) -> tuple[Target, ...]:
    """What runs by all that was read and is none of these targets, LIVE first, then by name. `hit` are the projects
    that a request goes to: it names the project alone, so that nothing in them is beside it."""
    ours = {(target.project_id, target.deploy_id) for target in targets}
    known = [*(store.get(DEPLOYMENTS).value or ()), *_read_details(store)]
    projects = {
        each.project_id
        for each in known
        if each.alive and each.project_id not in hit and (each.project_id, each.deploy_id) not in ours
    }
    found = [capture_deployment(LIQUIDATE.id, store, project_id) for project_id in projects]
    return _real_money_first(
        each for each in found if eligibility(each) is None and (each.project_id, each.deploy_id) not in ours
    )


def target_of_deployment(action: str, known: Deployment | DeploymentDetail, name: str) -> Target:
    """The deployment of a fresh live/read, or of live/list where that can't be relied on, as a target: the command line
    reads before it asks. The list carries no names."""
    return Target(
        action=action,
        name=name or f"project {known.project_id}",
        project_id=known.project_id,
        deploy_id=known.deploy_id,
        environment=known.environment,
        brokerage=known.brokerage,
        account_environment=known.account_environment,
        status=_status(known),
        equity=known.equity if isinstance(known, Deployment) else None,
    )


def target_of_optimization(action: str, optimization: Optimization, new_name: str = "") -> Target:
    """The optimization of a fresh optimizations/read as a target."""
    return Target(
        action=action,
        new_name=new_name,
        name=optimization.name or optimization.optimization_id,
        project_id=optimization.project_id or 0,
        optimization_id=optimization.optimization_id,
        status=optimization.status,
    )


def _real_money_first(targets: Iterable[Target]) -> tuple[Target, ...]:
    return tuple(
        sorted(targets, key=lambda t: (t.environment is not Environment.LIVE, t.name.casefold(), t.project_id))
    )


def _read_details(store: Store) -> list[DeploymentDetail]:
    read = [store.get(key).value for key in store.keys() if key.kind == "detail"]  # noqa: SIM118 - no mapping
    return [each for each in read if each is not None]


def _status(known: Deployment | DeploymentDetail | None) -> str:
    """Its status; `Stopped` where only the stop time shows that it ended (REFERENCE.md 8.1: rely on `stopped`)."""
    if known is None:
        return ""
    ended_by_time = known.stopped_at is not None and is_alive(known.status, None)
    return "Stopped" if ended_by_time else known.status


def _project_name(store: Store, project_id: int) -> str:
    projects = store.get(PROJECTS).value or ()
    return next((project.name for project in projects if project.project_id == project_id), "")
