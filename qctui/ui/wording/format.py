"""Values as words: the one place that decides how a number, an age or a time reads on screen.

Everything returns plain text without control characters of its own. None is always shown as the glyph for "no value",
never as a zero.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import tzinfo

from qctui.model.portfolio import Cash
from qctui.plot.times import on_calendar
from qctui.plot.values import readable
from qctui.ui.theme.glyph_set import Glyphs

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0

# "now" reaches past a minute: a resource read every 60 s would otherwise flip to "1m" for the half second before each
# answer, and send both changes over the line.
_AGE_STEPS = (0.0, 75.0, 120.0, 300.0, 600.0, 900.0, 1_800.0)
_AGE_WORDS = ("now", "1m", "2m", "5m", "10m", "15m", "30m")

_AMOUNT = re.compile(r"(-?)([^\d]*?)(-?)\s*(\d[\d,]*\.?\d*|\.\d+)")


def format_age(seconds: float) -> tuple[str, float]:
    """An age in coarse words (`now`, `1m`, `2m`, `5m`, `10m`, `15m`, `30m`, `1h`, `2h` ... `1d` ...), and the seconds
    until that word changes.

    The word never overstates: what is said to be 5m old is at least that.
    """
    if not math.isfinite(seconds):
        return "?", math.inf
    seconds = max(0.0, seconds)
    if seconds < HOUR:
        step = bisect_right(_AGE_STEPS, seconds) - 1
        until = _AGE_STEPS[step + 1] if step + 1 < len(_AGE_STEPS) else HOUR
        return _AGE_WORDS[step], until - seconds
    unit, letter = (HOUR, "h") if seconds < DAY else (DAY, "d")
    count = int(seconds // unit)
    return f"{count}{letter}", (count + 1) * unit - seconds


def format_late(seconds: float) -> tuple[str, float]:
    """The age of something overdue, in finer steps (5 s up to a minute, then minutes, then as `format_age`), and the
    seconds until the word changes."""
    if not seconds < HOUR:
        return format_age(seconds)
    seconds = max(0.0, seconds)
    unit, letter = (5.0, "s") if seconds < MINUTE else (MINUTE, "m")
    count = int(seconds // unit)
    until = (count + 1) * unit - seconds
    return f"{count * 5 if letter == 's' else count}{letter}", until


def format_wait(seconds: float) -> tuple[str, float]:
    """How long until something happens (`now`, `5s`, `10s` ... `1m`, `2m`), and the seconds until the word changes.
    The word never understates by more than a step."""
    if not math.isfinite(seconds):
        return "?", math.inf
    if seconds <= 0.0:
        return "now", math.inf
    unit, letter = (5.0, "s") if seconds <= MINUTE else (MINUTE, "m")
    count = math.ceil(seconds / unit)
    return f"{count * 5 if letter == 's' else count}{letter}", seconds - (count - 1) * unit


def format_duration(seconds: float | None, glyphs: Glyphs) -> str:
    """A length of time in at most two units, for example `5m`, `1h 30m`, `2d`."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return glyphs.none
    rest = round(seconds)
    units: list[str] = []
    for size, letter in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count or units:
            units.append(f"{count}{letter}" if count else "")
    return " ".join(filter(None, units[:2])) or "0s"


def format_money(value: float | None, glyphs: Glyphs) -> str:
    """An amount with thousands separators; cents up to a million, then whole units. The live list has no
    currency, so none is shown."""
    if value is None or not math.isfinite(value):
        return glyphs.none
    return f"{value:,.2f}" if abs(value) < 999_999.995 else f"{value:,.0f}"


def format_change(ratio: float | None, glyphs: Glyphs) -> str:
    """A relative change with its sign, for example `+1.25%` for 0.0125. A sign always travels with the colour."""
    if ratio is None or not math.isfinite(ratio):
        return glyphs.none
    percent = ratio * 100
    text = f"{percent:+,.2f}%" if abs(percent) < 1_000 else f"{percent:+,.0f}%"
    return text.replace("+0.00%", "0.00%").replace("-0.00%", "0.00%")


def format_gain(value: float | None, glyphs: Glyphs) -> str:
    """What an amount has changed by, with its sign, in at most eight characters: `+527.20`, `-12,345`, `+1.234M`."""
    if value is None or not math.isfinite(value):
        return glyphs.none
    size = abs(value)
    if size >= 99_999.5:
        return f"{'-' if value < 0 else '+'}{format_compact(size, glyphs, 4)}"
    text = f"{value:+,.2f}" if size < 999.995 else f"{value:+,.0f}"
    return "0.00" if text in {"+0.00", "-0.00"} else text


def format_compact(value: float | None, glyphs: Glyphs, digits: int = 3) -> str:
    """An amount in a few characters, to so many digits: `950`, `51.8k`, `1.24M`."""
    if value is None or not math.isfinite(value):
        return glyphs.none
    for step, letter in ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B")):
        text = f"{value / step:.0f}"
        for decimals in range(digits - 1 if letter else 0, 0, -1):
            finer = f"{value / step:.{decimals}f}"
            if len(finer.lstrip("-")) <= digits + 1:
                text = finer
                break
        if abs(float(text)) < 1_000:
            return text + letter
    return f"{value:.1e}"


def format_percent(ratio: float | None, glyphs: Glyphs, digits: int = 0) -> str:
    """A share, for example `65%` for 0.65."""
    if ratio is None or not math.isfinite(ratio):
        return glyphs.none
    return f"{ratio * 100:.{digits}f}%"


