"""Holdings and cash of one deployment's project: a snapshot that may leave them out, and then says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.resource import Resource
from qctui.ui.kit.list_pane import SectionPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, figure, number_column
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import (
    format_balance,
    format_count,
    format_money,
    format_number,
    format_price,
    format_quantity,
    format_signed,
    role_of_sign,
)
from qctui.ui.wording.load_state import LoadState, LoadStateWords, describe
from qctui.value import replace

UNKNOWN = "Unknown: the service tells of no holdings and no cash, which is not the same as flat."


class HoldingsPane(SectionPane[Holding]):
    """Open positions first, largest first; then the symbols the algorithm only watches."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Holdings", glyphs, _holding_columns(), _holding_key, _holding_text)

    def show(self, resource: Resource[Portfolio], context: RenderContext) -> None:
        """Show a portfolio's holdings."""
        portfolio = resource.value
        held = () if portfolio is None else portfolio.open_holdings
        watched = [] if portfolio is None else [each for each in portfolio.holdings if not each.open]
        rows = [*held, *sorted(watched, key=lambda each: each.ticker.casefold())]
        coins = 0 if portfolio is None else sum(each.foreign for each in portfolio.cash)
        others = f"{format_count(coins)} other {'currency' if coins == 1 else 'currencies'}"
        nothing = "No holding in this snapshot."
        if coins:
            nothing += f" Cash has balances in {others}."
        words = portfolio_words(resource, context, nothing=nothing, size=len(rows))
        dot = context.glyphs.dot
        facts: list[tuple[str, str]] = []
        if portfolio is not None and not portfolio.is_known:
            facts.append(("unknown ", "stale bold"))
        elif portfolio is not None:
            facts.append((f"{format_count(len(held))} open ", "" if held else "muted"))
            if held:
                value = _total([_in_account(each) for each in held], context)
                facts += [(f"{dot} value {value} ", ""), _total_unrealized(held, context)]
            if coins:
                facts.append((f"{dot} {others} in Cash ", "stale"))
            if watched:
                facts.append((f"{dot} {format_count(len(watched))} without a position ", "muted"))
        self.show_rows(rows, context, words, tuple(facts))


class CashPane(SectionPane[Cash]):
    """Balances, the largest first."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Cash", glyphs, _cash_columns(), _currency_of, _currency_of)

    def show(self, resource: Resource[Portfolio], context: RenderContext) -> None:
        """Show a portfolio's cash."""
        portfolio = resource.value
        cash = () if portfolio is None else portfolio.cash
        rows = sorted(cash, key=lambda each: (-abs(each.value or 0.0), each.currency))
        words = portfolio_words(resource, context, nothing="No cash in this snapshot.", size=len(rows))
        facts: Spans = ()
        if portfolio is not None and not portfolio.is_known:
            facts = (("unknown ", "stale bold"),)
        elif rows:
            facts = (
                (f"worth {_total([each.value for each in rows], context)} ", ""),
                ("in the account's currency ", "muted"),
            )
        self.show_rows(rows, context, words, facts)


def portfolio_words(
    resource: Resource[Portfolio], context: RenderContext, *, nothing: str, size: int
) -> LoadStateWords:
    """The load state of one half of a portfolio. An answer that leaves it out is unknown, never empty."""
    words = describe(resource, context, what="portfolio", nothing=nothing, size=size)
    if resource.value is None or resource.value.is_known:
        return words
    if words.note:
        return replace(words, body=UNKNOWN)
    alert = ((f"{context.glyphs.alert} unknown", "stale bold"), (" an empty answer says nothing of positions", "muted"))
    return replace(words, state=LoadState.STALE, body=UNKNOWN, note=alert)


def _holding_key(holding: Holding) -> str:
    return holding.symbol or holding.ticker


def _holding_text(holding: Holding) -> str:
    return holding.ticker or holding.symbol


def _in_account(holding: Holding) -> float | None:
    return None if holding.market_value is None else holding.market_value * holding.conversion_rate


def _total(values: Sequence[float | None], context: RenderContext) -> str:
    """Of all together in the account's currency; unknown if any of them is."""
    known = [value for value in values if value is not None]
    return format_number(sum(known), context.glyphs) if len(known) == len(values) else "unknown"


def _total_unrealized(held: tuple[Holding, ...], context: RenderContext) -> tuple[str, str]:
    """Only where every position is in the account's currency: which one the others' gains are in is not known
    (REFERENCE.md 6.6)."""
    known = [each.unrealized for each in held if each.unrealized is not None and each.conversion_rate == 1.0]
    if len(known) != len(held):
        return "", ""
    total = sum(known)
    return f"{context.glyphs.dot} unrealized {format_signed(total, context.glyphs)} ", role_of_sign(total)


