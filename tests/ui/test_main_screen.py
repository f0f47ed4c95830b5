from __future__ import annotations

import pytest
from msgspec.structs import force_setattr
from rich.cells import cell_len
from textual import events
from textual.widgets import Input

from qctui.engine.engine_port import Visibility
from qctui.model.deployment import Deployment, Environment
from qctui.model.keys import (
    DEPLOYMENTS,
    LINK,
    PROJECTS,
    detail_key,
    insights_key,
    optimization_key,
    optimizations_key,
)
from qctui.model.link import Link, LinkState
from qctui.model.recording import TAPE, Recording, TapeState
from qctui.ui.deployments.deployment_rows import DeploymentRow
from qctui.ui.kit.not_available import NotAvailable
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.main_screen import MainScreen
from qctui.ui.wording.load_state import LoadState
from qctui.value import replace
from tests.ui.page import OPTIONS, Size, console
from tests.ui.scene import (
    HOSTILE,
    StillEngine,
    deploy_id,
    deployments,
    fail,
    fill,
    insights,
    optimizations,
    outage,
    projects,
)

pytestmark = pytest.mark.anyio

SIZES: list[Size] = [(80, 24), (120, 40), (200, 60)]


def face_of(pane: Pane) -> LoadState:
    return pane.load_state


@pytest.mark.parametrize("size", [(40, 12), *SIZES])
async def test_a_real_brokers_account_that_says_it_is_paper_is_told_apart_in_words(size: Size) -> None:
    first, *others = deployments()
    doubtful = replace(first, brokerage="OandaBrokerage", environment=Environment.LIVE, account_environment="Practice")
    async with console(size) as page:
        known = page.engine.store.get(DEPLOYMENTS)
        page.engine.store.put(DEPLOYMENTS, replace(known, value=(doubtful, *others)))
        await page.settle()
        assert "LIVE?" in page.text
        # Wide enough for the columns that only come when there is plenty of room.
        await page.pilot.resize_terminal(159, 40)
        await page.settle()
        assert "Practice, OandaBr" in page.text


@pytest.mark.parametrize("size", [*SIZES, (40, 12), (20, 6), (10, 3), (1, 1)])
async def test_all_is_on_screen_and_no_line_is_wider_at_any_size(size: Size) -> None:
    async with console(size) as page:
        assert len(page.lines) == size[1]
        assert all(cell_len(line) <= size[0] for line in page.lines)
        if size in SIZES:
            for title in ("1 Deployments", "2 Optimizations", "3 Insights", "4 Chart"):
                assert title in page.text
            assert page.lines[0].startswith("  LIVE  main")
            assert "L liquidate" in page.lines[-1]


@pytest.mark.parametrize(("width", "name"), [(99, "-narrow"), (100, "-medium"), (160, "-wide")])
async def test_the_first_layout_is_the_one_for_the_width(
    monkeypatch: pytest.MonkeyPatch, width: int, name: str
) -> None:
    styled: list[frozenset[str]] = []
    restyle = MainScreen.update_node_styles

    def update_node_styles(screen: MainScreen, animate: bool = True) -> None:
        styled.append(screen.classes & {"-narrow", "-medium", "-wide"})
        restyle(screen, animate)

    monkeypatch.setattr(MainScreen, "update_node_styles", update_node_styles)
    async with console((width, 30)) as page:
        assert styled == [{name}], "everything on it is styled once"
        await page.pilot.resize_terminal(120, 30)
        await page.settle()
        assert page.main.classes & {"-narrow", "-medium", "-wide"} == {"-medium"}


async def test_live_and_paper_are_told_apart_in_words() -> None:
    async with console() as page:
        assert "LIVE" in page.line("Crypto/BTC trend  Running")
        assert "PAPER" in page.line("ol carry")


async def test_an_unknown_equity_is_never_a_zero() -> None:
    async with console() as page:
        assert "—" in page.line("ol carry")
        assert "0.00" not in page.line("ol carry")


