from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.geometry import Region

from qctui.ui.app_base import AppBase
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column
from qctui.ui.selection_owner import LocalCursor
from qctui.ui.theme.glyph_set import UNICODE, Glyphs, glyphs
from qctui.value import Value, replace

pytestmark = pytest.mark.anyio


class Row(Value):
    key: int
    name: str
    value: float = 0.0


def name(row: Row, context: RenderContext) -> Spans:
    return ((row.name, ""),)


def value(row: Row, context: RenderContext) -> Spans:
    return ((f"{row.value:.2f}", ""),)


COLUMNS: Sequence[Column[Row]] = (
    Column("name", "name", 8, name, widest=20, keep=2),
    Column("value", "value", 8, value, right=True, keep=1),
)


class TableApp(AppBase[None]):
    def __init__(self, signs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.table: KeyedTable[Row] = KeyedTable(COLUMNS, lambda row: row.key, signs)
        self.refreshed: list[Region] = []
        self.happened: list[Any] = []
        self.table.opened = lambda _row: self.happened.append(("opened", self.table.cursor_key))
        self.table.marked = lambda _row: self.happened.append(("marked", self.table.cursor_key))

    def compose(self) -> ComposeResult:
        yield self.table


class Bench:
    def __init__(self, app: TableApp, pilot: Any) -> None:
        self.app = app
        self.table = app.table
        self.pilot = pilot

    def show(self, rows: Sequence[Row], marks: frozenset[Any] = frozenset(), words: str = "") -> None:
        self.table.show(rows, RenderContext(0.0, 0.0, None, self.table._glyphs), marks=marks, words=words)

    @property
    def lines(self) -> list[str]:
        return [self.table.render_line(y).text for y in range(self.table.size.height)]

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> list[Region]:
        asked: list[Region] = []
        refresh = self.table.refresh

        def watched(*regions: Region, **how: Any) -> Any:
            asked.extend(regions or [self.table.size.region])
            return refresh(*regions, **how)

        monkeypatch.setattr(self.table, "refresh", watched)
        return asked


@asynccontextmanager
async def table(size: tuple[int, int] = (30, 6), *, ascii_only: bool = False) -> AsyncIterator[Bench]:
    app = TableApp(glyphs(ascii_only))
    async with app.run_test(size=size) as pilot:
        app.table.focus()
        await pilot.pause()
        yield Bench(app, pilot)


def rows(count: int) -> list[Row]:
    return [Row(each, f"row {each}", float(each)) for each in range(count)]


async def test_a_changed_value_asks_for_its_changed_digits_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with table() as bench:
        bench.show(rows(3))
        await bench.pilot.pause()
        asked = bench.watch(monkeypatch)
        changed = rows(3)
        changed[1] = replace(changed[1], value=1.57)
        bench.show(changed)
        assert [(region.y, region.width) for region in asked] == [(2, 2)]
        line = bench.lines[2]
        assert line[asked[0].x : asked[0].right] == "57"


async def test_equal_rows_ask_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with table() as bench:
        bench.show(rows(3))
        await bench.pilot.pause()
        asked = bench.watch(monkeypatch)
        bench.show(rows(3))
        assert asked == []


async def test_moving_the_cursor_asks_for_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    async with table() as bench:
        bench.show(rows(3))
        await bench.pilot.pause()
        asked = bench.watch(monkeypatch)
        await bench.pilot.press("j")
        assert {region.y for region in asked} == {1, 2}


async def test_the_cursor_follows_its_key_and_stays_at_its_line() -> None:
    async with table() as bench:
        bench.show(rows(20))
        await bench.pilot.press("pagedown", "j")
        key, line = bench.table.cursor_key, next(y for y, text in enumerate(bench.lines) if text.startswith("▸"))
        bench.show([Row(100 + each, "new") for each in range(7)] + rows(20))
        assert bench.table.cursor_key == key
        assert bench.lines[line].startswith(f"▸ row {key}")
        bench.show(list(reversed(rows(20))))
        assert bench.table.cursor_key == key


@pytest.mark.parametrize(("place", "top"), [(4, 3), (12, 11), (18, 15), (0, 0)])
async def test_a_sort_leaves_the_cursor_at_its_line_as_far_as_the_list_goes(place: int, top: int) -> None:
    """Its row is found again far from where it was, also within what is on screen."""
    async with table() as bench:
        bench.show(rows(20))
        await bench.pilot.press(*["down"] * 10, "up", "up", "up")
        assert (bench.table.cursor.place.index, bench.table._top) == (7, 6)
        others = [row for row in rows(20) if row.key != 7]
        bench.show([*others[:place], rows(20)[7], *others[place:]])
        assert bench.table.cursor_key == 7
        assert (bench.table.cursor.place.index, bench.table._top) == (place, top)
        assert "row 7" in bench.lines[place - top + 1]


async def test_a_vanished_row_gives_the_cursor_to_its_neighbour() -> None:
    async with table() as bench:
        bench.show(rows(3))
        await bench.pilot.press("end")
        bench.show(rows(2))
        assert bench.table.cursor_key == 1
        bench.show([])
        assert bench.table.cursor_row is None


async def test_the_keys_move_within_the_rows() -> None:
    async with table() as bench:
        bench.show(rows(50))
        seen = []
        for key in ("end", "j", "home", "k", "pagedown", "pageup", "down", "up"):
            await bench.pilot.press(key)
            seen.append(bench.table.cursor_key)
        assert seen == [49, 49, 0, 0, 4, 0, 1, 0]


async def test_enter_and_space_name_the_row() -> None:
    async with table() as bench:
        await bench.pilot.press("enter", "space")
        assert bench.app.happened == []
        bench.show(rows(2))
        await bench.pilot.press("j", "enter", "space")
        assert bench.app.happened[-2:] == [("opened", 1), ("marked", 1)]


async def test_a_mark_and_the_cursor_are_glyphs_not_colours() -> None:
    async with table() as bench:
        bench.show(rows(2), marks=frozenset({1}))
        assert bench.lines[1].startswith("▸ row 0")
        assert bench.lines[2].startswith(" ●row 1")


async def test_every_line_is_as_wide_as_the_table_and_outside_text_is_literal() -> None:
    async with table((24, 5)) as bench:
        bench.show([Row(0, "[b]均值均值均值均值均值[/b]"), Row(1, "[/x] [@click=app.quit]y[/]")])
        assert {bench.table.render_line(y).cell_length for y in range(5)} == {24}
        assert "[/x] [@cli" in bench.lines[2]


async def test_words_stand_where_rows_would_be() -> None:
    async with table((20, 6)) as bench:
        bench.show([], words="Nothing to show here at all.")
        assert [line.strip() for line in bench.lines[1:3]] == ["Nothing to show", "here at all."]
        bench.show(rows(1), words="Nothing to show here at all.")
        assert "Nothing" not in "".join(bench.lines)


async def test_seven_bit_terminals_get_seven_bits() -> None:
    async with table(ascii_only=True) as bench:
        bench.show([Row(0, "均值 ▲ a very long name indeed")] * 1 + rows(30)[1:], marks=frozenset({0}))
        assert "".join(bench.lines).isascii()


async def test_a_click_selects_and_a_second_one_opens() -> None:
    async with table() as bench:
        bench.show(rows(3))
        await bench.pilot.click(bench.table, offset=(3, 2), times=2)
        assert bench.table.cursor_key == 1
        assert ("opened", 1) in bench.app.happened


async def test_ten_thousand_rows_format_no_more_than_the_visible_ones() -> None:
    formatted: list[int] = []

    def counted(row: Row, context: RenderContext) -> Spans:
        formatted.append(row.key)
        return ((row.name, ""),)

    async with table() as bench:
        bench.table.columns = (Column("name", "name", 8, counted, keep=1),)
        bench.table.on_resize()
        bench.show(rows(10_000))
        await bench.pilot.press("end", "home", "j", "j")
        assert len(formatted) <= 5 * 6


async def test_the_copied_row_holds_every_column() -> None:
    async with table((10, 4)) as bench:
        bench.show(rows(2))
        assert bench.table.row_text() == "row 0\t0.00"


async def test_without_the_keys_the_cursor_is_a_memory() -> None:
    async with table() as bench:
        bench.show(rows(2))
        assert bench.table.drawn[1].under == "cursor"
        bench.app.set_focus(None)
        await bench.pilot.pause()
        assert bench.table.drawn[1].under == "cursor-blurred"


async def test_a_list_read_from_its_newest_end_stays_there_while_older_rows_keep_their_cursor() -> None:
    async with table() as it:
        it.table.stays_first = True
        it.show([Row(1, "one"), Row(2, "two")])
        it.show([Row(3, "three"), Row(1, "one"), Row(2, "two")])
        first = it.table.cursor_key
        it.table.action_move(1)
        it.show([Row(4, "four"), Row(3, "three"), Row(1, "one"), Row(2, "two")])
        assert (first, it.table.cursor_key) == (3, 1)


async def test_rows_of_something_else_begin_at_the_first() -> None:
    async with table() as it:
        it.show([Row(number, f"row {number}") for number in range(50)])
        it.table.action_last()
        assert isinstance(it.table.cursor, LocalCursor)
        it.table.cursor.start_over()
        it.show([Row(number, f"other {number}") for number in range(100, 150)])
        assert it.table.cursor_key == 100
        assert "other 100" in it.lines[1]
