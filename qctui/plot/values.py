"""The value axis: its range, its ticks, and numbers as people write them."""

from __future__ import annotations

import itertools
import math
import sys

from qctui.value import Value

HEADROOM = 0.06
"""Part of the range left free above and below the data, so that the next point rarely moves the axis."""
KEEP_ABOVE = 0.55
"""An earlier range is kept while the data fit it and fill at least this part of it."""
_LARGEST = sys.float_info.max


class ValueScale(Value):
    """Values to heights. `low` < `high`, both finite; with `log` both above zero."""

    low: float
    high: float
    log: bool = False

    def unit(self, value: float) -> float:
        """`value` as a part of the range: 0 at `low`, 1 at `high`. Finite for every finite value."""
        if self.log:
            if value <= 0.0:
                return -1.0
            low, high = math.log(self.low), math.log(self.high)
            return (math.log(value) - low) / (high - low)
        # Halved twice, so that the difference of two huge values of opposite sign stays finite.
        span = self.high * 0.25 - self.low * 0.25
        if span == 0.0:  # denormal ends, which a quarter rounds away
            return (value - self.low) / (self.high - self.low)
        return (value * 0.25 - self.low * 0.25) / span

    def row(self, value: float, rows: int) -> int:
        """The row from the top, of `rows` rows, on which `value` lies; clamped to the rows."""
        return min(rows - 1, max(0, round((1.0 - min(2.0, max(-1.0, self.unit(value)))) * (rows - 1))))


def fit(
    low: float, high: float, *, log: bool = False, zero: bool = False, before: ValueScale | None = None
) -> ValueScale:
    """A scale for data from `low` to `high`.

    `zero` keeps zero in it (bars and areas stand on it). `before`, the scale of the last drawing, stays when the data
    still fit and fill it well: an axis that twitches with each point would repaint the whole chart.
    """
    log = log and low >= sys.float_info.min
    if zero and not log:
        low, high = min(low, 0.0), max(high, 0.0)
    if before is not None and before.log == log and before.low <= low and high <= before.high:
        filled = before.unit(high) - before.unit(low)
        if filled >= KEEP_ABOVE:
            return before
    if low == high:
        pad = abs(low) * 0.01 or 1.0
        if log:
            return ValueScale(max(low * 0.9, sys.float_info.min), min(high * 1.1, _LARGEST), log=True)
        return ValueScale(max(-_LARGEST, low - pad), min(_LARGEST, high + pad))
    if log:
        ratio = math.exp((math.log(high) - math.log(low)) * HEADROOM)
        return ValueScale(max(low / ratio, sys.float_info.min), min(high * ratio, _LARGEST), log=True)
    pad = high * HEADROOM - low * HEADROOM
    below = 0.0 if zero and low == 0.0 else pad
    above = 0.0 if zero and high == 0.0 else pad
    padded = ValueScale(max(-_LARGEST, low - below), min(_LARGEST, high + above))
    return padded if padded.low < padded.high else ValueScale(low, high)


def on_edge(scale: ValueScale, rows: int) -> ValueScale:
    """The scale lengthened so that zero lies between two of `rows` rows of cells: bars up and down start from there."""
    if scale.log or rows < 2 or not scale.low < 0.0 < scale.high:
        return scale
    part = -(scale.low * 0.25) / (scale.high * 0.25 - scale.low * 0.25)
    below = min(rows - 1, max(1, math.ceil(part * rows - 1e-6)))
    low = -scale.high / (rows - below) * below
    if low <= scale.low:
        return ValueScale(max(-_LARGEST, low), scale.high)
    return ValueScale(scale.low, min(_LARGEST, -scale.low / below * (rows - below)))


def ticks(scale: ValueScale, most: int) -> list[float]:
    """At most `most` round values within the scale, ascending."""
    if most <= 0:
        return []
    if scale.log:
        found = _log_ticks(scale, most)
        if len(found) >= 2:
            return found
    span = scale.high * 0.25 - scale.low * 0.25
    step = round_step(span / most * 4.0 if span < _LARGEST / 4.0 else span / most)
    for _ in range(8):
        if step < sys.float_info.min or not math.isfinite(scale.high / step - scale.low / step):
            return []
        count = math.floor(scale.high / step) - math.ceil(scale.low / step) + 1
        if count <= most:
            break
        step = round_step(step * 1.5)
    else:
        return []
    first = math.ceil(scale.low / step)
    values = (float((first + index) * step) for index in range(max(0, int(count))))
    return [value for value in values if scale.low <= value <= scale.high]


