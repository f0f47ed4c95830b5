"""The gate in front of plotext: what goes through it, on which thread, and what becomes of a failure."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from random import Random

import pytest

from qctui.plot.values import ValueScale
from qctui.sweep.plots import LEAST, Drawn, Kind, Layer, Plot, Side, drawn

pytestmark = pytest.mark.anyio

UNIT = Side(ValueScale(0.0, 1.0))


def dots(*points: tuple[float, float]) -> Plot:
    return Plot([Layer(Kind.DOTS, "chart-1", points)], UNIT, UNIT, points=points)


async def draw(plot: Plot | None, width: int = 61, height: int = 13, *, ascii: bool = False) -> Drawn:
    return await drawn(lambda: plot, width, height, ascii=ascii)


def inside(found: Drawn) -> set[tuple[int, int]]:
    """The cells within the frame that hold something."""
    assert found.area is not None
    return {
        (x, y)
        for y in range(1, found.area.height + 1)
        for x in range(found.area.left, found.area.left + found.area.width)
        if found.grid.chars[y][x] != " "
    }


@pytest.mark.parametrize("ascii", [False, True])
async def test_a_point_is_where_it_is_said_to_be(ascii: bool) -> None:
    random = Random(7)
    corners = [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    for point in [*corners, *((random.random(), random.random()) for _ in range(60))]:
        found = await draw(dots(point), ascii=ascii)
        assert inside(found) == {found.cells[0]}, point


async def test_what_is_not_finite_is_not_drawn_and_takes_nothing_with_it() -> None:
    odd = [(math.nan, 0.5), (0.5, math.inf), (-math.inf, math.nan), (0.25, 0.75)]
    found = await draw(dots(*odd))
    assert not found.words
    assert inside(found) == {found.cells[3]}
    nothing = await draw(dots(*odd[:3]))
    assert (nothing.words, inside(nothing)) == ("", set())
    box = Layer(Kind.BOXES, "chart-1", boxes=[(0.5, (1.0, math.nan, 0.5, 0.2, 0.1))])
    assert inside(await draw(Plot([box], UNIT, UNIT))) == set()


@pytest.mark.parametrize("ascii", [False, True])
async def test_ten_thousand_points_are_all_drawn(ascii: bool) -> None:
    random = Random(3)
    points = [(random.random(), random.random() ** 2) for _ in range(10_000)]
    found = await draw(dots(*points), ascii=ascii)
    assert inside(found) == set(found.cells)


async def test_points_together_are_the_dots_of_each_of_them() -> None:
    random = Random(4)
    points = [(random.random(), random.random()) for _ in range(40)]
    together, alone = await draw(dots(*points)), dict[tuple[int, int], int]()
    for point in points:
        one = await draw(dots(point))
        (cell,) = one.cells
        assert cell is not None
        alone[cell] = alone.get(cell, 0) | ord(one.grid.chars[cell[1]][cell[0]]) - 0x2800
    assert {cell: ord(together.grid.chars[cell[1]][cell[0]]) - 0x2800 for cell in inside(together)} == alone


async def test_a_failure_of_any_kind_is_words() -> None:
    def fails() -> Plot:
        raise KeyError("secret")

    found = await drawn(fails, 61, 13)
    assert found.words == "This plot could not be drawn (KeyError). The log has the details."
    assert found.grid.text().strip() == ""
    wide = Plot([], UNIT, Side(ValueScale(-1e308, 1e308)))
    assert (await draw(wide)).words == "The values are too far apart for a plot."
    for size in ((LEAST[0] - 1, 20), (60, LEAST[1] - 1), (0, 0)):
        assert (await draw(dots((0.5, 0.5)), *size)).words == "There is no room for a plot here."
    assert (await draw(None)).words == ""
    assert not (await draw(dots((0.5, 0.5)), *LEAST)).words


async def test_all_of_it_happens_on_one_thread_that_is_not_the_callers() -> None:
    seen: set[str] = set()

    def make() -> Plot:
        seen.add(threading.current_thread().name)
        return dots((0.5, 0.5))

    for _ in range(5):
        await drawn(make, 61, 13)
    assert len(seen) == 1
    assert threading.current_thread().name not in seen


async def test_seven_bits_and_wide_characters_keep_every_column() -> None:
    labels = [(0.2, "均值"), (0.8, "ö")]
    for ascii in (False, True):
        plot = Plot(dots((0.5, 0.5)).layers, Side(ValueScale(0.0, 1.0), labels=labels), UNIT, flags=[(0.5, "|均 best")])
        found = await draw(plot, ascii=ascii)
        assert found.grid.text().isascii() == ascii
        assert all(len(row) == 61 for row in found.grid.chars)
        assert "|? best" in found.grid.text()


def test_the_library_is_loaded_with_the_first_plot_and_not_before() -> None:
    code = "import sys, qctui.ui.optimizations.optimization_screen; print('plotext' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
