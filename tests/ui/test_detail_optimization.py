from __future__ import annotations

import pytest

from qctui.engine.engine_port import Visibility
from qctui.model.keys import optimization_key
from qctui.model.optimization import Optimization, Parameter
from qctui.model.resource import Progress, Resource
from qctui.sweep.judging import Sweep
from qctui.ui.actions.controller import Pointed
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.optimizations.optimization_screen import OptimizationScreen
from qctui.ui.optimizations.run_screen import RunScreen
from qctui.value import replace
from tests.ui.detail_scene import OPTIMIZATION_ID, PROJECT, Prepare, fill_details, grid_optimization, opened, wanted
from tests.ui.page import OPTIONS, Page
from tests.ui.scene import HOSTILE, StillEngine, fail
from tests.ui.test_quiet import record as record_sent

pytestmark = pytest.mark.anyio

KEY = optimization_key(OPTIMIZATION_ID)


def screen(page: Page) -> OptimizationScreen:
    found = page.app.screen
    assert isinstance(found, OptimizationScreen)
    return found


def sweep(page: Page) -> Sweep:
    found = screen(page).sweep
    assert found is not None
    return found


def holding(optimization: Optimization, **more: float) -> Prepare:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(KEY, optimization, **more)

    return prepare


async def test_the_header_says_what_is_searched_how_far_it_is_and_what_it_cost() -> None:
    async with opened("2", "enter") as page:
        assert "Lookback x stop  running · max Sharpe Ratio" in page.text
        assert f"{OPTIMIZATION_ID} · Crypto/BTC trend · O2-8 x 4" in " ".join(page.text.split())
        assert "97% of 48 · 41 done · 6 failed · 1 running" in page.line("Progress")
        assert "2.000 with fast 20 · slow 50.0" in page.line("Best")
        assert "3.41 QCC · ran 01:12:33 · 00:01:12 a run · requested 2h ago" in page.line("Cost")
        assert "fast 5 to 40 by 5 · slow 30 to 80 by 10 · fee = 1" in page.line("Parameters")
        assert f"Drawdown Less 0.25 · {HOSTILE}"[:50] in page.line("Constraints")
        await page.press("escape")
        assert page.app.screen is page.main


async def test_runs_are_ranked_and_the_best_is_marked() -> None:
    async with opened("2", "enter") as page:
        assert "48 · 6 failed · ● best" in page.line("━ 1 Runs")
        best = page.line("▸●")
        assert best.split()[1:] == ["1", "20", "50.0", "2.000", "1.667±0.00", "spike", "13.0%", "done", "┃"]
        await page.press("end")
        assert "! exit 1" in page.text
        assert "40% done" in page.text
    async with opened("2", "enter", size=(250, 40)) as page:
        best = next(line for line in page.lines if line.startswith("▸●"))
        assert "+20.0%" in best
        assert "103" in best


async def test_without_an_extremum_no_run_is_called_the_best() -> None:
    async with opened("2", "enter", prepare=holding(grid_optimization(maximize=None))) as page:
        assert "unknown: max or min is not told: no rank" in page.line("Best  ")
        assert "max or min is not told: no rank" in page.line("━ 1 Runs")
        assert "●" not in page.text
        await page.press("enter")
        assert isinstance(page.app.screen, RunScreen)
        assert "done; max or min is not told: no rank" in page.text
        await page.press("escape", "escape")
        assert "47/48      —" in page.line("▸ Lookback x")


async def test_sorting_by_any_column() -> None:
    async with opened("2", "enter") as page:
        table = screen(page).runs.table
        await page.press("s", "s")
        assert "fast▴" in page.text
        assert [table._rows[place].run.parameters["fast"] for place in (0, -1)] == ["5", "40"]
        for _ in range(3):
            await page.press("s")
        assert "near▾" in page.text
        means = [mean for each in table._rows if (mean := sweep(page).neighbours(each.key).mean) is not None]
        assert means == sorted(means, reverse=True)
        await page.press("s", "s")
        assert "drawdown▴" in page.text
        assert table._rows[0].run.statistics["Drawdown"] == 10.0
        assert table._rows[-1].run.failed


async def test_filtering_runs_by_parameter_and_state() -> None:
    async with opened("2", "enter", "slash", *"fast=15 done", "enter") as page:
        assert len(screen(page).runs.table._rows) == 6


