"""The action bar: ladders in words, what is loud, what can be acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from textual.geometry import Region

from qctui.actions.wording import format_fine_span
from qctui.model.action import ACTIONS, ActionRecord, Rung
from qctui.model.deployment import Environment
from qctui.model.keys import DEPLOYMENTS, portfolio_key
from qctui.model.order import Order, OrderEvent
from qctui.model.portfolio import Cash, Portfolio
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.kit.lines import Lines
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import MONO, NOW, StillEngine, deployments
from tests.ui.targets import (
    HOSTILE,
    deploy_id,
    deployment,
    portfolio,
    project_id,
    put_actions,
    record,
    target,
    with_deployments,
)  # fmt: skip

pytestmark = pytest.mark.anyio

LADDER = (
    (Rung.SENDING, 0.0), (Rung.SENT, 0.0), (Rung.ACCEPTED, 0.2), (Rung.STOPPED, 6.0), (Rung.FLAT, 21.0),
    (Rung.VERIFIED, 21.0),
)  # fmt: skip


@asynccontextmanager
async def shown(
    *records: ActionRecord, size: Size = (120, 40), elapsed_s: float = 0.0, ascii_only: bool = False
) -> AsyncIterator[tuple[Page, ActionBar]]:
    def prepare(engine: StillEngine) -> None:
        put_actions(engine, *records)
        engine.still.passed += elapsed_s

    async with console(size, options=replace(OPTIONS, ascii=ascii_only), prepare=prepare) as page:
        yield page, page.main.action_bar


async def now_shown(page: Page, *records: ActionRecord) -> None:
    """These actions instead of the ones before."""
    put_actions(page.engine, *records)
    await page.settle()


def text_of(bar: ActionBar) -> str:
    return " ".join(bar.text.split())


async def test_without_actions_there_is_no_bar() -> None:
    async with shown() as (_, bar):
        assert not bar.display or not bar.has_class("-shown")
        assert bar.region.height == 0


async def test_the_whole_ladder_with_its_times() -> None:
    async with shown(record("a", target(), *LADDER)) as (_, bar):
        assert text_of(bar).startswith(
            "LIQUIDATE LIVE Momentum/Crossover …430e "
            "SENT 14:32:05 → ACCEPTED +0.2s → STOPPED +6s → FLAT +21s → VERIFIED"
        )
        assert "Check the brokerage." in bar.text


async def test_one_target_takes_two_lines_at_80x24() -> None:
    async with shown(record("a", target(), *LADDER[:5]), size=(80, 24)) as (_, bar):
        assert len(bar.text.splitlines()) == 2


async def test_while_under_way_it_says_what_is_awaited() -> None:
    cases: tuple[tuple[tuple[Rung, ...], str], ...] = (
        ((), "(confirmed, 3s)"),
        ((Rung.SENDING,), "(trying to reach the API, 3s)"),
        ((Rung.SENT,), "(no answer yet, 3s)"),
        ((Rung.ACCEPTED,), "(not seen stopped yet, 3s)"),
        ((Rung.STOPPED,), "(not seen flat yet, 3s)"),
        ((Rung.UNKNOWN,), "(checking what happened, 3s)"),
    )
    async with shown(elapsed_s=3.4) as (page, bar):
        for rungs, awaited in cases:
            await now_shown(page, record("a", target(), *((rung, 0.0) for rung in rungs)))
            assert awaited in bar.text


async def test_a_repeated_try_is_told() -> None:
    sending = record("a", target(), (Rung.SENDING, 4.0, "try 3: connection refused"), tries=3, cancellable=True)
    async with shown(sending, elapsed_s=5.0) as (_, bar):
        assert "(try 3: connection refused, 5s)" in bar.text
        assert "u cancel sending" in str(bar.border_subtitle)


async def test_what_did_not_work_is_loud_and_says_why() -> None:
    async with shown() as (page, bar):
        for rung in (Rung.REJECTED, Rung.UNKNOWN, Rung.UNVERIFIED, Rung.NOT_SENT):
            await now_shown(page, record("a", target(), (Rung.SENT, 0.0), (rung, 2.0, "the API's own words")))
            assert bar.has_class("-loud")
            assert f" {rung.value} " in bar.text
            assert "the API's own words" in bar.text
            assert "!" in str(bar.border_title)
            await now_shown(page)
            assert not bar.has_class("-shown")


async def test_unverified_names_what_is_open_and_how_old_that_is() -> None:
    stuck = record(
        "a", target(), (Rung.SENT, 0.0), (Rung.ACCEPTED, 0.2), (Rung.UNVERIFIED, 600.0, "not flat within 10 minutes"),
        holdings=portfolio().holdings, holdings_mono=MONO + 480,
    )  # fmt: skip
    async with shown(stuck, elapsed_s=605.0) as (_, bar):
        assert "Still open: +1,200 SPY" in bar.text
        assert "IBM" not in bar.text
        assert "(snapshot 2m)" in bar.text


async def test_unverified_without_a_snapshot_says_unknown_not_flat() -> None:
    async with shown(record("a", target(), (Rung.UNVERIFIED, 600.0))) as (_, bar):
        assert "Still open: unknown" in bar.text


async def test_panic_shows_a_total_and_a_line_each_the_failing_first() -> None:
    records = [record(f"v{n}", target(n, name=f"Alpha {n}"), *LADDER, batch_id="b") for n in range(9)]
    records += [record(f"p{n}", target(n), (Rung.SENT, 0.0), (Rung.ACCEPTED, 0.3), batch_id="b") for n in (9, 10)]
    records += [record("r", target(11), (Rung.SENT, 0.0), (Rung.REJECTED, 0.3, "No live deployment"), batch_id="b")]
    async with shown(*records) as (_, bar):
        lines = bar.text.splitlines()
        assert lines[0].startswith("12 liquidations: 9 VERIFIED, 2 ACCEPTED, 1 REJECTED")
        assert lines[1].split()[:2] == ["REJECTED", "LIVE"]
        assert "No live deployment" in lines[1]
        assert [line.split()[0] for line in lines[2:4]] == ["ACCEPTED", "ACCEPTED"]
        assert sum("VERIFIED  " in line for line in lines[1:]) == 9


async def test_at_80x24_the_bar_keeps_to_a_third_and_scrolls() -> None:
    records = [record(f"v{n}", target(n), *LADDER, batch_id="b") for n in range(12)]
    async with shown(*records, size=(80, 24)) as (page, bar):
        assert bar.region.height <= 8
        bar.focus()
        await page.press(*["down"] * 3)
        assert bar.query_one(Lines).scroll_offset.y == 3


@pytest.mark.parametrize("size", [(20, 5), (30, 6), (12, 4)])
async def test_beside_the_bar_there_is_no_scroll_bar_of_the_screen_however_low_it_is(size: Size) -> None:
    async with shown(record("a", target(), *LADDER), size=size) as (page, bar):
        assert bar.region.width == size[0]
        await page.press("tab", "v")
        assert bar.region.width == page.app.screen.size.width == size[0]


async def test_counts_stand_in_the_title_where_scrolling_cannot_hide_them() -> None:
    records = [record("a", target(), *LADDER), record("b", target(1), (Rung.UNVERIFIED, 600.0))]
    async with shown(*records, size=(80, 24)) as (_, bar):
        assert "1 VERIFIED, 1 UNVERIFIED" in str(bar.border_title)


async def test_actions_left_open_by_an_earlier_run_come_before_what_is_over_and_say_so() -> None:
    old = record("old", target(), (Rung.SENT, -4_000.0), (Rung.UNKNOWN, -3_990.0), resumed=True, from_last_run=True)
    over = record("new", target(1), *LADDER)
    async with shown(old, over) as (_, bar):
        assert "from the last run" in bar.text.splitlines()[0]
        assert "UNKNOWN  +10s" in bar.text


async def test_what_is_under_way_stands_above_what_is_over_and_above_earlier_runs_and_other_consoles() -> None:
    records = (
        record("left", target(0, name="Left"), (Rung.SENT, -9.0), (Rung.UNKNOWN, -8.0), resumed=True),
        record("sent", target(1, name="Sent"), (Rung.SENT, 0.0)),
        record("tried", target(6, name="Tried"), (Rung.REJECTED, 0.0)),
        record("failed", target(2, name="Failed"), (Rung.SENT, 0.0), (Rung.REJECTED, 1.0)),
        record("again", target(6, name="Again"), (Rung.SENT, 0.0)),
        record("over", target(3, name="Over"), *LADDER),
        record("other", target(4, name="Other"), (Rung.SENT, 0.0), foreign=True),
        record("done", target(5, name="Done"), *LADDER, resumed=True),
    )
    async with shown(*records, size=(200, 60)) as (_, bar):
        names = sorted((each.target.name for each in records), key=lambda name: bar.text.index(f" {name} "))
        assert names == ["Again", "Failed", "Sent", "Left", "Other", "Done", "Over", "Tried"]


async def test_a_new_confirmation_brings_the_bar_to_its_head() -> None:
    """Whatever of the others had been scrolled to, and wherever the keys are."""
    batch = [record(f"v{n}", target(n), (Rung.SENT, 0.0), batch_id="b") for n in range(6)]
    new = record("new", target(7, name="Seventh"), (Rung.SENDING, 0.0))
    left = [replace(each, batch_id=each.action_id, resumed=True) for each in batch[:2]]
    for before, keys in (
        (batch, ("shift+tab", "pagedown", "pagedown", "escape")),
        (batch, ("v", "end")),
        (left, ()),
        ([], ()),
    ):
        async with shown(*before, size=(80, 24)) as (page, bar):
            await page.press(*keys)
            at = bar.query_one(Lines).scroll_offset.y
            assert bool(at) == bool(keys)
            other = record("other", target(8), (Rung.SENT, 0.0), foreign=True)
            await now_shown(page, *before, other)
            assert bar.query_one(Lines).scroll_offset.y == at, "what another console does moves nothing"
            await now_shown(page, *before, other, new)
            top = page.lines[bar.region.y + 1]
            assert "LIQUIDATE  LIVE  Seventh " in top, page.text
            assert "SENDING" in f"{top} {page.lines[bar.region.y + 2]}"
            if "escape" in keys:
                await page.press("shift+tab", "end")
                sent = replace(new, steps=(*new.steps, replace(new.steps[0], rung=Rung.SENT)))
                await now_shown(page, *before, other, sent)
                assert bar.query_one(Lines).scroll_offset.y > 0, "a step of it is no new confirmation"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"foreign": True}, "by another console"),
        ({"foreign": True, "via": "command"}, "by a command"),
        ({"resumed": True}, "by another console"),
        ({"resumed": True, "via": "command"}, "by a command"),
        ({"resumed": True, "from_last_run": True}, "from the last run"),
        ({"resumed": True, "from_last_run": True, "via": "command"}, "by a command"),
    ],
)
async def test_actions_that_were_not_confirmed_here_say_where(more: dict[str, object], words: str) -> None:
    async with shown(record("f", target(), (Rung.SENT, 0.0), **more)) as (_, bar):
        first = bar.text.splitlines()[0]
        assert [each for each in ("by another console", "by a command", "from the last run") if each in first] == [
            words
        ]


async def test_newer_confirmations_stand_above_older_ones() -> None:
    first, second = record("a", target(0, name="First"), *LADDER), record("b", target(1, name="Second"), *LADDER)
    async with shown(first, second) as (_, bar):
        assert bar.text.index("Second") < bar.text.index("First")


async def test_details_tell_every_rung_the_orders_and_their_fills() -> None:
    event = OrderEvent(NOW + 7, "filled", -1_200.0, 537.1, deploy_id(0))
    order = Order(17, deploy_id(0), "SPY", "market", "filled", -1_200.0, None, NOW + 5, NOW + 7, "Liquidated", (event,))
    done = record("a", target(), *LADDER, orders=(order,), holdings=(), holdings_mono=MONO + 21)
    async with shown(done, elapsed_s=30.0) as (page, bar):
        assert deploy_id(0) not in bar.text
        await page.press("v")
        assert deploy_id(0) in bar.text
        assert "#17 market -1,200 SPY  filled  filled -1,200 last at 537.10  14:32:12" in bar.text
        assert "14:32:11" in bar.text
        assert "Still open  no holding (snapshot now); balances: open the deployment, Cash" in bar.text
        await page.press("v")
        assert deploy_id(0) not in bar.text


COINS = (Cash("BTC", 0.288, "₿", 60_000.0), Cash("SOL", 69.2, "◎", 150.0), Cash("USD", 10.0, "$", 1.0))


async def sold(page: Page, *cash: Cash, age_s: float = 0.0) -> None:
    """Its deployment has been sold, by a snapshot of its holdings, and its portfolio was read."""
    deployed = replace(deployments()[0], project_id=project_id(0), deploy_id=deploy_id(0), status="Liquidated")
    page.engine.put(DEPLOYMENTS, (deployed,))
    page.engine.put(portfolio_key(project_id(0)), Portfolio((), cash, is_known=True), age_s=age_s)
    await page.settle()


async def test_coins_that_are_left_are_named_where_it_says_what_is_open() -> None:
    done = record("a", target(), *LADDER, holdings=(), holdings_mono=MONO + 21)
    async with shown(done, elapsed_s=30.0) as (page, bar):
        await page.press("v")
        await sold(page, *COINS)
        assert "Still open  no holding (snapshot now); in Cash: BTC 0.288 · SOL 69.2 (now)" in bar.text
        await sold(page, *COINS[2:])
        assert "Still open  no holding (snapshot now); in Cash: no other currency (now)" in bar.text
        # What was there before it says nothing of what is there now.
        await sold(page, *COINS, age_s=600.0)
        assert "(snapshot now); in Cash before it: BTC 0.288 · SOL 69.2 (10m)" in bar.text
        await sold(page, *COINS[2:], age_s=600.0)
        assert "no holding (snapshot now); balances: open the deployment, Cash" in bar.text
        # Another one has its project now, and the portfolio with it.
        await sold(page, *COINS)
        page.engine.put(DEPLOYMENTS, (replace(deployments()[0], project_id=project_id(0)),))
        put_actions(page.engine, replace(done, warnings=("redeployed meanwhile",)))
        await page.settle()
        assert "no holding (snapshot now); balances: open the deployment, Cash" in bar.text


async def test_unverified_names_the_coins_too() -> None:
    stuck = record("a", target(), (Rung.ACCEPTED, 0.2), (Rung.UNVERIFIED, 600.0), holdings=(), holdings_mono=MONO)
    async with shown(stuck, elapsed_s=605.0) as (page, bar):
        await sold(page, *COINS)
        assert "Still open: no holding (snapshot 10m); in Cash: BTC 0.288 · SOL 69.2 (now)" in bar.text


async def test_what_another_console_saw_flat_is_not_called_unknown() -> None:
    """Its journal says when that was; what it read is not in it."""
    for rungs in (LADDER, LADDER[:5], (*LADDER[:3], LADDER[5])):
        async with shown(record("a", target(), *rungs, foreign=True), elapsed_s=30.0) as (page, bar):
            await page.press("v")
            seen = f"no holding when it was seen {rungs[-1][0].value}, 14:32:26; balances: open the deployment, Cash"
            assert f"Still open {seen}" in text_of(bar)
            assert "unknown, no snapshot" not in bar.text
    for unseen in (LADDER[:4], (*LADDER[:5], (Rung.STOPPED, 22.0)), (*LADDER, (Rung.UNVERIFIED, 22.0))):
        async with shown(record("a", target(), *unseen, foreign=True), elapsed_s=30.0) as (page, bar):
            await page.press("v")
            assert "Still open  not read here" in bar.text


async def test_the_price_of_a_small_coin_is_no_zero() -> None:
    event = OrderEvent(NOW + 7, "filled", -5e6, 0.00213, deploy_id(0))
    order = Order(17, deploy_id(0), "SHIB", "market", "filled", -5e6, None, NOW + 5, NOW + 7, "Liquidated", (event,))
    async with shown(record("a", target(), *LADDER, orders=(order,))) as (page, bar):
        await page.press("v")
        assert "last at 0.00213  " in bar.text


async def test_enter_on_the_focused_bar_opens_details() -> None:
    async with shown(record("a", target(), *LADDER)) as (page, bar):
        bar.focus()
        await page.press("enter")
        assert deploy_id(0) in bar.text


async def test_warnings_stand_beside_the_ladder() -> None:
    warned = record("a", target(), (Rung.ACCEPTED, 0.2), warnings=("redeployed meanwhile: now L-ffff",))
    async with shown(warned) as (_, bar):
        assert "redeployed meanwhile: now L-ffff" in bar.text


async def test_all_that_is_over_can_be_acknowledged_and_nothing_else() -> None:
    records: Iterable[ActionRecord] = [record(f"v{n}", target(n), *LADDER) for n in range(12)]
    pending = record("p", target(), (Rung.UNKNOWN, 0.0))
    async with shown(*records, pending, size=(80, 24)) as (page, bar):
        await page.press("d")
        assert page.engine.still_actions.acknowledged == [f"v{n}" for n in range(12)]
        assert bar.has_class("-shown")


async def test_acknowledged_actions_leave_the_bar() -> None:
    async with shown(replace(record("a", target(), *LADDER), acknowledged=True)) as (_, bar):
        assert bar.region.height == 0


async def test_hostile_names_and_answers_are_text() -> None:
    rejected = record("a", target(name=HOSTILE), (Rung.SENT, 0.0), (Rung.REJECTED, 1.0, HOSTILE))
    async with shown(rejected) as (_, bar):
        assert bar.text.count("[bold red]x[/]") == 2


async def test_an_abort_has_no_badge() -> None:
    aim = replace(target(action="abort", name="Grid"), deploy_id="", optimization_id="O-123456")
    async with shown(record("a", aim, (Rung.ACCEPTED, 0.2)), elapsed_s=1.0) as (_, bar):
        assert "ABORT Grid …3456" in bar.text
        assert "LIVE" not in bar.text
        assert "not seen aborted yet" in bar.text


async def test_paper_is_a_word() -> None:
    aim = replace(target(), environment=Environment.PAPER)
    async with shown(record("a", aim, *LADDER)) as (_, bar):
        assert "LIQUIDATE  PAPER  Momentum" in bar.text


async def test_ascii_means_seven_bits() -> None:
    done = record("a", target(name="均值"), *LADDER, holdings=portfolio().holdings)
    async with shown(done, ascii_only=True) as (page, bar):
        await page.press("v")
        assert page.text.isascii()
        assert "SENT 14:32:05 > ACCEPTED +0.2s" in bar.text


async def test_a_tick_redraws_the_seconds_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(record("a", target(), (Rung.SENT, 0.0)), elapsed_s=3.0) as (page, bar):
        lines = bar.query_one(Lines)
        asked: list[Region] = []
        monkeypatch.setattr(lines, "refresh", lambda *regions, **more: asked.extend(regions))
        page.engine.still.passed += 1.0
        page.main.show_elapsed()
        assert "(no answer yet, 4s)" in bar.text
        assert [(region.height, region.width <= 3) for region in asked] == [(1, True)]
        asked.clear()
        page.main.show_elapsed()
        assert asked == []
        await page.settle()


@asynccontextmanager
async def after_panic(count: int, rung: Rung, size: Size = (80, 24)) -> AsyncIterator[Page]:
    """A console in which panic has liquidated the first deployments as far as this rung."""

    def prepare(engine: StillEngine) -> None:
        with_deployments(engine, count)
        hit = [record(f"a{each}", replace(target(each), panic=True), (rung, 1.0)) for each in range(count)]
        put_actions(engine, *(replace(each, batch_id="b") for each in hit))

    async with console(size, prepare=prepare) as page:
        yield page


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("rung", [Rung.ACCEPTED, Rung.VERIFIED])
async def test_what_runs_beside_panic_is_named_until_it_ends(count: int, rung: Rung) -> None:
    async with after_panic(count, rung) as page:
        rows = tuple(deployment(number) for number in range(count))
        assert "Not part of it" not in page.text
        page.engine.put(DEPLOYMENTS, (*rows, deployment(7)), age_s=0.0)
        await page.settle()
        assert "Not part of it, and running:  LIVE  project 23456796 …4f4f" in page.text
        seen = record("a0", replace(target(), panic=True), (rung, 1.0), batch_id="b", acknowledged=True)
        await now_shown(page, seen, *(page.engine.store.get(ACTIONS).value or ())[1:])
        assert ("Not part of it" in page.text) is (count > 1), "it goes with the last line of the batch"
        assert "Crossover" not in "".join(line for line in page.lines if "Not part of it" in line)
        page.engine.put(DEPLOYMENTS, (*rows, replace(deployment(7), status="Stopped", stopped_at=NOW)), age_s=0.0)
        await page.settle()
        assert "Not part of it" not in page.text


async def test_what_was_redeployed_after_panic_is_named_once_the_old_one_is_verified() -> None:
    newer = replace(deployment(0), deploy_id="L-another", launched_at=NOW)
    for rung, named in ((Rung.ACCEPTED, False), (Rung.UNVERIFIED, False), (Rung.VERIFIED, True)):
        async with after_panic(1, rung) as page:
            page.engine.put(DEPLOYMENTS, (newer,), age_s=0.0)
            await page.settle()
            # Until then its own line says what became of it.
            assert ("Not part of it, and running:  LIVE  Momentum/Crossover …ther" in page.text) is named, rung


async def test_beside_another_liquidation_nothing_is_named() -> None:
    async with after_panic(1, Rung.VERIFIED) as page:
        await now_shown(page, record("a0", target(), (Rung.VERIFIED, 1.0)))
        page.engine.put(DEPLOYMENTS, (deployment(7),), age_s=0.0)
        await page.settle()
        assert "Not part of it" not in page.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1.0, "0s"), (0.004, "0s"), (0.04, "0.04s"), (0.2, "0.2s"), (6.0, "6s"), (9.94, "9.9s"), (9.96, "10s"),
        (59.4, "59s"), (59.6, "1m00s"), (600.0, "10m00s"), (3_599.7, "1h00m"), (7_800.0, "2h10m"),
    ],
)  # fmt: skip
def test_elapsed_times_in_words(seconds: float, words: str) -> None:
    assert format_fine_span(seconds) == words


async def test_details_take_the_keys_and_give_them_back() -> None:
    async with shown(record("a", target(), *LADDER)) as (page, bar):
        before = page.app.focused
        await page.press("v")
        assert page.app.focused is bar
        await page.press("v")
        assert page.app.focused is before


async def test_with_nothing_in_the_bar_its_keys_say_so() -> None:
    async with shown() as (page, bar):
        await page.press("v", "d")
        assert page.said == [
            "No action to show: the journal has the earlier ones",
            "Nothing to acknowledge: no action in the bar is over",
        ]
        assert not bar.has_focus


async def test_an_outcome_is_told_where_the_bar_is_covered() -> None:
    async with shown(record("a", target(), (Rung.SENT, 0.0))) as (page, _):
        await page.press("J")
        put_actions(page.engine, record("a", target(), (Rung.SENT, 0.0), (Rung.UNKNOWN, 10.0, HOSTILE)))
        await page.settle()
        assert page.said == [f"UNKNOWN: liquidate Momentum/Crossover …430e: {HOSTILE}"]
