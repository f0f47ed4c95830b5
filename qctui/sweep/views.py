"""The views of a sweep: for each its plot, where the runs are on it, and its reading in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from qctui.model.optimization import PERCENT_STATISTICS
from qctui.plot.values import ValueScale, fit, round_step, ticks
from qctui.sweep.judging import Influence, Objective, Slice, Sweep
from qctui.sweep.plots import WIDEST, Cell, Kind, Layer, Plot, Side
from qctui.sweep.ranking import UNTOLD, number_of, statistic_text
from qctui.sweep.words import count_text, counts_words, yet
from qctui.value import Value

CELLS_A_BOX = 7
"""Columns that each value of a parameter needs for a box beside its runs."""

CELLS_A_BAR = 4

COUNTS = 5
"""Numbers on an axis of what is counted."""

LEAST_OF_A_VALUE = 3
"""Runs of a value whose median is worth calling the best."""

_BESIDE = 0.3
"""How far from the place of a value its runs are drawn, and its box on the other side."""

Points = Sequence[tuple[str, float, float]]
"""Key, x and y of what a person can go to."""


class View(Value, eq=False):
    """What one view shows."""

    title: str
    """What it is about."""
    reading: str
    """What a person can read from it."""
    plot: Plot | None = None
    keys: Sequence[str] = ()
    """What stands at each of the plot's points: a run, or in a view of parameters a parameter."""


def slices(sweep: Sweep, parameter: str, width: int, sign: str) -> View:
    """The values of one parameter, each with its runs and a box of them."""
    found = sweep.slices(parameter)
    title = f"{sweep.target} by {parameter}"
    ended = [each for each in found if each.summary is not None]
    if not ended or sweep.summary is None:
        return View(title, f"No run with a value of {parameter} has ended with a {sweep.target}{yet(over=sweep.over)}.")
    places = {each.value: float(place) for place, each in enumerate(found)}
    boxes = width // len(found) >= CELLS_A_BOX
    aside = _BESIDE if boxes else 0.0
    valued = zip(sweep.ranking.runs[: sweep.ranking.ended], sweep.columns[parameter].steps, strict=False)
    points = [
        (each.key, step + aside, each.final) for each, step in valued if step != UNTOLD and each.final is not None
    ]
    layers = [_dots(points)]
    middle = [(places[each.value], each.summary) for each in ended if each.summary is not None]
    if boxes:
        five = [
            (at - _BESIDE / 2, (each.high, each.three_quarters, each.median, each.quarter, each.low))
            for at, each in middle
        ]
        layers.insert(0, Layer(Kind.BOXES, "chart-1", boxes=five))
    elif all(number_of(each.value) is not None for each in ended):
        layers.insert(0, Layer(Kind.LINE, "chart-1", [(at, each.median) for at, each in middle]))
    across = Side(ValueScale(-0.6, len(found) - 0.4), labels=[(place, value) for value, place in places.items()])
    plot = Plot(layers, across, _side(sweep.target, [y for _, _, y in points]), _best_signs(sweep, points, sign))
    return _view(title, _slices_reading(sweep, parameter, ended, found, boxes=boxes), plot, points)


def _slices_reading(
    sweep: Sweep, parameter: str, ended: Sequence[Slice], found: Sequence[Slice], *, boxes: bool
) -> str:
    shown = "A box is the middle half of a value's runs, its line the median." if boxes else ""
    shown = shown or "The line goes through the medians."
    counts = counts_words(sweep)
    maximize = sweep.optimization.criterion.maximize
    enough = [each for each in ended if each.summary is not None and each.summary.count >= LEAST_OF_A_VALUE]
    if len(enough) < 2 or maximize is None:
        return f"{shown}{counts}"
    medians = [(each.summary.median, each) for each in enough if each.summary is not None]
    medians.sort(key=lambda pair: pair[0], reverse=maximize)
    (best, top), (worst, last) = medians[0], medians[-1]
    one = sweep.deviation
    apart = abs(best - worst)
    strong = "clearly" if one and apart >= one else "a little" if one and apart >= one / 2 else "hardly"
    said = f"{parameter} {strong} matters: the median is best at {top.value} ({statistic_text(best, sweep.target)}), "
    said += f"worst at {last.value} ({statistic_text(worst, sweep.target)}). "
    rare = len(found) - len(enough)
    few = f" {rare} of {len(found)} values have fewer than {LEAST_OF_A_VALUE} runs." if rare else ""
    return f"{said}{shown}{few}{counts}"