@pytest.mark.parametrize("size", SIZES)
async def test_entries_that_can_not_be_read_are_counted_beside_the_rows(size: Size) -> None:
    async with console(size) as page:
        listed = page.engine.store.get(DEPLOYMENTS)
        page.engine.store.put(DEPLOYMENTS, replace(listed, unreadable=1))
        await page.settle()
        assert "6 running · ! 1 entry unreadable" in page.line("1 Deployments")
        page.engine.store.put(DEPLOYMENTS, replace(listed, unreadable=2))
        await page.settle()
        assert "! 2 entries unreadable" in page.line("1 Deployments")


async def test_a_project_that_is_not_listed_may_be_one_that_can_not_be_read() -> None:
    async with console((120, 40), options=replace(OPTIONS, project_id=23456799)) as page:
        page.engine.store.put(DEPLOYMENTS, replace(page.engine.store.get(DEPLOYMENTS), unreadable=1))
        await page.settle()
        assert "was never deployed" not in page.text
        assert "is not among the deployments that can be read" in page.text


async def test_what_ended_long_ago_is_behind_a_key() -> None:
    async with console((200, 60)) as page:
        assert "Legacy/golden cross" not in page.text
        await page.press("o")
        assert "Legacy/golden cross" in page.text
        await page.press("o")
        assert "Legacy/golden cross" not in page.text


async def test_a_runtime_error_stands_out_until_somebody_stood_on_it() -> None:
    async with console() as page:
        # The one that failed has ended too: it is counted once.
        assert "6 running · 1 ended · ! 1 failed · 1 older" in page.line("1 Deployments")
        pane = page.main.deployments
        assert [row.unseen_error for row in pane.table.visible_rows if row.name == "FX/overnight drift"] == [True]
        await page.press(*["j"] * 6)
        assert pane.table.cursor_row is not None
        assert pane.table.cursor_row.name == "FX/overnight drift"
        assert "6 running · 2 ended · 1 older" in page.line("1 Deployments")


async def test_the_column_of_times_says_whose_they_are() -> None:
    async with console((120, 40)) as page:
        assert page.line("exposure pos").endswith(" up/ended")
        assert page.line("  Running ?       25,900.40").endswith(" 3d")
        assert page.line("Options/wheel").endswith(" 7h ago")


async def test_moving_the_cursor_switches_the_other_panes_at_once() -> None:
    async with console() as page:
        await page.press("j")
        assert page.main.presenter.data.name == "Momentum/ES intraday"
        assert "Momentum/ES" in page.line("2 Optimizations")
        assert "Momentum/ES intraday" in page.line("3 Insights")


async def test_the_engine_is_told_what_the_cursor_shows() -> None:
    async with console() as page:
        keys = {want.key for want in page.main.presenter.subscriptions}
        project_id = 23456791
        assert detail_key(project_id) in keys
        assert optimizations_key(project_id) in keys
        assert insights_key(project_id, deploy_id(project_id)) in keys
        assert "chart" in {key.kind for key in keys}


async def test_progress_is_read_for_unfinished_optimizations_only() -> None:
    async with console() as page:
        wanted = {want.key.name for want in page.main.presenter.subscriptions if want.key.kind == "optimization"}
        summaries = [summary for summary, _ in optimizations(23456791)]
        assert {each.optimization_id for each in summaries[:3]} <= wanted
        assert summaries[3].optimization_id not in wanted


async def test_twenty_quick_moves_leave_one_selection_which_the_engine_is_asked_for() -> None:
    async with console() as page:
        for _ in range(20):
            page.main.deployments.table.action_move(1)
            page.main.deployments.table.action_move(-1)
        page.main.deployments.table.action_move(2)
        await page.settle()
        assert page.main.presenter.data.name == "Pairs/KO-PEP mean reversion"
        assert detail_key(23456790) in {want.key for want in page.engine.views[-1]}
        assert detail_key(23456791) not in {want.key for want in page.engine.views[-1]}


async def test_a_deployment_that_was_redeployed_takes_the_panes_with_it() -> None:
    async with console() as page:
        assert page.main.selected.now.deploy_id == deploy_id(23456791)
        rows = [each for each in deployments() if each.project_id != 23456791]
        old = next(each for each in deployments() if each.project_id == 23456791)
        page.engine.put(DEPLOYMENTS, (*rows, replace(old, deploy_id="L-new")))
        await page.settle()
        assert page.main.selected.now.deploy_id == "L-new"
        assert page.main.insights.load_state is LoadState.LOADING


