"""An optimization that is over, on the real app: what never ended was cut off, and nothing is awaited any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from qctui.model.keys import optimization_key
from qctui.model.optimization import Optimization
from qctui.value import replace
from tests.sweep.grids import of, run
from tests.ui.detail_scene import OPTIMIZATION_ID, fill_details, opened
from tests.ui.page import Page, Size
from tests.ui.scene import StillEngine

pytestmark = pytest.mark.anyio

CUT = (
    run("a", None, progress=0.86, p="1", q="1"),
    run("b", None, progress=0.5, p="2", q="1"),
    run("c", None, exit_code=1, p="1", q="2"),
)
"""None of them has ended with a value, and the place 2, 2 has no run."""


@asynccontextmanager
async def reading(optimization: Optimization, *keys: str, size: Size = (80, 24)) -> AsyncIterator[Page]:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        put(engine, optimization)

    # What is over stands behind what runs.
    first = ("2", "enter") if not optimization.finished else ("2", "down", "down", "enter")
    async with opened(*first, *keys, prepare=prepare, size=size) as page:
        yield page


def put(engine: StillEngine, optimization: Optimization) -> None:
    engine.put(optimization_key(OPTIMIZATION_ID), replace(optimization, optimization_id=OPTIMIZATION_ID), age_s=5)


@pytest.mark.parametrize(
    ("status", "state", "full", "beside"),
    [("aborted", "cut off", "cut off at 86%", "cut off"), ("running", "86% done", "86% done", "running")],
)
async def test_a_run_that_never_ended_is_cut_off_wherever_its_state_is_said(
    status: str, state: str, full: str, beside: str
) -> None:
    async with reading(of(*CUT, status=status)) as page:
        assert state in page.line("▸")
        await page.press("/", *beside, "enter")
        assert state in page.line("▸")  # what the row says finds it
        await page.press("escape", "home", "enter")
        assert full in page.text
        await page.press("escape", "home", "space", "down", "space", "C")
        assert f"{beside}" in page.line("rank")
        assert ("cut off" in page.text) is (status == "aborted")


@pytest.mark.parametrize(("status", "comes"), [("aborted", False), ("completed", False), ("running", True)])
async def test_nothing_is_awaited_of_what_is_over(status: str, comes: bool, caplog: pytest.LogCaptureFixture) -> None:
    runs = of(*CUT, status=status)
    async with reading(runs) as page:
        said = {"Best": page.line("Best")}
        await page.press("m", "end")
        said["map"] = page.line("no run here")
        for view in ("3", "4", "5", "6"):
            await page.press(view)
            await page.drawn()
            said[view] = page.line("No run")
        await page.press("1", "home", "enter")
        said["run"] = page.line("This run has no statistics")
        await page.press("escape", "end", "enter")
        assert "This run has no statistics." in page.line("This run")  # it failed: none will come in any case
        await page.press("escape")
        put(page.engine, replace(runs, runs=(), total=None))
        await page.drawn()
        said["runs"] = page.line("No run has begun")
        said["total"] = page.line("the number of runs is not known")
        await page.press("e")
        assert page.said[-1] == f"There are no runs to write{' yet' if comes else ''}"
    assert caplog.messages == []
    assert {where: " yet" in words for where, words in said.items()} == dict.fromkeys(said, comes), said


@pytest.mark.parametrize("status", ["aborted", "running"])
async def test_what_the_api_counts_as_running_and_queued_is_not_said_to_go_on(status: str) -> None:
    counted = replace(of(*CUT, status=status), completed=0, failed=1, running=2, queued=4, total=7)
    async with reading(counted, size=(120, 40)) as page:
        line = page.line("Progress")
        assert ("2 running · 4 queued" in line) is (status == "running")
        assert ("2 cut off · 4 never begun" in line) is (status == "aborted")
        put(page.engine, replace(counted, running=0, queued=0))
        await page.drawn()
        assert ("1 failed · 2 cut off" in page.line("Progress")) is (status == "aborted")
