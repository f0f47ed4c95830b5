"""Random keys over the whole app: a burst ends where slow typing ends. `python -m tests.journeys` tries many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.compare import compare

pytestmark = pytest.mark.anyio

SESSIONS = 5
BURSTS = 25


@pytest.mark.parametrize("seed", range(SESSIONS))
async def test_a_burst_ends_where_slow_typing_ends(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # random keys write charts to files
    size = (80, 24) if seed % 3 else (120, 40)
    difference = await compare(seed, BURSTS, size)
    assert difference is None, f"{difference}\npython -m tests.journeys --seed {seed} --bursts {BURSTS}"
