"""What holds for every test."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import examples, idle, order

examples.install()
idle.install()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` starts: two for each core, since what tests the whole program mostly waits."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is new is compiled by the process that comes first; the others wait, and find it compiled. What is imported
    stays: nobody looks for garbage meanwhile."""
    gc.disable()
    with Path(__file__).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_SH)
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits for other programs is done beside what computes, and not all of it at the end."""
    items[:] = order.beside_each_other(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    """What was imported stays: looking for garbage in it again and again took a fifth of the time. What the tests leave
    is seldom looked for: each look goes through all of an open app, too. 100 MB of it may lie about in each process."""
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 20)
    gc.enable()


def pytest_sessionfinish() -> None:
    """What the tests left is looked at once, and not by each of the five looks that pytest takes."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """What `qctui.cli.main` changes in its process is put back: where the log goes, and that garbage is collected."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    gc.enable()