async def test_the_cursor_stays_on_its_project_when_rows_are_reordered() -> None:
    async with console() as page:
        await page.press("j", "j")
        assert page.main.presenter.data.name == "Pairs/KO-PEP mean reversion"
        first: Deployment = replace(deployments()[0], project_id=1, deploy_id="L-1")
        page.engine.put(DEPLOYMENTS, (first, *deployments()))
        await page.settle()
        assert page.main.presenter.data.name == "Pairs/KO-PEP mean reversion"


async def test_nothing_slides_under_the_keys_when_the_selected_project_vanishes() -> None:
    async with console() as page:
        await page.press("j")
        page.engine.put(DEPLOYMENTS, tuple(each for each in deployments() if each.project_id != 23456789))
        await page.settle()
        assert "Momentum/ES intraday is no longer listed." in page.text
        await page.press("L")
        assert page.said == ["Can't liquidate: Momentum/ES intraday is no longer listed"]
        await page.press("j")
        assert page.main.presenter.data.name == "Crypto/BTC trend"


async def test_a_project_without_deployments_can_be_picked() -> None:
    async with console() as page:
        await page.press("p", *"never", "enter")
        assert page.main.selected.now.project_id == 23456799
        assert "Ideas/never deployed was never deployed." in page.text
        assert page.main.pointed().project_id is None
        await page.press("j")
        assert page.main.selected.now.project_id != 23456799


async def test_a_project_that_ended_long_ago_can_be_picked() -> None:
    async with console((120, 40)) as page:
        await page.press("p", *"golden", "enter")
        assert page.main.presenter.data.name == "Legacy/golden cross"
        row = page.main.deployments.table.cursor_row
        assert row is not None
        assert row.name == "Legacy/golden cross"


async def test_the_project_of_the_command_line_is_selected_first() -> None:
    async with console(options=replace(OPTIONS, project_id=23456792)) as page:
        assert page.main.presenter.data.name == "Research/sector rotation"


async def test_a_filter_narrows_while_typing_and_escape_shows_all() -> None:
    async with console() as page:
        await page.press("slash", *"pairs")
        assert [row.name for row in page.main.deployments.table.visible_rows] == ["Pairs/KO-PEP mean reversion"]
        assert "/pairs" in page.line("1 Deployments")
        await page.press("enter")
        assert not page.main.query(Input)
        assert "/pairs" in page.line("1 Deployments")
        await page.press("escape")
        assert len(page.main.deployments.table.visible_rows) > 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_filter_stands_beside_its_own_count_before_all_others(size: tuple[int, int]) -> None:
    async with console(size) as page:
        await page.press("slash", *"pairs", "enter")
        assert "1 Deployments /pairs 1 of 8 · 6 running · 1 ended · ! 1 failed" in page.line("1 Deployments")
        await page.press("2", "slash", *"momentum", "enter")
        assert "2 Optimizations /momentum 0 of 5 · Pai" in page.line("2 Optimizations")
        await page.press("3", "slash", *"spy", "enter")
        assert "3 Insights /spy 7 of 40 · Pairs/KO-PEP mean reversion · 40 " in page.line("3 Insights")


async def test_what_is_marked_stands_behind_a_filter_however_long_it_is() -> None:
    async with console() as page:
        await page.press("space", "j", "space", "slash", *"rotation and a lot more than that", "enter")
        assert "1 Deployments /rotation and a lot… 0 of 8 · ● 2 marked, 2 hidden" in page.line("1 Deployments")


async def test_escape_while_typing_a_filter_drops_it() -> None:
    async with console() as page:
        await page.press("slash", *"pairs", "escape")
        assert not page.main.query(Input)
        assert len(page.main.deployments.table.visible_rows) > 1
        assert page.app.focused is page.main.deployments.table


async def test_escape_with_nothing_to_back_out_of_does_nothing() -> None:
    async with console() as page:
        before = page.text
        await page.press("escape", "escape")
        assert page.text == before
        assert page.app.is_running


async def test_letters_typed_into_a_filter_are_no_commands() -> None:
    async with console() as page:
        await page.press("slash", *"qLSXA")
        assert page.app.is_running
        assert len(page.app.screen_stack) == 1
        assert page.main.query_one(Input).value == "qLSXA"


