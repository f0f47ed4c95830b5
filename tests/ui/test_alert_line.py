"""The alert line above the keys, and the marks on the rows that an alert is about."""

from __future__ import annotations

import pytest

from qctui.model.alert import ALERT_TROUBLE, ALERTS, AlertState
from qctui.model.keys import LINK
from qctui.model.link import Link, LinkState
from qctui.value import replace
from tests.screenshots import controller
from tests.ui.alert_scene import alerts, blind_alert, fill_alerts, quiet_alert, stuck_alert, subject
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import HOSTILE, fill
from tests.ui.test_quiet import record

pytestmark = pytest.mark.anyio

SIZES = [(80, 24), (120, 40), (200, 60)]


def line(page: Page) -> str:
    """What stands above the keys."""
    return page.lines[-2]


@pytest.mark.parametrize("size", SIZES)
async def test_the_worst_one_and_how_many_more_there_are(size: Size) -> None:
    async with console(size, prepare=fill_alerts) as page:
        name = "Pairs/KO-PEP mean reversion" if size[0] > 80 else "Pairs/KO-PEP me…"
        assert line(page).startswith(f" ! CRITICAL  LIVE {name} a136: refused by its ")
        assert line(page).endswith("  1h  +2 more  N alerts" if size[0] > 80 else "  1h  +2  N alerts")


MEASURED = [
    ("drawdown", "equity below its peak", "-12.0%", "10%"),
    ("step", "equity moved at once", "+205.3%", "5%"),
    ("quiet", "QUIET: no sign of life", "26h", "90m"),
    ("data-old", "not read", "35m", "30m"),
    ("optimization-stuck", "no run has ended", "7h", "6h"),
]
SAID = [
    ("blind", "BLIND: 3 orders refused as disconnected: Orders cannot be submitted when disconnected", "BLIND: 3 ord"),
    ("runtime-error", "ended as RuntimeError: division by zero", "ended as Runt"),
    ("holdings-left", "SPY 1200, AAPL -5 and 3 more still open after STOPPED", "SPY 1200, AA"),
    ("action-open", "liquidate UNVERIFIED", "liquidate UNV"),
]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_name_gives_way_to_the_numbers(size: Size) -> None:
    name = "Research/Long and short of sector rotation, third attempt"
    async with console(size, prepare=fill) as page:
        for rule, text, value, threshold in [*MEASURED, *((rule, text, "", "") for rule, text, _ in SAID)]:
            about = subject(23456790, name)
            worst = replace(blind_alert(), rule=rule, text=text, value=value, threshold=threshold, subject=about)
            page.engine.put(ALERTS, (worst, *(replace(quiet_alert(), rule=str(n)) for n in range(12))))
            await page.settle()
            assert line(page).startswith(" ! CRITICAL  LIVE Research/")
            assert "… a136: " in line(page)
            first = f"{value} (allowed {threshold}) " if value else next(said for each, _, said in SAID if each == rule)
            assert f" a136: {first}" in line(page)
            assert "  1h  +12" in line(page)
            page.engine.put(ALERTS, (replace(worst, no_data_since=1.0),))
            await page.settle()
            assert f" a136: {first.rstrip()}, no data" in line(page) if value else " a136: no data now, " in line(page)


async def test_it_takes_the_room_that_a_terminal_gets() -> None:
    async with console((80, 24), prepare=fill_alerts) as page:
        assert "Pairs/KO-PEP me… a136" in line(page)
        await page.pilot.resize_terminal(120, 40)
        await page.settle()
        assert "Pairs/KO-PEP mean reversion a136" in line(page)


async def test_while_nothing_fires_it_takes_no_row() -> None:
    async with console() as page:
        before = page.lines
        for state in (AlertState.PENDING, AlertState.ACKNOWLEDGED, AlertState.SHELVED, AlertState.CLEARED):
            page.engine.put(ALERTS, (replace(blind_alert(), state=state, subject=subject(1, "gone")),))
            await page.settle()
            assert page.lines == before
        page.engine.put(ALERTS, (replace(blind_alert(), subject=subject(1, "gone")),))
        await page.settle()
        assert "CRITICAL" in line(page)
        page.engine.put(ALERTS, ())
        await page.settle()
        assert page.lines == before


async def test_it_stands_on_every_screen_and_follows_there() -> None:
    async with console((120, 40)) as page:
        for keys in (("1", "enter"), ("4", "enter"), ("2", "enter"), ("a",), ("3", "enter")):
            await page.press(*keys)
            focused, screen = page.app.focused, page.app.screen
            assert screen is not page.main, keys
            page.engine.put(ALERTS, (blind_alert(), quiet_alert()))
            await page.settle()
            assert "a136: refused by its brokerage   " in line(page), keys
            assert line(page).endswith("  1h  +1 more  N alerts"), keys
            assert page.app.focused is focused
            page.engine.put(ALERTS, (blind_alert(AlertState.ACKNOWLEDGED), quiet_alert()))
            await page.settle()
            assert "2h (allowed 90m) no sign of life  " in line(page), keys
            assert line(page).endswith("  2h  N alerts"), keys
            page.engine.put(ALERTS, ())
            await page.settle()
            assert "alerts" not in line(page), keys
            await page.press("escape")
            assert page.app.screen is page.main, keys


