"""Holdings and cash of one project (REFERENCE.md 6.6)."""

from math import isfinite

from qctui.value import Value


class Holding(Value):
    """A position, or a tracked symbol without one. Prices and values are in the asset's own currency."""

    symbol: str
    """The symbol id of the wire, for example `SPY R735QTJ8XC9X`."""
    ticker: str
    quantity: float
    """Zero when the wire omits it: it omits default members of a holding it does list."""
    average_price: float | None = None
    market_price: float | None = None
    market_value: float | None = None
    unrealized: float | None = None
    unrealized_percent: float | None = None
    currency_symbol: str = "$"
    conversion_rate: float = 1.0
    """To the account's currency."""
    unreadable_quantity: bool = False
    """A quantity was there and could not be read: such a holding is never taken for flat."""

    @property
    def open(self) -> bool:
        """It has, or may have, a quantity."""
        return self.unreadable_quantity or self.quantity != 0.0


class Cash(Value):
    """A balance in one currency; for crypto brokerages the coin itself."""

    currency: str
    amount: float | None
    currency_symbol: str = ""
    conversion_rate: float | None = None
    value: float | None = None
    """In the account's currency."""

    @property
    def foreign(self) -> bool:
        """A balance whose worth moves: crypto brokerages keep the coins themselves as cash (REFERENCE.md 6.6)."""
        return self.amount != 0.0 and self.conversion_rate not in (None, 1.0)

    @property
    def own(self) -> bool:
        """A balance that is the account's own money, or nothing."""
        return self.amount == 0.0 or self.conversion_rate == 1.0


class Portfolio(Value):
    """A snapshot, up to ten minutes old (REFERENCE.md section 3)."""

    holdings: tuple[Holding, ...]
    cash: tuple[Cash, ...]
    is_known: bool
    """The answer says something: both maps empty or absent means unknown, not flat (REFERENCE.md 7.5 rule 7)."""

    @property
    def open_holdings(self) -> tuple[Holding, ...]:
        """Holdings with a quantity, largest value first."""
        held = [holding for holding in self.holdings if holding.open]
        return tuple(sorted(held, key=lambda h: -abs((h.market_value or 0.0) * h.conversion_rate)))

    @property
    def positions(self) -> int | None:
        """How many positions are open; None when the answer is not known, or an entry could not be understood."""
        if not self.is_known or any(holding.unreadable_quantity for holding in self.holdings):
            return None
        return sum(holding.open for holding in self.holdings)

    @property
    def exposure(self) -> float | None:
        """What all positions are worth together, long or short, in the account's currency; None when the worth of one
        is not known."""
        if self.positions is None:
            return None
        total = 0.0
        for holding in self.holdings:
            if holding.open:
                if not holding.market_value or holding.conversion_rate <= 0.0:
                    return None
                total += abs(holding.market_value * holding.conversion_rate)
        return total if isfinite(total) else None

    @property
    def other_cash(self) -> bool:
        """Whether there are balances in other currencies than the account's: coins, where a brokerage keeps them as
        cash."""
        return any(cash.foreign for cash in self.cash)