def distribution(sweep: Sweep, width: int) -> View:
    """How often which value of the target came out."""
    title = f"distribution of {sweep.target}"
    summary, target = sweep.summary, sweep.target
    if summary is None:
        return View(title, f"No run has ended with a {target}{yet(over=sweep.over)}.")
    if not summary.high - summary.low <= WIDEST:
        return View(title, f"The values of {summary.count:,} runs are too far apart for a plot.")
    step, first, bins = _bins(summary.low, summary.high, summary.count, max(4, width // CELLS_A_BAR))
    heights = [0] * bins
    points: list[tuple[str, float, float]] = []
    for each in sweep.ranking.runs[: sweep.ranking.ended]:
        if each.final is not None:
            at = min(bins - 1, max(0, math.floor((each.final - first) / step + 1e-9)))
            heights[at] += 1
            points.append((each.key, first + (at + 0.5) * step, heights[at] - 0.5))
    bars = [(first + (at + 0.5) * step, height) for at, height in enumerate(heights)]
    best = sweep.ranking.best
    flags = [(summary.median, f"|median {statistic_text(summary.median, target)}")]
    if best is not None and best.final is not None:
        flags.append((best.final, f"|best {statistic_text(best.final, target)}"))
        flags.sort()
    across = Side(ValueScale(first, first + step * bins), _unit(target))
    places = [(x, y) for _, x, y in points]
    plot = Plot([Layer(Kind.BARS, "chart-1", bars)], across, _tall(max(heights)), (), flags, points=places)
    text = statistic_text
    said = f"One run has ended, with {text(summary.median, target)}."
    if summary.count > 1:
        said = f"{summary.count:,} runs: median {text(summary.median, target)}, half of them between "
        said += f"{text(summary.quarter, target)} and {text(summary.three_quarters, target)}."
    if best is not None and best.final is not None and sweep.deviation:
        away, chance = abs(best.final - summary.median) / sweep.deviation, _luckiest(summary.count)
        said += f" The best, {text(best.final, target)}, is {away:.1f} standard deviations from the median; of so many "
        said += f"draws of chance the luckiest would be {chance:.1f}."
    return _view(title, f"{said}{counts_words(sweep)}", plot, points)


def _luckiest(count: int) -> float:
    """How far the highest of so many draws from a bell curve is from its middle on average, in standard deviations
    (Blom's approximation)."""
    from statistics import NormalDist

    return NormalDist().inv_cdf((count - 0.375) / (count + 0.25))


def _bins(low: float, high: float, count: int, most: int) -> tuple[float, float, int]:
    """Width, beginning and number of bars: round numbers, and more of them the more runs there are."""
    wanted = max(4, min(most, math.ceil(math.sqrt(count)), 40))
    step = round_step((high - low) / wanted)
    if not step or not math.isfinite(high / step - low / step):
        step = max(abs(low), 1.0) * 0.1
    first = math.floor(low / step) * step
    return step, first, max(1, math.floor((high - first) / step + 1e-9) + 1)


def history(sweep: Sweep, sign: str) -> View:
    """Each run in the order of the answer, and the best value up to it."""
    found, target = sweep.history(), sweep.target
    title = f"best {target} so far"
    if not found:
        return View(title, f"No run has ended with a {target}{yet(over=sweep.over)}.")
    points = [(each.key, float(at), each.final or 0.0) for at, (each, _) in enumerate(found, 1)]
    layers = [_dots(points)]
    order = "The order is that of the API's answer, which tells no end times."
    said = f"{count_text(len(found), 'run')}; max or min is not told, so none is the best."
    bests = [None, *(best for _, best in found)]
    better = [(at, best) for at, (old, best) in enumerate(pairwise(bests), 1) if best is not None and best != old]
    if better:
        # The line goes on at its height until the run that is better.
        ends = [*better[1:], (len(found), better[-1][1])]
        stairs = [(x, best) for (at, best), (end, _) in zip(better, ends, strict=True) for x in (at, end)]
        layers.append(Layer(Kind.LINE, "chart-1", stairs))
        last, best = better[-1]
        idle = f", and no better one in the {len(found) - last:,} since" if last < len(found) else ""
        value, be = statistic_text(best, target), "was" if len(better) == 1 else "were"
        said = f"{value} at run {last:,} of {len(found):,}{idle}; {len(better):,} {be} the best yet."
    across = _whole(ValueScale(0.0, len(found) + 1.0))
    plot = Plot(layers, across, _side(target, [y for _, _, y in points]), _best_signs(sweep, points, sign))
    return _view(title, f"{said} {order}{counts_words(sweep)}", plot, points)


def pareto(sweep: Sweep, one: Objective, other: Objective, sign: str) -> View:
    """The runs by two statistics, and those among them that no other run beats in both."""
    found = sweep.front(one, other)
    title = f"{one.words} against {other.words}"
    if not found:
        return View(title, f"No run has ended with both statistics{yet(over=sweep.over)}.")
    points = [(run.key, x, y) for run, x, y, _ in found]
    front = [(x, y, sign) for _, x, y, on in found if on]
    xs, ys = [x for _, x, _ in points], [y for _, _, y in points]
    plot = Plot([_dots(points)], _side(one.name, xs), _side(other.name, ys), front)
    best_x, best_y = (max(xs) if one.maximize else min(xs)), (max(ys) if other.maximize else min(ys))
    are = "is" if len(front) == 1 else "are"
    said = f"{len(front):,} of {count_text(len(found), 'run')} {are} on the front ({sign}): no other run is better in "
    said += "one of the two and at least as good in the other. "
    if any(on and x == best_x and y == best_y for _, x, y, on in found):
        said += "One run is the best in both: there is nothing to trade."
    else:
        said += f"It goes from {one.name} {statistic_text(best_x, one.name)} "
        said += f"to {other.name} {statistic_text(best_y, other.name)}."
    missing = len(sweep.ranking.runs) - len(found)
    return _view(
        title, said + (f" Not in it: {missing:,} that did not end with both." if missing else ""), plot, points
    )


def importance(sweep: Sweep) -> View:
    """How strongly each parameter and the target go together."""
    found = sweep.influences
    title = f"rank correlation with {sweep.target}"
    told = [each for each in found if each.correlation is not None]
    untold = "; ".join(f"{each.name}: none, {each.why}" for each in found if each.correlation is None)
    if not told:
        return View(title, f"No correlation. {untold}." if untold else "No parameter varies.")
    # The strongest stands at the top.
    places = {each.name: float(len(found) - at) for at, each in enumerate(found)}
    bars = [(places[each.name], abs(each.correlation or 0.0)) for each in told]
    points = [(each.name, abs(each.correlation or 0.0), places[each.name]) for each in found]
    labels = [(places[each.name], f"{each.name[:16]} {_figure(each)}") for each in found]
    across = Side(ValueScale(0.0, 1.0))
    upwards = Side(ValueScale(0.4, len(found) + 0.6), labels=labels)
    ends = [(x, y) for _, x, y in points]
    plot = Plot([Layer(Kind.BARS, "chart-1", bars)], across, upwards, sideways=True, points=ends)
    first, maximize = told[0], sweep.optimization.criterion.maximize
    strength = abs(first.correlation or 0.0)
    better = "higher" if ((first.correlation or 0.0) > 0) == maximize else "lower"
    way = f" ({better} is better)" if maximize is not None and strength else ""
    said = (
        f"{first.name} goes with {sweep.target} most{way}: {strength:.2f} over {first.runs:,} runs. 0 is no trend, 1 a "
    )
    said += "perfect one. A best value in the middle of a range is no trend either: see its slice."
    return _view(title, said + (f" {untold}." if untold else ""), plot, points)


def _dots(points: Points) -> Layer:
    return Layer(Kind.DOTS, "chart-2", [(x, y) for _, x, y in points])


def _best_signs(sweep: Sweep, points: Points, sign: str) -> Sequence[tuple[float, float, str]]:
    best = sweep.ranking.best
    return [(x, y, sign) for key, x, y in points if best is not None and key == best.key]


def _figure(each: Influence) -> str:
    if each.correlation is None:
        return "?"
    return f"{each.correlation:+.2f}"


def _side(statistic: str, values: Sequence[float]) -> Side:
    return Side(fit(min(values), max(values)), _unit(statistic))


def _tall(highest: int) -> Side:
    """Counts, with room for a line of words above the bars."""
    return _whole(ValueScale(0.0, highest * 1.25 or 1.0))


def _whole(scale: ValueScale) -> Side:
    """An axis of what is counted: there are no halves of it."""
    return Side(scale, labels=[(value, f"{value:,.0f}") for value in ticks(scale, COUNTS) if value == int(value)])


def _unit(statistic: str) -> str:
    return "%" if statistic in PERCENT_STATISTICS else ""


def _view(title: str, reading: str, plot: Plot, points: Points) -> View:
    return View(title, reading, plot, [key for key, _, _ in points])


def nearest(cells: Sequence[Cell | None], at: int, across: int, down: int) -> int:
    """The next point to the right or left (`across`), or below or above (`down`), by its place among `cells`: the
    nearest in that direction, what is straight ahead first."""
    here = cells[at]
    best, found = math.inf, at
    for place, there in enumerate(cells):
        if here is None or there is None:
            continue
        x, y = there[0] - here[0], there[1] - here[1]
        ahead, aside = (x * across, abs(y)) if across else (y * down, abs(x))
        # A cell is about twice as high as it is wide.
        far = ahead + 2.5 * aside if across else 2 * ahead + 5 * aside
        if ahead > 0 and far < best:
            best, found = far, place
    return found
