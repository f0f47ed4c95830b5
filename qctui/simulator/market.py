"""A seeded market: prices as functions of time, frozen while their exchange is closed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from functools import lru_cache

from qctui.simulator.noise import Fractal, key_of

DAY_S = 86_400
SESSION_S = 23_400
"""Seconds of a New York session, 09:30 to 16:00."""
# Where every price starts its drift; early enough for charts of several years.
_EPOCH_AT = 1_600_000_000
# 1970-01-05 was a Monday: whole weeks counted from there start on Mondays.
_MONDAY_OFFSET = 4
_DAY_ZERO = Date(1970, 1, 1)


@dataclass(frozen=True)
class Symbol:
    """One thing that trades."""

    ticker: str
    id: str
    """The symbol id as portfolio keys and orders carry it (`SPY R735QTJ8XC9X`)."""
    security_type: int
    """REFERENCE.md 8.11."""
    price: float
    """Price around which it wanders, in its own currency."""
    volatility: float
    """A year's standard deviation, as a fraction."""
    hours: str
    """`us` a New York session, `fx` Sunday to Friday, `always` never closed."""
    lot: float = 1.0
    decimals: int = 2
    currency: str = "USD"
    currency_symbol: str = "$"
    conversion: float = 1.0
    """Account currency per unit of its own currency, held constant so that every ledger balances to the cent."""
    coin: str = ""
    """The currency a crypto pair is held in; empty for all else."""


_EQUITY = "R735QTJ8XC9X"
SYMBOLS: dict[str, Symbol] = {
    symbol.ticker: symbol
    for symbol in (
        Symbol("SPY", f"SPY {_EQUITY}", 1, 590.0, 0.16, "us"),
        Symbol("QQQ", f"QQQ {_EQUITY}", 1, 505.0, 0.21, "us"),
        Symbol("AAPL", f"AAPL {_EQUITY}", 1, 228.0, 0.27, "us"),
        Symbol("MSFT", f"MSFT {_EQUITY}", 1, 415.0, 0.24, "us"),
        Symbol("NVDA", f"NVDA {_EQUITY}", 1, 141.0, 0.48, "us"),
        Symbol("GLD", "GLD T3SKPOF94JFP", 1, 245.0, 0.14, "us"),
        Symbol("TLT", "TLT SGNKIKYGE9NP", 1, 91.0, 0.15, "us"),
        Symbol("SAP", "SAP 2T", 1, 222.0, 0.25, "us", currency="EUR", currency_symbol="€", conversion=1.06),
        Symbol("EURUSD", "EURUSD 8G", 4, 1.06, 0.07, "fx", lot=1000.0, decimals=5),
        Symbol("BTCUSD", "BTCUSD 2XR", 7, 91_000.0, 0.52, "always", lot=0.001, coin="BTC"),
        Symbol("ETHUSD", "ETHUSD 2XR", 7, 3_150.0, 0.63, "always", lot=0.01, coin="ETH"),
        Symbol("SOLUSD", "SOLUSD 2XR", 7, 215.0, 0.85, "always", lot=0.1, coin="SOL"),
    )
}
COIN_SYMBOLS = {"BTC": "₿", "ETH": "Ξ", "SOL": "◎"}
SECURITY_TYPES = {1: "Equity", 4: "Forex", 7: "Crypto"}


@lru_cache(maxsize=4096)
def session_open_s(day: int) -> int:
    """Return when New York opens on a UTC day (days since 1970), in seconds of that day: earlier in summer time."""
    date = _DAY_ZERO + timedelta(days=day)
    # From the second Sunday of March to the first Sunday of November.
    summer = _first_sunday(Date(date.year, 3, 8)) <= date < _first_sunday(Date(date.year, 11, 1))
    return (13 if summer else 14) * 3600 + 1800


def _first_sunday(since: Date) -> Date:
    return since + timedelta(days=6 - since.weekday())


