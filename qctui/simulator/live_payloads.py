"""Payloads of the live endpoints, in every shape they have been seen in."""

from __future__ import annotations

from qctui.simulator.deployments import Deployment
from qctui.simulator.ledger import Position
from qctui.simulator.market import COIN_SYMBOLS, SECURITY_TYPES, Market, Symbol
from qctui.simulator.shapes import Json, capitalise, iso_date, space_date


def list_item(deployment: Deployment, at: float, priced_at: float, variant: str) -> Json:
    """Return one element of live/list (REFERENCE.md 6.1)."""
    stopped = deployment.ended_at(at)
    date = iso_date if variant == "iso-dates" or int(deployment.launched_at) % 3 == 0 else space_date
    item: Json = {
        "projectId": deployment.plan.project_id,
        "deployId": deployment.deploy_id,
        "status": deployment.status(at),
        "launched": date(deployment.launched_at),
        "stopped": date(stopped),
        "brokerage": deployment.plan.brokerage,
        "subscription": "" if stopped else "Strategy Equity",
        "equity": round(deployment.equity(priced_at), 2),
        "environment": deployment.plan.environment,
        "description": "",
        "error": deployment.message_at(at).split("\n")[0],
        "leagues": [],
    }
    if variant == "sparse":
        if stopped:
            item["subscription"] = item["description"] = item["leagues"] = None
        else:
            item["stopped"] = ""
        if int(deployment.launched_at) % 5 == 0:
            del item["status"]
    return item


def money(value: float) -> str:
    """Return money as the engine writes it: the symbol before the sign (REFERENCE.md 6.2)."""
    return f"${value:,.2f}"


def read(deployment: Deployment, charts: list[str], market: Market, at: float, priced_at: float, variant: str) -> Json:
    """Return the flat body of live/read without its envelope (REFERENCE.md 6.2)."""
    stopped = deployment.ended_at(at)
    status = deployment.status(at)
    body: Json = {
        "message": deployment.message_at(at),
        "status": status,
        "deployId": deployment.deploy_id,
        "launched": space_date(deployment.launched_at),
        "stopped": space_date(stopped),
        "brokerage": deployment.plan.brokerage,
        "projectName": deployment.plan.name,
    }
    if status in ("InQueue", "LoggingIn", "Initializing"):
        # Hardly anything is there before the algorithm runs.
        return {**body, "launched": iso_date(deployment.launched_at)}
    kinds = sorted({symbol.security_type for symbol in deployment.ledger.symbols})
    body |= {
        "cloneId": deployment.plan.project_id + 1,
        "securityTypes": ", ".join(SECURITY_TYPES[kind] for kind in kinds),
        "datacenter": "NY7",
        "public": False,
        "isPublicStreaming": False,
        "description": "",
        "files": [_file(deployment)],
        "runtimeStatistics": _runtime_statistics(deployment, market, at, priced_at),
        "charts": {name: {"name": name} for name in charts},
    }
    if status == "RuntimeError":
        del body["runtimeStatistics"]
        body["charts"] = {}
    if stopped is None:
        body["serverStatistics"] = _server_statistics(deployment, at)
    if variant == "map-lists" and stopped:
        body["runtimeStatistics"], body["charts"] = [], []
    if variant == "data-center":
        body["dataCenter"] = body.pop("datacenter")
    if variant == "details":
        body["deploymentDetails"] = {"Account": "U0000000", "environment": "paper" if deployment.plan.paper else "live"}
    if variant == "capitalised":
        body["dataCenter"] = body.pop("datacenter")
        body["Files"], body["Charts"] = [], {name: {"Name": name} for name in body.pop("charts")}
        body["RuntimeStatistics"] = body.pop("runtimeStatistics", {})
        body["message"] = body["message"] or None
        body.pop("serverStatistics", None)
        del body["files"]
    return body


def _file(deployment: Deployment) -> Json:
    source = "# region imports\nfrom AlgorithmImports import *\n# endregion\n\n\n" + "".join(
        f"def on_data_{number}(data):\n    return data['{symbol.ticker}']\n\n"
        for number, symbol in enumerate(deployment.ledger.symbols)
    )
    return {
        "id": None,
        "projectId": deployment.plan.project_id,
        "name": "main.py",
        "content": source,
        "modified": space_date(deployment.launched_at - 1200.0),
        "open": False,
        "isLibrary": False,
    }


