"""The life of alerts, by the rules and on fake time: what fires, what is told how often, and what holds it back."""

from __future__ import annotations

import re
from array import array
from typing import Any

import pytest

from qctui.actions.wording import format_rough_span
from qctui.alerts import conditions
from qctui.alerts.lives import Lives
from qctui.alerts.rules import DEFAULT_RULES, Delivery, Rule
from qctui.model.account import EQUITY_HISTORY, EquityTrail
from qctui.model.action import ACTIONS, ASKED, ActionRecord, Rung, Step, Target
from qctui.model.alert import ALERT_TROUBLE, ALERTS, DELIVERED, Severity
from qctui.model.deployment import Environment
from qctui.model.keys import DEPLOYMENTS, Key, optimization_key, optimizations_key, portfolio_key
from qctui.model.link import LinkState
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.portfolio import Holding, Portfolio
from qctui.model.pulse import NEW_LINES, PULSES, Pulse, PulseState, Sign
from qctui.model.resource import Failure, FailureKind
from qctui.value import replace
from tests.alerts.rig import Desk, on_desk
from tests.fakes import make_deployment, make_optimization

ONE = make_deployment(1)
LIVE = replace(ONE, environment=Environment.LIVE)
BLIND = f"blind@{ONE.deploy_id}"
HOUR = 3_600.0


async def equity(desk: Desk, *values: float, seconds: float = 60.0) -> None:
    """The equity is each of these for so long."""
    for value in values:
        desk.list(replace(LIVE, equity=value * 1_000.0))
        await desk.clock.advance(seconds)


def test_blind_is_told_once_and_its_end_too() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.OK)
        await desk.clock.advance(60)
        assert desk.alerts == {}
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        assert desk.alerts == {BLIND: "firing"}
        assert desk.alert(BLIND).text == "BLIND: 1 order refused as disconnected: disconnected"
        await desk.clock.advance(600)
        assert len(desk.delivered) == 1
        desk.pulse(PulseState.OK)
        await desk.clock.advance(1)
        assert desk.alerts == {BLIND: "cleared"}
        assert desk.hook.told == [("blind", ONE.deploy_id, "firing"), ("blind", ONE.deploy_id, "cleared")]
        assert len(desk.delivered) == 1

    on_desk(body)


def test_blind_ends_with_an_order_that_goes_well_though_there_is_no_habit_yet() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        pulse = desk.store.get(PULSES).value[ONE.deploy_id]  # type: ignore[index]  # put above
        unread = replace(pulse, state=PulseState.UNKNOWN, refusals=0, last_refusal=None)
        desk.put(PULSES, {ONE.deploy_id: unread})
        await desk.clock.advance(1)
        assert desk.alerts == {BLIND: "firing"}
        assert desk.alert(BLIND).no_data_since is not None
        desk.put(PULSES, {ONE.deploy_id: replace(unread, refusals_known=True)})
        await desk.clock.advance(1)
        assert desk.alerts == {BLIND: "cleared"}

    on_desk(body)


def test_quiet_says_what_is_allowed_and_not_what_is_usual() -> None:
    async def body(desk: Desk) -> None:
        now = desk.clock.now()
        looked = {"orders": now, "log": now}
        silent = Pulse(PulseState.QUIET, now, silence_s=9_000.0, habit_s=3_600.0, allowed_s=7_800.0, looked_at=looked)
        desk.put(PULSES, {ONE.deploy_id: silent})
        await desk.clock.advance(1)
        found = desk.alert(f"quiet@{ONE.deploy_id}")
        assert (found.value, found.threshold) == (format_rough_span(9_000.0), format_rough_span(7_800.0))

    on_desk(body)


def test_repeats_double_their_distance_until_somebody_acknowledges() -> None:
    async def body(desk: Desk) -> None:
        began = desk.clock.now()
        times: list[float] = []

        def note(key: Key[Any]) -> None:
            if key == DELIVERED:
                times.append(desk.clock.now() - began)

        desk.store.subscribe(note)
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(8 * HOUR)
        assert [round(at / HOUR, 1) for at in times] == [0.0, 0.5, 1.5, 3.5, 7.5]
        desk.service.acknowledge([BLIND])
        await desk.clock.advance(9 * HOUR)
        assert len(times) == 5
        assert desk.alerts == {BLIND: "acknowledged"}

    on_desk(body)


