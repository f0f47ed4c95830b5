"""Two hundred of the randomised worlds; thousands are run by hand (`worlds.py`)."""

from __future__ import annotations

import pytest

from tests.actions.worlds import CHECKS, run_seed

SEEDS = {"optimizations": 100, "overtaking": 50, "verdicts": 50}
"""How many worlds of each. What becomes of deployments is looked at in the worlds of `tests/proof` too, what becomes of
optimizations only here."""
PIECE = 50


def test_none_is_left_out() -> None:
    assert SEEDS.keys() == CHECKS.keys()


@pytest.mark.parametrize(
    ("check", "first"), [(check, first) for check, count in SEEDS.items() for first in range(0, count, PIECE)]
)
def test_worlds(check: str, first: int) -> None:
    for seed in range(first, first + PIECE):
        run_seed(check, seed)
