"""Where one thing is shown in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen

from qctui.engine.engine_port import Engine, Subscription
from qctui.ui.kit.safe_draw import Guard
from qctui.ui.openable import Detail, DetailKind
from qctui.ui.options import UiOptions
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.theme.glyph_set import Glyphs

_CHARTS = frozenset({DetailKind.CHART, DetailKind.CHARTS, DetailKind.EQUITIES, DetailKind.OVERLAY})


@dataclass(frozen=True, slots=True)
class AppContext:
    """What a screen above the main one needs of the program."""

    engine: Engine
    options: UiOptions
    glyphs: Glyphs
    guard: Guard
    """Does the work of showing; what fails is said where it would stand."""
    subscribe: Callable[[object, Iterable[Subscription]], None]
    """`subscribe(owner, wants)`: what the engine should keep current for this owner from now on; nothing once it
    closes."""
    selected: SelectionOwner
    """What is selected: what is shown in full, and what the keys act on there."""


def make_detail(detail: Detail, app_context: AppContext) -> Screen[Any] | None:
    """The screen that shows what was asked for; None for what has nothing more to show."""
    # Imported when first needed: a start must not wait for what most glances never open.
    if detail.kind is DetailKind.DEPLOYMENT:
        from qctui.ui.deployments.deployment_screen import DeploymentScreen

        return DeploymentScreen(detail, app_context)
    if detail.kind is DetailKind.OPTIMIZATION:
        from qctui.ui.optimizations.optimization_screen import OptimizationScreen

        return OptimizationScreen(detail, app_context)
    if detail.kind is DetailKind.INSIGHT and detail.insight is not None:
        from qctui.ui.insights.insight_screen import InsightScreen

        return InsightScreen(detail, app_context)
    if detail.kind in _CHARTS:
        from qctui.ui.charts.chart_screen import ChartScreen

        return ChartScreen(
            app_context,
            name=detail.name,
            chart=detail.chart,
            kind=detail.kind,
            window=detail.window,
        )
    return None
