"""The simulated organization: its clock, its projects with deployments and optimizations, and what triggers do to them.

Nothing ticks. A request brings the world up to its time, in the order in which things were due.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from qctui.simulator.cast import HOUR_S, Holding, ProjectPlan, Run, in_session, plans
from qctui.simulator.config import BEHAVIOURS, SimConfig
from qctui.simulator.deployments import Deployment
from qctui.simulator.incidents import Incident
from qctui.simulator.ledger import Ledger
from qctui.simulator.market import DAY_S, market_of
from qctui.simulator.noise import hex_of, key_of, unit
from qctui.simulator.optimizations import Optimization, optimization, optimization_of
from qctui.simulator.world_clock import WorldClock
from qctui.simulator.world_file import read_demo, read_world

REDEPLOY_GAP_S = 45.0
"""From the end of a deployment to its successor's launch, when one is redeployed by plan."""
USUAL_INSIGHTS = 240
"""Insights an old deployment starts with at most, unless a number is asked for."""


class NotAccepted(Exception):
    """A trigger came for a project in which nothing is live, or which rejects triggers."""


@dataclass
class Project:
    """One project with everything that ever ran in it."""

    plan: ProjectPlan
    deployments: list[Deployment] = field(default_factory=list)
    """Oldest first."""
    optimizations: list[Optimization] = field(default_factory=list)
    """Newest first."""

    def current(self, at: float) -> Deployment | None:
        """Return the most recent deployment."""
        return next((one for one in reversed(self.deployments) if one.launched_at <= at), None)

    def live(self, at: float) -> Deployment | None:
        """Return the deployment that runs, or is on its way to running."""
        current = self.current(at)
        return current if current is not None and current.alive(at) else None


