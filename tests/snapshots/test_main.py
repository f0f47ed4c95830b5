"""The main screen at three sizes, cell by cell, with the text of each picture in a file of its own beside it.

What looks otherwise on purpose is written again by `python -m pytest tests/snapshots --snapshot-update`; the texts
show in a diff what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from qctui.ui.app import QctuiApp
from qctui.value import replace
from tests.screenshots import CLEARED
from tests.ui.alert_scene import fill_alerts
from tests.ui.page import OPTIONS, Size, screen_text
from tests.ui.scene import StillEngine, fill, outage

TEXTS = Path(__file__).parent / "texts"

CASES: tuple[tuple[str, tuple[str, ...], Callable[[StillEngine], object] | None], ...] = (
    ("main", (), None),
    ("marked", ("space", "j", "space", "3", "j"), None),
    ("chart", ("4", "left", "left"), None),
    ("outage", (), outage),
    ("noticed", (), fill_alerts),
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("name", "keys", "happens"), CASES, ids=[case[0] for case in CASES])
def test_the_screen_looks_as_it_did(
    name: str,
    keys: Iterable[str],
    happens: Callable[[StillEngine], object] | None,
    size: Size,
    snap_compare: Callable[..., bool],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in CLEARED:
        monkeypatch.delenv(variable, raising=False)
    engine = StillEngine()
    fill(engine)
    seen: list[str] = []

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        if happens is not None:
            happens(engine)
        await pilot.press(*keys)
        for _ in range(4):
            await pilot.pause()
        seen.append(screen_text(pilot.app.screen) + "\n")

    app = QctuiApp(engine, replace(OPTIONS, demo=True))
    same = snap_compare(app, terminal_size=size, run_before=act)
    twin = TEXTS / f"{name}-{size[0]}x{size[1]}.txt"
    if request.config.getoption("--snapshot-update"):
        twin.parent.mkdir(exist_ok=True)
        twin.write_text(seen[0], "utf-8")
    assert twin.read_text("utf-8") == seen[0]
    assert same, "the same text in other colours; on purpose? python -m pytest tests/snapshots --snapshot-update"