async def test_the_heat_map_is_a_key_away_and_back() -> None:
    async with opened("2", "enter", "m") as page:
        assert screen(page).chosen is screen(page).map
        assert "slow ▼  fast →" in page.text
        assert page.line("▸●").split()[-1] == "fail"
        assert "▸●2.00" in page.line("▸●").replace(" ", "")
        assert "fast 20 · slow 50 · Sharpe Ratio 2.000  rank 1 of 41 ● best" in page.text
        assert "worst" in page.text
        assert page.line("40%…").startswith(" 30 ")
        await page.press("m")
        assert screen(page).chosen is screen(page).runs
        await page.press("tab")
        assert screen(page).chosen is screen(page).map


async def test_moving_in_the_map_reads_the_cell_and_enter_opens_its_run() -> None:
    async with opened("2", "enter", "m", "l", "j", "right", "k") as page:
        assert "fast 30 · slow 50 · Sharpe Ratio 1.333" in page.text
        await page.press("enter")
        assert isinstance(page.app.screen, RunScreen)
        assert "run 5/2  rank" in page.text
        await page.press("escape", "end")
        assert "failed, exit code 1" in page.text
        await page.press("home")
        assert "rank 1 of 41" in page.text


async def test_a_map_too_wide_for_numbers_is_seen_whole_as_levels() -> None:
    async with opened("2", "enter", "m", prepare=holding(grid_optimization(36, 6))) as page:
        rows = [line for line in screen(page).map.map.text.split("\n") if line.startswith((" 30", " 40", " 80"))]
        assert len(rows) == 3
        assert all(len(row) <= 80 for row in rows)
        assert "█" in page.text
        assert " of 36" not in page.text
        assert "x failed" in page.text


async def test_a_map_larger_than_the_screen_follows_the_cursor_and_says_which_part_it_shows() -> None:
    async with opened("2", "enter", "m", prepare=holding(grid_optimization(60, 20))) as page:
        assert "fast 1-" in page.text
        await page.press("end")
        assert "-60 of 60" in page.text
        assert "-20 of 20" in page.text
        assert "fast 300 · slow 220" in page.text


async def test_no_map_for_one_parameter_and_it_says_why() -> None:
    one = grid_optimization()
    one = replace(one, parameters=one.parameters[:1])
    async with opened("2", "enter", "m", prepare=holding(one)) as page:
        assert "needs two parameters that vary; this optimization has 1" in page.text
        assert "more" not in page.line("━ 2 Heat map")


async def test_table_and_map_beside_each_other_where_there_is_room() -> None:
    async with opened("2", "enter", size=(120, 40)) as page:
        assert "━ 1 Runs" in page.text
        assert "─ 2 Heat map" in page.text


async def test_live_progress_moves_the_numbers_and_keeps_the_cursor_on_its_run() -> None:
    async with opened("2", "enter", "j", "j") as page:
        under = screen(page).runs.table.cursor_key
        before = grid_optimization()
        changed = replace(
            before,
            completed=42,
            runs=tuple(
                replace(each, progress=1.0, exit_code=0, statistics={"Sharpe Ratio": 3.5})
                if each.key == "0-0"
                else each
                for each in before.runs
            ),
        )
        page.engine.put(KEY, changed)
        await page.drawn()
        assert "100% of 48 · 42 done" in page.line("Progress")
        assert "3.500 with fast 5" in page.line("Best")
        assert screen(page).runs.table.cursor_key == under
        best = screen(page).runs.table._rows[0]
        assert (best.key, best.rank) == ("0-0", 1)


async def test_before_the_first_reading_the_list_stands_in() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.store.put(KEY, Resource())

    async with opened("2", "enter", prepare=prepare) as page:
        assert "Lookback x stop  running · max Sharpe Ratio" in page.text
        assert "Reading runs…" in page.text
        await page.press("m")
        assert "Reading runs…" in page.text
        page.engine.store.put(KEY, Resource(progress=Progress(0.4, 1.0)))
        await page.settle()
        assert "QuantConnect is preparing the runs (40%)." in page.text


