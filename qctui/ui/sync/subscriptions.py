"""What the engine should keep current, from what the person is looking at. A pure function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.keys import detail_key, insights_key, optimization_key, optimizations_key
from qctui.ui.rows import OptimizationRow
from qctui.ui.selection import Selection

MOST_OPTIMIZATIONS = 8
"""Optimizations whose progress is read at once: the list does not carry it, and each costs a request."""


def wants(
    selection: Selection,
    optimizations: Sequence[OptimizationRow],
    *,
    pinned: Sequence[int] = (),
    chart: Iterable[Subscription] = (),
    opened: Iterable[Subscription] = (),
    covered: bool = False,
) -> tuple[Subscription, ...]:
    """The view of the engine.

    `selection` is what the panes show, `optimizations` are the rows on screen, `chart` what the chart pane asks for,
    `opened` what the screens above the main one ask for. `covered` says that one of those hides the main screen: it is
    then read at the pace of what is off screen.
    """
    visibility = Visibility.HIDDEN if covered else Visibility.VISIBLE
    listed = list(opened)
    for project_id in pinned or (() if selection.project_id is None else (selection.project_id,)):
        listed.append(Subscription(optimizations_key(project_id), visibility))
    if selection.project_id is not None and selection.deployed:
        listed.append(Subscription(detail_key(selection.project_id), visibility))
        if selection.deploy_id:
            listed.append(Subscription(insights_key(selection.project_id, selection.deploy_id), visibility))
        listed += [Subscription(want.key, max(visibility, want.visibility)) for want in chart]
    # A finished one never changes: it is read once, for its best value, and then no more.
    unsettled = [row for row in optimizations if not row.finished or row.detail is None or not row.detail.finished]
    for row in unsettled[:MOST_OPTIMIZATIONS]:
        listed.append(Subscription(optimization_key(row.summary.optimization_id), visibility))
    first: dict[object, Subscription] = {}
    for want in listed:
        known = first.get(want.key)
        if known is None or want.visibility < known.visibility:
            first[want.key] = want
    return tuple(first.values())
