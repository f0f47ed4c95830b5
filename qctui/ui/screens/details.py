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
from qctui.ui.opening import Detail, DetailKind
from qctui.ui.options import UiOptions
from qctui.ui.selected import Selected

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
    selected: Selected
    """What is selected: what is shown in full, and what the keys act on there."""


def make_detail(detail: Detail, around: Surroundings) -> Screen[Any] | None:
    """The screen that shows what was asked for; None for what has nothing more to show."""
    # Imported when first needed: a start must not wait for what most glances never open.
    if detail.kind is DetailKind.DEPLOYMENT:
        from qctui.ui.screens.detail_deployment import DeploymentScreen

        return DeploymentScreen(detail, around)
    if detail.kind is DetailKind.OPTIMIZATION:
        from qctui.ui.screens.detail_optimization import OptimizationScreen

        return OptimizationScreen(detail, around)
    if detail.kind is DetailKind.INSIGHT and detail.insight is not None:
        from qctui.ui.screens.detail_insight import InsightScreen

        return InsightScreen(detail, around)
    if detail.kind in _CHARTS:
        from qctui.ui.screens.chart_full import ChartScreen

        return ChartScreen(
            around,
            name=detail.name,
            chart=detail.chart,
            kind=detail.kind,
            window=detail.window,
        )
    return None
