"""Records the equity of each deployment over the last day, from the live list and the equity chart."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from qctui.model.account import DAY_S, EQUITY_HISTORY, EquityTrail
from qctui.model.chart import Series
from qctui.model.deployment import Deployment
from qctui.store import Store

SPACING_S = 900.0
"""Samples closer than this to the one before replace it."""

KEEP_S = DAY_S + 2 * SPACING_S
"""How far back a trail is kept: what was a day ago must be in it."""

SAMPLES = 200
"""Kept per deployment at most, whatever the clocks do."""

DEPLOYMENTS_KEPT = 2_000
"""Those beyond are not followed, alive ones first: a list that long is not looked at row by row."""


LAUNCH_S = 60.0
"""The first equity listed this soon after a launch is that of the launch, if lists were read before: it does not trade
yet."""


class EquityHistory:
    """Collects trails and publishes them under `EQUITY_HISTORY` when one changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trails: dict[str, EquityTrail] = {}
        self._listed = False
        """A list has been taken in."""
        self._taken_mono: dict[str, float] = {}
        """When the newest sample of a trail began, monotonic: spacing must not depend on the wall clock."""

    def record(self, deployments: Iterable[Deployment], at: float, mono: float) -> None:
        """Take in a live list received at Unix time `at`. Trails of what is no longer listed are dropped.

        What carries no id, or one that another project carries too, is not followed: its trail would be of both.
        """
        projects: dict[str, set[int]] = {}
        for each in (deployments := tuple(deployments)):
            projects.setdefault(each.deploy_id, set()).add(each.project_id)
        named = (each for each in deployments if each.deploy_id and len(projects[each.deploy_id]) == 1)
        followed = sorted(named, key=lambda each: not each.alive)
        listed = {
            each.deploy_id: trail
            for each in followed[:DEPLOYMENTS_KEPT]
            if (trail := self._next_trail(each, at, mono)) is not None
        }
        changed = listed.keys() != self._trails.keys() or any(
            trail is not self._trails[deploy_id] for deploy_id, trail in listed.items()
        )
        self._taken_mono = {deploy_id: self._taken_mono[deploy_id] for deploy_id in listed}
        self._trails = listed
        self._listed = True
        if changed:
            self._publish(at, mono)

    def adopt(self, deployment: Deployment, equity: Series, start: float, at: float, mono: float) -> bool:
        """Put what the equity chart says, read at `at` for the time from `start` on, before what was listed since.

        A chart is its project's and spans earlier deployments (REFERENCE.md 6.3): what is older than the launch is cut
        off, and where the launch is not known nothing is taken over. Returns whether anything was.
        """
        known = self._trails.get(deployment.deploy_id)
        launched_at = deployment.launched_at
        if known is None or launched_at is None:
            return False
        first = bisect_left(equity.xs, max(launched_at, at - 2 * DAY_S))
        ats, values = _thinned(equity.xs[first : bisect_right(equity.xs, at)], equity.ys[first:])
        if not ats:
            return False
        newer = bisect_right(known.ats, ats[-1])
        ats += known.ats[newer:] or array("d", [at])
        values += known.values[newer:] or known.values[-1:]
        self._trails = {**self._trails, deployment.deploy_id: _bounded(ats, values, max(start, launched_at), at)}
        self._publish(at, mono)
        return True

    def restore(self, deploy_id: str, trail: EquityTrail, at: float, mono: float) -> None:
        """Put what an earlier run knew before what was listed since."""
        listed = self._trails.get(deploy_id)
        newer = bisect_right(listed.ats, trail.ats[-1]) if listed is not None else 0
        ats = trail.ats + listed.ats[newer:] if listed is not None else trail.ats
        values = trail.values + listed.values[newer:] if listed is not None else trail.values
        self._trails = {**self._trails, deploy_id: _bounded(ats, values, trail.since, at)}
        self._taken_mono.setdefault(deploy_id, float("-inf"))
        if listed is not None:
            self._publish(at, mono)

    def _publish(self, at: float, mono: float) -> None:
        self._store.put_value(EQUITY_HISTORY, self._trails, at=at, mono=mono)

    def _next_trail(self, deployment: Deployment, at: float, mono: float) -> EquityTrail | None:
        trail = self._trails.get(deployment.deploy_id)
        equity = deployment.equity
        # An ended deployment's equity stands still: its trail is what it was while it traded.
        if equity is None or not math.isfinite(equity) or (trail is not None and not deployment.alive):
            return trail
        if trail is None:
            self._taken_mono[deployment.deploy_id] = mono
            return EquityTrail(array("d", [at]), array("d", [equity]), self._since(deployment.launched_at, at))
        # The first one is never replaced: a change may be measured from it.
        kept = len(trail.ats)
        if mono - self._taken_mono[deployment.deploy_id] < SPACING_S:
            if trail.values[-1] == equity:
                return trail
            kept = max(1, kept - 1)
        else:
            self._taken_mono[deployment.deploy_id] = mono
        ats, values = trail.ats[:kept] + array("d", [at]), trail.values[:kept] + array("d", [equity])
        return _bounded(ats, values, trail.since, at)

    def _since(self, launched_at: float | None, at: float) -> float:
        """From when on everything is known of what is new in the list: it may have been launched just now."""
        if not self._listed or launched_at is None or at - launched_at > LAUNCH_S:
            return at
        return min(at, launched_at)


def _thinned(xs: array[float], ys: array[float]) -> tuple[array[float], array[float]]:
    """The first point, and of the others the last one of each `SPACING_S`: points may be seconds apart."""
    ats, values = xs[:1], ys[:1]
    for at, value in zip(xs[1:], ys[1:], strict=False):
        if len(ats) > 1 and at // SPACING_S == ats[-1] // SPACING_S:
            ats[-1], values[-1] = at, value
        else:
            ats.append(at)
            values.append(value)
    return ats, values


def _bounded(ats: array[float], values: array[float], since: float, now: float) -> EquityTrail:
    """A trail without what is too old. The last one before that stays: it is what the equity was until the next."""
    first = max(0, bisect_right(ats, now - KEEP_S) - 1, len(ats) - SAMPLES)
    return EquityTrail(ats[first:], values[first:], since)
