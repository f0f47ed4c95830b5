"""What is at risk in each running deployment, as far as it has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qctui.model.keys import Key


@dataclass(frozen=True, slots=True)
class Account:
    """One running deployment's account. What is None is not known, and never zero."""

    positions: int | None = None
    """Open positions."""
    exposure: float | None = None
    """The sum of what they are worth, long or short, in the account's currency."""
    other_cash: bool = False
    """There are balances in other currencies, coins among them, that `exposure` leaves out."""
    read_mono: float | None = None
    """Monotonic time at which the positions were read; None before the first time."""
    currency: str = ""
    """The account currency's symbol; empty while no answer said it."""


ACCOUNTS: Key[Mapping[str, Account]] = Key("accounts")
"""By deploy id, of every deployment that runs alone in its project: holdings and charts are the project's."""
