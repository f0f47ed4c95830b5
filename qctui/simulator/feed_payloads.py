"""Payloads of orders and insights, in every shape they have been seen in."""

from __future__ import annotations

from typing import Any

from qctui.simulator.insight_feed import Insight
from qctui.simulator.orders import CANCELED, EVENT_NAMES, FILLED, INVALID, MARKET, PARTIALLY_FILLED, Order
from qctui.simulator.shapes import Json, capitalise, iso_date, kebab


def order(one: Order, at: float, variant: str) -> Json:
    """Return one order of live/orders/read (REFERENCE.md 6.7)."""
    symbol = one.symbol
    ticks = {"value": symbol.ticker, "id": symbol.id, "permtick": symbol.ticker}
    fills = [event for event in one.events if event.status in (FILLED, PARTIALLY_FILLED)]
    price = fills[-1].price if fills else 0
    status = one.status
    body: Json = {
        "type": one.type,
        "id": one.number,
        "contingentId": 0,
        "brokerId": [] if status == INVALID else [str(one.number)],
        "symbol": ticks,
        "price": price,
        "priceCurrency": symbol.currency,
        "time": iso_date(one.placed_at),
        "createdTime": iso_date(one.placed_at),
        "quantity": one.quantity,
        "status": status,
        "tag": one.tag,
        "properties": {"timeInForce": {}},
        "securityType": symbol.security_type,
        "direction": 0 if one.quantity > 0 else 1,
        "value": round(one.quantity * price, 2) if fills else 0,
        "orderSubmissionData": _submission(one, price),
        "isMarketable": one.type == MARKET,
        "priceAdjustmentMode": 0,
        "events": [_order_event(one, number) for number in range(len(one.events))],
    }
    if fills:
        body["lastFillTime"] = iso_date(fills[-1].at)
    if status == CANCELED:
        body["canceledTime"] = iso_date(one.events[-1].at)
    if one.limit is not None:
        body["limitPrice"] = one.limit
    if one.stop is not None:
        body["stopPrice"] = one.stop
    return capitalise(body) if variant == "capitalised" else body


def _submission(one: Order, price: float) -> Json:
    last = price or one.limit or one.stop or one.symbol.price
    tick = 10.0**-one.symbol.decimals
    digits = one.symbol.decimals
    return {"bidPrice": round(last - tick, digits), "askPrice": round(last + tick, digits), "lastPrice": last}


def _order_event(one: Order, number: int) -> Json:
    event, symbol = one.events[number], one.symbol
    body: Json = {
        "id": f"{one.deploy_id}-{one.number}-{number + 1}",
        "algorithmId": one.deploy_id,
        "orderId": one.number,
        "orderEventId": number + 1,
        "symbol": symbol.id,
        "symbolValue": symbol.ticker,
        "symbolPermtick": symbol.ticker,
        "time": round(event.at, 3),
        "status": EVENT_NAMES[event.status],
        "fillPrice": event.price,
        "fillPriceCurrency": symbol.currency,
        "fillQuantity": event.quantity,
        "direction": "buy" if one.quantity > 0 else "sell",
        "isAssignment": False,
        "quantity": one.quantity,
    }
    if event.status == FILLED:
        body |= {"orderFeeAmount": event.fee, "orderFeeCurrency": "USD"}
    if one.limit is not None:
        body["limitPrice"] = one.limit
    if one.stop is not None:
        body["stopPrice"] = one.stop
    if event.message:
        body["message"] = event.message
    return body


def insight(one: Insight, variant: str) -> Json:
    """Return one insight in a shape of the table of REFERENCE.md 6.4."""
    engine = variant == "engine"

    def number(value: float | None) -> Any:
        return None if value is None else f"{value:g}" if engine else value

    body: Json = {
        "id": one.id,
        "groupId": one.group if one.group is not None or variant != "modern" else "",
        "sourceModel": one.model,
        "generatedTime": one.generated_at,
        "createdTime": one.generated_at,
        "closeTime": one.close_at,
        "symbol": one.symbol.id,
        "ticker": one.symbol.ticker,
        "type": one.type,
        "reference": one.reference,
        "referenceValueFinal": one.reference_final,
        "direction": one.direction,
        "period": one.period_s,
        "magnitude": number(one.magnitude),
        "confidence": number(one.confidence),
        "weight": one.weight,
        "scoreIsFinal": one.closed,
        "scoreMagnitude": number(one.score_magnitude),
        "scoreDirection": number(one.score_direction),
        "estimatedValue": number(0.0),
        "tag": one.tag,
    }
    if engine:
        return body
    if variant == "doc":
        body["generatedTime"] = str(int(one.generated_at))
        body["reference"], body["referenceValueFinal"] = f"{one.reference:g}", f"{one.reference_final:g}"
        body["scoreIsFinal"] = True if one.closed else None
        return body
    body["referenceFinal"], body["scoreFinal"] = body.pop("referenceValueFinal"), body.pop("scoreIsFinal")
    if variant == "kebab":
        return {kebab(key): value for key, value in body.items()}
    del body["createdTime"]
    for key in ("generatedTime", "closeTime", "period"):
        body[key] = int(body[key])
    return body