def new_york_offset_s(at: float) -> int:
    """Return New York's distance from UTC at a time, in seconds (negative)."""
    day = int(at // DAY_S)
    before, after = (9 * 3600 + 1800 - session_open_s(each) for each in (day - 1, day))
    # Clocks are changed at two in the morning, by the time that holds until then.
    return after if at - day * DAY_S >= 2 * 3600 - before else before


def trading_time(hours: str, at: float) -> float:
    """Return how many seconds of open market lie before a time; it stands still while the market is closed."""
    if hours == "always":
        return at
    # Currencies trade from Sunday 22:00 to Friday 22:00 UTC: shift by two hours and it is Monday to Friday.
    shifted = at + 7200 if hours == "fx" else at
    day = int(shifted // DAY_S)
    weeks, position = divmod(day - _MONDAY_OFFSET, 7)
    open_days = weeks * 5 + min(position, 5)
    if hours == "fx":
        return open_days * DAY_S + (shifted - day * DAY_S if position < 5 else 0.0)
    if position >= 5:
        return float(open_days * SESSION_S)
    since_open = at - day * DAY_S - session_open_s(day)
    return open_days * SESSION_S + min(max(since_open, 0.0), SESSION_S)


def time_of(hours: str, trading: float) -> float:
    """Return when so many seconds of open market lie before: what `trading_time` says, the other way round."""
    if hours == "always":
        return trading
    length = DAY_S if hours == "fx" else SESSION_S
    open_day, since_open = divmod(trading, length)
    weeks, position = divmod(int(open_day), 5)
    day = weeks * 7 + position + _MONDAY_OFFSET
    return day * DAY_S + since_open + (-7200 if hours == "fx" else session_open_s(day))


def is_open(hours: str, at: float) -> bool:
    """Say whether a market of these hours trades at a time. Holidays are not modelled."""
    return hours == "always" or trading_time(hours, at + 1.0) > trading_time(hours, at)


def next_open_at(hours: str, at: float) -> float:
    """Return the first time from `at` on at which the market trades, to the minute."""
    if is_open(hours, at):
        return at
    step = at - at % 60.0
    while not is_open(hours, step):
        step += 60.0
    return step


_LONG_RUN, _KEPT_RUNS = 100, 800
"""Runs of more times than the first are remembered, at most so many of them."""
_YEAR_S = {"us": 252.0 * SESSION_S, "fx": 260.0 * DAY_S, "always": 365.25 * DAY_S}


class Market:
    """Prices of every symbol at every time, for one seed."""

    def __init__(self, seed: int) -> None:
        self._curves = {
            ticker: Fractal(key_of(seed, "price", ticker), year_s=_YEAR_S[symbol.hours])
            for ticker, symbol in SYMBOLS.items()
        }
        self._origins = {hours: trading_time(hours, _EPOCH_AT) for hours in _YEAR_S}
        self._recent: dict[tuple[str, float], float] = {}
        self._runs: dict[tuple[object, ...], array[float]] = {}

    def price(self, symbol: Symbol, at: float) -> float:
        """Return the price at a time, in the symbol's own currency, rounded as it is quoted."""
        key = (symbol.ticker, at)
        found = self._recent.get(key)
        if found is None:
            if len(self._recent) > 20_000:
                self._recent.clear()
            trading = trading_time(symbol.hours, at)
            curve = self._curves[symbol.ticker].at(trading)
            found = self._recent[key] = self._quoted(symbol, (trading,), (curve,))[0]
        return found

    def prices(self, symbol: Symbol, times: Sequence[float]) -> Sequence[float]:
        """Return the prices at ascending times."""
        if not times:
            return []
        hours = symbol.hours
        # The series of one chart ask for the same run of times in turn, and share its sessions.
        run = (len(times), times[0], times[len(times) // 2], times[-1])
        key = (symbol.ticker, *run)
        found = self._runs.get(key) if len(times) > _LONG_RUN else None
        if found is not None:
            return found
        trading: Sequence[float] = times
        if hours != "always":
            session_key = (hours, *run)
            trading = self._runs.get(session_key) or [trading_time(hours, at) for at in times]
            self._keep(session_key, trading)
        made = self._quoted(symbol, trading, self._curves[symbol.ticker].along(trading))
        self._keep(key, made)
        return made

    def _quoted(self, symbol: Symbol, trading: Sequence[float], curve: Sequence[float]) -> list[float]:
        """The prices where so many seconds of open market lie before, and the curve is there."""
        year_s, origin = _YEAR_S[symbol.hours], self._origins[symbol.hours]
        level, volatility, decimals = symbol.price, symbol.volatility, symbol.decimals
        exp = math.exp
        # A mild drift upwards, so that two years of equity look like a strategy and not like a coin.
        return [
            round(level * exp(volatility * noise + 0.05 * ((at - origin) / year_s - 6.2)), decimals)
            for noise, at in zip(curve, trading, strict=True)
        ]

    def _keep(self, key: tuple[object, ...], run: Sequence[float]) -> None:
        if len(run) > _LONG_RUN:
            if len(self._runs) >= _KEPT_RUNS:
                self._runs.clear()
            self._runs[key] = array("d", run)


@lru_cache(maxsize=4)
def market_of(seed: int) -> Market:
    """Return the market of one seed, the same for every world of this process: its prices are known already."""
    return Market(seed)