async def test_a_filter_nothing_matches_says_so() -> None:
    async with console() as page:
        await page.press("slash", *"zzz")
        assert "No row contains 'zzz'. Esc shows all." in page.text


async def test_sorting_goes_through_the_columns_and_back() -> None:
    async with console((120, 40)) as page:
        usual = [row.name for row in page.main.deployments.table.visible_rows]
        await page.press("s")
        assert "project▴" in page.text
        names = [row.name.casefold() for row in page.main.deployments.table.visible_rows]
        assert names == sorted(names)
        await page.press("s", "s")
        assert "equity▾" in page.text
        equities = [row.deployment.equity for row in page.main.deployments.table.visible_rows]
        assert equities[0] == 1_204_331.52
        for _ in range(14):
            if "▾" not in page.text and "▴" not in page.text:
                break
            await page.press("s")
        assert [row.name for row in page.main.deployments.table.visible_rows] == usual


async def test_marks_name_deployments_and_actions_aim_at_them() -> None:
    async with console() as page:
        await page.press("space", "j", "space")
        assert "2 marked" in page.text
        assert {mark.project_id for mark in page.main.pointed().marks} == {23456791, 23456789}
        await page.press("escape")
        assert "marked" not in page.text
        assert page.main.pointed().marks == ()
        assert page.main.pointed().project_id == 23456789


async def test_a_mark_does_not_pass_to_a_new_deployment_of_the_project() -> None:
    async with console() as page:
        await page.press("space")
        rows = tuple(
            replace(each, deploy_id="L-new") if each.project_id == 23456791 else each for each in deployments()
        )
        page.engine.put(DEPLOYMENTS, rows)
        await page.settle()
        assert "1 marked, 1 deployed again since" in page.text
        assert "Crypto/BTC trend was deployed again: what runs there now is not marked" in page.said


async def test_digits_and_tab_go_through_the_panes_in_the_order_of_their_numbers() -> None:
    async with console() as page:
        for key, pane in (("3", "insights"), ("4", "chart"), ("2", "optimizations"), ("1", "deployments")):
            await page.press(key)
            assert page.main.has_class(f"-at-{pane}")
        for pane in ("optimizations", "insights", "chart", "deployments"):
            await page.press("tab")
            assert page.main.has_class(f"-at-{pane}")
        await page.press("shift+tab")
        assert page.main.has_class("-at-chart")


PROMISED = (
    (Link(LinkState.OK, budget_used=44), "Reading everything on screen again"),
    (
        Link(LinkState.OK, budget_used=48, waiting=3),
        "Reading everything on screen again, some of it perhaps later: 48 of 60 reads a minute are used",
    ),
    (
        Link(LinkState.OK, budget_used=71),
        "Reading everything on screen again, some of it perhaps later: 71 of 60 reads a minute are used",
    ),
    (Link(LinkState.DOWN, budget_used=71), "Asking the API again; everything on screen is read once it answers"),
    (Link(LinkState.AUTH), "Asking the API again; everything on screen is read once it answers"),
)


async def test_reading_again_promises_no_more_than_the_link_allows() -> None:
    async with console() as page:
        for number, (link, words) in enumerate(PROMISED, 1):
            page.engine.put(LINK, link)
            await page.settle()
            await page.press("r")
            assert page.said[-1] == words, link
            assert page.engine.refreshed == [None] * number


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_not_on_the_tape_is_said_on_the_first_line(size: tuple[int, int]) -> None:
    async with console(size) as page:
        assert "TAPE" not in page.text
        for state, words in (
            (TapeState(Recording.ON, missed=1), " TAPE without 1 answer "),
            (TapeState(Recording.ON, missed=1_204), " TAPE without 1204 answers "),
            (TapeState(Recording.STOPPED, reason="its disk is full", missed=1_204), " NO TAPE: its disk is full "),
        ):
            page.engine.put(TAPE, state)
            await page.settle()
            assert words in page.lines[0], page.lines[0]
            assert page.lines[0].endswith("oldest data now")
        page.engine.put(TAPE, TapeState(Recording.STANDBY))
        await page.settle()
        assert "TAPE" not in page.text


async def test_the_selected_row_is_copied() -> None:
    async with console() as page:
        await page.press("y")
        assert page.app.clipboard.startswith("LIVE\tCrypto/BTC trend\tRunning ?\t25,900.40")