def test_what_is_shelved_comes_back_if_it_still_holds() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        desk.service.shelve([BLIND], HOUR)
        await desk.clock.advance(HOUR - 10)
        assert desk.alerts == {BLIND: "shelved"}
        assert len(desk.delivered) == 1
        await desk.clock.advance(20)
        assert desk.alerts == {BLIND: "firing"}
        assert len(desk.delivered) == 2
        desk.service.shelve([BLIND], HOUR)
        desk.pulse(PulseState.OK)
        await desk.clock.advance(2 * HOUR)
        assert desk.alerts == {BLIND: "cleared"}

    on_desk(body)


def test_what_is_shelved_can_be_taken_back() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        desk.service.shelve([BLIND], HOUR)
        await desk.clock.advance(60)
        desk.service.shelve([BLIND], 0)
        await desk.clock.advance(10)
        assert desk.alerts == {BLIND: "firing"}

    on_desk(body)


def test_an_outage_is_one_alert_and_holds_back_the_rest() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        desk.link(LinkState.DOWN)
        failure = Failure(FailureKind.CONNECT, "gone", desk.clock.now(), desk.clock.monotonic())
        desk.store.put(DEPLOYMENTS, desk.store.get(DEPLOYMENTS).with_error(failure))
        await desk.clock.advance(6 * HOUR)
        assert desk.alerts == {BLIND: "firing", "outage": "firing"}
        assert desk.alert(BLIND).held_back
        assert desk.alert(BLIND).no_data_since is not None
        # Neither fires nor clears: what the pulse says meanwhile is not known to be true.
        desk.pulse(PulseState.OK)
        await desk.clock.advance(60)
        assert desk.alerts[BLIND] == "firing"
        assert [told[0] for told in desk.hook.told if told[0] != "outage"] == ["blind"]
        desk.link(LinkState.OK)
        desk.list(ONE)
        await desk.clock.advance(10)
        assert desk.alerts == {BLIND: "cleared", "outage": "cleared"}

    on_desk(body)


@pytest.mark.parametrize("how", ["outage", "asleep"])
def test_what_an_outage_made_old_is_no_news_and_no_step(how: str) -> None:
    async def body(desk: Desk) -> None:
        now = desk.clock.now()
        trail = EquityTrail(array("d", [now - 1_000]), array("d", [100_000.0]), now - 1_000)
        desk.put(EQUITY_HISTORY, {LIVE.deploy_id: trail})
        await equity(desk, 100.0)
        if how == "outage":
            desk.link(LinkState.DOWN)
            await desk.clock.advance(5 * HOUR)
            desk.link(LinkState.OK)
        else:
            desk.clock.jump_wall(5 * HOUR)
        told = list(desk.hook.told)
        await desk.clock.advance(10)
        await equity(desk, 93.0)
        trail = EquityTrail(trail.ats + array("d", [desk.clock.now()]), array("d", [100_000.0, 93_000.0]), now)
        desk.put(EQUITY_HISTORY, {LIVE.deploy_id: trail})
        assert {each for each in desk.hook.told if each not in told} <= {("outage", "", "cleared")}
        # With as much time again and nothing read it is news.
        await desk.clock.advance(1_900)
        assert desk.alerts[f"data-old@{LIVE.deploy_id}"] == "firing"
        assert f"step@{LIVE.deploy_id}" not in desk.alerts

    rules = [rule for rule in DEFAULT_RULES if rule.name in ("outage", "data-old", "step")]
    on_desk(body, *rules)


def test_a_short_outage_is_no_alert() -> None:
    async def body(desk: Desk) -> None:
        desk.link(LinkState.DOWN)
        await desk.clock.advance(200)
        assert desk.alerts == {"outage": "pending"}
        desk.link(LinkState.OK)
        await desk.clock.advance(10)
        assert desk.alerts == {}
        assert desk.delivered == []

    on_desk(body)


