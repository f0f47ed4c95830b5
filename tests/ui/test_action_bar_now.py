"""The action bar as it is now: what it counts, what is reached in it, and asking again for what failed."""

from __future__ import annotations

from functools import partial

import pytest

from qctui.model.action import ACTIONS, ActionRecord, Rung, Target
from qctui.model.deployment import Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, optimizations_key
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.help import CommandPalette
from qctui.ui.keys.keymap import commands_now
from qctui.value import replace
from tests.ui import scene
from tests.ui.page import OPTIONS, Page, console
from tests.ui.scene import StillEngine
from tests.ui.targets import record

pytestmark = pytest.mark.anyio

VERIFIED = ((Rung.SENT, 0.0), (Rung.ACCEPTED, 0.2), (Rung.VERIFIED, 9.0))
NOT_SENT = ((Rung.SENDING, 0.0), (Rung.NOT_SENT, 20.0, "connection refused"))
ABOUT_THE_BAR = (
    "Ask again for what was rejected",
    "Show or hide every fact of each target",
    "Clear every action that is over",
    "Give up every request",
)
REJECTED = ((Rung.SENT, 0.0), (Rung.REJECTED, 1.0, "no live algorithm"))

ES, KO, BTC = 23_456_789, 23_456_790, 23_456_791


def aim(project_id: int, action: str = "liquidate") -> Target:
    return Target(action, f"Project {project_id}", project_id, scene.deploy_id(project_id), status="Running")


def batch(
    name: str, *outcomes: tuple[int, tuple[tuple[object, ...], ...]], action: str = "liquidate"
) -> list[ActionRecord]:
    return [
        record(f"{name}{number}", aim(project_id, action), *rungs, batch_id=name)  # type: ignore[arg-type]  # rungs
        for number, (project_id, rungs) in enumerate(outcomes)
    ]


def acted(engine: StillEngine, *records: ActionRecord) -> None:
    scene.fill(engine)
    engine.put(ACTIONS, records)


def with_targets(engine: StillEngine, count: int) -> None:
    acted(engine, *batch("a", *((1_000 + number, VERIFIED) for number in range(count))))


def title(page: Page) -> str:
    return page.line("Actions")


async def test_a_retried_target_counts_once_by_its_newest_action() -> None:
    first = batch("a", (ES, VERIFIED), (KO, NOT_SENT), (BTC, REJECTED))
    again = batch("b", (KO, VERIFIED), (BTC, VERIFIED))
    async with console((80, 24), prepare=lambda engine: acted(engine, *first, *again)) as page:
        assert "3 VERIFIED" in title(page)
        assert "NOT SENT" not in title(page)
        assert "REJECTED" not in title(page)
        assert not page.main.action_bar.has_class("-loud")
        assert "3 liquidations: 1 VERIFIED, 2 retried" in page.text


async def test_another_kind_of_action_does_not_stand_for_the_first() -> None:
    records = [*batch("a", (ES, NOT_SENT)), *batch("b", (ES, VERIFIED), action="stop")]
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        assert "1 VERIFIED, 1 NOT SENT" in title(page)
        assert page.main.action_bar.has_class("-loud")


async def test_what_is_over_is_acknowledged_wherever_it_is_scrolled_to() -> None:
    records = [
        *batch("a", *((1_000 + number, VERIFIED) for number in range(30))),
        *batch("b", (ES, ((Rung.SENT, 0.0),))),
    ]
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        await page.press("d")
        assert page.engine.still_actions.acknowledged == [f"a{number}" for number in range(30)]


async def test_every_target_is_reached_with_the_keys() -> None:
    async with console((80, 24), prepare=partial(with_targets, count=30)) as page:
        wanted = {f"Project {1_000 + number} " for number in range(30)}
        for open_it in (("shift+tab",), ("tab", "tab", "tab", "tab"), ("v",)):
            await page.press(*open_it)
            assert page.app.focused is page.main.action_bar, open_it
            await page.press("escape")
        await page.press("v")
        seen = {each for each in wanted if each in page.text}
        assert len(seen) < 30
        await page.burst(*"j" * 300)
        assert "Project 1029 " in page.text
        await page.press("g")
        for _ in range(100):
            await page.press("pagedown")
            seen |= {each for each in wanted if each in page.text}
            if len(seen) == 30:
                break
        assert seen == wanted


async def test_escape_gives_the_keys_back_and_drops_no_mark() -> None:
    async with console((80, 24), prepare=partial(with_targets, count=3)) as page:
        await page.press("3", "1", "space", "v", "escape")
        assert page.app.selected.now.marks
        assert page.main.action_bar not in (page.app.focused, None)
        await page.press("shift+tab", "escape", "j")
        assert page.app.selected.now.marks
        assert page.app.selected.now.project_id == ES


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_bar_with_the_keys_is_told_without_colour(ascii_only: bool) -> None:
    prepare = partial(with_targets, count=3)
    async with console((80, 24), options=replace(OPTIONS, ascii=ascii_only), prepare=prepare) as page:
        marked = "> Actions" if ascii_only else "▸ Actions"
        assert marked not in page.text
        await page.press("shift+tab")
        assert marked in page.text
        await page.press("tab")
        assert marked not in page.text


async def test_the_keys_go_back_when_the_last_outcome_is_acknowledged() -> None:
    async with console((80, 24), prepare=partial(with_targets, count=3)) as page:
        await page.press("shift+tab", "d")
        page.engine.put(ACTIONS, tuple(replace(each, acknowledged=True) for each in batch("a", (1_000, VERIFIED))))
        await page.settle()
        await page.press("j")
        assert page.app.selected.now.project_id == ES


