"""The views of a sweep on the real app: what each says, one selected run in all of them, comparing, files."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from textual.worker import Worker

from qctui.model.keys import optimization_key
from qctui.model.optimization import Optimization
from qctui.sweep.judging import Sweep
from qctui.sweep.plots import drawn
from qctui.sweep.words import run_reading
from qctui.ui.kit.chooser import Chooser
from qctui.ui.optimizations.optimization_screen import OptimizationScreen
from qctui.ui.optimizations.run_screen import CompareScreen, RunScreen
from qctui.value import replace
from tests.sweep.grids import grid, of, run
from tests.ui.detail_scene import OPTIMIZATION_ID, Prepare, fill_details, grid_optimization, opened
from tests.ui.page import OPTIONS, Page
from tests.ui.scene import HOSTILE, StillEngine

pytestmark = pytest.mark.anyio

KEY = optimization_key(OPTIMIZATION_ID)
VIEWS = ("3", "4", "5", "6", "7")

P = ParamSpec("P")
R = TypeVar("R")


def holding(optimization: Optimization) -> Prepare:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(KEY, replace(optimization, optimization_id=OPTIMIZATION_ID), age_s=5)

    return prepare


def screen(page: Page) -> OptimizationScreen:
    found = page.app.screen
    assert isinstance(found, OptimizationScreen)
    return found


async def look(page: Page, *keys: str) -> str:
    """Press keys, wait for the plots, and read the screen as one line of words."""
    await page.press(*keys)
    await page.drawn()
    return " ".join(page.text.split())


async def test_each_view_is_a_key_away_and_reads_itself() -> None:
    async with opened("2", "enter") as page:
        assert "1 Runs 2 Heat map 3 Slices 4 Distribution 5 History 6 Pareto 7 Importance" in await look(page)
        slices = await look(page, "3")
        assert "Sharpe Ratio by fast" in slices
        assert "fast clearly matters: the median is best at 20 (1.500), worst at 35 (0.872)" in slices
        assert "█" in slices
        assert "─────" in slices
        assert "Sharpe Ratio by slow" in await look(page, "right_square_bracket")
        spread = await look(page, "4")
        assert "41 runs: median 1.255, half of them between 0.946 and 1.333" in spread
        assert "|median 1.255" in spread
        assert "|best 2.000" in spread
        history = await look(page, "5")
        assert "2.000 at run 20 of 41, and no better one in the 21 since; 8 were the best yet" in history
        assert "which tells no end times" in history
        pareto = await look(page, "6")
        assert "max Sharpe Ratio against min Drawdown" in pareto
        assert "4 of 41 runs are on the front (●)" in pareto
        weight = await look(page, "7")
        assert "slow goes with Sharpe Ratio most (lower is better): 0.41 over 41 runs" in weight
        assert "slow -0.41┤" in weight
        assert all("Not in it: 6 failed, 1 running" in each for each in (slices, spread, history))
        await page.press("escape")
        assert page.app.screen is page.main


async def test_one_run_is_selected_in_every_view_and_enter_opens_it() -> None:
    async with opened("2", "enter", "j", "j") as page:
        third = str(screen(page).runs.table.cursor_key)
        sweep = Sweep(grid_optimization())
        words = run_reading(sweep, sweep.ranking.by_key[third])
        for view in VIEWS:
            assert words in await look(page, view)
        for view, keys in (("3", "l"), ("4", "h"), ("5", "l"), ("6", "j")):
            before = str(screen(page).runs.table.cursor_key)
            await look(page, view, keys)
            chosen = str(screen(page).runs.table.cursor_key)
            assert chosen != before
            assert run_reading(sweep, sweep.ranking.by_key[chosen]) in await look(page)
            assert page.text.count("▸") == 2  # on the plot, and before its words
        await page.press("2")
        under = screen(page).map.map.under
        assert under is not None
        assert under.key == chosen
        await page.press("6", "enter")
        assert isinstance(page.app.screen, RunScreen)
        assert sweep.ranking.by_key[chosen].name in page.text
        assert "neighbours" in page.line("Neighbours")


async def test_typed_in_one_burst_the_views_end_where_they_end_when_typed_slowly() -> None:
    keys = ("2", "enter", "3", "]", "j", "4", "space", "1", "j", "space", "7", "enter", "[", "1", "j", "3")
    ends = []
    for burst in (False, True):
        async with opened("1") as page:
            if burst:
                await page.burst(*keys)
            else:
                for key in keys:
                    await page.press(key)
            await page.drawn()
            found = screen(page)
            ends.append((page.text, found.selected_run, found.chosen.title_text))
    assert ends[0][0] == ends[1][0]
    assert ends[0] == ends[1]


async def test_from_importance_to_the_slices_of_a_parameter_and_choosing_one() -> None:
    async with opened("2", "enter", "7") as page:
        await page.drawn()
        assert "Sharpe Ratio by slow" in await look(page, "enter")
        await page.press("c")
        assert isinstance(page.app.screen, Chooser)
        assert "Sharpe Ratio by fast" in await look(page, *"fast", "enter")
        await page.press("4", "c")
        assert page.said[-1] == "Distribution has nothing to choose here"


async def test_a_pareto_of_two_chosen_statistics() -> None:
    async with opened("2", "enter", "6", "c") as page:
        assert "Pareto: 1 of 2" in page.text
        await page.press(*"net", "enter")
        assert "Pareto: 2 of 2" in page.text
        assert "max Net Profit against min Total Orders" in await look(page, *"min total", "enter")
        assert "max Net Profit against max Custom" in await look(page, "right_square_bracket")


async def test_a_heat_map_of_three_parameters_is_cut_by_the_third() -> None:
    async with opened("2", "enter", "m", prepare=holding(grid(4, 3, 2))) as page:
        assert "Sharpe Ratio, the best over p2" in page.text
        assert "the best of 2 runs here" in page.text
        await page.press("]")
        assert "Sharpe Ratio, p2 5" in page.text
        await page.press("]", "]")
        assert "Sharpe Ratio, the best over p2" in page.text
        await page.press("c", *"p1 x", "enter")
        assert "p1 ▼  p2 →" in page.text or "p2 ▼  p1 →" in page.text
        assert "Sharpe Ratio, the best over p0" in page.text


async def test_a_new_answer_leaves_the_cursor_of_the_map_on_a_cell_without_a_run() -> None:
    fewer = grid_optimization(done=20)
    async with opened("2", "enter", "m", "end", prepare=holding(fewer)) as page:
        assert "no run here yet" in page.text
        page.engine.put(KEY, replace(fewer, completed=19), age_s=1)
        await page.drawn()
        assert "no run here yet" in page.text


async def test_where_there_is_room_a_view_stands_beside_the_runs() -> None:
    async with opened("2", "enter", size=(120, 40)) as page:
        assert "2 Heat map" in page.line("━ 1 Runs")
        await page.press("6")
        await page.drawn()
        assert "━ 6 Pareto" in page.line("─ 1 Runs")
        assert "7 Importance" in page.line("5 History")
        await page.press("1", "j")
        await page.drawn()
        row = screen(page).runs.table.cursor_row
        assert row is not None
        assert run_reading(Sweep(grid_optimization()), row)[:40] in " ".join(page.text.split())


async def test_a_plot_is_drawn_for_data_and_size_and_for_no_cursor() -> None:
    async with opened("2", "enter", "6") as page:
        await page.drawn()
        plot = screen(page).plots[3].plot
        before = plot._drawing
        await look(page, "j", "l", "k", "space")
        assert plot._drawing is before
        page.engine.put(KEY, grid_optimization(), age_s=1)
        await page.drawn()
        await page.drawn()
        assert plot._drawing is not before


async def test_without_colour_in_seven_bits_and_in_the_terminals_own_colours() -> None:
    for options in (replace(OPTIONS, ascii=True), replace(OPTIONS, theme="qctui-ansi")):
        async with opened("2", "enter", "j", "space", options=options) as page:
            for view in VIEWS:
                await look(page, view)
                assert page.text.isascii() == options.ascii
                assert f"{'>' if options.ascii else '▸'} fast" in page.text


EMPTY = of()
ODD = {
    "no run yet": (EMPTY, "No run has begun yet"),
    "none ended": (of(run("a", progress=0.5, p="1"), run("b", 1.0, exit_code=1, p="2")), "ended"),
    "one parameter, one value": (of(*(run(str(n), float(n), p="1") for n in range(4))), "No parameter varies"),
    "texts": (
        of(*(run(f"{n}{t}", float(n), t=t) for n in range(3) for t in ("均值", "[/x]", "b"))),
        "texts have no order",
    ),
    "one run": (of(run("a", 1.0, p="1"), run("b", p="2")), "1"),
    "huge": (of(*(run(str(n), (1e308, -1e308, 1.0, 5.0)[n], p=str(n)) for n in range(4))), "4 runs"),
    "max or min not told": (of(*(run(str(n), float(n), p=str(n)) for n in range(4)), maximize=None), "not told"),
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_sweeps_are_words_or_plots_and_never_a_defect(name: str) -> None:
    optimization, words = ODD[name]
    async with opened("2", "enter", prepare=holding(optimization)) as page:
        said = [await look(page, view, "j", "l", "k", "h", "end", "home", "pagedown", "]", "[") for view in VIEWS]
        assert any(words in each for each in said), said
        assert not [each for each in said if "could not be drawn" in each or "not drawn" in each]


async def test_what_ended_without_a_value_or_was_cut_off_is_never_said_to_go_on() -> None:
    over = of(
        run("a", 1.0, p="1", q="1"), run("b", None, p="2", q="1"), run("c", 0.5, progress=0.4, p="1", q="2"),
        status="aborted",
    )  # fmt: skip
    over = replace(over, runs=(*over.runs, run("d", 0.7, p="2", q="2")))
    # What is over stands behind what runs.
    async with opened("2", "down", "down", "enter", prepare=holding(over)) as page:
        shown = await look(page, "m", "home", "right")
        assert "Sharpe Ratio — ended without a value" in shown
        assert "▸ ?" in shown
        assert "cut off ? no value — none" in shown
        assert "Sharpe Ratio 0.500 cut off" in await look(page, "left", "down")
        assert "Not in it: 1 cut off, 1 without a Sharpe Ratio." in await look(page, "4")
        assert "No correlation. p: none, too few runs" in await look(page, "7")
        assert "running" not in page.text


async def test_hostile_names_reach_no_plot_as_more_than_text() -> None:
    odd = grid_optimization()
    runs = [{HOSTILE: each.parameters["fast"], "[/x]": f"{each.parameters['slow']} 均"} for each in odd.runs]
    odd = replace(
        odd,
        name=HOSTILE,
        parameters=(),
        runs=tuple(replace(each, name=HOSTILE, parameters=mine) for each, mine in zip(odd.runs, runs, strict=True)),
    )
    async with opened("2", "enter", "space", "j", "space", prepare=holding(odd), size=(120, 40)) as page:
        for view in VIEWS:
            assert HOSTILE[:20] in await look(page, view)
        assert HOSTILE[:20] in await look(page, "C", "2")


async def test_marked_runs_stand_side_by_side_with_the_best_of_each_line() -> None:
    async with opened("2", "enter", "C") as page:
        assert page.said[-1] == "Mark two to 6 runs with Space first; C shows them side by side"
        await page.press("space", "j", "space", "end", "space")
        assert "+ 3 to compare" in page.line("━ 1 Runs")
        await look(page, "6", "end", "space")
        await page.press("1", "home")
        assert "+1 " in page.line("▸●")
        await page.press("C")
        assert isinstance(page.app.screen, CompareScreen)
        assert "4 runs side by side" in page.text
        assert page.line("Sharpe Ratio").split()[:4] == ["Sharpe", "Ratio", "●2.000", "1.667"]
        assert page.line("rank").split()[-1] == "failed"
        assert page.line("Drawdown").split()[-1] == "—"
        assert page.line("fee  ").split() == ["fee", "1", "1", "1", "1"]
        equity = await look(page, "2")
        assert "change in percent" in equity
        assert "A" in equity
        await page.press("escape")
        assert screen(page).selected_run


async def test_six_are_the_most_and_what_is_gone_is_no_longer_marked() -> None:
    async with opened("2", "enter", *(["space", "j"] * 7)) as page:
        assert page.said[-1] == "At most 6 runs can be compared: unmark one first"
        assert "+ 6 to compare" in page.text
        page.engine.put(KEY, grid_optimization(done=20), age_s=1)
        await page.drawn()
        assert "+ 6 to compare" not in page.text


async def test_each_of_the_compared_runs_has_its_column_beside_the_curves() -> None:
    assert CompareScreen.ROOMY == (116, 30)
    async with opened("2", "enter", *(["space", "j"] * 3), size=CompareScreen.ROOMY) as page:
        for count in (4, 5, 6):
            await page.press("space", "j", "C")
            await page.drawn()
            (at,) = [number for number, line in enumerate(page.lines) if "1 Compared" in line]
            assert page.lines[at + 1].split()[:count] == list("ABCDEF"[:count]), page.text
            assert "change in percent" in page.text
            await page.press("escape")


async def test_runs_and_views_are_written_to_private_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = grid_optimization()
    formula = replace(odd.runs[9], name="=HYPERLINK(1)", parameters={"fast": "+x", "slow": "@y"})
    odd = replace(odd, runs=(formula, *odd.runs))
    async with opened("2", "enter", prepare=holding(odd)) as page:
        for keys in (("e", "enter"), ("e", "down", "enter"), ("6", "e", *"svg", "enter"), ("2", "e", *"svg", "enter")):
            await look(page, *keys)
            await written(page)
        await look(page, "6", "e", *"txt", "enter")
        await written(page)
        shown = screen(page).plots[3].plot.shown.text()
    check_files(tmp_path, shown)


async def written(page: Page) -> None:
    await page.app.workers.wait_for_complete([each for each in page.app.workers if each.group == "export"])
    assert "Written to" in page.said[-1]


def check_files(folder: Path, shown: str) -> None:
    files = {path.name.split("-20")[0] + path.suffix: path for path in folder.iterdir()}
    assert len(files) == 5, files
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files.values())
    (rows,) = [[*csv.DictReader(path.read_text().splitlines())] for path in files.values() if path.suffix == ".csv"]
    assert len(rows) == 49
    assert {"'=HYPERLINK(1)", "'+x", "'@y"} <= {value for row in rows for value in row.values()}
    assert (rows[0]["rank"], rows[0]["statistic.Sharpe Ratio"], rows[0]["parameter.fast"]) == ("1", "2", "20")
    assert {row["statistic.Sharpe Ratio"] for row in rows if row["state"] != "done"} == {""}
    (made,) = [json.loads(path.read_text()) for path in files.values() if path.suffix == ".json"]
    assert (made["failed"], made["running"], len(made["runs"])) == (6, 1, 49)
    assert made["runs"][0]["neighbours_mean"] is not None
    (text,) = [path.read_text() for path in files.values() if path.suffix == ".txt"]
    assert text == shown + "\n"
    assert all("<svg" in path.read_text() for path in files.values() if path.suffix == ".svg")


async def test_of_one_run_each_view_says_what_one_run_can_tell() -> None:
    one = of(run("a", 6.3), run("b", None, progress=0.2))
    async with opened("2", "enter", prepare=holding(one)) as page:
        assert page.line("Best").split() == ["Best", "6.300"]
        spread = await look(page, "4")
        assert "One run has ended, with 6.300." in spread
        assert ("|median 6.300" in spread, "|best 6.300" in spread) == (True, True)
        history = await look(page, "5")
        assert "6.300 at run 1 of 1; 1 was the best yet" in history
        assert "0.5" not in history
        assert "the runs have one: Sharpe Ratio" in await look(page, "6")


async def test_until_a_newer_reading_is_judged_all_of_the_screen_is_of_the_one_before() -> None:
    """And while its plot is being drawn the pane says that the one on screen is older."""
    newer = replace(grid_optimization(), completed=42, runs=grid_optimization().runs[:20])
    async with opened("2", "enter") as page:
        before = await look(page, "4")
        assert "41 runs: median" in before
        async with held() as free:
            page.engine.put(KEY, newer, age_s=5)
            await page.settle()
            waiting = " ".join(page.text.split())
            judged, plot = workers(page, "_judge"), screen(page).plots[1].plot
            vars(plot)["_make"] = made_after(drawn_at := threading.Event(), plot._make)
            free.set()
            await page.app.workers.wait_for_complete(judged)
            await page.settle()
            drawing = " ".join(page.text.split())
            drawn_at.set()
            after = await look(page)
        assert waiting == before
        assert "of the reading before" in drawing
        assert "41 runs: median" in drawing
        assert "Best 1.667" in drawing
        assert "19 runs: median" in after
        assert "of the reading before" not in after


@asynccontextmanager
async def held() -> AsyncIterator[threading.Event]:
    """Keep the thread of plots busy until the event that this gives is set."""
    free = threading.Event()
    holding = asyncio.create_task(drawn(made_after(free, lambda: None), 0, 0))
    try:
        yield free
    finally:
        free.set()
        await holding


def made_after(event: threading.Event, make: Callable[P, R]) -> Callable[P, R]:
    def waits(*args: P.args, **named: P.kwargs) -> R:
        assert event.wait(60)
        return make(*args, **named)

    return waits


def workers(page: Page, name: str) -> list[Worker[object]]:
    found = [each for each in page.app.workers if each.name == name and not each.is_finished]
    assert found
    return found


async def test_runs_that_cannot_be_judged_are_said_over_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened("2", "enter") as page:

        def fails(self: Sweep) -> Iterator[None]:
            raise ZeroDivisionError("secret")

        monkeypatch.setattr(Sweep, "prepare", fails)
        page.engine.put(KEY, replace(grid_optimization(), completed=47), age_s=1)
        await page.drawn()
        assert "the newest runs could not be judged (ZeroDivisionError)" in page.text
        assert "secret" not in page.text
        assert "47 done" not in page.text
        monkeypatch.undo()
        page.engine.put(KEY, replace(grid_optimization(), completed=48), age_s=1)
        await page.drawn()
        assert "could not be judged" not in page.text
        assert "48 done" in page.line("Progress")