def test_equity_has_a_threshold_to_fire_and_a_lower_one_to_clear() -> None:
    rule = Rule("drawdown", "equity-below-peak", percent=10.0, clear_percent=5.0, hold_s=120.0)

    async def body(desk: Desk) -> None:
        alert_id = f"drawdown@{LIVE.deploy_id}"
        await equity(desk, 100.0, 110.0, 100.0)
        assert desk.alerts == {}
        await equity(desk, 98.0)
        assert desk.alerts == {alert_id: "pending"}
        await equity(desk, 100.0, 98.0, 98.5)
        assert desk.alerts == {alert_id: "pending"}
        await equity(desk, 98.0, 98.0)
        assert desk.alerts == {alert_id: "firing"}
        assert (desk.alert(alert_id).value, desk.alert(alert_id).threshold) == ("-10.9%", "10%")
        await equity(desk, 102.0)
        assert desk.alerts == {alert_id: "firing"}
        await equity(desk, 105.0)
        assert desk.alerts == {alert_id: "cleared"}

    on_desk(body, rule)


def test_a_step_is_measured_over_its_window() -> None:
    rule = Rule("step", "equity-step", percent=5.0, within_s=900.0)

    async def body(desk: Desk) -> None:
        now = desk.clock.now()
        trail = EquityTrail(array("d", [now - 7_200, now - 1_000]), array("d", [90_000.0, 100_000.0]), now - 7_200)
        desk.put(EQUITY_HISTORY, {LIVE.deploy_id: trail})
        await equity(desk, 104.0)
        assert desk.alerts == {}
        await equity(desk, 94.0)
        assert desk.alerts == {f"step@{LIVE.deploy_id}": "firing"}

    on_desk(body, rule)


FALLS = tuple(rule for rule in DEFAULT_RULES if rule.when.startswith("equity"))


def hold_history(desk: Desk) -> None:
    """Its equity has been 100 since yesterday."""
    at = desk.clock.now() - 86_400.0
    desk.put(EQUITY_HISTORY, {LIVE.deploy_id: EquityTrail(array("d", [at]), array("d", [100_000.0]), at)})


def states(desk: Desk) -> dict[str, str]:
    return {alert_id.partition("@")[0]: state for alert_id, state in desk.alerts.items()}


def told(desk: Desk) -> list[tuple[str, str]]:
    return [(rule, state) for rule, _, state in desk.hook.told]


def test_one_fall_is_told_once_and_again_by_the_next_rule_when_the_first_one_clears() -> None:
    async def body(desk: Desk) -> None:
        hold_history(desk)
        await equity(desk, 100.0)
        await equity(desk, 88.0, seconds=300)
        assert states(desk) == {"step": "firing", "drawdown": "firing", "day-loss": "firing"}
        assert told(desk) == [("step", "firing")]
        assert [len(each) for each in desk.delivered] == [1]
        assert desk.alert(f"drawdown@{LIVE.deploy_id}").told_by == "step"
        # Its window has gone on, and the equity has not come back.
        at = desk.clock.now() - 400
        trail = EquityTrail(array("d", [at - 86_000, at]), array("d", [100_000.0, 88_000.0]), at - 86_000)
        desk.put(EQUITY_HISTORY, {LIVE.deploy_id: trail})
        await equity(desk, 88.0, seconds=900)
        assert told(desk) == [("step", "firing"), ("step", "cleared"), ("drawdown", "firing")]
        assert desk.alert(f"day-loss@{LIVE.deploy_id}").told_by == "drawdown"
        await equity(desk, 100.0)
        assert states(desk) == {"step": "firing", "drawdown": "cleared", "day-loss": "cleared"}
        assert told(desk)[3:] == [("drawdown", "cleared"), ("step", "firing")]  # that rises by 14 % is a step too

    on_desk(body, *FALLS)


def test_what_another_rule_has_told_is_not_told_for_want_of_data() -> None:
    async def body(desk: Desk) -> None:
        hold_history(desk)
        await equity(desk, 100.0)
        await equity(desk, 88.0, seconds=300)
        assert told(desk) == [("step", "firing")]
        # As after a restart: the alerts are known, the equity's history is not yet.
        desk.service._lives = Lives(desk.store.get(ALERTS).value or ())
        desk.put(EQUITY_HISTORY, {})
        desk.service._memory.peaks.clear()
        await desk.clock.advance(120)
        assert told(desk) == [("step", "firing")]
        hold_history(desk)
        await equity(desk, 88.0)
        assert told(desk) == [("step", "firing")]

    on_desk(body, *FALLS)


