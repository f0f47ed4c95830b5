"""What is written to a file, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from qctui.model.chart import ChartWindow
from tests.plot.bare import ChartApp
from tests.plot.samples import sample

pytestmark = pytest.mark.anyio

EQUITY = sample("strategy_equity_candles")


@pytest.mark.parametrize("kind", ["csv", "svg", "txt"])
async def test_the_chart_goes_to_a_new_file_of_the_user_alone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = ChartApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        app.pane.view.set_window(ChartWindow(7_200.0))
        app.show(EQUITY)
        await pilot.press("e", *kind, "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
    text = only_file(tmp_path, f".{kind}")
    if kind == "csv":
        assert "Equity,2026-11-20T15:20:00Z,1795188000,100255.43,100265.88,100297.38,100227.18,100255.43,$" in text
        assert "Equity,2026-11-20T14:30:00Z,1795185000,100242.37,100220.55,,100192.3,100242.37,$" in text
    else:
        assert "Momentum [b]: Strategy Equity 2h" in text.replace("&#x27;", "'")


def only_file(folder: Path, suffix: str) -> str:
    (path,) = folder.iterdir()
    assert path.suffix == suffix
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text(encoding="utf-8")
