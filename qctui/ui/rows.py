"""Rows of the panes: what is listed, in which order, narrowed by which text. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qctui.model.account import Account, EquityTrail
from qctui.model.deployment import Deployment, Environment
from qctui.model.insight import Insight
from qctui.model.optimization import Optimization, OptimizationSummary

R = TypeVar("R")

RECENT_S = 86_400.0
"""How long an ended deployment stays in the list."""


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One project's newest deployment."""

    deployment: Deployment
    name: str
    base: float | None
    """The equity of 24 hours ago, or of its launch if that is later; None while it is not known."""
    trail: EquityTrail | None
    unseen_error: bool
    """It ended with a runtime error nobody has looked at yet."""
    alive_in_project: int = 0
    """Deployments of the project that may trade. The row shows the one launched last."""
    account: Account = field(default_factory=Account)
    """What is at risk in it, as far as it is known."""

    @property
    def project_id(self) -> int:
        """The row's key: it stays when the project is deployed again."""
        return self.deployment.project_id

    @property
    def gain(self) -> float | None:
        """What the equity has changed by since; None of what has ended, and while one of the two is unknown."""
        equity = self.deployment.equity
        return None if equity is None or self.base is None or not self.deployment.alive else equity - self.base

    @property
    def change(self) -> float | None:
        """The same, relative to the equity of then."""
        gain = self.gain
        return None if gain is None or self.base is None or self.base <= 0 else gain / self.base


@dataclass(frozen=True, slots=True)
class OptimizationRow:
    """One optimization: its summary, and its detail once that was read."""

    summary: OptimizationSummary
    detail: Optimization | None
    project: str
    """Its project's name."""
    listed_together: bool = False
    """Several projects are listed together: the row names its own."""

    @property
    def status(self) -> str:
        """The newest status known."""
        return self.detail.status if self.detail is not None else self.summary.status

    @property
    def finished(self) -> bool:
        """Completed or aborted, by whichever source says so: a detail that is not read again must not deny it."""
        return self.summary.finished or (self.detail is not None and self.detail.finished)

    @property
    def best(self) -> float | None:
        """The best value of the target so far; None while no run tells."""
        target = self.summary.criterion.target
        if self.detail is not None and (run := self.detail.best) is not None:
            return run.statistics.get(self.detail.criterion.target)
        return {"Sharpe Ratio": self.summary.sharpe_ratio, "Probabilistic Sharpe Ratio": self.summary.psr}.get(target)


def newest_deployments(deployments: Iterable[Deployment]) -> list[Deployment]:
    """One deployment per project: the one alive, else the one launched last. The service lists all there ever were."""
    newest: dict[int, Deployment] = {}
    for deployment in deployments:
        known = newest.get(deployment.project_id)
        if known is None or _standing(deployment) > _standing(known):
            newest[deployment.project_id] = deployment
    return list(newest.values())


def _standing(deployment: Deployment) -> tuple[bool, float]:
    return deployment.alive, deployment.launched_at or 0.0


def has_runtime_error(deployment: Deployment) -> bool:
    """It ended by an error of its own."""
    return not deployment.alive and deployment.status.casefold() in {"runtimeerror", "deployerror"}


def is_recent(deployment: Deployment, now: float) -> bool:
    """Alive, or ended within the last 24 hours. One whose end is not told counts by its launch."""
    if deployment.alive:
        return True
    ended_at = deployment.stopped_at if deployment.stopped_at is not None else deployment.launched_at
    return ended_at is None or now - ended_at < RECENT_S


def deployment_order(row: DeploymentRow) -> tuple[Any, ...]:
    """Alive first, LIVE before PAPER, by name; then what ended last. Having been seen changes no place: a row must not
    move because somebody looked at it."""
    deployment = row.deployment
    if deployment.alive:
        return 0, deployment.environment is not Environment.LIVE, row.name.casefold(), deployment.project_id
    return 1, False, -(deployment.stopped_at or 0.0), row.name.casefold(), deployment.project_id


def name_of(project_id: int, names: Mapping[int, str]) -> str:
    """A project's name, or its number while the name is unknown."""
    return names.get(project_id) or f"project {project_id}"


def deployment_text(row: DeploymentRow) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    deployment = row.deployment
    doubt = "?" if deployment.claims_paper else ""
    return f"{row.name} {deployment.environment.value}{doubt} {deployment.status} {deployment.brokerage}"


def optimization_text(row: OptimizationRow) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    criterion = row.summary.criterion
    project = row.project if row.listed_together else ""
    name = row.summary.name or row.summary.optimization_id
    return f"{name} {row.status} {criterion.extremum} {criterion.target} {project}"


def insight_text(insight: Insight) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    return f"{insight.ticker or insight.symbol} {insight.direction.value} {insight.model} {insight.tag}"


def insight_key(insight: Insight) -> Hashable:
    """What names an insight; the wire may leave the id out."""
    return insight.insight_id or (insight.generated_at, insight.symbol, insight.model, insight.tag)


def narrowed(rows: Sequence[R], text: str, text_of: Callable[[R], str]) -> Sequence[R]:
    """The rows that contain every word of `text`, whatever its case."""
    words = text.casefold().split()
    if not words:
        return rows
    return [row for row in rows if all(word in text_of(row).casefold() for word in words)]


def ordered(rows: Sequence[R], key: Callable[[R], Any], *, descending: bool) -> Sequence[R]:
    """The rows by a column; those without a value come last in either direction."""
    valued = [(key(row), row) for row in rows]
    known = [(value, row) for value, row in valued if value is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + [row for value, row in valued if value is None]