def test_a_fall_that_goes_deeper_or_that_a_graver_rule_finds_is_told_again() -> None:
    graver = Rule("abyss", "equity-below-peak", Severity.CRITICAL, percent=5.0, hold_s=120.0)

    async def body(desk: Desk) -> None:
        hold_history(desk)
        await equity(desk, 100.0)
        await equity(desk, 94.0, seconds=60)
        assert told(desk) == [("step", "firing")]
        await equity(desk, 94.0, seconds=120)
        assert told(desk) == [("step", "firing"), ("abyss", "firing")]
        # What was told was 6 %: that it is more than the 10 % of another rule is news.
        await equity(desk, 89.0, seconds=180)
        assert told(desk)[2:] == [("drawdown", "firing")]
        assert desk.alert(f"day-loss@{LIVE.deploy_id}").told_by

    on_desk(body, *FALLS, graver)


def test_the_next_fall_and_a_rise_are_told_whatever_was_told_before() -> None:
    async def body(desk: Desk) -> None:
        hold_history(desk)
        await equity(desk, 100.0)
        await equity(desk, 88.0, seconds=300)
        assert told(desk) == [("step", "firing")]
        for value in (88.0, 81.0, 88.0):
            at = desk.clock.now()
            trail = EquityTrail(array("d", [at - 86_400, at]), array("d", [100_000.0, value * 1_000]), at - 86_400)
            desk.put(EQUITY_HISTORY, {LIVE.deploy_id: trail})
            await equity(desk, value, seconds=1_200)
        steps = [state for rule, state in told(desk) if rule == "step"]
        assert steps == ["firing", "cleared", "firing", "cleared", "firing", "cleared"]

    on_desk(body, *FALLS)


def test_an_end_that_nobody_asked_for_is_told_and_one_of_ours_is_not() -> None:
    async def body(desk: Desk) -> None:
        target = Target("stop", "One", 2, make_deployment(2).deploy_id)
        sent = ActionRecord("a1", "b1", target, "console", 0.0, 0.0, (Step(Rung.SENT, 0.0, 0.0),))
        desk.put(ACTIONS, (sent,))
        desk.put(ASKED, frozenset({make_deployment(4).deploy_id}))
        ended = {"status": "Stopped", "stopped_at": desk.clock.now(), "environment": Environment.LIVE}
        failed = {**ended, "status": "RuntimeError", "error": "division\x1b[31m by zero"}
        desk.list(
            make_deployment(1, **ended),
            make_deployment(2, **ended),
            make_deployment(3, **failed),
            make_deployment(4, **ended),
        )
        await desk.clock.advance(10)
        assert set(desk.alerts) == {f"ended@{ONE.deploy_id}", f"runtime-error@{make_deployment(3).deploy_id}"}
        assert "\x1b" not in desk.alert(f"runtime-error@{make_deployment(3).deploy_id}").text

    on_desk(body)


def test_what_ended_before_anybody_watched_is_no_news() -> None:
    async def body(desk: Desk) -> None:
        desk.list(make_deployment(1, status="Stopped", stopped_at=desk.clock.now() - 60, environment=Environment.LIVE))
        await desk.clock.advance(10)
        assert desk.alerts == {}

    on_desk(body)


def test_a_redeployment_is_told_for_an_hour() -> None:
    async def body(desk: Desk) -> None:
        desk.list(make_deployment(1, deploy_id="L-2222"))
        await desk.clock.advance(10)
        assert desk.alerts == {"redeployed@L-2222": "firing"}
        await desk.clock.advance(HOUR)
        assert desk.alerts == {"redeployed@L-2222": "cleared"}

    on_desk(body)