async def test_it_stands_below_the_actions_and_never_over_a_dialog() -> None:
    async with console((80, 24), prepare=fill_alerts) as page:
        controller(page.engine)
        await page.settle()
        at = next(n for n, text in enumerate(page.lines) if "CRITICAL" in text)
        assert at == 22
        assert any("Actions" in text for text in page.lines[:at])
        await page.press("L")
        page.engine.put(ALERTS, (quiet_alert(),))
        await page.settle()
        assert "CRITICAL" not in page.text
        assert "N alerts" not in page.text


async def test_its_age_goes_on() -> None:
    async with console((120, 40), prepare=fill_alerts) as page:
        assert "brokerage   " in line(page)
        assert " 1h  +2 more" in line(page)
        page.engine.still.passed += 3_600
        page.main.ages._fire()
        await page.settle()
        assert " 2h  +2 more" in line(page)


async def test_what_an_outage_holds_back_is_not_the_worst() -> None:
    async with console() as page:
        held = replace(blind_alert(), held_back=True)
        outage = replace(quiet_alert(), rule="outage", text="the API does not answer", subject=replace(
            subject(0, ""), deploy_id="", environment=None))  # fmt: skip
        page.engine.put(ALERTS, (held, outage))
        await page.settle()
        assert "! warning  2h (allowed 90m) the API does not answer" in line(page)


async def test_trouble_is_said_when_nothing_else_is() -> None:
    async with console() as page:
        page.engine.put(ALERT_TROUBLE, "the command can't be run: no such file")
        await page.settle()
        assert line(page) == " ! ALERTS: the command can't be run: no such file"
        page.engine.put(ALERTS, alerts())
        await page.settle()
        assert "CRITICAL" in line(page)
        page.engine.put(ALERTS, ())
        page.engine.put(ALERT_TROUBLE, "")
        await page.settle()
        assert "ALERTS" not in line(page)


async def test_the_key_is_the_persons_own() -> None:
    async with console(prepare=fill_alerts, options=replace(OPTIONS, keymap={"alerts": "f9"})) as page:
        assert line(page).endswith("f9 alerts")
        await page.press("f9")
        assert "Alerts 3 firing" in page.text


async def test_another_alert_costs_the_cells_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((80, 24), prepare=fill_alerts) as page:
        sent = record(page, monkeypatch)
        page.engine.put(ALERTS, alerts())
        await page.settle()
        assert sent == []
        page.engine.put(ALERTS, (*alerts()[:1], *alerts()[2:], stuck_alert(held_back=False), stuck_alert()))
        await page.settle()
        total = sum(len(each.encode()) for each in sent)
        assert 0 < total <= 300, f"{total} bytes: {sent}"


async def test_rows_are_marked_and_an_acknowledged_one_is_muted() -> None:
    async with console((120, 40), prepare=fill_alerts) as page:
        assert "LIVE  ! Pairs/KO-PEP" in page.text
        assert "LIVE  ! Momentum/ES" in page.text
        assert "PAPER Research/sector" in page.text
        assert "▸ ! Lookback x stop" in page.text
        assert "! Entry" not in page.text
        rows = {row.project_id: row for row in page.main.deployments.table.visible_rows}
        assert rows[23456789].alert is not None
        assert rows[23456789].alert.state is AlertState.ACKNOWLEDGED
        page.engine.put(ALERTS, ())
        await page.settle()
        assert "LIVE  Pairs/KO-PEP" in page.text
        assert "▸ Lookback x stop" in page.text


async def test_outside_text_is_text() -> None:
    async with console((120, 40)) as page:
        page.engine.put(ALERTS, (replace(blind_alert(), text=HOSTILE, subject=subject(23456790, HOSTILE)),))
        await page.settle()
        assert "LIVE [bold red]x[/] 均值 [@click=app.quit]y… a136: [bold red]x[/] 均值 [@click=app.quit]y[/]" in line(
            page
        )


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 6)])
async def test_small_terminals(size: Size) -> None:
    async with console(size, prepare=fill_alerts) as page:
        page.engine.put(LINK, Link(LinkState.DOWN))
        await page.settle()
        assert "CRITICAL" in page.text or size[0] < 40


async def test_a_failure_to_draw_is_said_there() -> None:
    async with console(prepare=fill) as page:
        page.engine.put(ALERTS, (None,))
        await page.settle()
        assert "not drawn" in line(page)
        page.engine.put(ALERTS, ())
        await page.settle()
        assert "not drawn" not in page.text
