from __future__ import annotations

import pytest

from qctui.model.keys import orders_key
from qctui.model.order import Order, OrderEvent
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.deployments.order_screen import OrderScreen
from qctui.ui.deployments.orders_pane import average_fill, order_rows, side_of
from qctui.ui.theme.glyph_set import UNICODE
from qctui.ui.wording.format import format_price
from qctui.value import replace
from tests.ui.detail_scene import DEPLOY_ID, EARLIER_ID, PROJECT, opened, orders
from tests.ui.page import Page
from tests.ui.scene import HOSTILE

pytestmark = pytest.mark.anyio


def table_keys(page: Page) -> list[int]:
    screen = page.app.screen
    assert isinstance(screen, DeploymentScreen)
    return [row.order.order_id for row in screen.orders.table._rows]


async def test_newest_first_those_of_earlier_deployments_behind_a_key() -> None:
    async with opened("enter", "4") as page:
        assert table_keys(page) == [99, *range(29, 3, -1)]
        assert "4 of earlier deployments (o)" in page.line("━ 4 Orders")
        await page.press("o")
        assert table_keys(page) == [99, *range(29, -1, -1)]
        assert "with 4 of earlier deployments" in page.line("━ 4 Orders")


async def test_an_orders_row_at_80x24_has_side_fill_price_and_the_liquidated_tag() -> None:
    async with opened("enter", "4") as page:
        row = page.line("Liquidated┃")
        assert "SPY" in row
        assert "buy" in row
        assert "10/10" in row
        assert "106.00" in row
        assert "filled" in row
        assert "1 Liquidated" in page.line("━ 4 Orders")
        waiting = page.line("QQQ")
        assert "—/5" in waiting
        assert "402.50" in waiting
        assert HOSTILE[:9] in page.text


async def test_none_of_this_deployment_is_not_no_orders() -> None:
    async with opened("enter", "4") as page:
        page.engine.put(orders_key(PROJECT), orders()[:4])
        await page.settle()
        assert "No order of this deployment" in page.text
        assert "o shows earlier" in " ".join(page.text.split())


async def test_enter_shows_its_events_and_escape_goes_back() -> None:
    async with opened("enter", "4", "j", "enter") as page:
        assert isinstance(page.app.screen, OrderScreen)
        assert "Order 29  buy 10 SPY stop limit · filled" in page.text
        assert "Filled    10 at 106.00 on average" in page.text
        assert "Tag       Liquidated" in page.text
        assert [line[14:].split()[0] for line in page.lines if "+" in line] == ["filled", "partiallyFilled"]
        assert HOSTILE[:20] in page.text
        await page.press("escape")
        assert isinstance(page.app.screen, DeploymentScreen)


async def test_an_opened_order_follows_newer_readings_and_stays_when_it_leaves_the_list() -> None:
    async with opened("enter", "4", "enter") as page:
        assert "QQQ limit · submitted" in page.text
        assert "The service tells of no events of this order." in page.text
        newest = orders()[-1]
        filled = replace(newest, status="filled", events=(OrderEvent(newest.at, "filled", 5.0, 402.0, ""),))
        page.engine.put(orders_key(PROJECT), (*orders()[:-1], filled))
        await page.settle()
        assert "QQQ limit · filled" in page.text
        assert "402.00" in page.text
        page.engine.put(orders_key(PROJECT), orders()[:-1])
        await page.settle()
        assert "No longer among the project's newest orders" in page.text
        assert "QQQ limit · filled" in page.text


async def test_acting_from_an_order_aims_at_its_deployment_unless_it_is_an_earlier_one() -> None:
    async with opened("enter", "4", "o", "end", "enter") as page:
        screen = page.app.screen
        assert isinstance(screen, OrderScreen)
        assert "an earlier deployment" in page.text
        assert screen.pointed().project_id is None
        await page.press("escape", "home", "enter")
        screen = page.app.screen
        assert isinstance(screen, OrderScreen)
        assert screen.pointed().project_id == PROJECT


def test_keys_are_unique_where_ids_repeat() -> None:
    one = Order(1, "", "SPY", "market", "filled", 1.0, None, 1.0, None, "")
    rows = order_rows([one, one, replace(one, deploy_id=DEPLOY_ID), replace(one, deploy_id=EARLIER_ID)], DEPLOY_ID)
    assert len({row.key for row in rows}) == 4
    assert [row.current for row in rows] == [False, True, True, True]


def test_the_average_of_fills_is_weighted_and_leaves_out_what_tells_no_price() -> None:
    events = (
        OrderEvent(1.0, "partiallyFilled", -4.0, 100.0, ""),
        OrderEvent(2.0, "partiallyFilled", -6.0, 110.0, ""),
        OrderEvent(3.0, "filled", -90.0, None, ""),
    )
    order = Order(1, "", "SPY", "market", "filled", -100.0, None, 1.0, None, "", events)
    assert average_fill(order) == 106.0
    assert average_fill(replace(order, events=())) is None


@pytest.mark.parametrize(("quantity", "word"), [(1.0, "buy"), (-1.0, "sell"), (0.0, ""), (None, "")])
def test_the_side_is_a_word(quantity: float | None, word: str) -> None:
    assert side_of(quantity)[0] == word


UNTOLD = (OrderEvent(1.0, "submitted", 0.0, None, ""), OrderEvent(2.0, "filled", 0.0, 402.0, ""))


TOLD = (
    ("filled", UNTOLD, "10/10"),
    ("partiallyFilled", UNTOLD[:1], "—/10"),
    ("filled", (), "10/10"),
    ("submitted", UNTOLD[:1], "0/10"),
    ("submitted", (), "—/10"),
    ("canceled", UNTOLD[:1], "0/10"),
    ("canceled", (OrderEvent(1.0, "partiallyFilled", -4.0, 402.0, ""),), "4/10"),
)
"""An order's status, its events, and what is filled of it: never what the one before says."""


async def test_what_the_events_leave_out_the_status_tells() -> None:
    async with opened("enter", "4") as page:
        for status, events, filled in TOLD:
            order = replace(orders()[-1], status=status, quantity=-10.0, events=events)
            page.engine.put(orders_key(PROJECT), (*orders()[:-1], order))
            await page.settle()
            assert filled in page.line("QQQ").split(), (status, events)
            await page.press("enter")
            whole = filled.split("/")[0].replace("—", "not told")
            assert f"Filled    {whole}" in page.text, (status, events)
            await page.press("escape")


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (None, "—"), (402.5, "402.50"), (5.12, "5.12"), (5.0, "5.00"), (1.06123, "1.06123"), (0.00012, "0.00012"),
        (588.1234, "588.12"), (-5.5, "-5.50"), (0.0, "0.00"), (1234567.891, "1,234,567.89"), (3.0e-7, "3e-07"),
    ],
)  # fmt: skip
def test_prices_have_the_digits_their_size_asks_for(price: float | None, text: str) -> None:
    assert format_price(price, UNICODE) == text
