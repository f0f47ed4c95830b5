"""Where one thing is shown in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen

from qctui.engine.facade import Engine
from qctui.engine.view import Want
from qctui.ui.glyphs import Glyphs
from qctui.ui.guard import Guard
from qctui.ui.messages import DetailKind, OpenDetail
from qctui.ui.options import UiOptions

_CHARTS = frozenset({DetailKind.CHART, DetailKind.CHARTS, DetailKind.EQUITIES, DetailKind.OVERLAY})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a screen above the main one needs of the program."""

    engine: Engine
    options: UiOptions
    glyphs: Glyphs
    guard: Guard
    """Does the work of showing; what fails is said where it would stand."""
    keep_open: Callable[[object, Iterable[Want]], None]
    """`keep_open(owner, wants)`: what the engine should keep current for this owner from now on; nothing once it
    closes."""


def make_detail(event: OpenDetail, around: Surroundings) -> Screen[Any] | None:
    """The screen that shows what was asked for; None for what has nothing more to show."""
    # Imported when first needed: a start must not wait for what most glances never open.
    if event.kind is DetailKind.DEPLOYMENT:
        from qctui.ui.screens.detail_deployment import DeploymentScreen

        return DeploymentScreen(event, around)
    if event.kind is DetailKind.OPTIMIZATION:
        from qctui.ui.screens.detail_optimization import OptimizationScreen

        return OptimizationScreen(event, around)
    if event.kind is DetailKind.INSIGHT and event.insight is not None:
        from qctui.ui.screens.detail_insight import InsightScreen

        return InsightScreen(event, around)
    if event.kind in _CHARTS:
        from qctui.ui.screens.chart_full import ChartScreen

        return ChartScreen(
            around,
            project_id=event.project_id,
            name=event.name,
            chart=event.chart,
            kind=event.kind,
            window=event.window,
        )
    return None
