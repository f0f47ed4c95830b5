"""Answers of live/chart/read: which points a window holds, and their text, made in slices and kept.

Buckets lie on absolute multiples of their length, so a window that moves on shares all but its edges with the one
before, and the text of whole blocks of buckets is reused.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qctui.simulator.charts import CANDLE, ChartPlan, Point, SeriesPlan, StandardCharts, custom_charts
from qctui.simulator.deployments import Deployment
from qctui.simulator.market import DAY_S
from qctui.simulator.noise import key_of, unit
from qctui.simulator.shapes import Json, capitalise
from qctui.simulator.world import Project, World

FULL_S = 2 * DAY_S
"""How long every series is kept at full resolution."""
KEPT_S = 730 * DAY_S
"""How long the long-kept series are kept, one point a day."""
BLOCK = 256
"""Buckets whose text is made and kept together."""
KEPT_BYTES = 24 << 20
"""Text kept for windows that come again; more of it when every series is a long one."""
_TYPE_NAMES = ("Line", "Scatter", "Candle", "Bar", "Flag", "StackedArea", "Pie", "Treemap", "", "Heatmap", "Scatter3d")


@dataclass(frozen=True)
class ChartRequest:
    """What is asked for: about `count` points between two times, as of a snapshot, in one of the variants."""

    count: int
    start: float
    end: float
    at: float
    """The time of the snapshot."""
    variant: str


class ChartAnswers:
    """Writes chart answers for one world."""

    def __init__(self, world: World) -> None:
        self._standard = StandardCharts(world.market)
        self._blocks: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._forced_points = world.config.points
        self._room = KEPT_BYTES + 200 * (world.config.points or 0)

    def charts(self, project: Project, deployment: Deployment) -> list[ChartPlan]:
        """Return the charts a deployment reports: those every deployment has, then its own."""
        lead = deployment.ledger.symbols[0].ticker
        own = custom_charts(self._standard.price(lead), lead)
        return self._standard.of(deployment) + [plan for plan in own if plan.name in project.plan.custom_charts]

    def plan(self, project: Project, name: str, at: float) -> ChartPlan | None:
        """Return a chart of a project by its exact name."""
        current = project.current(at)
        charts = self.charts(project, current) if current is not None else []
        return next((plan for plan in charts if plan.name == name), None)

    def pieces(self, project: Project, plan: ChartPlan, asked: ChartRequest) -> Iterator[bytes]:
        """Yield the answer's body piece by piece, each quick to make."""
        capital, type_names = asked.variant == "capitalised", asked.variant == "type-names"
        heads: Any = {series.name: _series_head(series, capital=capital, names=type_names) for series in plan.series}
        if asked.variant == "series-list" and not any(any(self._points(project, one, asked)) for one in plan.series):
            heads = []
        if asked.variant == "no-map":
            heads = list(heads.values())
        if asked.variant == "one-series" and len(plan.series) == 1:
            # The documented example (REFERENCE.md 9, row 1).
            (heads,) = heads.values()
        chart_type = ("Overlay", "Stacked")[plan.type] if type_names else plan.type
        chart: Json = {"name": plan.name, "chartType": chart_type, "series": heads}
        envelope: Json = {"chart": capitalise(chart, deep=False) if capital else chart, "success": True}
        if capital:
            envelope["Success"] = True
        elif asked.variant == "errors":
            # Today's answers have none: the official helpers wait until there is no such list (REFERENCE.md 2.1).
            envelope["errors"] = []
        parts = json.dumps(envelope, ensure_ascii=False).encode().split(b'"@values@"')
        for part, series in zip(parts[:-1], plan.series, strict=False):
            yield part + b"["
            separator = b""
            for text in self._points(project, series, asked):
                yield separator + text
                separator = b","
            yield b"]"
        yield parts[-1]

    def _points(self, project: Project, series: SeriesPlan, asked: ChartRequest) -> Iterator[bytes]:
        at, style = asked.at, _style(series, asked.variant)
        # A daily figure stays one: a hundred thousand of them would be three centuries.
        sampled = series.values is not None and series.least_step_s < DAY_S and not series.last_only
        forced = self._forced_points if sampled else None
        oldest = asked.start
        if forced is None:
            oldest = max(oldest, at - (KEPT_S if series.kept_long else FULL_S + DAY_S))
        for deployment in project.deployments:
            begins = max(oldest, deployment.launched_at)
            ends = min(asked.end, deployment.trading_until(at))
            if deployment.launched_at > at or begins > ends:
                continue
            if series.events is not None:
                quiet = deployment.ledger.quiet
                points = [each for each in series.events(deployment, begins, ends) if quiet.began_at(each[0]) is None]
                if points:
                    yield _text([(_whole(at), value, tip) for at, value, tip in points], style)
            elif series.last_only:
                if deployment is project.current(at):
                    values = self._values(series, deployment, [ends])
                    if values:
                        yield _text([(_whole(ends), values[0], None)], style)
            else:
                for first, last, step in _grids(series, asked, forced, begins, ends):
                    yield from self._blocks_of(series, deployment, first, last, step, style)

    def _blocks_of(
        self, series: SeriesPlan, deployment: Deployment, begins: float, ends: float, step: float, style: str
    ) -> Iterator[bytes]:
        if step == 0:
            yield self._block(series, deployment, [_whole(ends)], 1.0, ends, style)
            return
        first, last = math.ceil(begins / step), math.floor(ends / step)
        number = first
        while number <= last:
            block = number // BLOCK
            until = min((block + 1) * BLOCK - 1, last)
            key = (deployment.deploy_id, series.name, series.type, step, block, style)
            whole = number == block * BLOCK and until == (block + 1) * BLOCK - 1 and (until + 1) * step <= ends
            text = self._blocks.get(key) if whole else None
            if text is None:
                quiet = deployment.ledger.quiet
                places = (_rounded(place * step) for place in range(number, until + 1))
                times = [at for at in places if not quiet.known or quiet.began_at(at) is None]
                text = self._block(series, deployment, times, step, ends, style)
                if whole:
                    self._keep(key, text)
            if text:
                yield text
            number = until + 1

    def _keep(self, key: tuple[object, ...], text: bytes) -> None:
        self._blocks[key] = text
        self._room -= len(text)
        while self._room < 0 and self._blocks:
            self._room += len(self._blocks.popitem(last=False)[1])

    def _values(self, series: SeriesPlan, deployment: Deployment, times: list[float]) -> list[float | None]:
        return series.values(deployment, times) if series.values is not None else []

    def _block(
        self, series: SeriesPlan, deployment: Deployment, times: list[float], step: float, ends: float, style: str
    ) -> bytes:
        if not times:
            return b""
        if series.type != CANDLE or style == "two":
            values = self._values(series, deployment, times)
            return _text([(at, value, None) for at, value in zip(times, values, strict=True)], style)
        inner = 1 if self._forced_points is not None or step <= 60.0 else min(int(step // 60.0), 6)
        grid: list[float] = []
        for at in times:
            grid += [min(at + step * part / inner, ends) for part in range(inner)]
        grid.append(min(times[-1] + step, ends))
        values = self._values(series, deployment, grid)
        key = key_of(deployment.deploy_id, "wick")
        rows: list[str] = []
        for place, at in enumerate(times):
            inside = [value for value in values[place * inner : place * inner + inner + 1] if value is not None]
            opened, closed, high, low = inside[0], inside[-1], max(inside), min(inside)
            if high > low:
                reach = (high - low) * 0.4
                high += reach * unit(key, int(at))
                low -= reach * unit(key, int(at) + 1)
            text = f"[{at:.10g},{opened:.2f},{high:.2f},{low:.2f},{closed:.2f}]"
            if style == "holes" and unit(key, int(at) + 2) < 0.04:
                text = f"[{at:.10g},null,null,null,null]"
            elif style == "holes" and unit(key, int(at) + 3) < 0.04:
                text = f"[{at:.10g},{opened:.2f},null,{low:.2f},{closed:.2f}]"
            rows.append(text)
        return ",".join(rows).encode()


def _grids(
    series: SeriesPlan, asked: ChartRequest, forced: int | None, begins: float, ends: float
) -> Iterator[tuple[float, float, float]]:
    """Yield stretches of a deployment's time and the distance of the points in each; 0 is one point at the end."""
    span = asked.end - asked.start
    if span <= 0:
        # start = end = 0 and the like: the trap of a single point (REFERENCE.md 6.3).
        yield ends, ends, 0.0
        return
    if forced:
        yield begins, ends, span / forced
        return
    fine = max(float(math.ceil(span / asked.count)), 1.0, series.least_step_s)
    border = (asked.at - FULL_S) // DAY_S * DAY_S
    if begins < border:
        yield begins, min(ends, border - 1), max(DAY_S, fine)
    if ends >= border:
        yield max(begins, border), ends, fine


def _whole(at: float) -> float:
    """A chart's times are whole seconds; only a chart of more points than seconds has finer ones."""
    return float(math.floor(at))


def _rounded(at: float) -> float:
    return float(int(at)) if at == int(at) else round(at, 3)


def _style(series: SeriesPlan, variant: str) -> str:
    if variant == "capitalised" and series.type != CANDLE:
        return "missing-y"
    if variant == "two-values" and series.type == CANDLE:
        return "two"
    return "objects" if series.objects else "holes" if variant == "holes" else "arrays"


def _text(points: list[Point], style: str) -> bytes:
    rows: list[str] = []
    for at, value, tooltip in points:
        text = "null" if value is None else f"{value:.10g}"
        if style == "missing-y":
            rows.append(f'{{"x":{at:.13g}}}' if value is None else f'{{"x":{at:.13g},"y":{text}}}')
        elif style == "objects":
            tail = "" if tooltip is None else f',"tooltip":{json.dumps(tooltip, ensure_ascii=False)}'
            rows.append(f'{{"x":{at:.13g},"y":{text}{tail}}}')
        else:
            if style == "holes" and int(at) % 17 == 3:
                text = "null"
            rows.append(f"[{at:.13g},{text}]")
    return ",".join(rows).encode()


def _series_head(series: SeriesPlan, *, capital: bool, names: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"name": series.name, "unit": series.unit, "index": series.index}
    if series.z_index is not None:
        head["zIndex"] = series.z_index
    if series.index_name is not None:
        head["indexName"] = series.index_name
    head["seriesType"] = _TYPE_NAMES[series.type] if names else series.type
    if series.tooltip:
        head["tooltip"] = series.tooltip
    head["values"] = "@values@"
    if series.type != CANDLE:
        # LEAN writes neither for candles (REFERENCE.md 6.3).
        head["color"] = series.color
        head["scatterMarkerSymbol"] = series.marker
    return capitalise(head, deep=False) if capital else head
