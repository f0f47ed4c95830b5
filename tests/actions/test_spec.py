from __future__ import annotations

from typing import Any

import pytest

from qctui.actions.capture import (
    capture_deployment,
    capture_optimization,
    running_targets,
    target_of_deployment,
    target_of_optimization,
)
from qctui.actions.earlier_actions import earlier_action, stop_lock
from qctui.actions.spec import (
    ACTION_SPECS,
    Ask,
    Question,
    cautions,
    disarm_reason,
    eligibility,
    question_for,
    typed_code,
    typed_code_source,
)
from qctui.model.action import ActionRecord, Rung, Step, Target
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, Project
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    detail_key,
    optimization_key,
    optimizations_key,
    portfolio_key,
)
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.value import replace
from tests.actions.fakes import HELD, target
from tests.fakes import make_deployment, make_detail, make_optimization

LIVE = target(deploy_id="L-0123456789abcdef0123456789ab430e")
PAPER = replace(LIVE, environment=Environment.PAPER)


def _put(store: Store, key: Key[Any], value: object, mono: float = 1_000.0) -> None:
    store.put(key, Resource[Any](value=value, fetched_at=1.0, fetched_mono=mono))


@pytest.mark.parametrize(
    ("targets", "ask", "sentence", "answer"),
    [
        ([LIVE], Ask.CODE, "Type 430e to liquidate, then Enter.", "430e"),
        ([PAPER], Ask.CODE, "Type 430e to liquidate, then Enter.", "430e"),
        ([replace(LIVE, action="stop")], Ask.CODE, "Type 430e to stop, then Enter.", "430e"),
        ([replace(PAPER, action="stop")], Ask.KEY, "Press y to stop.", "y"),
        ([target("abort")], Ask.KEY, "Press y to abort.", "y"),
        ([target("rename")], Ask.NAME, "Type another name to rename, then Enter.", "Optimization 1"),
        ([target("rename", new_name="Grid")], Ask.KEY, "Press y to rename.", "y"),
        ([target("delete", optimization_id="O-12f809")], Ask.CODE, "Type f809 to delete, then Enter.", "f809"),
        ([LIVE] * 12, Ask.COUNT, "Type 12 to liquidate 12 deployments, then Enter.", "12"),
        ([replace(PAPER, action="stop")] * 2, Ask.COUNT, "Type 2 to stop 2 deployments, then Enter.", "2"),
        ([replace(LIVE, deploy_id="", project_id=23456789)], Ask.CODE, "Type 6789 to liquidate, then Enter.", "6789"),
        ([replace(LIVE, deploy_id="L-1", project_id=7)], Ask.CODE, "Type 7 to liquidate, then Enter.", "7"),
    ],
)
def test_questions_in_the_designs_words(targets: list[Target], ask: Ask, sentence: str, answer: str) -> None:
    assert question_for(targets) == Question(ask, sentence, answer)


def test_a_question_needs_targets_of_one_action() -> None:
    for targets in ([], [LIVE, replace(LIVE, action="stop")]):
        with pytest.raises(ValueError, match="one action"):
            question_for(targets)


def test_only_the_answer_is_accepted() -> None:
    question = question_for([LIVE])
    assert question.accepts("430e")
    assert question.accepts(" 430E\n")
    for wrong in ("", " ", "430", "430e1", "y", "0430e"):
        assert not question.accepts(wrong)
    assert not Question(Ask.CODE, "", "").accepts("")


def test_a_name_is_another_one_than_it_has() -> None:
    question = question_for([target("rename")])
    assert question.accepts("y")
    for wrong in ("", " ", "Optimization 1", " Optimization 1 "):
        assert not question.accepts(wrong)


def test_what_the_code_is_the_end_of() -> None:
    assert (typed_code(LIVE), typed_code_source(LIVE)) == ("430e", "deploy id")
    assert typed_code_source(replace(LIVE, deploy_id="")) == "project id"


@pytest.mark.parametrize("odd", ["L-12.4", "L-ab c", "L-12é4", "L-123 ", "L-均值均值"])
def test_a_code_no_person_could_type_is_not_asked_for(odd: str) -> None:
    at = replace(LIVE, deploy_id=odd, project_id=23456789)
    assert (typed_code(at), typed_code_source(at)) == ("6789", "project id")


