"""What a trader looks for first: the day's change, what is at risk, and the total; and what of it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from qctui.model.account import ACCOUNTS, EQUITY_HISTORY, Account
from qctui.model.deployment import Deployment, Environment
from qctui.model.keys import DEPLOYMENTS
from qctui.ui.deployments.deployment_rows import DeploymentRow
from qctui.ui.deployments.deployment_total import total_of
from qctui.ui.theme.glyph_set import UNICODE
from qctui.ui.wording.format import format_compact, format_gain
from qctui.value import replace
from tests.ui.page import Page, Size, console
from tests.ui.scene import MONO, NOW, accounts, deploy_id, deployments, trails

pytestmark = pytest.mark.anyio

MOMENTUM = 23456789
SIZES: tuple[Size, ...] = ((80, 24), (120, 40), (200, 60))


async def accounts_are(page: Page, **changes: Account) -> None:
    page.engine.put(ACCOUNTS, {**accounts(), **changes})
    await page.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_each_row_tells_the_days_change_in_money_and_percent_and_what_is_at_risk(size: Size) -> None:
    async with console(size) as page:
        trail = trails()[deploy_id(MOMENTUM)]
        base = trail.base(None, NOW)
        assert base is not None
        gain = trail.values[-1] - base
        line = page.line("1,204,332").partition("┃")[0]
        assert f"{gain:+,.0f}" in line
        assert f"{gain / base:+.2%}" in line
        assert page.line("Pairs/KO").split("—")[0].count("30.4k") == 1


@pytest.mark.parametrize("size", SIZES)
async def test_before_anything_of_the_day_is_known_no_change_is_shown(size: Size) -> None:
    async with console(size) as page:
        page.engine.put(EQUITY_HISTORY, {})
        page.engine.put(ACCOUNTS, {})
        page.engine.put(DEPLOYMENTS, deployments())
        await page.settle()
        assert "0.00%" not in page.text
        rows = page.main.deployments.table.visible_rows
        assert len(rows) > 5
        assert {row.change for row in rows} == {row.gain for row in rows} == {None}
        line = page.line("Pairs/KO").partition("  12d")[0]
        assert line.count("—") >= 3


@pytest.mark.parametrize("size", SIZES)
async def test_the_total_says_of_how_many_it_is(size: Size) -> None:
    async with console(size) as page:
        await accounts_are(page, **{deploy_id(MOMENTUM): Account()})
        line = page.line("Total of 3 LIVE")
        assert "2 of 3 known" in line
        assert f" {sum(each.equity or 0.0 for each in live()):,.0f}" in line
        known = accounts()
        exposure = sum(known[each.deploy_id].exposure or 0.0 for each in live() if each.project_id != MOMENTUM)
        assert f"~{format_compact(exposure, UNICODE)}+" in line


async def test_play_money_is_never_added_to_real_money() -> None:
    async with console((120, 40)) as page:
        assert f" {sum(each.equity or 0.0 for each in live()):,.0f} " in page.line("Total of 3 LIVE")
        await page.press("slash", *"paper", "enter")
        # One initializes: its equity and its account are not known.
        assert "2 of 3 known" in page.line("Total of 3 PAPER")


async def test_what_has_ended_may_have_left_positions() -> None:
    async with console((120, 40)) as page:
        assert page.line("FX/overnight drift").split()[-4:-2] == ["—", "—"]


async def test_a_whole_total_carries_no_mark() -> None:
    async with console((120, 40)) as page:
        line = page.line("Total of 3 LIVE")
        assert "~" not in line
        assert "3 of 3" not in line


async def test_the_total_is_of_what_the_filter_leaves() -> None:
    async with console((120, 40)) as page:
        await page.press("slash", *"live")
        assert "Total of 3" in page.text
        await page.press(*["backspace"] * 4, *"momentum", "enter")
        # A total of one would say the same again.
        assert "Total of" not in page.text


async def test_another_currency_is_never_added() -> None:
    async with console((120, 40)) as page:
        euro = replace(accounts()[deploy_id(MOMENTUM)], currency="€")
        await accounts_are(page, **{deploy_id(MOMENTUM): euro})
        rest = sum(each.equity or 0.0 for each in live() if each.project_id != MOMENTUM)
        assert f"~{rest:,.2f}" in page.line("Total of 3 LIVE")
        assert "2 of 3 known" in page.line("Total of 3 LIVE")
        assert "the total is in $, without 1" in page.line("1 Deployments")


async def test_positions_that_were_read_long_ago_carry_their_age() -> None:
    async with console((120, 40)) as page:
        old = replace(accounts()[deploy_id(MOMENTUM + 1)], read_mono=MONO - 1_900)
        await accounts_are(page, **{deploy_id(MOMENTUM + 1): old})
        assert " 30k 30m" in page.line("Pairs/KO")
        assert page.line("Total of 3 LIVE").count("30m") == 1


async def test_holdings_that_can_not_be_read_are_no_zero() -> None:
    async with console((120, 40)) as page:
        await accounts_are(page, **{deploy_id(MOMENTUM + 1): Account(None, None, False, MONO, "$")})
        assert " — " in page.line("Pairs/KO").partition("%")[2]
        await accounts_are(page, **{deploy_id(MOMENTUM + 1): Account(0, 0.0, False, MONO, "$")})
        assert page.line("Pairs/KO").split()[-3:-1] == ["0", "0"]


async def test_the_total_follows_the_rows_and_takes_no_key() -> None:
    async with console((80, 24)) as page:
        await page.press("end")
        assert page.main.deployments.table.cursor_row is not None
        assert page.main.deployments.table.cursor_row.name == "Options/wheel"
        lines = [line for line in page.lines if "Options/wheel" in line or "Total of 3 LIVE" in line]
        assert "Options/wheel" in lines[0]
        assert "Total of 3 LIVE" in lines[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"), (0.0, "0.00"), (-0.001, "0.00"), (527.2, "+527.20"), (-999.994, "-999.99"), (999.996, "+1,000"),
        (-12_345.6, "-12,346"), (99_999.4, "+99,999"), (99_999.6, "+100.0k"), (1_234_000.0, "+1.234M"),
        (-45.6e9, "-45.60B"), (float("nan"), "—"),
    ],
)  # fmt: skip
def test_a_gain_fits_its_column(value: float | None, shown: str) -> None:
    assert format_gain(value, UNICODE) == shown
    assert len(shown) <= 7  # a mark of the total may stand before it


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (950.4, "950"),
        (999.7, "1.00k"),
        (51_812.0, "51.8k"),
        (999_950.0, "1.00M"),
        (1.24e6, "1.24M"),
        (-99_990.0, "-100k"),
    ],
)
def test_an_exposure_is_told_in_three_digits(value: float, shown: str) -> None:
    assert format_compact(value, UNICODE) == shown


def live() -> list[Deployment]:
    return [each for each in deployments() if each.alive and each.environment is Environment.LIVE]


BASE = Deployment(1, "L-1", "Running", NOW - 9e5, None, "InteractiveBrokers", Environment.LIVE, 1_100.0)


def _row(number: int, base: float | None = 1_000.0, account: Account | None = None, **changes: Any) -> DeploymentRow:
    deployment = replace(BASE, project_id=number, deploy_id=f"L-{number}", **changes)
    return DeploymentRow(deployment, "n", base, None, False, 1, account or Account(1, 50.0, False, 5.0, "$"))


def test_a_total_counts_what_runs_and_only_what_is_known() -> None:
    total = total_of([_row(1), _row(2, None), _row(3, equity=None), _row(4, status="Stopped")])
    assert (total.rows, total.equity.value, total.equity.known) == (3, 2_200.0, 2)
    assert (total.gain.value, total.gain.known, total.change) == (100.0, 1, 0.1)
    assert (total.exposure.value, total.positions.value, total.known) == (150.0, 3, 1)


def test_nothing_known_is_no_zero() -> None:
    total = total_of([_row(1, None, Account(), equity=None)])
    assert total.equity.value is total.gain.value is total.change is total.exposure.value is None
    assert total_of([]).rows == 0
    assert total_of([]).equity.value is None


def test_an_unknown_currency_is_taken_for_that_of_most() -> None:
    dollar, euro, unknown = (Account(1, 1.0, False, 5.0, each) for each in ("$", "€", ""))
    total = total_of([_row(1, account=dollar), _row(2, account=euro), _row(3, account=unknown)])
    assert (total.currency, total.foreign, total.exposure.value) == ("$", 1, 2.0)
    assert total.positions.value == 3
    total = total_of([_row(1, account=euro), _row(2, account=euro), _row(3, account=dollar)])
    assert (total.currency, total.foreign) == ("€", 1)
