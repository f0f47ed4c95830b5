"""What a dialog says of one target and of several, at every size, in every shape of what is known."""

from __future__ import annotations

import pytest

from qctui.actions.recheck import OF_ANOTHER
from qctui.model.action import Recheck, Rung, recheck_key
from qctui.model.deployment import Environment
from qctui.model.keys import portfolio_key
from qctui.model.optimization import Criterion, Optimization
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.resource import Resource
from qctui.value import replace
from tests.ui.dialogs import QUESTION, dialog, opened, sent, words
from tests.ui.scene import MONO, StillEngine
from tests.ui.targets import (
    HOSTILE,
    OPTIMIZATION_ID,
    deploy_id,
    detail,
    fail_recheck,
    portfolio,
    project_id,
    put_actions,
    recheck,
    record,
    target,
    with_optimization,
)  # fmt: skip

pytestmark = pytest.mark.anyio


async def test_at_80x24_every_fact_is_on_screen() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(detail(), portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        text = page.text
        for fact in (
            "LIQUIDATE", " LIVE  Momentum/Crossover", deploy_id(0), "23456789", "Interactive Brokers", "Running",
            "$1,204,999.00 (now)", "5 open (now)", "+1,200 SPY $645,120.00", "-300 AAPL -$60,450.00", "1 more",
            "USD 533,952.25", "EUR 1,250.00", "Cancels open orders, closes every position",
            "Check\n", "the brokerage afterwards", "Checked again: still running", QUESTION, "Cancel",
            "Escape or n cancels",
        ):  # fmt: skip
            assert fact.strip("\n") in text


async def test_ages_are_told_before_the_first_recheck() -> None:
    async with opened() as page:
        text = page.text
        assert "1,204,567 (now)" in text
        assert "status Running (now)" in text
        assert "5 open (2m)" in text
        assert "Checking the target again; you need not wait for it." in text


async def test_a_portfolio_alone_is_no_look_at_whether_it_runs() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(None, portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        assert "Checked again" not in page.text
        assert "Checking the target again; you need not wait for it." in page.text


async def test_running_is_said_only_of_what_says_so() -> None:
    statuses = ("Running", "LoggingIn", "Running", "", "Running", "Unheard of")
    async with opened() as page:
        for status in statuses:
            recheck(page.engine, target(), Recheck(detail(status=status)))
            await page.settle()
            assert f"Checked again: {'still running' if status == 'Running' else 'not ended'}." in page.text, status
    async with opened("X", count=2) as page:
        targets = page.engine.still_actions.rechecked[0]
        for status in statuses:
            for number, told in enumerate(("Running", status)):
                recheck(page.engine, targets[number], Recheck(detail(number, status=told)))
            await page.settle()
            words = "still running" if status == "Running" else "none has ended"
            assert f"Checked again: {words}." in page.text, status


async def test_at_80x24_a_target_of_several_takes_one_line() -> None:
    async with opened("X", count=12) as page:
        for aim in page.engine.still_actions.rechecked[0]:
            own = replace(detail(), deploy_id=aim.deploy_id)
            recheck(page.engine, aim, Recheck(own, portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        rows = [line for line in page.text.splitlines() if "5 open" in line]
        assert len(rows) == 12
        assert all("$1,204,999.00  5 open (now)" in row for row in rows)


async def test_the_sum_of_several_is_of_what_their_lines_say_and_as_old() -> None:
    async with opened("X", count=2) as page:
        one, other = page.engine.still_actions.rechecked[0]
        page.engine.still.passed += 130
        own = replace(detail(), deploy_id=one.deploy_id, statistics={"Equity": "$1,000.50"})
        recheck(page.engine, one, Recheck(own, portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        assert other.equity is not None
        assert f"LIVE equity {1_000.5 + other.equity:,.0f} (2m)" in page.text
        away = replace(detail(), deploy_id=other.deploy_id, statistics={"Equity": "$-0.50"})
        recheck(page.engine, other, Recheck(away, portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        assert "LIVE equity 1,000.00 (now)" in page.text
        away = replace(away, statistics={"Equity": "€3.00"})
        recheck(page.engine, other, Recheck(away, portfolio(), page.engine.clock.monotonic()))
        await page.settle()
        assert "LIVE equity in several currencies" in page.text


async def test_what_is_read_of_another_deployment_of_the_project_is_not_said_of_this_one() -> None:
    async with opened() as page:
        # An older one that has ended disarms nothing.
        recheck(page.engine, target(), Recheck(portfolio_failure=OF_ANOTHER, another=True))
        await page.settle()
        assert "status Running" in page.text
        assert "Equity      1,204,567 (now)" in page.text
        assert "Holdings    unknown: what is read is another deployment's" in page.text
        assert "Cash        unknown" in page.text
        assert f"Checked again, not ended; holdings could not be re-read: {OF_ANOTHER}" in words(page)


async def test_redeployed_it_says_what_was_seen_of_the_old_one_last_and_how_old_that_is() -> None:
    known = Recheck(detail(), portfolio(), MONO, disarmed="redeployed since: now L-another", another=True)
    async with opened() as page:
        recheck(page.engine, target(), replace(known, portfolio_failure=OF_ANOTHER))
        page.engine.still.passed += 130
        dialog(page).show_changes(frozenset({recheck_key(target())}))
        await page.settle()
        for fact in ("status Running (2m)", "$1,204,999.00 (2m)", "5 open (2m)", "USD 533,952.25 · EUR 1,250.00 (2m)"):
            assert fact in page.text
        assert "DISARMED: redeployed since: now L-another" in page.text
        recheck(page.engine, target(), replace(known, portfolio=None, portfolio_failure=OF_ANOTHER))
        await page.settle()
        assert "Holdings    unknown: what is read is another deployment's" in page.text
        assert "Cash        unknown" in page.text


async def test_of_several_one_that_was_redeployed_lends_nothing_to_its_line() -> None:
    async with opened("X", count=2) as page:
        gone = page.engine.still_actions.rechecked[0][1]
        known = Recheck(portfolio_failure=OF_ANOTHER, another=True)
        recheck(page.engine, gone, known)
        await page.settle()
        assert "holdings unknown" in page.line(gone.deploy_id[-4:])
        recheck(page.engine, gone, replace(known, disarmed="redeployed since: now L-another"))
        await page.settle()
        assert "skipped: redeployed since: now L-another" in words(page)
        assert "open" not in page.line(gone.deploy_id[-4:])


async def test_facts_are_refreshed_while_it_is_open() -> None:
    async with opened() as page:
        newer = detail(status="Running", statistics={"Equity": "$999.00"})
        flat = Portfolio((Holding("SPY", "SPY", 0.0),), (Cash("USD", 7.0),), is_known=True)
        recheck(page.engine, target(), Recheck(newer, flat, page.engine.clock.monotonic()))
        await page.settle()
        assert "$999.00 (now)" in page.text
        assert "none open in the newest snapshot (now)" in page.text
        assert "USD 7 (now)" in page.text


async def test_a_balance_of_coins_has_the_digits_that_it_has() -> None:
    coins = (
        Cash("BTC", 0.004), Cash("ETH", -0.333), Cash("USD", 12_000.5), Cash("SHIB", 1e-9), Cash("SOL", 69.2),
    )  # fmt: skip
    for size in ((80, 24), (120, 40)):
        async with opened(size=size) as page:
            recheck(page.engine, target(), Recheck(detail(), Portfolio((), coins, is_known=True), MONO))
            await page.settle()
            assert "BTC 0.004 · ETH -0.333 · USD 12,000.50 · SHIB 1e-09 · 1 more" in words(page)


async def test_holdings_that_could_not_be_reread_keep_their_age() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(detail(), portfolio_failure="HTTP 500"))
        await page.settle()
        assert "holdings could not be re-read: HTTP 500" in page.text
        assert "5 open (2m)" in page.text


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Resource[Portfolio](), "not read yet"),
        (Resource(value=Portfolio((), (), is_known=False), fetched_mono=MONO), "not the same as flat"),
        (
            Resource(
                value=Portfolio((Holding("X", "X", 0.0, unreadable_quantity=True),), (), True), fetched_mono=MONO - 900
            ),
            "1 open (15m): X (could not be read)",
        ),
    ],
)
async def test_what_is_not_known_is_never_called_flat(known: Resource[Portfolio], said: str) -> None:
    async with opened() as page:
        await page.press("escape")
        page.engine.store.put(portfolio_key(project_id(0)), known)
        await page.press("L")
        assert said in words(page)


async def test_an_earlier_liquidation_of_the_same_deployment_is_shown() -> None:
    async with opened() as page:
        put_actions(
            page.engine,
            record("a1", target(), (Rung.SENT, 0.0), (Rung.UNKNOWN, 10.0, "timed out")),
            record("a2", target(1), (Rung.SENT, 0.0), (Rung.VERIFIED, 20.0)),
        )
        await page.settle()
        assert "LIQUIDATE SENT 14:32:05 →  UNKNOWN  +10s" in page.text
        assert "VERIFIED" not in dialog(page).text


async def test_an_earlier_command_that_knew_no_deploy_id_may_have_hit_the_same_and_is_shown() -> None:
    async with opened() as page:
        unknown = replace(target(), deploy_id="")
        put_actions(page.engine, record("a1", unknown, (Rung.SENT, 0.0), (Rung.UNKNOWN, 10.0, "timed out")))
        await page.settle()
        assert "LIQUIDATE SENT 14:32:05 →  UNKNOWN  +10s" in page.text


async def test_panic_lists_every_running_deployment_and_asks_for_their_number() -> None:
    async with opened("X", count=12, paper=(3, 5)) as page:
        text = page.text
        assert "Type 12 to liquidate 12 deployments, then Enter." in text
        assert "12 deployments:  10 LIVE  2 PAPER" in text
        assert all(f"…{deploy_id(number)[-4:]}" in text for number in range(12))
        assert "PgDn shows the rest" in text
        await page.press(*"12", "enter")
        assert {each for batch in sent(page) for each in batch} == {deploy_id(number) for number in range(12)}
        assert len(sent(page)) == 1


async def test_the_list_scrolls_and_the_question_stays() -> None:
    async with opened("X", count=40) as page:
        assert "Type 40 to liquidate 40 deployments, then Enter." in page.text
        await page.press("end")
        assert "Check the brokerage" in page.text.replace("\n", " ") or "afterwards" in page.text
        assert "Type 40 to liquidate 40 deployments, then Enter." in page.text
        assert "Cancel" in page.text


async def test_one_of_several_that_ended_is_skipped_and_the_question_is_a_new_one() -> None:
    async with opened("X", count=3) as page:
        await page.press("3")
        gone = page.engine.still_actions.rechecked[0][1]
        recheck(page.engine, gone, Recheck(disarmed="no longer running: Stopped"))
        await page.settle()
        text = page.text
        assert "Type 2 to liquidate 2 deployments, then Enter." in text
        assert "skipped: no longer running: Stopped" in text
        assert "1 ended or changed meanwhile" in text
        await page.press("enter")
        assert sent(page) == []
        await page.press("2", "enter")
        assert [len(batch) for batch in sent(page)] == [2]
        assert gone.deploy_id not in sent(page)[0]


async def test_what_ended_one_after_the_other_is_counted_as_it_is_skipped() -> None:
    async with opened("X", count=4) as page:
        for number in (1, 2):
            ended = page.engine.still_actions.rechecked[0][number]
            recheck(page.engine, ended, Recheck(disarmed="no longer running: Stopped"))
            await page.settle()
            assert f"{number} skipped" in page.text
            assert f"{number} ended or changed meanwhile" in page.text


async def test_enter_pressed_for_the_old_number_sends_nothing() -> None:
    async with opened("X", count=3) as page:
        await page.press("3")
        page.app._bridge.close()
        recheck(page.engine, page.engine.still_actions.rechecked[0][0], Recheck(disarmed="no longer running: Stopped"))
        await page.press("enter")
        assert sent(page) == []
        assert "Type 2 to liquidate 2 deployments, then Enter." in page.text


async def test_when_one_of_several_is_left_its_code_is_asked() -> None:
    async with opened(count=2, marked=(0, 1)) as page:
        assert "Type 2 to liquidate 2 deployments, then Enter." in page.text
        recheck(page.engine, page.engine.still_actions.rechecked[0][1], Recheck(disarmed="no longer running: Stopped"))
        await page.settle()
        assert QUESTION in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]


async def test_a_refused_target_among_several_is_listed_and_not_sent() -> None:
    def refuse(engine: StillEngine) -> None:
        engine.still_actions.refusals[project_id(1)] = "a liquidation of it is not verified yet"

    async with opened("S", count=3, marked=(0, 1, 2), prepare=refuse) as page:
        text = page.text
        assert "Type 2 to stop 2 deployments, then Enter." in text
        assert "skipped: a liquidation of it is not verified yet" in words(page)
        await page.press("2", "enter")
        assert sent(page) == [(deploy_id(0), deploy_id(2))]


async def test_an_optimization_is_aborted_by_y() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.press("A")
        (aim,) = page.engine.still_actions.rechecked[0]
        read = Optimization(
            aim.optimization_id, project_id(0), aim.name, "running", Criterion("Sharpe Ratio", True), 1.0,
            completed=12, failed=1, running=4, queued=83, total=100,
        )  # fmt: skip
        recheck(page.engine, aim, Recheck(optimization=read))
        await page.settle()
        text = page.text
        assert "Press y to abort." in text
        assert f" Id          {OPTIMIZATION_ID}" in text
        assert "13 of 100 backtests, 4 running (now)" in text
        assert "LIVE" not in text
        await page.press("y")
        assert [targets[0].optimization_id for targets in page.engine.still_actions.confirmed] == [OPTIMIZATION_ID]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12)])
