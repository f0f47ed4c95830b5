from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.api import Api, simulator
from tests.e2e.console import Console, clean_environment
from tests.e2e.line import Line


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    """Nobody is signed in."""
    return clean_environment(home)


@pytest.fixture
def api() -> Iterator[Api]:
    """A world in which nothing happens by itself, and what is asked for happens quickly."""
    with simulator(
        "--calm",
        "--order-lag",
        "0.2",
        "--stop-lag",
        "0.4",
        "--flat-lag",
        "0.4",
        "--abort-lag",
        "0.4",
        "--snapshot",
        "0.5",
    ) as api:
        yield api


@pytest.fixture(scope="module")
def still() -> Iterator[Api]:
    """A world that the tests of a module look at and change nothing of."""
    with simulator("--calm") as api:
        yield api


@pytest.fixture
def look(still: Api, home: Path) -> Callable[..., Console]:
    """Opens a console on it."""
    return partial(Console, "--base-url", still.base_url, env=still.environment(home))


@pytest.fixture
def line(api: Api) -> Iterator[Line]:
    """What stands between that world and the consoles of a test."""
    with Line(api.port) as line:
        api.base_url = line.base_url
        yield line


@pytest.fixture
def signed_in(api: Api, home: Path) -> dict[str, str]:
    """Credentials for that world."""
    return api.environment(home)