def _runtime_statistics(deployment: Deployment, market: Market, at: float, priced_at: float) -> dict[str, str]:
    until = deployment.trading_until(priced_at)
    epoch = deployment.epoch(priced_at)
    equity = deployment.equity(priced_at)
    held = unrealized = 0.0
    for position in deployment.open_positions(at):
        price = market.price(position.symbol, until)
        held += abs(position.quantity) * price * position.symbol.conversion
        unrealized += position.quantity * (price - position.average_price) * position.symbol.conversion
    capital = deployment.ledger.capital
    statistics = {
        "Equity": money(equity),
        "Fees": f"-${epoch.fees:,.2f}",
        "Holdings": money(held),
        "Net Profit": money(equity - capital - unrealized),
        "Probabilistic Sharpe Ratio": "0%",
        "Return": f"{(equity / capital - 1.0) * 100.0:.2f} %",
        "Unrealized": money(unrealized),
        "Volume": money(epoch.volume),
    }
    if deployment.plan.project_id % 3 == 0:
        statistics["Regime"] = ("risk-on", "risk-off")[int(priced_at // 7200) % 2]
    return statistics


def _server_statistics(deployment: Deployment, at: float) -> dict[str, str]:
    up_s = int(at - deployment.launched_at)
    busy = (up_s // 60 * 7 + deployment.plan.project_id) % 90 / 10.0
    return {
        "CPU Usage": f"{busy:.1f}%",
        "Used RAM (MB)": str(300 + deployment.plan.project_id % 150),
        "Total RAM (MB)": "512",
        "Hostname": f"LIVE-{deployment.plan.project_id % 40}",
        "LEAN Version": "v2.5.0.0",
        "Up Time": f"{up_s // 86400}d {up_s // 3600 % 24:02d}:{up_s // 60 % 60:02d}:{up_s % 60:02d}",
    }


def portfolio(deployment: Deployment, market: Market, at: float, variant: str) -> Json:
    """Return the portfolio map of live/portfolio/read as of a snapshot (REFERENCE.md 6.6)."""
    until = deployment.trading_until(at)
    positions = deployment.open_positions(at)
    cash_amount = deployment.equity(at)
    coins: dict[str, tuple[Symbol, float, float]] = {}
    holdings: Json = {}
    for position in positions:
        price = market.price(position.symbol, until)
        worth = position.quantity * price * position.symbol.conversion
        cash_amount -= worth
        if deployment.is_cash(position.symbol):
            coins[position.symbol.coin] = (position.symbol, position.quantity, price)
        else:
            holdings[position.symbol.id] = _holding(position, price, variant)
    if variant == "flat-stays" or (deployment.plan.paper and deployment.liquidation is None):
        # The frequent store lists every subscribed symbol, a flat one with hardly a key. What a liquidation has closed
        # is gone from it: the official tests wait for that.
        for number, symbol in enumerate(deployment.ledger.symbols):
            if symbol.id not in holdings and not deployment.is_cash(symbol):
                bare = number % 2 == 0 or variant in ("long", "capitalised")
                holdings[symbol.id] = {} if bare else {"p": market.price(symbol, until)}
    cash = {"USD": _cash("USD", "$", cash_amount, 1, None)}
    for coin, (symbol, quantity, price) in coins.items():
        cash[coin] = _cash(coin, COIN_SYMBOLS[coin], quantity, price, symbol)
    found: Json = {"holdings": holdings, "cash": cash}
    if variant == "capitalised":
        found["cash"] = {key: capitalise(value, deep=False) for key, value in cash.items()}
    if variant == "map-lists":
        # The backend writes an empty map as an empty list (REFERENCE.md 2.4).
        found["holdings"] = {key: value for key, value in holdings.items() if value.get("q")} or []
    return found


def _holding(position: Position, price: float, variant: str) -> Json:
    symbol, quantity = position.symbol, position.quantity
    value = round(quantity * price, 2)
    gain = round(quantity * (price - position.average_price), 2)
    base = abs(quantity * position.average_price)
    percent = round(gain / base * 100.0, 2) if base else 0.0
    if variant in ("long", "capitalised"):
        long: Json = {
            "symbol": {"value": symbol.ticker, "id": symbol.id, "permtick": symbol.ticker},
            "type": symbol.security_type,
            "currencySymbol": symbol.currency_symbol,
            "averagePrice": position.average_price,
            "quantity": quantity,
            "marketPrice": price,
            "conversionRate": symbol.conversion,
            "marketValue": value,
            "unrealizedPnl": gain,
            "unrealizedPnLPercent": percent,
        }
        return capitalise(long, deep=False) if variant == "capitalised" else long
    short: Json = {"a": position.average_price, "q": quantity, "p": price, "v": value, "u": gain, "up": percent}
    if symbol.currency_symbol != "$":
        short |= {"c": symbol.currency_symbol, "r": symbol.conversion}
    # Members at their default are left out.
    return {key: number for key, number in short.items() if number}


def _cash(code: str, sign: str, amount: float, rate: float, symbol: Symbol | None) -> Json:
    pair = [] if symbol is None else [{"value": symbol.ticker, "id": symbol.id, "permtick": symbol.ticker}]
    amount = round(amount, 2 if symbol is None else 8)
    return {
        "securitySymbols": pair,
        "symbol": code,
        "amount": amount,
        "conversionRate": rate,
        "currencySymbol": sign,
        "valueInAccountCurrency": round(amount * rate, 2),
    }