def test_what_a_liquidation_of_another_process_left_is_told_by_the_portfolio_read_here() -> None:
    async def body(desk: Desk) -> None:
        holdings = (Holding("SPY R735QTJ8XC9X", "SPY", 100.0), Holding("AAPL R735QTJ8XC9X", "AAPL", 0.0))
        held = Portfolio(holdings, (), is_known=True)
        desk.put(portfolio_key(1), held)
        await desk.clock.advance(10)
        record = liquidated_elsewhere(desk, ONE.deploy_id)
        left = f"holdings-left@{ONE.deploy_id}"
        await desk.clock.advance(400)
        assert left not in desk.alerts, "that portfolio is from before it stopped"
        desk.put(portfolio_key(1), held)
        await desk.clock.advance(1)
        assert (desk.alerts[left], desk.alert(left).text) == ("firing", "SPY 100 still open after STOPPED")
        desk.put(portfolio_key(1), Portfolio((), (), is_known=False))
        await desk.clock.advance(60)
        assert desk.alerts[left] == "firing", "an empty answer is not flat"
        desk.put(portfolio_key(1), replace(held, holdings=holdings[1:]))
        await desk.clock.advance(1)
        assert desk.alerts[left] == "cleared"
        desk.put(portfolio_key(1), held)
        desk.put(ACTIONS, (record.with_step(Step(Rung.VERIFIED, desk.clock.now(), 0.0)),))
        await desk.clock.advance(400)
        assert desk.alerts[left] == "cleared"

    on_desk(body)


def test_what_runs_there_by_now_is_not_what_a_liquidation_of_another_process_left() -> None:
    async def body(desk: Desk) -> None:
        liquidated_elsewhere(desk, "L-older")
        await desk.clock.advance(10)
        desk.put(portfolio_key(1), Portfolio((Holding("SPY R735QTJ8XC9X", "SPY", 100.0),), (), is_known=True))
        await desk.clock.advance(400)
        assert not [each for each in desk.alerts if each.startswith("holdings-left")]

    on_desk(body)


def liquidated_elsewhere(desk: Desk, deploy_id: str) -> ActionRecord:
    at = desk.clock.now()
    steps = (Step(Rung.ACCEPTED, at, 0.0), Step(Rung.STOPPED, at, 0.0))
    target = Target("liquidate", "One", 1, deploy_id)
    record = ActionRecord("a1", "b1", target, "command", at, 0.0, steps, foreign=True)
    desk.put(ACTIONS, (record,))
    return record


def test_an_open_action_and_what_it_left_are_told() -> None:
    async def body(desk: Desk) -> None:
        at = desk.clock.now()
        steps = (Step(Rung.ACCEPTED, at, 0.0), Step(Rung.STOPPED, at, 0.0), Step(Rung.UNVERIFIED, at, 0.0))
        target = Target("liquidate", "One", 1, ONE.deploy_id)
        held = (Holding("SPY R735QTJ8XC9X", "SPY", 100.0),)
        record = ActionRecord("a1", "b1", target, "console", at, 0.0, steps, holdings=held)
        desk.put(ACTIONS, (record,))
        await desk.clock.advance(1)
        # A liquidation takes its seconds, and what shows it is minutes old.
        assert desk.alerts == {f"action-open@{ONE.deploy_id}": "firing", f"holdings-left@{ONE.deploy_id}": "pending"}
        await desk.clock.advance(310)
        assert desk.alerts == {f"action-open@{ONE.deploy_id}": "firing", f"holdings-left@{ONE.deploy_id}": "firing"}
        assert desk.alert(f"holdings-left@{ONE.deploy_id}").text == "SPY 100 still open after STOPPED"
        desk.put(ACTIONS, (replace(record, acknowledged=True),))
        await desk.clock.advance(1)
        assert set(desk.alerts.values()) == {"cleared"}

    on_desk(body)


@pytest.mark.parametrize(
    ("status", "rule"), [("completed", "optimization-finished"), ("aborted", "optimization-failed")]
)
def test_the_end_of_an_optimization_that_was_seen_running_is_told(status: str, rule: str) -> None:
    async def body(desk: Desk) -> None:
        desk.put(optimization_key("O-1"), make_optimization("O-1", status="running"))
        await desk.clock.advance(10)
        desk.put(optimization_key("O-1"), make_optimization("O-1", status=status))
        desk.put(optimization_key("O-2"), make_optimization("O-2", status=status))
        await desk.clock.advance(10)
        assert desk.alerts == {f"{rule}@O-1": "firing"}

    on_desk(body)