async def test_not_begun_failing_and_stale() -> None:
    fresh = replace(
        grid_optimization(), runs=(), status="new", total=None, completed=None, failed=None, running=None, queued=None
    )
    async with opened("2", "enter", prepare=holding(fresh)) as page:
        assert "No run has begun yet." in page.text
        assert "the number of runs is not known yet" in page.line("Progress")
        assert "0%" not in page.text
        fail(page.engine, KEY, "HTTP 500: server error")
        await page.settle()
        assert "HTTP 500" in page.text
        page.engine.put(KEY, grid_optimization(), age_s=130)
        await page.drawn()
        assert "no newer runs" in page.text
        page.engine.put(KEY, replace(grid_optimization(), status="completed"), age_s=130)
        await page.drawn()
        assert "no newer runs" not in page.text


async def test_it_is_read_as_an_opened_one_and_abort_aims_at_it() -> None:
    async with opened("2", "enter") as page:
        assert wanted(page)[KEY] is Visibility.OPENED
        assert screen(page).pointed() == Pointed(optimization_id=OPTIMIZATION_ID, optimization_project_id=PROJECT)
        await page.press("L")
        assert page.said[-1] == "Can't liquidate: an optimization is on screen, no deployment"
        await page.press("A")
        assert isinstance(page.app.screen, ConfirmScreen)
        assert [[each.optimization_id for each in targets] for targets in page.engine.still_actions.rechecked] == [
            [OPTIMIZATION_ID]
        ]
        await page.press("escape", "escape")
        assert wanted(page)[KEY] is not Visibility.OPENED


async def test_a_run_in_full() -> None:
    async with opened("2", "enter", "enter") as page:
        assert "run 3/2  rank 1 of 41  ● best" in page.text
        assert "fast 20 · slow 50.0 · fee 1" in page.line("Parameters")
        assert "100,000.00 → 120,000.00 +20.00%" in page.text
        for text in ("Sharpe Ratio", "2.000", "Net Profit", "20.00%", "Custom [b]turnover[/]", "0.37"):
            assert text in page.text
        await page.press("y")
        assert "Custom [b]turnover[/]" in page.app.clipboard


async def test_a_run_without_statistics_says_so() -> None:
    async with opened("2", "enter", "end", "enter") as page:
        assert "! failed, exit code 1" in page.text
        assert "This run has no statistics." in page.text


async def test_hostile_names_in_runs_and_parameters() -> None:
    odd = grid_optimization()
    renamed = [{HOSTILE: each.parameters["fast"], "[/x]": each.parameters["slow"]} for each in odd.runs]
    odd = replace(
        odd,
        name=HOSTILE,
        status=HOSTILE,
        parameters=(Parameter(HOSTILE, 5, 40, 5), Parameter("[/x]", 30, 80, 10)),
        runs=tuple(
            replace(each, name=HOSTILE, parameters=values) for each, values in zip(odd.runs, renamed, strict=True)
        ),
    )
    async with opened("2", "enter", prepare=holding(odd), size=(120, 40)) as page:
        assert page.text.count(HOSTILE) >= 3
        await page.press("m", "l", "enter")
        assert HOSTILE in page.text
        assert page.said == []


async def test_ascii_only() -> None:
    options = replace(OPTIONS, ascii=True)
    for keys in (("2", "enter"), ("2", "enter", "m"), ("2", "enter", "enter")):
        async with opened(*keys, options=options) as page:
            assert page.text.isascii()
    async with opened("2", "enter", "m", options=options, prepare=holding(grid_optimization(36, 6))) as page:
        assert page.text.isascii()


async def test_the_terminals_own_colours_have_a_map_too() -> None:
    async with opened("2", "enter", "m", options=replace(OPTIONS, theme="qctui-ansi")) as page:
        assert "2.00" in page.text


async def test_one_new_value_costs_little_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    for keys in (("2", "enter"), ("2", "enter", "m", "h")):
        async with opened(*keys) as page:
            sent = record_sent(page, monkeypatch)
            before = grid_optimization()
            for step, progress in enumerate((0.41, 0.42, 0.43)):
                if step:
                    sent.clear()
                runs = tuple(replace(each, progress=progress) if each.key == "0-0" else each for each in before.runs)
                page.engine.put(KEY, replace(before, runs=runs), age_s=5)
                await page.drawn()
            assert sum(len(each.encode()) for each in sent) < 100
