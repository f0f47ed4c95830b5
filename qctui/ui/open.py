"""Which screen shows what, in full."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from qctui.ui.context import AppContext, Detail, DetailKind


def screen_of(detail: Detail, context: AppContext) -> Screen[Any]:
    """The screen that shows this. Each is imported when it is first needed: a start must not wait for what most glances
    never open."""
    match detail.kind:
        case DetailKind.DEPLOYMENT:
            from qctui.ui.deployments.deployment_screen import DeploymentScreen

            return DeploymentScreen(context, detail)
        case DetailKind.ORDER:
            from qctui.ui.deployments.order_screen import OrderScreen

            return OrderScreen(context, detail)
        case DetailKind.OPTIMIZATION:
            from qctui.ui.optimizations.optimization_screen import OptimizationScreen

            return OptimizationScreen(context, detail)
        case DetailKind.RUN:
            from qctui.ui.optimizations.run_screen import RunScreen

            return RunScreen(context, detail)
        case DetailKind.INSIGHT:
            from qctui.ui.insights.insight_screen import InsightScreen

            return InsightScreen(context, detail)
        case _:
            from qctui.ui.charts.chart_screen import ChartScreen

            return ChartScreen(context, detail)