def test_an_end_that_only_the_list_says_is_told_and_what_is_not_read_any_more_is_not_stuck() -> None:
    def row(number: int, status: str) -> OptimizationSummary:
        return OptimizationSummary(f"O-{number}", 7, "x", status, Criterion("Sharpe Ratio", maximize=True), None)

    async def body(desk: Desk) -> None:
        desk.put(optimizations_key(7), (row(1, "running"), row(2, "running"), row(3, "running")))
        for number in (1, 2, 3):
            desk.put(optimization_key(f"O-{number}"), make_optimization(f"O-{number}"))
        await desk.clock.advance(300)
        # The details of the second one are read again, and no run has ended.
        desk.put(optimization_key("O-2"), make_optimization("O-2"))
        desk.put(optimizations_key(7), (row(1, "aborted"), row(2, "running"), row(3, "running")))
        await desk.clock.advance(60)
        assert desk.alerts == {"optimization-failed@O-1": "firing", "stuck@O-2": "firing"}

    rules = [rule for rule in DEFAULT_RULES if rule.name == "optimization-failed"]
    on_desk(body, *rules, Rule("stuck", "optimization-stuck", after_s=200.0))


def test_a_pattern_is_looked_for_in_new_lines() -> None:
    rule = Rule("margin", "log", pattern=re.compile("margin", re.IGNORECASE))

    async def body(desk: Desk) -> None:
        old, new = (
            Sign("log line", desk.clock.now() - 99, "margin"),
            Sign("log line", desk.clock.now() + 1, "Margin call"),
        )
        await desk.clock.advance(5)
        desk.put(NEW_LINES, {ONE.deploy_id: (old, new)})
        await desk.clock.advance(1)
        assert desk.alert(f"margin@{ONE.deploy_id}").text == "log: Margin call"
        desk.put(NEW_LINES, {ONE.deploy_id: ()})
        await desk.clock.advance(HOUR + 10)
        assert desk.alerts == {f"margin@{ONE.deploy_id}": "cleared"}

    on_desk(body, rule)


def test_a_rule_can_be_limited_to_projects_and_to_real_money() -> None:
    rules = (
        Rule("mine", "blind", projects=frozenset({"Project 1"})),
        Rule("other", "blind", projects=frozenset({7})),
        Rule("paper", "blind", environment=Environment.PAPER),
    )

    async def body(desk: Desk) -> None:
        desk.list(LIVE)
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        assert desk.alerts == {f"mine@{ONE.deploy_id}": "firing"}

    on_desk(body, *rules)


def test_a_rule_that_fails_takes_no_other_with_it_and_is_said_for_as_long_as_it_does(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> list[conditions.Finding]:
        raise ZeroDivisionError

    async def body(desk: Desk) -> None:
        found = conditions._CONDITIONS["quiet"]
        monkeypatch.setitem(conditions._CONDITIONS, "quiet", fails)
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        assert desk.alerts == {BLIND: "firing"}
        assert desk.store.get(ALERT_TROUBLE).value == "the rule quiet failed (ZeroDivisionError); see the log"
        await desk.clock.advance(60)
        assert sum(record.message == "the rule quiet failed" for record in caplog.records) == 1
        monkeypatch.setitem(conditions._CONDITIONS, "quiet", found)
        await desk.clock.advance(10)
        assert desk.store.get(ALERT_TROUBLE).value == ""

    on_desk(body)


def test_another_configuration_takes_effect_and_keeps_what_was_found() -> None:
    async def body(desk: Desk) -> None:
        desk.pulse(PulseState.BLIND)
        await desk.clock.advance(1)
        quieter = tuple(replace(rule, severity=Severity.INFO) for rule in DEFAULT_RULES)
        desk.service.configure(quieter, Delivery())
        await desk.clock.advance(1)
        assert desk.alert(BLIND).severity is Severity.INFO
        desk.service.configure((), Delivery())
        await desk.clock.advance(1)
        assert desk.alerts == {}
        assert len(desk.delivered) == 1

    on_desk(body)


def test_what_is_known_and_old_is_told() -> None:
    async def body(desk: Desk) -> None:
        await desk.clock.advance(1_700)
        assert desk.alerts == {}
        await desk.clock.advance(200)
        assert desk.alerts == {f"data-old@{ONE.deploy_id}": "firing"}
        desk.list(ONE)
        await desk.clock.advance(10)
        assert desk.alerts == {f"data-old@{ONE.deploy_id}": "cleared"}

    on_desk(body, *DEFAULT_RULES)
