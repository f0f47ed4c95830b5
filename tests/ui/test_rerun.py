"""Running an optimization again, with the keys that a person would press."""

from __future__ import annotations

import pytest

from qctui.actions.spec import OF_OPTIMIZATIONS
from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.action import PREPARATION, Preparation
from qctui.model.keys import optimization_key
from qctui.model.optimization import Criterion, Estimate, Optimization, Parameter
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.actions.rerun_screen import RerunScreen
from qctui.value import replace
from tests.ui.dialogs import opened, words
from tests.ui.page import Page, Size
from tests.ui.scene import NOW, StillEngine, fail
from tests.ui.targets import OPTIMIZATION_ID, project_id, with_optimization

pytestmark = pytest.mark.anyio

GOAL = Criterion("Sharpe Ratio", True, None, "TotalPerformance.PortfolioStatistics.SharpeRatio")
BUILT = Preparation("Built.", None, "c0ffee", Estimate(412.0, 250.0))
ASKED = "Type 16 to run again with 16 backtests, then Enter."


def with_one_read(engine: StillEngine) -> None:
    with_optimization(engine, "completed")
    read = Optimization(
        OPTIMIZATION_ID, project_id(0), "Grid of periods", "completed", GOAL, NOW, 16, 0, 0, 0, 16,
        parameters=(Parameter("fast", 5, 20, 5), Parameter("slow", 30, 60, 10)), node_type="O2-8", parallel_nodes=2,
    )  # fmt: skip
    engine.put(optimization_key(OPTIMIZATION_ID), read)


def form_text(page: Page) -> str:
    assert isinstance(page.app.screen, RerunScreen)
    return " ".join(page.app.screen.text.split())


async def built(page: Page, preparation: Preparation = BUILT) -> None:
    plan = next(each for each in reversed(page.engine.still_actions.prepared) if each is not None)
    page.engine.put(PREPARATION, replace(preparation, plan=plan))
    await page.settle()


def test_it_is_an_action_of_optimizations() -> None:
    assert "rerun" in OF_OPTIMIZATIONS


async def test_the_form_is_filled_changed_compiled_and_then_asked_about() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.press("I")
        assert "RUN AGAIN" in page.text
        assert "16 backtests" in page.text
        await page.press("space", "2", "tab", "tab", "tab", "ctrl+u", *"5 to 10 by 5", "enter")
        (plan,) = page.engine.still_actions.prepared
        assert plan is not None
        assert (plan.name, plan.backtests) == ("Grid of periods 2", 8)
        await built(page, Preparation("Compiling the project as it is now."))
        assert "Compiling the project as it is now." in page.text
        await page.press("x", "enter")
        assert len(page.engine.still_actions.prepared) == 1
        await built(page)
        assert isinstance(page.app.screen, ConfirmScreen)
        assert "Type 8 to run again with 8 backtests, then Enter." in page.text
        assert "8 backtests on 2 x O2-8; QuantConnect estimates 6m52s; 250 QCC are left" in words(page)
        await page.press("enter")
        assert page.engine.still_actions.confirmed == []
        await page.press("I", "enter")
        await built(page)
        await page.press("1", "6", "enter")
        ((target,),) = page.engine.still_actions.confirmed
        assert (target.action, target.compile_id, target.new_name) == ("rerun", "c0ffee", "Grid of periods")
        assert OPTIMIZATION_ID in target.others


async def test_what_was_built_for_an_earlier_form_is_not_asked_about() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.press("I", "enter", "escape", "I", "x", "enter")
        page.engine.put(PREPARATION, replace(BUILT, plan=page.engine.still_actions.prepared[0]))
        await page.settle()
        assert "RUN AGAIN" in page.text
        await built(page)
        assert ASKED in page.text


async def test_a_burst_starts_nothing() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.burst("I", "enter", "1", "6", "enter")
        assert len(page.engine.still_actions.prepared) == 1
        await built(page)
        assert ASKED in page.text
        assert page.engine.still_actions.confirmed == []


async def test_a_wrong_field_is_said_and_compiles_nothing() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.press("I", "down", "down", "down", "ctrl+u", *"20 to 5 by 1", "enter")
        assert page.engine.still_actions.prepared == []
        assert "Can't be run: fast: a range from low to high" in page.text


async def test_a_build_that_fails_leaves_the_form_and_escape_gives_it_up() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.press("I", "enter")
        await built(page, Preparation("The project does not build: line 12: invalid syntax", failed=True))
        assert "The project does not build: line 12: invalid syntax" in page.text
        assert isinstance(page.app.screen, RerunScreen)
        await page.press("x", "enter", "escape")
        assert page.engine.still_actions.prepared[-1] is None
        await built(page)
        assert len(page.app.screen_stack) == 1


async def test_an_estimate_that_is_missing_is_said_in_the_question() -> None:
    async with opened("2", prepare=with_one_read) as page:
        await page.press("I", "enter")
        await built(page, replace(BUILT, estimate=None))
        assert "what they take could not be had" in words(page)
        assert ASKED in page.text


async def test_what_was_not_read_is_read_for_the_form_which_says_so_meanwhile() -> None:
    key = optimization_key(OPTIMIZATION_ID)
    async with opened("2", prepare=with_optimization) as page:
        await page.press("I", "x", "enter")
        assert "Reading what it was asked for" in page.text
        assert Subscription(key, Visibility.OPENED) in page.engine.views[-1]
        fail(page.engine, key, "HTTP 500: server error")
        await page.settle()
        assert "What it was asked for could not be read: HTTP 500: server error. It is tried again." in form_text(page)
        with_one_read(page.engine)
        await page.settle()
        assert "16 backtests" in page.text
        await page.press("enter")
        (plan,) = page.engine.still_actions.prepared
        assert plan is not None
        assert (plan.name, plan.project_id) == ("Grid of periods", project_id(0))
        await page.press("escape")
        assert Subscription(key, Visibility.OPENED) not in page.engine.views[-1]
        assert len(page.app.screen_stack) == 1


async def test_what_can_not_be_sent_is_refused_in_words() -> None:
    async with opened("2", prepare=with_optimization) as page:
        page.engine.still_actions.read_only = True
        await page.press("I")
        assert page.said[-1] == "Can't run again: read-only: nothing can be sent"


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_footer_has_the_keys_of_an_optimization_where_there_is_room(size: Size) -> None:
    async with opened("2", prepare=with_one_read, size=size) as page:
        shown = "I run again" in page.lines[-1] and "M rename" in page.lines[-1] and "K delete" in page.lines[-1]
        assert shown == (size[0] == 200)
