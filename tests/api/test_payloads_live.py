from __future__ import annotations

import pytest

from qctui.model.deployment import DeploymentList, Environment
from qctui.model.resource import FailureKind
from tests.api.samples import DEPLOY_ID, NOON, answer
from tests.api.support import ask, client_for, failure, payload, reply, run


def test_projects_read__ok_mixed_shapes() -> None:
    first, second = ask(payload("projects_read__ok_mixed_shapes"), lambda c: c.reads.fetch_projects())
    assert (first.project_id, first.name) == (31000017, "Momentum/Crossover Live")
    assert (second.project_id, second.name) == (31000044, "Insight Alpha")
    assert first.live_control is True
    assert second.live_control is True


def test_live_list__ok() -> None:
    running, liquidated, failed = ask(payload("live_list__ok"), lambda c: c.reads.fetch_deployments()).deployments
    assert (running.project_id, running.deploy_id, running.status) == (31000017, DEPLOY_ID, "Running")
    assert running.alive
    assert running.environment is Environment.PAPER
    assert running.equity == 100250.75
    assert (running.launched_at, running.stopped_at) == (NOON - 72_000, None)
    assert not liquidated.alive
    assert liquidated.stopped_at == NOON - 5 * 86_400
    assert failed.environment is Environment.LIVE
    assert failed.brokerage == "InteractiveBrokersBrokerage"
    assert failed.error == "Runtime Error: Sequence contains no elements"
    assert failed.launched_at == NOON - 10 * 86_400 - 3_900


def test_live_list__empty() -> None:
    assert answer("live_list__empty") == DeploymentList(())


def test_live_read__running() -> None:
    detail = ask(payload("live_read__running"), lambda c: c.reads.fetch_detail(31000017))
    assert (detail.project_id, detail.deploy_id, detail.status, detail.alive) == (31000017, DEPLOY_ID, "Running", True)
    assert detail.project_name == "Momentum/Crossover Live"
    assert (detail.security_types, detail.datacenter) == ("Equity, Crypto", "NY7")
    assert list(detail.statistics.items())[-3:] == [
        ("Unrealized", "$-61.31"),
        ("Volume", "$182,004.90"),
        ("Regime", "risk-on"),
    ]
    assert detail.server_statistics["Used RAM (MB)"] == "412"
    assert detail.charts[:2] == ("Strategy Equity", "Drawdown")
    assert len(detail.charts) == 8


def test_live_read__running_deployment_details() -> None:
    detail = ask(payload("live_read__running_deployment_details"), lambda c: c.reads.fetch_detail(1))
    assert detail.environment is Environment.LIVE
    assert (detail.account_environment, detail.claims_paper) == ("paper", True)
    assert "U0000000" not in repr(detail)


def test_live_read__initializing_partial() -> None:
    detail = ask(payload("live_read__initializing_partial"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.launched_at) == ("Initializing", True, NOON)
    assert (dict(detail.statistics), detail.charts, detail.datacenter) == ({}, (), "")


def test_live_read__liquidated() -> None:
    detail = ask(payload("live_read__liquidated"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.stopped_at) == ("Liquidated", False, NOON + 185)
    assert detail.statistics["Holdings"] == "$0.00"
    assert dict(detail.server_statistics) == {}


def test_live_read__stopped_empty_maps_as_lists() -> None:
    detail = ask(payload("live_read__stopped_empty_maps_as_lists"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive) == ("Stopped", False)
    assert (dict(detail.statistics), detail.charts) == ({}, ())


def test_live_read__runtime_error() -> None:
    detail = ask(payload("live_read__runtime_error"), lambda c: c.reads.fetch_detail(1))
    assert not detail.alive
    assert detail.message.splitlines() == [
        "Runtime Error: 'NoneType' object has no attribute 'price'",
        "  at OnData",
        "    in main.py: line 41",
    ]
    assert dict(detail.statistics) == {}


def test_live_read__unlisted_status() -> None:
    detail = ask(payload("live_read__unlisted_status"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.datacenter) == ("Idle", True, "NY7")


def test_live_read__legacy_capitalised() -> None:
    detail = ask(payload("live_read__legacy_capitalised"), lambda c: c.reads.fetch_detail(1))
    assert detail.statistics["Equity"] == "$100,000.00"
    assert (detail.charts, detail.datacenter, detail.message) == (("Strategy Equity",), "NY7", "")


@pytest.mark.parametrize("told", [{"deployId": "L-2"}, {}])
def test_an_answer_about_another_deployment_than_was_asked_for_is_none(told: dict[str, str]) -> None:
    """A service that does not know the field answers with the newest: that must not stand under the older one's id."""
    body = {"success": True, "status": "Running", **told}
    error = failure(lambda: ask(body, lambda c: c.reads.fetch_detail(1, "L-1")))
    assert error.kind is FailureKind.MALFORMED
    assert "about another deployment" in error.message
    mine = ask({**body, "deployId": "L-1"}, lambda c: c.reads.fetch_detail(1, "L-1"))
    assert mine.deploy_id == "L-1"


def test_an_older_deployment_takes_no_chart_name_away_from_the_newest() -> None:
    client, script = client_for(
        reply({"success": True, "deployId": "L-2", "charts": {"Odd ": {}}}),
        reply({"success": True, "deployId": "L-1", "charts": {"Plain": {}}}),
        reply({"success": True, "chart": {}}),
    )

    async def go() -> None:
        await client.reads.fetch_detail(1)
        await client.reads.fetch_detail(1, "L-1")
        await client.reads.fetch_chart(1, "Odd", 0.0, 10.0, 5)
        await client.aclose()

    run(go())
    assert script.bodies[-1]["name"] == "Odd "
