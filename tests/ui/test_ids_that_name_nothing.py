"""Deploy ids that are missing, or that many share: nothing of one deployment may be told of another."""

from __future__ import annotations

import pytest

from qctui.model.account import EQUITY_HISTORY
from qctui.model.keys import DEPLOYMENTS
from qctui.value import replace
from tests.ui.page import console
from tests.ui.scene import NOW, deployments

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("shared", ["", "L-same"])
async def test_a_change_is_not_told_of_a_deployment_whose_past_may_be_anothers(shared: str) -> None:
    async with console((120, 40)) as page:
        page.engine.put(EQUITY_HISTORY, {})
        rows = [replace(each, deploy_id=shared) for each in deployments()]
        page.engine.put(DEPLOYMENTS, tuple(rows))
        await page.settle()
        changes = {row.name: row.change for row in page.main.deployments.table.visible_rows}
        assert len(changes) > 2
        assert set(changes.values()) == {None}


async def test_a_deployment_without_an_id_was_deployed_all_the_same() -> None:
    async with console((120, 40)) as page:
        page.engine.put(DEPLOYMENTS, tuple(replace(each, deploy_id="") for each in deployments()))
        await page.settle()
        assert "was never deployed" not in page.text
        assert "Unknown: the service tells no deploy id" in page.text


@pytest.mark.parametrize("shared", ["", "L-same"])
async def test_having_looked_at_one_error_is_not_having_looked_at_all(shared: str) -> None:
    async with console((120, 40)) as page:
        failed = [
            replace(each, deploy_id=shared, status="RuntimeError", stopped_at=NOW - 60) for each in deployments()[:3]
        ]
        page.engine.put(DEPLOYMENTS, tuple(failed))
        await page.settle()
        pane = page.main.deployments
        unseen = [row for row in pane.table.visible_rows if row.unseen_error]
        assert len(unseen) > 1
        pane.note_seen(unseen[0])
        assert len([row for row in pane.table.visible_rows if row.unseen_error]) == len(unseen) - 1
