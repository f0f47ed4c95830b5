"""What holds for every test."""

from __future__ import annotations

import gc
import os

import pytest

from tests import examples, idle

examples.install()
idle.install()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` starts: two for each core, since what tests the whole program mostly waits."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """What was imported stays: looking for garbage in it again and again took a fifth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