def test_every_action_is_complete() -> None:
    assert list(ACTION_SPECS) == ["liquidate", "stop", "abort", "rename", "delete", "rerun"]
    assert [spec.key for spec in ACTION_SPECS.values()] == ["L", "S", "A", "M", "K", "I"]
    for name, spec in ACTION_SPECS.items():
        assert spec.id == name
        assert all((spec.title, spec.tooltip, spec.consequence, spec.leftovers, spec.verb))


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (LIVE, None),
        (replace(LIVE, status=""), None),
        (replace(LIVE, status="Initializing"), None),
        (replace(LIVE, status="Unheard of"), None),
        (replace(LIVE, status="RuntimeError"), "no longer running: RuntimeError"),
        (replace(LIVE, action="stop", status="liquidated"), "no longer running: liquidated"),
        (replace(LIVE, project_id=0), "no project id is known"),
        (replace(LIVE, action="sell"), "no such action: sell"),
        (target("abort"), None),
        (target("abort", status="new"), None),
        (target("abort", status="Completed"), "already finished: Completed"),
        (target("abort", optimization_id=""), "no optimization id is known"),
        (target("rename"), None),
        (target("rename", status="completed"), None),
        (target("rename", new_name="Optimization 1"), "that is its name already"),
        (target("delete", status="completed"), None),
        (target("delete", status="Aborted"), None),
        (target("delete", status="running"), "not finished: running; abort it first"),
        (target("delete", status=""), "its status is not known"),
        (target("delete", optimization_id=""), "no optimization id is known"),
    ],
)
def test_eligibility(at: Target, reason: str | None) -> None:
    assert eligibility(at) == reason


def test_cautions() -> None:
    assert cautions(LIVE) == ()
    assert cautions(replace(LIVE, status="")) == ("its status is not known",)
    assert cautions(replace(LIVE, status="History")) == ("its status is History: it may not act on this",)
    assert len(cautions(replace(LIVE, deploy_id=""), Project(1, "x", live_control=False))) == 2
    assert cautions(target("abort", status="new")) == ()
    (said,) = cautions(replace(LIVE, also_alive=2))
    assert said == "2 other deployments of this project are alive too: this hits whatever the service holds live in it"


def test_disarming() -> None:
    same = make_detail(1, deploy_id=LIVE.deploy_id)
    assert disarm_reason(LIVE, same, None) == ""
    assert disarm_reason(LIVE, replace(same, deploy_id=""), None) == ""
    assert disarm_reason(replace(LIVE, deploy_id=""), same, None) == ""
    assert disarm_reason(LIVE, replace(same, deploy_id="L-x"), None) == "redeployed since: now L-x"
    assert disarm_reason(LIVE, replace(same, stopped_at=1.0, status=""), None) == "no longer running: stopped"
    assert disarm_reason(target("abort"), None, make_optimization()) == ""
    assert disarm_reason(target("rename"), None, make_optimization(status="completed")) == ""
    assert disarm_reason(target("delete"), None, make_optimization(status="completed")) == ""
    assert disarm_reason(target("delete"), None, make_optimization()) == "not finished: running; abort it first"


def test_a_target_is_captured_from_what_was_reported_last() -> None:
    store = Store()
    assert capture_deployment("liquidate", store, 5) == Target("liquidate", "project 5", 5)
    old = make_deployment(1, deploy_id="L-old", status="Stopped", stopped_at=5.0, launched_at=9e9)
    _put(store, DEPLOYMENTS, (old, make_deployment(1), make_deployment(2)), 1_010.0)
    _put(store, PROJECTS, (Project(1, "One"),))
    _put(store, portfolio_key(1), HELD)
    captured = capture_deployment("liquidate", store, 1)
    assert captured.deploy_id == make_deployment(1).deploy_id
    assert (captured.name, captured.status, captured.environment) == ("One", "Running", Environment.PAPER)
    assert (captured.equity, captured.equity_mono) == (100_001.0, 1_010.0)
    assert captured.portfolio.value is HELD
    _put(store, detail_key(1), make_detail(1, deploy_id="L-new", environment=Environment.LIVE), 1_000.0)
    assert capture_deployment("liquidate", store, 1) == replace(captured)
    _put(store, detail_key(1), make_detail(1, deploy_id="L-new", environment=Environment.LIVE), 1_020.0)
    newer = capture_deployment("stop", store, 1)
    assert (newer.action, newer.deploy_id, newer.environment) == ("stop", "L-new", Environment.LIVE)
    # The equity was the other deployment's.
    assert (newer.equity, newer.equity_mono) == (None, None)