@pytest.mark.parametrize("key", ["L", "X"])
async def test_question_and_cancel_are_whole_at_every_size(size: tuple[int, int], key: str) -> None:
    async with opened(key, count=12, size=size) as page:
        recheck(page.engine, target(), Recheck(detail(), portfolio(), MONO))
        await page.settle()
        text = " ".join(page.text.split())
        wanted = QUESTION if key == "L" else "Type 12 to liquidate 12 deployments, then Enter."
        if size[0] >= 80:
            assert wanted in text
        assert "Cancel" in text


@pytest.mark.parametrize("key", ["L", "X"])
async def test_hostile_names_are_text(key: str) -> None:
    async with opened(key, count=2, name=HOSTILE) as page:
        fail_recheck(page.engine, page.engine.still_actions.rechecked[0][0], HOSTILE)
        await page.settle()
        assert "[bold red]x[/]" in page.text
        assert "[bold red]x[/]" in dialog(page).text.splitlines()[-3]


async def test_a_name_of_thousands_of_characters_leaves_the_rest_in_sight() -> None:
    async with opened(name="Momentum" * 250) as page:
        text = page.text
        assert deploy_id(0) in text
        assert QUESTION in text
        assert "Equity" in text


async def test_ascii_means_seven_bits() -> None:
    async with opened(ascii_only=True, name="均值") as page:
        recheck(page.engine, target(), Recheck(detail(), portfolio(), MONO))
        await page.settle()
        assert page.text.replace("\n", "").isascii()
        assert "??" in page.text


async def test_a_list_that_scrolls_is_ascii_too() -> None:
    async with opened("X", count=30, ascii_only=True) as page:
        await page.press("pagedown")
        assert page.text.isascii()


async def test_missing_environment_counts_as_live() -> None:
    assert replace(target(), brokerage="").environment is Environment.LIVE


async def test_a_defect_in_the_facts_does_not_stand_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a defect")

    monkeypatch.setattr("qctui.ui.actions.dialog.single_facts", broken)
    async with opened() as page:
        assert f"Targets: Momentum/Crossover {deploy_id(0)}" in words(page)
        assert QUESTION in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]
