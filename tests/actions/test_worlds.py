"""Some hundreds of the randomised worlds; thousands are run by hand (`worlds.py`)."""

from __future__ import annotations

import pytest

from tests.actions.worlds import CHECKS, run_seed


@pytest.mark.parametrize("first", range(0, 100, 50))
@pytest.mark.parametrize("check", sorted(CHECKS))
def test_worlds(check: str, first: int) -> None:
    for seed in range(first, first + 50):
        run_seed(check, seed)