async def test_q_leaves_with_zero() -> None:
    async with console() as page:
        await page.press("q")
        assert page.app.return_value == 0


async def test_ctrl_c_leaves() -> None:
    async with console() as page:
        await page.press("ctrl+c")
        assert page.app.return_value == 0


async def test_an_outage_keeps_the_data_and_says_what_failed_and_when_the_next_try_is() -> None:
    async with console() as page:
        outage(page.engine)
        await page.settle()
        assert "API DOWN" in page.lines[0]
        assert "25,900.40" in page.text
        assert "failed data 7m old" in page.line("1 Deployments")
        assert "next try 15s" in page.text
        assert face_of(page.main.deployments) is LoadState.FAILED
        fill(page.engine)
        await page.settle()
        assert "failed data" not in page.text
        assert face_of(page.main.deployments) is LoadState.DATA


async def test_nothing_read_yet_and_failing_says_why_and_claims_nothing() -> None:
    def unreachable(engine: StillEngine) -> None:
        fail(engine, DEPLOYMENTS, "no connection: connection refused")

    async with console(prepare=unreachable) as page:
        assert "No deployments received yet: no connection: connection refused" in page.text
        assert "connection refused" in page.text
        assert "No deployments yet." not in page.text
        assert "0 running" not in page.text


async def test_an_age_is_redrawn_when_its_word_changes_and_not_before() -> None:
    async with console() as page:
        due = page.main.ages.due_mono
        assert page.engine.clock.monotonic() < due < page.engine.clock.monotonic() + 75
        page.engine.still.passed = 80.0
        page.main.show_all(page.main.ages.context())
        await page.settle()
        assert "oldest data 1m" in page.lines[0]


async def test_a_defect_in_one_pane_is_a_message_and_the_others_live_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with console() as page:

        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError("a defect")

        monkeypatch.setattr(page.main.deployments, "show", broken)
        rows = tuple(replace(each, equity=1.0) for each in deployments())
        page.engine.put(DEPLOYMENTS, rows)
        page.engine.put(insights_key(23456791, deploy_id(23456791)), insights(7))
        await page.settle()
        assert page.app.is_running
        assert page.said == ["Deployments could not be shown (ZeroDivisionError). The log has the details."]
        assert "a defect" in caplog.text
        assert len(page.main.insights.table.visible_rows) <= 7


async def test_hostile_text_is_literal_in_every_pane() -> None:
    async with console((200, 60)) as page:
        await page.press("j", "j", "j")
        assert page.main.presenter.data.name == HOSTILE
        assert page.text.count("[bold red]x[/]") >= 3
        assert "quit]y[/]" in page.line("PAPER [bold")
        await page.press("slash", *"[/x]")
        assert "/[/x]" in page.line("1 Deployments")
        await page.press("escape", "p")
        assert HOSTILE in page.text


async def test_hostile_text_in_failures_and_optimizations_is_literal() -> None:
    async with console((120, 40)) as page:
        summary, detail = optimizations(23456791)[0]
        page.engine.put(optimizations_key(23456791), (replace(summary, name=HOSTILE, status="[/x]"),))
        page.engine.put(optimization_key(summary.optimization_id), detail)
        fail(page.engine, DEPLOYMENTS, "[/x] [@click=app.quit]error[/]")
        await page.settle()
        assert "[@click=app.quit]error[/]" in page.text
        assert "y[/]" in page.line("▸ [bold")


async def test_read_only_takes_the_keys_of_actions_away() -> None:
    async with console((120, 40), read_only=True) as page:
        assert "READ-ONLY" in page.lines[0]
        assert "liquidate" not in page.text
        await page.press("L", "S", "A", "X")
        assert isinstance(page.app.screen, NotAvailable)
        await page.press("question_mark")
        assert "Liquidate" not in page.text
        assert "List the keys" in page.text


async def test_demo_is_said_in_words() -> None:
    async with console(options=replace(OPTIONS, demo=True)) as page:
        assert page.lines[0].startswith("  DEMO  main")
        await page.press("L")
        assert "━ DEMO: LIQUIDATE ━" in page.text
        await page.press("escape", "X")
        assert "━ DEMO, PANIC: LIQUIDATE ━" in page.text