def _log_ticks(scale: ValueScale, most: int) -> list[float]:
    first = math.floor(math.log10(scale.low))
    last = math.ceil(math.log10(scale.high))
    for factors in ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        every = max(1, -(-(last - first) // max(1, most))) if factors == (1,) else 1
        found = [
            factor * 10.0**power
            for power in range(first, last + 1, every)
            if -300 < power < 300
            for factor in factors
            if scale.low <= factor * 10.0**power <= scale.high
        ]
        if len(found) <= most:
            return found
    return []


def round_step(rough: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `rough`; 0.0 where there is none."""
    if not math.isfinite(rough) or rough <= 0.0:
        return 0.0
    power = math.floor(math.log10(rough))
    if not -300 < power < 300:
        return rough
    base = 10.0**power
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if rough <= factor * base * (1 + 1e-9):
            return factor * base
    return 10.0 * base


def readable(value: float, unit: str = "") -> str:
    """The digits of a value that mean something, thousands grouped: `100,242.37`, `0.0169238`.

    Six digits, and all that stand before the point and two after it: what binary fractions add further back is noise.
    An amount of money has its cents, and more of them only where it is small, as the price of a currency is.
    """
    if value == 0.0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e15:
        return "0" if value == 0.0 else f"{value:.6g}"
    if is_currency(unit) and abs(value) >= 10.0:
        return f"{value:,.2f}"
    least = 2 if is_currency(unit) else 0
    text = f"{value:,.{max(2, 5 - math.floor(math.log10(abs(value))))}f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def is_currency(unit: str) -> bool:
    """Whether a unit is the sign of a currency: one character that is no letter, no digit and no percent sign."""
    return len(unit) == 1 and not unit.isalnum() and unit != "%"


def short(value: float, width: int) -> str:
    """`value` in at most `width` characters where that is possible: readable if it fits, else rounded, else k, M, B."""
    text = readable(value)
    if len(text) <= width:
        return text
    if 1e-4 <= abs(value) < 1e15:
        for decimals in range(max(0, min(6, width)), -1, -1):
            text = f"{value:,.{decimals}f}"
            if len(text) <= width and float(text.replace(",", "")) != 0.0:
                return text
        for suffix, size in (("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)):
            if abs(value) < size:
                break
            for decimals in (2, 1, 0):
                text = f"{value / size:.{decimals}f}{suffix}"
                if len(text) <= width:
                    return text
    for digits in (5, 3, 1, 0):
        text = f"{value:.{digits}e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
        if len(text) <= width:
            return text
    return text


def tick_labels(values: list[float], unit: str, width: int) -> list[str]:
    """The labels of an axis's ticks: one form for all of them, at most `width` characters where that is possible."""
    if not values:
        return []
    largest = max(abs(value) for value in values)
    step = min((abs(b - a) for a, b in itertools.pairwise(values)), default=largest or 1.0)
    for size, suffix in ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T")):
        if suffix and largest < size:
            break
        if largest / size >= 1e7:
            continue
        labels = [with_unit(text, unit) for text in _plain(values, size, suffix, step)]
        if max(len(label) for label in labels) <= width and len(set(labels)) == len(labels):
            return labels
    return [with_unit(short(value, max(1, width - len(with_unit("", unit)))), unit) for value in values]


def _plain(values: list[float], size: float, suffix: str, step: float) -> list[str]:
    decimals = 0
    while decimals < 8 and abs(round(step / size, decimals) - step / size) > 1e-6 * step / size:
        decimals += 1
    return [f"{value / size if value else 0.0:,.{decimals}f}" + (suffix if value else "") for value in values]


def with_unit(text: str, unit: str) -> str:
    """A number's text with its unit where people put it: `$1`, `-$1`, `1%`. Longer units stay out of the way."""
    if unit == "%":
        return text + "%"
    if is_currency(unit):
        return f"-{unit}{text[1:]}" if text.startswith("-") else unit + text
    return text