def test_a_target_knows_of_others_alive_in_its_project() -> None:
    store = Store()
    old = make_deployment(1, deploy_id="L-old", launched_at=1.0)
    ended = make_deployment(1, deploy_id="L-0", status="Stopped")
    _put(store, DEPLOYMENTS, (old, make_deployment(1), make_deployment(1), ended, make_deployment(2)))
    captured = capture_deployment("liquidate", store, 1)
    assert (captured.deploy_id, captured.also_alive) == (make_deployment(1).deploy_id, 1)
    assert [each.also_alive for each in running_targets(store)] == [1, 0]
    assert capture_deployment("liquidate", store, 3).also_alive == 0


def test_one_that_ended_does_not_hide_another_one_alive_in_its_project() -> None:
    store = Store()
    older = make_deployment(1, deploy_id="L-older", launched_at=1.0)
    newer = make_deployment(1, deploy_id="L-newer", launched_at=2.0)
    _put(store, DEPLOYMENTS, (older, newer), 1_000.0)
    ended = make_detail(1, deploy_id="L-newer", status="Stopped", stopped_at=9.0)
    _put(store, detail_key(1), ended, 1_010.0)
    captured = capture_deployment("liquidate", store, 1)
    assert (captured.deploy_id, captured.status, captured.also_alive) == ("L-older", "Running", 0)
    assert captured.others == ("L-newer",)
    assert eligibility(captured) is None
    # live/read goes on telling of the newer one: that is no news about this one.
    assert disarm_reason(captured, ended, None) == ""
    assert disarm_reason(captured, replace(ended, deploy_id="L-third"), None) == "redeployed since: now L-third"
    assert [each.deploy_id for each in running_targets(store)] == ["L-older"]


def test_what_the_account_says_of_itself_is_said_before_acting() -> None:
    broker = target(brokerage="CoinbaseBrokerage", account_environment="Practice")
    assert "its account says Practice; it counts as LIVE all the same" in cautions(broker)
    assert cautions(target(account_environment="live")) == cautions(target())


def test_a_stop_time_alone_says_that_it_ended() -> None:
    store = Store()
    _put(store, DEPLOYMENTS, (make_deployment(1, stopped_at=5.0),))
    assert capture_deployment("liquidate", store, 1).status == "Stopped"


def test_panic_hits_every_deployment_that_may_trade() -> None:
    store = Store()
    rows: list[Deployment] = [
        make_deployment(1),
        make_deployment(2, environment=Environment.LIVE),
        make_deployment(3, status="Stopped"),
        make_deployment(4, status="Unheard of"),
        make_deployment(5),
    ]
    _put(store, DEPLOYMENTS, tuple(rows))
    _put(store, PROJECTS, (Project(1, "b"), Project(4, "A"), Project(5, "c")))
    _put(store, detail_key(5), make_detail(5, status="Liquidated"), 1_001.0)
    targets = running_targets(store)
    # The last one has ended by a later answer: the dialog says so, and it is not left out without a word.
    assert [each.project_id for each in targets] == [2, 4, 1, 5]
    assert [eligibility(each) for each in targets] == [None, None, None, "no longer running: Liquidated"]
    assert {each.action for each in targets} == {"liquidate"}
    assert running_targets(Store()) == ()


def test_panic_hits_what_only_a_later_read_has_alive() -> None:
    store = Store()
    _put(store, DEPLOYMENTS, (make_deployment(1), make_deployment(2, status="Stopped")), 1_000.0)
    _put(store, detail_key(2), make_detail(2, deploy_id="L-again"), 1_001.0)
    _put(store, detail_key(3), make_detail(3, status="Stopped"), 1_001.0)
    assert [(each.project_id, each.deploy_id) for each in running_targets(store)][1:] == [(2, "L-again")]