def format_number(value: float | None, glyphs: Glyphs, digits: int = 2) -> str:
    """A plain number in a few characters; very large and very small ones in exponent form."""
    if value is None or not math.isfinite(value):
        return glyphs.none
    if value != 0 and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.{digits}e}"
    return f"{value:,.{digits}f}"


def format_price(value: float | None, glyphs: Glyphs) -> str:
    """A price: two decimals from 10 on. Below, where currency pairs and small coins are, those more that it has, up to
    six digits in all."""
    if value is None or not math.isfinite(value):
        return glyphs.none
    return readable(value, "$") if 0 < abs(value) < 10 else f"{value:,.2f}"


def format_count(count: int) -> str:
    """A count with thousands separators."""
    return f"{count:,}"


def format_end(identity: str, glyphs: Glyphs) -> str:
    """The end of an id, by which a person knows it: `…430e`."""
    return f"{glyphs.ellipsis}{identity[-4:]}" if identity else glyphs.none


def format_latency(seconds: float | None) -> str:
    """A latency in coarse steps, so that jitter does not redraw it: `50 ms`, `100 ms`, `200 ms`, `500 ms`, `1 s` ..."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    for step in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20):
        if seconds <= step:
            return f"{step} s" if step >= 1 else f"{step * 1_000:.0f} ms"
    return "over 20 s"


def format_skew(seconds: float) -> str:
    """How far the API's clock is from ours, for example `+35s` or `-2h 5m`."""
    sign = "+" if seconds > 0 else "-"
    size = abs(seconds)
    if size < 120:
        return f"{sign}{size:.0f}s"
    hours, minutes = divmod(round(size / 60), 60)
    return f"{sign}{hours}h {minutes}m" if hours else f"{sign}{minutes}m"


def format_time(at: float | None, now: float, zone: tzinfo | None, glyphs: Glyphs) -> str:
    """An instant in `zone` (None: local): `14:32:05` today, `03-25 14:32` this year, else `2024-03-25`."""
    then, today = None if at is None else on_calendar(at, zone), on_calendar(now, zone)
    if then is None or today is None:
        return glyphs.none
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def format_instant(at: float | None, zone: tzinfo | None, glyphs: Glyphs) -> str:
    """An instant in full with its zone, for example `2024-03-25 14:32:05 UTC`."""
    then = None if at is None else on_calendar(at, zone)
    return glyphs.none if then is None else then.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


def format_sparkline(values: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """The last `width` values as blocks between their own lowest and highest; empty without values. Equal values are
    drawn at mid height: a flat equity is neither low nor high."""
    shown = [value for value in values[-width:] if math.isfinite(value)] if width > 0 else []
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    top = len(glyphs.spark) - 1
    if high / 2 <= low / 2:
        return glyphs.spark[top // 2] * len(shown)
    # In halves: the span of the largest numbers there are is no number.
    span = high / 2 - low / 2
    return "".join(glyphs.spark[min(top, int((value / 2 - low / 2) / span * (top + 1)))] for value in shown)


def format_bar(fraction: float | None, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """A progress bar of `width` cells as (done, open). All open while the fraction is unknown. Full only when it is."""
    if fraction is None or not math.isfinite(fraction) or width <= 0:
        return "", glyphs.bar_rest * max(0, width)
    halves = int(min(1.0, max(0.0, fraction)) * width * 2)
    done = glyphs.bar_full * (halves // 2) + glyphs.bar_half * (halves % 2)
    return done, glyphs.bar_rest * (width - len(done))


def amount_of(text: str) -> tuple[str, float] | None:
    """The currency's symbol, empty without one, and the amount of a formatted text; None without an amount.

    The engine puts the symbol before the sign: `$-61.31` (REFERENCE.md 6.2).
    """
    found = _AMOUNT.search(text)
    if found is None:
        return None
    before, symbol, after, number = found.groups()
    amount = float(number.replace(",", "")) * (-1 if before or after else 1)
    return (symbol.strip(" +"), amount) if math.isfinite(amount) else None


def sign_of(text: str) -> int:
    """Whether the amount in a formatted text is above (1), below (-1) or at zero, or there is none (0)."""
    _, amount = amount_of(text) or ("", 0.0)
    return (amount > 0) - (amount < 0)


def role_of_sign(sign: float) -> str:
    """The colour of a gain or a loss. The sign itself stays in the text."""
    return "pnl-up" if sign > 0 else "pnl-down" if sign < 0 else ""


def format_signed(value: float | None, glyphs: Glyphs, digits: int = 2) -> str:
    """A number with its sign, for example `+199.00`; zero has none."""
    text = format_number(value, glyphs, digits)
    return f"+{text}" if value is not None and value > 0 and text != glyphs.none else text


def format_quantity(value: float | None, glyphs: Glyphs) -> str:
    """A quantity with as many digits as it has, up to ten: a coin has eight."""
    return glyphs.none if value is None else f"{value:,.10g}"


def format_balance(value: float | None, glyphs: Glyphs) -> str:
    """A balance: cents from a thousand on; below, where coins are, as a quantity. Nothing but zero reads as zero."""
    return format_quantity(value, glyphs) if value is None or abs(value) < 1_000 else f"{value:,.2f}"


def named_balance(cash: Cash, glyphs: Glyphs) -> str:
    """For example `BTC 0.288`."""
    return f"{cash.currency} {'unknown' if cash.amount is None else format_balance(cash.amount, glyphs)}"
