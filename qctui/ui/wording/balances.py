"""Balances in words, and which of them are no money of the account: coins, which a liquidation may leave behind."""

from __future__ import annotations

from qctui.model.portfolio import Cash
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_balance


def is_foreign(cash: Cash) -> bool:
    """A balance whose worth moves: crypto brokerages keep the coins themselves as cash (REFERENCE.md 6.6)."""
    return cash.amount != 0.0 and cash.conversion_rate not in (None, 1.0)


def is_own(cash: Cash) -> bool:
    """A balance that is the account's own money, or nothing."""
    return cash.amount == 0.0 or cash.conversion_rate == 1.0


def named_balance(cash: Cash, glyphs: Glyphs) -> str:
    """For example `BTC 0.288`."""
    return f"{cash.currency} {'unknown' if cash.amount is None else format_balance(cash.amount, glyphs)}"