def test_optimizations_are_captured_by_id() -> None:
    store = Store()
    assert capture_optimization("abort", store, "O-1") == Target("abort", "O-1", 0, optimization_id="O-1")
    row = OptimizationSummary("O-1", 7, "Sweep", "running", Criterion("Sharpe Ratio", True), None)
    _put(store, optimizations_key(7), (row,))
    assert capture_optimization("abort", store, "O-1", 7) == Target(
        "abort", "Sweep", 7, optimization_id="O-1", status="running"
    )
    _put(store, optimization_key("O-1"), make_optimization("O-1", status="completed", project_id=7))
    assert capture_optimization("abort", store, "O-1").status == "completed"


def test_targets_of_fresh_answers() -> None:
    detail: DeploymentDetail = make_detail(3, stopped_at=1.0)
    captured = target_of_deployment("stop", detail, detail.project_name)
    assert (captured.action, captured.project_id, captured.deploy_id, captured.status) == (
        "stop",
        3,
        detail.deploy_id,
        "Stopped",
    )
    assert target_of_optimization("abort", make_optimization("O-2")).optimization_id == "O-2"


def _record(at: Target, *rungs: Rung, **changes: Any) -> ActionRecord:
    steps = tuple(Step(rung, 0.0, 0.0) for rung in rungs)
    return replace(ActionRecord("a-1", "a-b", at, "console", 0.0, 0.0, steps), **changes)


def test_the_earlier_action_on_the_same_target_is_found() -> None:
    first, second = _record(LIVE, Rung.UNKNOWN), _record(LIVE, Rung.REJECTED)
    other = _record(target(number=2), Rung.ACCEPTED)
    assert earlier_action([first, second, other], LIVE) is first
    assert earlier_action([second, other], LIVE) is None
    assert earlier_action([first], replace(LIVE, action="stop")) is None
    assert earlier_action([first], replace(LIVE, deploy_id="")) is first
    assert earlier_action([_record(target("abort"), Rung.ACCEPTED)], target("abort", number=2)) is None


def test_what_locks_a_stop() -> None:
    stop = replace(LIVE, action="stop")
    for rungs in [
        (),
        (Rung.SENDING,),
        (Rung.SENT,),
        (Rung.ACCEPTED,),
        (Rung.STOPPED,),
        (Rung.UNKNOWN,),
        (Rung.UNVERIFIED,),
    ]:
        assert stop_lock([_record(LIVE, *rungs)], stop, 0.0) is not None
    for rung in (Rung.VERIFIED, Rung.REJECTED, Rung.NOT_SENT):
        assert stop_lock([_record(LIVE, rung)], stop, 0.0) is None
    assert stop_lock([_record(stop, Rung.ACCEPTED)], stop, 0.0) is None
    assert stop_lock([_record(LIVE, Rung.UNVERIFIED, acknowledged=True)], stop, 0.0) is None
    silent = _record(LIVE, Rung.ACCEPTED, foreign=True, goal_by_mono=10.0)
    assert stop_lock([silent], stop, 9.0) is not None
    assert stop_lock([silent], stop, 11.0) is None


def test_a_stop_captured_before_a_redeploy_does_not_overtake_the_liquidation_of_the_newer_deployment() -> None:
    """The request names the project alone: it hits whatever is live in it."""
    stop = replace(LIVE, action="stop", deploy_id="L-older")
    words = "a liquidation of this project's other deployment is not verified (STOPPED): a stop could cancel it"
    assert stop_lock([_record(LIVE, Rung.STOPPED)], stop, 0.0) == words
    for rung in (Rung.VERIFIED, Rung.REJECTED, Rung.NOT_SENT, Rung.UNVERIFIED):
        assert stop_lock([_record(LIVE, rung)], stop, 0.0) is None
    assert stop_lock([_record(LIVE, Rung.STOPPED)], replace(stop, project_id=LIVE.project_id + 1), 0.0) is None
