"""Some hundreds of simulated worlds. `.ci/run` has some thousands; a hundred thousand are run by hand (`python -m
tests.proof --seeds 100000`)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.proof.world import run_seed

SEEDS = 200
PIECE = 50


@pytest.mark.parametrize("first", range(0, SEEDS, PIECE))
def test_no_promise_is_broken(first: int) -> None:
    for seed in range(first, first + PIECE):
        run_seed(seed)


def test_a_seed_is_one_world_and_another_is_another() -> None:
    traces = [run_seed(seed).judge.trace for seed in (5, 6)]
    assert traces == [run_seed(seed).judge.trace for seed in (5, 6)]
    assert len(set(traces)) == 2


def test_it_is_the_same_world_in_another_process() -> None:
    """Whose sets and dicts of texts have other orders."""
    command = [sys.executable, "-m", "tests.proof", "--jobs", "1", "--first", "3", "--seeds", "2", "--tell"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "11"}, capture_output=True, text=True, check=True
    )
    traces = [line for line in done.stdout.splitlines() if line.startswith("trace ")]
    assert traces == [f"trace {run_seed(seed).judge.trace}" for seed in (3, 4)]