async def test_pinned_projects_are_listed_together() -> None:
    async with console((200, 60), options=replace(OPTIONS, pinned=(23456789, 23456792))) as page:
        assert "of 2 pinned projects" in page.text
        names = {row.project for row in page.main.optimizations.table.visible_rows}
        assert names == {"Momentum/ES intraday", "Research/sector rotation"}


async def test_covered_panes_are_read_at_the_pace_of_what_is_off_screen() -> None:
    async with console() as page:
        page.main.presenter.cover(True)
        await page.settle()
        await page.press("j")
        assert {want.visibility for want in page.main.presenter.subscriptions} == {Visibility.HIDDEN}


async def test_a_thousand_deployments_format_only_what_is_visible() -> None:
    def many(engine: StillEngine) -> None:
        fill(engine)
        base = deployments()[0]
        rows = tuple(replace(base, project_id=each, deploy_id=f"L-{each}") for each in range(1_000))
        engine.put(DEPLOYMENTS, rows)
        engine.put(PROJECTS, ())

    async with console(prepare=many) as page:
        formatted: list[int] = []
        column = page.main.deployments.table.columns[1]
        cell = column.cell

        def counted(row: DeploymentRow, context: RenderContext) -> Spans:
            formatted.append(row.project_id)
            return cell(row, context)

        force_setattr(column, "cell", counted)
        page.engine.put(DEPLOYMENTS, page.engine.store.get(DEPLOYMENTS).value)
        await page.settle()
        assert 0 < len(formatted) <= 24
        await page.press("end")
        assert page.main.deployments.table.cursor.place.index == 999


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_words_while_insights_are_still_being_read(size: Size) -> None:
    async with console(size) as page:
        key = insights_key(23456791, deploy_id(23456791))
        # What is known not to be the newest has no age that could be taken for theirs.
        page.engine.put(key, replace(insights(30), complete=False, newest=False, expected=10_000), age_s=0)
        await page.settle()
        assert "30 of ~10,000" in page.line("3 Insights")
        assert page.line("3 Insights").endswith(" reading newer ─")
        page.engine.put(key, replace(insights(30), complete=False, newest=False, expected=None), age_s=0)
        await page.settle()
        assert "30 read so far" in page.line("3 Insights")
        page.engine.put(key, replace(insights(30), complete=False, expected=10_000), age_s=0)
        await page.settle()
        assert "30 of 10,000" in page.line("3 Insights")
        assert page.line("3 Insights").endswith(" now ─")


async def test_the_first_row_is_current_until_the_names_have_put_the_list_in_order() -> None:
    async with console(prepare=lambda engine: engine.put(DEPLOYMENTS, deployments())) as page:
        engine = page.engine
        engine.put(PROJECTS, projects())
        await page.settle()
        assert page.main.deployments.table.cursor.place.index == 0
        first = page.main.deployments.table.cursor_row
        engine.put(PROJECTS, tuple(replace(each, name=f"{99 - n} renamed") for n, each in enumerate(projects())))
        await page.settle()
        now = page.main.deployments.table.cursor_row
        assert first is not None
        assert now is not None
        assert now.project_id == first.project_id


async def test_what_is_typed_in_one_piece_behind_a_key_goes_where_that_key_leads() -> None:
    async with console() as page:
        for character in "/momentum":
            page.app.post_message(events.Key("slash" if character == "/" else character, character))
        await page.settle()
        assert page.main.deployments.filter_text == "momentum"


async def test_a_time_that_lies_ahead_is_no_age() -> None:
    async with console((120, 40)) as page:
        ahead = page.engine.clock.now() + 90 * 86_400
        rows = [replace(each, launched_at=ahead, stopped_at=each.stopped_at and ahead) for each in deployments()]
        page.engine.put(DEPLOYMENTS, tuple(rows), age_s=0)
        await page.settle()
        listed = [line for line in page.lines[3:] if line.lstrip(" ▸").startswith(("LIVE  ", "PAPER "))]
        assert len(listed) > 4
        assert {line.rstrip("│┃").split()[-1] for line in listed} == {"—"}
        await page.press("enter")
        assert "launched 2024-06-23 14:32:05 UTC (in 90d)" in " ".join(page.text.split())