async def test_one_key_asks_again_for_what_was_rejected_or_not_sent() -> None:
    records = batch("a", (ES, VERIFIED), (KO, NOT_SENT), (BTC, REJECTED))
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        assert "R retry" in page.text
        await page.press("R")
        assert isinstance(page.app.screen, ConfirmScreen)
        assert "RETRY: LIQUIDATE" in page.text
        assert "Type 2 to liquidate 2 deployments, then Enter." in page.text
        assert page.engine.still_actions.confirmed == []
        await page.press("2", "enter")
        assert [[each.project_id for each in targets] for targets in page.engine.still_actions.confirmed] == [[KO, BTC]]


async def test_a_single_one_asks_for_its_code() -> None:
    async with console((80, 24), prepare=lambda engine: acted(engine, *batch("a", (KO, NOT_SENT)))) as page:
        await page.press("R")
        code = scene.deploy_id(KO)[-4:]
        assert f"Type {code} to liquidate, then Enter." in page.text
        await page.press(*code, "enter")
        assert [[each.project_id for each in targets] for targets in page.engine.still_actions.confirmed] == [[KO]]


async def test_liquidations_come_first_and_the_rest_is_named() -> None:
    records = [*batch("a", (ES, NOT_SENT)), *batch("b", (KO, REJECTED), (BTC, REJECTED), action="stop")]
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        await page.press("R")
        assert "RETRY: LIQUIDATE" in page.text
        assert "2 stops failed too: they are asked for apart" in page.text


async def test_what_was_retried_or_seen_is_not_retried_again() -> None:
    done = [*batch("a", (KO, NOT_SENT), (BTC, NOT_SENT)), *batch("b", (KO, VERIFIED))]
    records = [replace(each, acknowledged=each.target.project_id == BTC) for each in done]
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        assert "R retry" not in page.text
        await page.press("R")
        assert page.said == ["Can't retry: no action in the bar was rejected or not sent"]


async def test_what_another_console_did_is_not_retried_here() -> None:
    records = [replace(each, foreign=True) for each in batch("a", (KO, NOT_SENT))]
    async with console((80, 24), prepare=lambda engine: acted(engine, *records)) as page:
        await page.press("R")
        assert page.said == ["Can't retry: no action in the bar was rejected or not sent"]


async def test_another_deployment_than_the_one_that_was_meant_is_not_retried() -> None:
    def redeployed(engine: StillEngine) -> None:
        acted(engine, *batch("a", (KO, NOT_SENT), (BTC, NOT_SENT)))
        rows = engine.store.get(DEPLOYMENTS).value or ()
        engine.put(
            DEPLOYMENTS, tuple(replace(r, deploy_id="L-new") if r.project_id == KO else r for r in rows), age_s=0.0
        )

    async with console((80, 24), prepare=redeployed) as page:
        await page.press("R")
        assert "skipped: deployed again since" in page.text
        assert f"Type {scene.deploy_id(BTC)[-4:]} to liquidate, then Enter." in page.text


async def test_a_failed_abort_is_retried_by_its_own_question() -> None:
    def failed(engine: StillEngine) -> None:
        scene.fill(engine)
        row = (engine.store.get(optimizations_key(ES)).value or ())[0]
        target = Target("abort", row.name, ES, optimization_id=row.optimization_id, status=row.status)
        engine.put(ACTIONS, (record("a", target, *NOT_SENT),))
        engine.put(PROJECTS, (Project(ES, "Momentum/ES intraday"),))

    async with console((80, 24), prepare=failed) as page:
        await page.press("R")
        assert "Press y to abort." in page.text


async def test_a_failed_renaming_is_retried_with_the_name_that_was_meant() -> None:
    def failed(engine: StillEngine) -> None:
        scene.fill(engine)
        row = (engine.store.get(optimizations_key(ES)).value or ())[0]
        target = Target("rename", row.name, ES, optimization_id=row.optimization_id, new_name="Grid 2")
        engine.put(ACTIONS, (record("a", target, *NOT_SENT),))

    async with console((80, 24), prepare=failed) as page:
        await page.press("R")
        assert "Press y to rename." in page.text
        assert "New name    Grid 2" in page.text
        await page.press("y")
        assert [each.new_name for targets in page.engine.still_actions.confirmed for each in targets] == ["Grid 2"]


async def test_read_only_has_no_retry() -> None:
    records = batch("a", (KO, NOT_SENT))
    async with console((80, 24), prepare=lambda engine: acted(engine, *records), read_only=True) as page:
        assert "R retry" not in page.text
        await page.press("R")
        assert not isinstance(page.app.screen, ConfirmScreen)
        assert "retry" not in {command.id for command in commands_now(page.app.screen)}


async def test_help_and_palette_offer_only_what_the_bar_has_something_for() -> None:
    async with console((120, 60)) as page:
        await page.press("question_mark")
        assert not any(each in page.text for each in ABOUT_THE_BAR), page.text
        await page.press("escape", "N", "question_mark")
        assert [each for each in ABOUT_THE_BAR if each in page.text] == ["Clear every action that is over"]
        await page.press("escape", "escape", "ctrl+p")
        palette = page.app.screen
        assert isinstance(palette, CommandPalette)
        assert not any(label.startswith(("retry", "cancel sending")) for label in palette.labels)
        await page.press("escape")
        acted(page.engine, *batch("a", (KO, NOT_SENT)))
        await page.settle()
        await page.press("question_mark")
        assert [each for each in ABOUT_THE_BAR if each in page.text] == list(ABOUT_THE_BAR[:3])