class World:
    """Everything behind the API, for one configuration and one clock."""

    def __init__(
        self, config: SimConfig, clock: WorldClock | None = None, cast: Sequence[ProjectPlan] | None = None
    ) -> None:
        """`cast` are the projects, where they are not to be those of a file. Raises WorldFileError."""
        self.config = config
        self.clock = clock or WorldClock(start_at=config.start_at, speed=config.speed)
        self.market = market_of(config.seed)
        self.started_at = self.clock.now()
        self.behaviours: dict[int, str] = dict(config.behaviours)
        """Project id to one of `config.BEHAVIOURS`; may be changed at any time."""
        self.projects: dict[int, Project] = {}
        self.optimizations: dict[str, Optimization] = {}
        self._due: list[tuple[float, int, Callable[[float], object]]] = []
        self._order = count()
        self._serial: dict[int, int] = {}
        self.incidents: tuple[Incident, ...] = ()
        """What happens by the file at its times."""
        if cast is None:
            file = read_demo() if config.world is None else read_world(Path(config.world))
            self.incidents = file.incidents
            odd = config.shapes == "ugly"
            cast = plans(file.projects, config.deployments, seed=config.seed, hostile=config.hostile_text, odd=odd)
        for number, plan in enumerate(cast):
            self._add_project(plan, first=number == 0)

    def now(self) -> float:
        """Return the world's time with everything done that was due by then."""
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            due_at, _, happen = heapq.heappop(self._due)
            happen(due_at)
        return now

    def at(self, due_at: float, happen: Callable[[float], object]) -> None:
        """Have something happen at a time of the world."""
        heapq.heappush(self._due, (due_at, next(self._order), happen))

    def deployment(self, project_id: int, deploy_id: str | None = None) -> Deployment | None:
        """Return one deployment of a project, the most recent one without a deploy id."""
        project = self.projects.get(project_id)
        if project is None:
            return None
        now = self.now()
        if deploy_id is None:
            return project.current(now)
        return next((one for one in project.deployments if one.deploy_id == deploy_id and one.launched_at <= now), None)

    def snapshot_at(self, now: float, deployment: Deployment | None, period_s: float) -> float:
        """Return the time of the snapshot that is served at `now`; a stop flushes it (REFERENCE.md 3)."""
        taken = now - (now - self.started_at) % period_s if period_s > 0 else now
        stopped = deployment.ended_at(now) if deployment is not None else None
        return taken if stopped is None else max(taken, stopped)

    def liquidate(self, project_id: int) -> None:
        """Accept a liquidation of whatever is live in a project now. Raises `NotAccepted`."""
        deployment, behaviour, now = self._target(project_id)
        if behaviour == "runtime-error":
            message = "Runtime Error: an exception raced the liquidation"
            deployment.end(now + self.config.lags.stop_s, "RuntimeError", message)
        else:
            deployment.liquidate(
                now,
                stops=behaviour != "never-stops",
                flattens=behaviour != "never-flat",
                market_closed=self.config.market_hours or behaviour == "market-closed",
            )
        self._succeed(deployment, behaviour)

    def stop(self, project_id: int) -> None:
        """Accept a stop of whatever is live in a project now. Raises `NotAccepted`."""
        deployment, behaviour, now = self._target(project_id)
        deployment.stop(now, stops=behaviour != "never-stops")
        self._succeed(deployment, behaviour)

    def redeploy(self, project_id: int, due_at: float | None = None) -> Deployment:
        """End what is live in a project and launch a new deployment: at once, or as of a time at which it was due."""
        now = self.now() if due_at is None else due_at
        project = self.projects[project_id]
        if live := project.live(now):
            live.end(now)
        return self.launch(project, now, starting=False)

    def end(self, project_id: int, status: str = "Stopped", message: str = "", *, due_at: float | None = None) -> None:
        """End what is live in a project, by itself, with a status and a message: at once, or when it was due."""
        now = self.now() if due_at is None else due_at
        if live := self.projects[project_id].live(now):
            live.end(now, status, message)

    def behave(self, project_id: int, name: str) -> None:
        """Let the triggers of a project end otherwise from now on; an empty name is back to normal."""
        if not name:
            self.behaviours.pop(project_id, None)
        elif name not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {name!r}; known: {', '.join(BEHAVIOURS)}")
        else:
            self.behaviours[project_id] = name

    def live(self, project_id: int, due_at: float | None) -> tuple[Deployment, float]:
        """Return what is live in a project, and the time: now, or when something was due. Raises ValueError."""
        now = self.now() if due_at is None else due_at
        live = self.projects[project_id].live(now)
        if live is None:
            raise ValueError(f"nothing is live in project {project_id}")
        return live, now

    def _target(self, project_id: int) -> tuple[Deployment, str, float]:
        now = self.now()
        deployment = self.deployment(project_id)
        behaviour = self.behaviours.get(project_id, "")
        if deployment is None or not deployment.alive(now) or behaviour == "rejected":
            raise NotAccepted
        return deployment, behaviour, now

    def _succeed(self, deployment: Deployment, behaviour: str) -> None:
        stopped = deployment.stopped_at()
        if behaviour == "redeploys" and stopped is not None:
            project = self.projects[deployment.plan.project_id]
            self.at(stopped + 5.0, lambda due_at: project.live(due_at) or self.launch(project, due_at, starting=False))

    def _add_project(self, plan: ProjectPlan, *, first: bool) -> None:
        project = Project(plan)
        self.projects[plan.project_id] = project
        for run in plan.runs:
            self._begin(project, run)
        self._add_optimizations(project, self.config.optimizations if first else None)
        if not self.config.events:
            return
        if plan.redeploys_every_s:
            self.at(self.started_at + plan.redeploys_every_s, lambda due_at: self._redeploy_by_plan(project, due_at))
        if plan.fails_after_s:
            self.at(self.started_at + plan.fails_after_s, lambda due_at: self._fail_by_plan(project, due_at))

    def _begin(self, project: Project, run: Run) -> None:
        launched_at = self.started_at - run.launched_ago_s
        if run.launched_ago_s > DAY_S and any(symbol.hours == "us" for symbol in project.plan.symbols):
            # So that its first rebalance can trade, if it lives to see a session at all.
            session_at = in_session(launched_at)
            if session_at < self.started_at - (run.ended_ago_s or 0.0) - HOUR_S:
                launched_at = session_at
        deployment = self.launch(project, launched_at, starting=run.starting, positions=run.positions)
        if run.ended_ago_s is not None:
            ended_at = self.started_at - run.ended_ago_s
            if run.ends_as == "Liquidated":
                deployment.liquidate(ended_at)
            else:
                deployment.end(ended_at, run.ends_as, run.message)
        else:
            active_s = deployment.active_s(self.started_at) - deployment.active_s(launched_at)
            usual = min(int(active_s / project.plan.insight_every_s), USUAL_INSIGHTS)
            deployment.insight_total = usual if self.config.insights is None else self.config.insights
            deployment.stuck_status = run.stuck_status

    def launch(self, project: Project, at: float, *, starting: bool, positions: Sequence[Holding] = ()) -> Deployment:
        """Start a deployment of a project, with all that the one before it was worth."""
        plan, seed = project.plan, self.config.seed
        number = self._serial[plan.project_id] = self._serial.get(plan.project_id, 0) + 1
        deploy_id = "L-" + hex_of(seed, "deployment", plan.project_id, number)
        before = project.deployments[-1] if project.deployments else None
        ledger = Ledger(
            self.market,
            key=key_of(seed, "ledger", deploy_id),
            symbols=plan.symbols,
            launched_at=at,
            rebalance_s=plan.rebalance_s,
            capital=round(before.equity(at), 2) if before else plan.capital,
            shorts=plan.shorts,
            starts_with=positions,
        )
        deployment = Deployment(
            plan, deploy_id, launched_at=at, ledger=ledger, lags=self.config.lags, starting=starting
        )
        project.deployments.append(deployment)
        return deployment

    def _redeploy_by_plan(self, project: Project, due_at: float) -> None:
        live = project.live(due_at)
        # A person who stopped it meant it: the plan does not bring it back.
        if live is not None and live.stop_accepted_at is None and live.liquidation is None:
            live.end(due_at)
            self.at(due_at + REDEPLOY_GAP_S, lambda again: self.launch(project, again, starting=True))
        if project.plan.redeploys_every_s:
            self.at(due_at + project.plan.redeploys_every_s, lambda again: self._redeploy_by_plan(project, again))

    def _fail_by_plan(self, project: Project, due_at: float) -> None:
        if live := project.live(due_at):
            message = "Runtime Error: insufficient margin for BTCUSD\n  at OnData\n    in main.py: line 88\n"
            live.end(due_at, "RuntimeError", message)
            # Repaired and deployed again a little later, as a person would.
            self.at(due_at + 20 * 60.0, lambda again: self.launch(project, again, starting=True))

    def _add_optimizations(self, project: Project, wanted: int | None) -> None:
        plan, seed, now = project.plan, self.config.seed, self.started_at
        total = plan.optimizations if wanted is None else wanted
        running = bool(plan.optimizes_every_s) and total > 0
        for number in range(total):
            if number < (2 if running else 0):
                # One under way and one that waits for nodes, so that there is something to watch at once.
                requested_at = now - (9 * 60.0, 20.0)[number]
            elif number == 0 and plan.sweep_ends_after_s is not None:
                takes_s = optimization(seed, plan, number, 0.0).ends_at()
                requested_at = now + plan.sweep_ends_after_s - takes_s
            else:
                # Long enough ago to have ended.
                days = 0.4 + number * 0.7 + 0.3 * unit(key_of(seed, "age", plan.project_id, number))
                requested_at = now - DAY_S * days
            self.add(project, optimization(seed, plan, number, requested_at))
        for number, sweep in enumerate(plan.sweeps, 500):
            made = optimization_of(
                seed,
                plan,
                number,
                now - sweep.requested_ago_s,
                name=sweep.name,
                parameters=sweep.parameters,
                nodes=sweep.nodes,
                node_type=sweep.node_type,
                target=sweep.target,
                extremum=sweep.extremum,
            )
            if sweep.aborted_after_s is not None:
                made.aborted_at = made.requested_at + sweep.aborted_after_s
            self.add(project, made)
        if plan.optimizes_every_s and self.config.events:
            first_at = now + plan.optimizes_every_s * (0.2 + 0.3 * unit(key_of(seed, "optimizes", plan.project_id)))
            self.at(first_at, lambda due_at: self._optimize_by_plan(project, due_at))

    def _optimize_by_plan(self, project: Project, due_at: float) -> None:
        serial = 1000 + sum(1000 <= one.number < 2000 for one in project.optimizations)
        self.add(project, optimization(self.config.seed, project.plan, serial, due_at))
        if project.plan.optimizes_every_s:
            self.at(due_at + project.plan.optimizes_every_s, lambda again: self._optimize_by_plan(project, again))

    def add(self, project: Project, new: Optimization) -> None:
        """Take an optimization into a project."""
        project.optimizations.append(new)
        project.optimizations.sort(key=lambda one: -one.requested_at)
        self.optimizations[new.optimization_id] = new

    def forget(self, gone: Optimization) -> None:
        """Delete an optimization."""
        del self.optimizations[gone.optimization_id]
        self.projects[gone.project_id].optimizations.remove(gone)
