"""The chart samples of tests/payloads, parsed as the program parses them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qctui.api.answer import Answer
from qctui.api.decode import decode
from qctui.api.endpoints import CHART
from qctui.api.parse_chart import chart
from qctui.model.chart import Chart
from tests.plot.bare import NOW

FOLDER = Path(__file__).parent.parent / "payloads"
_NONE = ("error", "loading", "loading_fraction")


async def _parse(raw: bytes) -> Chart:
    document = await decode(raw)
    tree = document.tree
    assert isinstance(tree, dict)
    head = tree["chart"]
    assert isinstance(head, dict)
    name = str(head.get("name") or head.get("Name"))
    read = await chart(Answer(CHART, tree, document), name, NOW - 86_400.0, NOW, 512)
    assert isinstance(read, Chart)
    return read


# Read before any test runs: a test that has a loop of its own cannot start another.
_CHARTS = {
    path.stem.removeprefix("live_chart_read__"): asyncio.run(_parse(path.read_bytes()))
    for path in sorted(FOLDER.glob("live_chart_read__*.json"))
    if path.stem.removeprefix("live_chart_read__") not in _NONE
}


def sample(name: str) -> Chart:
    """One sample, `live_chart_read__NAME.json`."""
    return _CHARTS[name]


def sample_names() -> list[str]:
    """All samples that hold a chart."""
    return list(_CHARTS)
