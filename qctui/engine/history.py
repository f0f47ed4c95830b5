"""What the equity of each deployment has been since the program started: bounded, for sparklines."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from qctui.model.deployment import Deployment
from qctui.model.history import EQUITY_HISTORY, EquityTrail
from qctui.store import Store

SAMPLES = 120
"""Kept per deployment; more than any sparkline has cells."""

SPACING_S = 60.0
"""Samples closer than this to the one before replace it, so that the trail covers at least two hours."""

DEPLOYMENTS_KEPT = 2_000
"""Those beyond are not followed, alive ones first: a list that long is not looked at row by row."""


class EquityHistory:
    """Collects trails and publishes them under `EQUITY_HISTORY` when one changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trails: dict[str, EquityTrail] = {}
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
        listed: dict[str, EquityTrail] = {}
        for deployment in followed[:DEPLOYMENTS_KEPT]:
            trail = self._next_trail(deployment, at, mono)
            if trail is not None:
                listed[deployment.deploy_id] = trail
        changed = listed.keys() != self._trails.keys() or any(
            trail is not self._trails[deploy_id] for deploy_id, trail in listed.items()
        )
        self._taken_mono = {deploy_id: self._taken_mono[deploy_id] for deploy_id in listed}
        self._trails = listed
        if changed:
            self._store.put(EQUITY_HISTORY, self._store.get(EQUITY_HISTORY).with_value(listed, at=at, mono=mono))

    def _next_trail(self, deployment: Deployment, at: float, mono: float) -> EquityTrail | None:
        trail = self._trails.get(deployment.deploy_id)
        equity = deployment.equity
        # An ended deployment's equity stands still: its trail is what it was while it traded.
        if equity is None or not math.isfinite(equity) or (trail is not None and not deployment.alive):
            return trail
        if trail is None:
            self._taken_mono[deployment.deploy_id] = mono
            return EquityTrail(array("d", [at]), array("d", [equity]))
        if mono - self._taken_mono[deployment.deploy_id] < SPACING_S:
            if trail.values[-1] == equity:
                return trail
            return EquityTrail(trail.ats[:-1] + array("d", [at]), trail.values[:-1] + array("d", [equity]))
        self._taken_mono[deployment.deploy_id] = mono
        keep = SAMPLES - 1
        return EquityTrail(trail.ats[-keep:] + array("d", [at]), trail.values[-keep:] + array("d", [equity]))
