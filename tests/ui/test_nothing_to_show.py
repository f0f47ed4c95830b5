"""Panes that have nothing to show say why, and never that there is none of it."""

from __future__ import annotations

import pytest

from qctui.model.deployment import DeploymentDetail
from qctui.model.keys import DEPLOYMENTS, LINK, chart_key, detail_key
from qctui.model.link import Link
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.ui.kit.pane import Pane
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, console
from tests.ui.scene import StillEngine, deployments, fail, fill

pytestmark = pytest.mark.anyio

SELECTED = 23456791


def pane_text(page: Page, pane: Pane) -> str:
    region = pane.region
    return "\n".join(line[region.x : region.right] for line in page.lines[region.y : region.bottom])


def nothing_read(engine: StillEngine) -> None:
    engine.put(LINK, Link())


def nothing_but_a_failure(engine: StillEngine) -> None:
    nothing_read(engine)
    fail(engine, DEPLOYMENTS, "live/list: HTTP 401")


def nothing_listed(engine: StillEngine) -> None:
    nothing_read(engine)
    engine.put(DEPLOYMENTS, ())


@pytest.mark.parametrize("project_id", [None, 7])
async def test_an_outage_is_told_by_every_pane_that_hangs_on_the_deployments(project_id: int | None) -> None:
    options = replace(OPTIONS, project_id=project_id)
    async with console((120, 40), prepare=nothing_but_a_failure, options=options) as page:
        for pane in (page.main.chart, page.main.insights):
            assert "The deployments can't be read: live/list: HTTP 401" in pane_text(page, pane)
        assert "never deployed" not in page.text


@pytest.mark.parametrize("typed", [(), (*"Strategy Equity", "enter"), (*"sS", "escape")])
async def test_choosing_a_chart_of_nothing_says_so_and_what_is_typed_for_it_is_no_command(
    typed: tuple[str, ...],
) -> None:
    async with console((80, 24), prepare=nothing_listed) as page:
        await page.burst("c", *typed)
        if not typed:
            assert "Can't show charts: No deployment is selected. Enter or Esc goes back" in page.text
            await page.press("escape")
        assert page.app.screen is page.main
        assert page.said == []


async def test_a_long_reason_is_read_whole_at_80_columns() -> None:
    why = "the API's side closed the connection before the answer was complete, after 1 of 3 tries: nothing came"

    def failing(engine: StillEngine) -> None:
        nothing_read(engine)
        fail(engine, DEPLOYMENTS, why)

    async with console((80, 24), prepare=failing) as page:
        for pane, keys in ((page.main.deployments, "1"), (page.main.insights, "3"), (page.main.chart, "4")):
            await page.press(keys)
            assert why in " ".join(pane_text(page, pane).split()), keys
        await page.press("1")
        assert f"The deployments can't be read: {why}" in " ".join(pane_text(page, page.main.chart).split())


async def test_a_tape_without_a_list_is_no_list_that_can_not_be_read() -> None:
    def unread(engine: StillEngine) -> None:
        engine.store.put(DEPLOYMENTS, Resource().with_error(Failure(FailureKind.REFUSED, "It was not read.", 0.0, 0.0)))

    async with console((120, 40), prepare=unread, options=replace(OPTIONS, replay=True), read_only=True) as page:
        for pane in (page.main.deployments, page.main.chart, page.main.insights):
            assert "It was not read." in pane_text(page, pane)
        assert "can't be read" not in page.text
        assert "failed" not in page.text


@pytest.mark.parametrize("project_id", [None, 7])
async def test_before_the_first_answer_nothing_is_said_of_any_deployment(project_id: int | None) -> None:
    options = replace(OPTIONS, project_id=project_id)
    async with console((120, 40), prepare=nothing_read, options=options) as page:
        for pane in (page.main.chart, page.main.insights):
            assert "Reading deployments" in pane_text(page, pane)
        assert "never deployed" not in page.text


async def test_what_is_said_follows_the_reading_of_the_list() -> None:
    async with console((120, 40), prepare=nothing_read) as page:
        fail(page.engine, DEPLOYMENTS, "live/list: HTTP 401")
        await page.settle()
        assert "live/list: HTTP 401" in pane_text(page, page.main.chart)
        page.engine.put(DEPLOYMENTS, ())
        await page.settle()
        assert "No deployment is selected." in pane_text(page, page.main.chart)


async def test_without_deployments_none_is_selected() -> None:
    async with console((120, 40), prepare=nothing_listed) as page:
        for pane in (page.main.chart, page.main.insights):
            assert "No deployment is selected." in pane_text(page, pane)


async def test_a_project_that_never_ran_has_no_chart() -> None:
    async with console((120, 40), options=replace(OPTIONS, project_id=23456799)) as page:
        assert "Ideas/never deployed was never deployed." in pane_text(page, page.main.chart)


async def test_a_deployment_without_an_id_has_its_chart_all_the_same() -> None:
    async with console((120, 40)) as page:
        page.engine.put(DEPLOYMENTS, tuple(replace(each, deploy_id="") for each in deployments()))
        await page.settle()
        assert "Strategy Equity" in page.line("4 Chart")
        keys = {want.key for want in page.main.presenter.subscriptions}
        assert {detail_key(SELECTED), chart_key(SELECTED, "Strategy Equity", *page.main.chart.view.wanted)} <= keys


async def test_an_answer_that_names_no_charts_takes_none_away() -> None:
    async with console((120, 40), prepare=fill) as page:
        known = page.engine.store.get(detail_key(SELECTED)).value
        assert isinstance(known, DeploymentDetail)
        drawn = page.main.chart.view.shown.text()
        page.engine.put(detail_key(SELECTED), replace(known, charts=()))
        await page.settle()
        assert page.main.chart.name_shown == "Strategy Equity"
        assert page.main.chart.view.shown.text() == drawn