def _holding_columns() -> tuple[Column[Holding], ...]:
    return (
        Column(
            "ticker", "ticker", 7, _ticker, wanted=12, widest=30, keep=9, sort_key=lambda each: each.ticker.casefold()
        ),
        Column("quantity", "quantity", 11, _quantity, right=True, widest=16, keep=10, sort_key=_quantity_key),
        Column("average", "avg price", 11, _average, right=True, widest=14, keep=5),
        Column("price", "price", 11, _price, right=True, widest=14, keep=6),
        figure("value", "value", 12, _value, widest=16, keep=8, sort_key=_in_account),
        figure("unrealized", "unrealized", 11, _unrealized, widest=14, keep=7, sort_key=lambda each: each.unrealized),
        figure("percent", "%", 7, _percent, keep=4, sort_key=lambda each: each.unrealized_percent),
        Column("account", "in account", 13, _account, right=True, keep=3),
        Column("symbol", "symbol id", 18, lambda each, _context: ((each.symbol, "muted"),), widest=34, keep=1),
    )


def _quantity_key(holding: Holding) -> float | None:
    return None if holding.unreadable_quantity else holding.quantity


def _ticker(holding: Holding, context: RenderContext) -> Spans:
    return ((holding.ticker or holding.symbol or context.glyphs.none, "title" if holding.open else "muted"),)


def _quantity(holding: Holding, context: RenderContext) -> Spans:
    if holding.unreadable_quantity:
        return (("unreadable", "danger bold"),)
    return ((format_quantity(holding.quantity, context.glyphs), "title bold" if holding.open else "muted"),)


def _average(holding: Holding, context: RenderContext) -> Spans:
    return _in_currency(holding.average_price, format_price, holding, context)


def _price(holding: Holding, context: RenderContext) -> Spans:
    return _in_currency(holding.market_price, format_price, holding, context)


def _value(holding: Holding, context: RenderContext) -> Spans:
    return _in_currency(holding.market_value, format_money, holding, context)


def _in_currency(
    value: float | None, format_value: Callable[[float, Glyphs], str], holding: Holding, context: RenderContext
) -> Spans:
    if value is None:
        return ((context.glyphs.none, "muted"),)
    text = f"{'-' if value < 0 else ''}{holding.currency_symbol}{format_value(abs(value), context.glyphs)}"
    return ((text, "" if holding.open else "muted"),)


def _unrealized(holding: Holding, context: RenderContext) -> Spans:
    value = holding.unrealized
    if value is None:
        return ((context.glyphs.none, "muted"),)
    return ((f"{'+' if value > 0 else ''}{format_money(value, context.glyphs)}", role_of_sign(value)),)


def _percent(holding: Holding, context: RenderContext) -> Spans:
    value = holding.unrealized_percent
    if value is None:
        return ((context.glyphs.none, "muted"),)
    digits = 2 if abs(value) < 99.995 else 0
    return ((f"{format_signed(value, context.glyphs, digits)}%", role_of_sign(value)),)


def _account(holding: Holding, context: RenderContext) -> Spans:
    """The value in the account's currency, where that is another one."""
    if holding.conversion_rate == 1.0 or not holding.open:
        return ()
    return ((format_number(_in_account(holding), context.glyphs), ""),)


def _cash_columns() -> tuple[Column[Cash], ...]:
    return (
        Column("currency", "currency", 8, _currency, widest=14, keep=9, sort_key=lambda each: each.currency.casefold()),
        Column("amount", "amount", 18, _amount, right=True, widest=24, keep=8, sort_key=lambda each: each.amount),
        Column("rate", "rate", 14, _rate, right=True, keep=5),
        number_column("value", "in account", 18, lambda each: each.value, format_number, widest=24, keep=7),
    )


def _currency(cash: Cash, context: RenderContext) -> Spans:
    return ((cash.currency or context.glyphs.none, "title"),)


def _amount(cash: Cash, context: RenderContext) -> Spans:
    if cash.amount is None:
        return (("unknown", "stale"),)
    sign = "-" if cash.amount < 0 else ""
    amount = format_balance(abs(cash.amount), context.glyphs)
    return ((f"{sign}{cash.currency_symbol}{amount}", "stale" if cash.amount < 0 else ""),)


def _rate(cash: Cash, context: RenderContext) -> Spans:
    return ((format_number(cash.conversion_rate, context.glyphs, 4), "muted"),)


def _currency_of(cash: Cash) -> str:
    return cash.currency
