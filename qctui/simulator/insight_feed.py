"""Insights of a deployment, and how live/insights/read writes them.

The n-th one is a function of n, so any window of any number of them costs the window.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from qctui.simulator.deployments import Deployment
from qctui.simulator.market import Market, is_open
from qctui.simulator.noise import bits, hex_of, key_of, unit
from qctui.simulator.shapes import Json, kebab

_MODELS = (
    ("EmaCrossAlphaModel", "HistoricalReturnsAlphaModel"),
    ("RsiAlphaModel", "MacdAlphaModel"),
    ("BasePairsTradingAlphaModel", "RsiAlphaModel"),
)
"""What the algorithms of a deployment may be made of: few use more than two models."""
_PERIODS = (60.0, 300.0, 900.0, 3600.0, 3602.0, 86_400.0, 604_800.0)
_TAGS = (None, None, "", "rebalance", "breakout > 2σ", "pullback", "trend confirmed")
_HOSTILE_TAG = "[bold red]x[/] \x1b[31m[@click=app.quit]y[/]\n均值"


class InsightFeed:
    """The insights of one deployment."""

    def __init__(self, market: Market, deployment: Deployment, started_at: float, *, hostile: bool) -> None:
        self._market = market
        self._deployment = deployment
        self._key = key_of("insights", deployment.deploy_id)
        self._hostile = hostile
        self._models = _MODELS[bits(self._key, 0) % len(_MODELS)]
        # All in seconds in which the deployment acts: no insight comes at night, and none is missing afterwards.
        self._every_s = deployment.plan.insight_every_s
        self._origin = deployment.active_s(deployment.launched_at + 20.0)
        total = deployment.insight_total
        if total is not None:
            # The wanted number lies between launch and the world's start; from there they come as usual.
            self._next_from = max(deployment.active_s(started_at), self._origin)
            self._first_every_s = (self._next_from - self._origin) / max(total, 1)
            self._first_count = total
        else:
            self._first_every_s, self._first_count, self._next_from = self._every_s, 0, self._origin

    def _generated_at(self, index: int) -> float:
        if index < self._first_count and not self._first_every_s:
            # Its market has not opened since the launch: what was asked for is there all the same.
            return round(self._deployment.launched_at + index / self._first_count, 3)
        if index < self._first_count:
            slot, every_s = self._origin + index * self._first_every_s, self._first_every_s
        else:
            slot, every_s = self._next_from + (index - self._first_count) * self._every_s, self._every_s
        # Spread inside its slot: ascending, but not like a clock.
        return round(self._deployment.active_at(slot + 0.9 * every_s * unit(self._key, index)), 3)

    def count(self, at: float) -> int:
        """Return how many there are at a time."""
        at = self._deployment.trading_until(at)
        active_s = self._deployment.active_s(at)
        if active_s < self._origin or at < self._deployment.launched_at:
            return 0
        if active_s < self._next_from:
            guess = int((active_s - self._origin) / self._first_every_s) + 1
        else:
            guess = self._first_count + int((active_s - self._next_from) / self._every_s) + 1
        # A few before the guess: times are rounded to the millisecond, and a dense feed has several in one.
        low = max(guess - 3, 0)
        return low + bisect_right(range(low, guess + 1), at, key=self._generated_at)

    def window(self, start: int, end: int, at: float) -> list[Json]:
        """Return the insights of an index window as they are at a time, oldest first, with every field there is."""
        return [self._insight(index, at) for index in range(max(start, 0), min(end, self.count(at)))]

    def _insight(self, index: int, at: float) -> Json:
        key = key_of(self._key, index)
        generated_at = self._generated_at(index)
        symbols = self._deployment.ledger.symbols
        trading = [symbol for symbol in symbols if is_open(symbol.hours, generated_at)] or list(symbols)
        symbol = trading[bits(key, 0) % len(trading)]
        period_s = _PERIODS[bits(key, 1) % len(_PERIODS)]
        close_at = generated_at + period_s
        closed = close_at <= at
        volatility = bits(key, 2) % 12 == 0
        direction = "flat" if volatility or bits(key, 3) % 9 == 0 else ("up", "down")[bits(key, 4) % 2]
        reference = self._market.price(symbol, generated_at)
        final = self._market.price(symbol, close_at) if closed else 0.0
        right = (final > reference) == (direction == "up") if closed and direction != "flat" else False
        magnitude = None if bits(key, 5) % 4 == 0 else round(0.04 * unit(key, 6), 5)
        if magnitude is not None and direction == "down":
            magnitude = -magnitude
        tag = _HOSTILE_TAG if self._hostile else _TAGS[bits(key, 10) % len(_TAGS)]
        return {
            "id": hex_of(self._key, index),
            "groupId": hex_of(key, "group") if bits(key, 11) % 3 == 0 else None,
            "sourceModel": self._models[bits(key, 12) % len(self._models)],
            "generatedTime": generated_at,
            "createdTime": generated_at,
            "closeTime": close_at,
            "symbol": symbol.id,
            "ticker": symbol.ticker,
            "type": "volatility" if volatility else "price",
            "reference": 0.18 if volatility else reference,
            "referenceValueFinal": 0.0 if volatility else final,
            "direction": direction,
            "period": period_s,
            "magnitude": magnitude,
            "confidence": None if bits(key, 7) % 5 == 0 else round(0.35 + 0.6 * unit(key, 8), 2),
            "weight": None if bits(key, 9) % 3 == 0 else round(0.05 + 0.4 * unit(key, 13), 3),
            "scoreIsFinal": closed,
            "scoreMagnitude": round(0.2 + 0.7 * unit(key, 14), 3) if right else 0.0,
            "scoreDirection": 1.0 if right else 0.0,
            "estimatedValue": 0.0,
            "tag": tag,
        }


def insight_payload(body: Json, variant: str) -> Json:
    """Return one insight of a feed in a shape of the table of REFERENCE.md 6.4. Changes the one it is given."""
    if variant == "engine":
        for key in ("magnitude", "confidence", "scoreMagnitude", "scoreDirection", "estimatedValue"):
            body[key] = _as_text(body[key])
        return body
    if variant == "modern":
        body["groupId"] = body["groupId"] or ""
    if variant == "doc":
        body["generatedTime"] = str(int(body["generatedTime"]))
        for key in ("reference", "referenceValueFinal"):
            body[key] = _as_text(body[key])
        body["scoreIsFinal"] = body["scoreIsFinal"] or None
        return body
    body["referenceFinal"], body["scoreFinal"] = body.pop("referenceValueFinal"), body.pop("scoreIsFinal")
    if variant == "kebab":
        return {kebab(key): value for key, value in body.items()}
    del body["createdTime"]
    for key in ("generatedTime", "closeTime", "period"):
        body[key] = int(body[key])
    return body


def _as_text(value: Any) -> str | None:
    return None if value is None else f"{value:g}"
