"""What `qctui watch` tells of the store's changes, and how it reads."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import Any

import pytest

from qctui.cli.watch_changes import NO_DATA_S, Changes, Event
from qctui.model.alert import ALERT_TROUBLE, ALERTS, Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment, Project
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import Link, LinkState
from qctui.model.pulse import PULSES, Pulse, PulseState, Sign
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.store import Store
from qctui.value import replace
from tests.fakes import FakeClock, make_deployment

ONE, TWO = make_deployment(1, environment=Environment.LIVE), make_deployment(2)
DOWN = Failure(FailureKind.CONNECT, "connection refused", 0.0, 0.0)
BLIND = Pulse(PulseState.BLIND, 0.0, refusals=3, last_refusal=Sign("order", 1_700_000_000.0, "disconnected"))


class Told:
    """A store, and the events of what is put into it."""

    def __init__(self) -> None:
        self.store, self.clock = Store(), FakeClock()
        self.changes = Changes(self.store, self.clock, "main")

    def put(self, key: Key[Any], value: Any, **more: Any) -> list[Event]:
        now, mono = self.clock.now(), self.clock.monotonic()
        self.store.put(key, Resource[Any]().with_value(value, at=now, mono=mono, **more))
        return list(self.changes.take(key, self.store.get(key)))

    def words(self, key: Key[Any], value: Any, **more: Any) -> list[str]:
        return [event.words for event in self.put(key, value, **more)]

    def alert(self, *alerts: Alert) -> list[str]:
        return [f"{event.kind}: {event.words}" for event in self.put(ALERTS, alerts)]


@pytest.fixture
def told() -> Told:
    told = Told()
    told.put(PROJECTS, (Project(1, "Momentum"), Project(2, "Pairs")))
    told.put(DEPLOYMENTS, (ONE, TWO))
    return told


def test_the_first_list_waits_for_the_names_and_is_one_line() -> None:
    told = Told()
    assert told.put(DEPLOYMENTS, (ONE, TWO, make_deployment(3, status="Stopped"))) == []
    (event,) = told.put(PROJECTS, (Project(1, "Momentum"),))
    assert (event.kind, event.words) == ("watching", "watching: 2 deployments run, 1 of them LIVE")
    assert event.sentence == "Watching. 2 deployments run, 1 of them LIVE."
    assert [each["project"] for each in event.fields["deployments"]] == ["Momentum", None]
    assert told.put(PROJECTS, (Project(1, "Momentum"), Project(2, "Pairs"))) == []


def test_names_that_can_not_be_read_hold_the_first_list_up_no_longer() -> None:
    told = Told()
    assert told.put(DEPLOYMENTS, (ONE,)) == []
    told.store.put(PROJECTS, Resource[Any]().with_error(DOWN))
    (event,) = told.changes.take(PROJECTS, told.store.get(PROJECTS))
    assert event.words == "watching: 1 deployment runs, 1 of them LIVE"


def test_a_deployment_that_starts_and_one_that_ends_are_told_once(told: Told) -> None:
    failed = replace(ONE, status="RuntimeError", error="boom", stopped_at=1.0)
    new = make_deployment(2, deploy_id="L-beef")
    events = told.put(DEPLOYMENTS, (failed, TWO, new))
    assert [(event.kind, event.words, event.severity) for event in events] == [
        ("deployment_started", "PAPER Pairs beef started", Severity.INFO),
        ("deployment_ended", "LIVE Momentum 0001 ended: RuntimeError: boom", Severity.CRITICAL),
    ]
    assert events[0].sentence == "The deployment of Pairs, PAPER, whose id ends in beef has started."
    assert events[1].sentence == (
        "The deployment of Momentum, LIVE, whose id ends in 0001 has ended (RuntimeError: boom)."
    )
    assert events[1].fields["deploy_id"] == ONE.deploy_id
    assert told.put(DEPLOYMENTS, (failed, TWO, new)) == []


def test_one_that_may_be_among_the_unreadable_entries_has_not_ended(told: Told) -> None:
    assert told.put(DEPLOYMENTS, (TWO,), unreadable=1) == []
    assert told.words(DEPLOYMENTS, (TWO,)) == ["LIVE Momentum 0001 ended: is listed no more"]


def test_the_api_lost_and_back(told: Told) -> None:
    assert told.put(LINK, Link()) == []
    (event,) = told.put(LINK, Link(LinkState.DOWN, failure=DOWN))
    assert event.words == "API lost: connection refused; 2 deployments can't be watched"
    assert event.fields == {"reason": "connection refused", "running": 2}
    assert told.put(LINK, Link(LinkState.AUTH, failure=DOWN)) == []
    assert told.put(LINK, Link(LinkState.CONNECTING)) == []
    asyncio.run(told.clock.advance(300))
    (event,) = told.put(LINK, Link(LinkState.OK))
    assert (event.words, event.fields["away_s"]) == ("API back after 5m; 2 deployments are watched again", 300.0)
    assert event.sentence == "The API answers again, after 5 minutes; 2 deployments are watched again."
    assert told.put(LINK, Link(LinkState.DEGRADED, failure=DOWN)) == []
    assert told.put(LINK, Link(LinkState.OK)) == []
    told.put(LINK, Link(LinkState.DOWN, failure=DOWN))
    asyncio.run(told.clock.advance(3 * 3_600 - 15))
    (event,) = told.put(LINK, Link(LinkState.OK))
    assert event.words == "API back after 2h 59m; 2 deployments are watched again"
    assert event.sentence == "The API answers again, after 2 hours 59 minutes; 2 deployments are watched again."


def test_how_many_deployments_there_are_is_not_known_before_a_list() -> None:
    told = Told()
    (event,) = told.put(LINK, Link(LinkState.AUTH, failure=DOWN))
    assert event.words == "API lost: connection refused; the deployments are not known"
    assert event.sentence == "The API does not answer any more: connection refused; the deployments are not known."
    assert event.fields == {"reason": "connection refused", "running": None}
    asyncio.run(told.clock.advance(300))
    (event,) = told.put(LINK, Link(LinkState.OK))
    assert event.words == "API back after 5m; the deployments are not known yet"
    assert event.fields["running"] is None
    told.put(PROJECTS, ())
    told.put(DEPLOYMENTS, ())
    (event,) = told.put(LINK, Link(LinkState.DOWN, failure=DOWN))
    assert event.words == "API lost: connection refused; 0 deployments can't be watched"


def pulses(state: PulseState, deploy_id: str = ONE.deploy_id) -> MappingProxyType[str, Pulse]:
    return MappingProxyType({deploy_id: replace(BLIND, state=state)})


def test_a_pulse_is_told_when_it_changes_and_not_when_it_is_well_from_the_start(told: Told) -> None:
    assert told.put(PULSES, pulses(PulseState.UNKNOWN)) == []
    assert told.put(PULSES, pulses(PulseState.OK)) == []
    (event,) = told.put(PULSES, pulses(PulseState.BLIND))
    assert event.words.startswith("LIVE Momentum 0001 BLIND: 3 orders refused as disconnected")
    assert (event.severity, event.fields["pulse"], event.fields["last_refusal"]) == (
        Severity.CRITICAL,
        "BLIND",
        "disconnected",
    )
    assert event.sentence.startswith(
        "The pulse of the deployment of Momentum, LIVE, whose id ends in 0001, was ok and is BLIND: "
        "3 orders refused as disconnected, last 0 seconds ago"
    )
    assert told.put(PULSES, pulses(PulseState.BLIND)) == []
    (event,) = told.put(PULSES, pulses(PulseState.OK))
    assert (event.words, event.good) == ("LIVE Momentum 0001 pulse ok", True)
    assert event.sentence.endswith(", was BLIND and is ok.")


def test_an_outage_is_told_once_and_not_by_every_pulse_again(told: Told) -> None:
    told.put(PULSES, pulses(PulseState.BLIND))
    told.put(LINK, Link(LinkState.DOWN, failure=DOWN))
    assert told.put(PULSES, pulses(PulseState.UNKNOWN)) == []
    told.put(LINK, Link(LinkState.OK))
    assert told.put(PULSES, pulses(PulseState.BLIND)) == []


def test_a_pulse_that_can_not_be_known_for_a_moment_is_not_told_and_for_longer_once(told: Told) -> None:
    def unknown() -> MappingProxyType[str, Pulse]:
        found = replace(BLIND, state=PulseState.UNKNOWN, why="the reads fail", since=told.clock.now())
        return MappingProxyType({ONE.deploy_id: found})

    told.put(PULSES, pulses(PulseState.QUIET))
    asyncio.run(told.clock.advance(3_600))
    assert told.put(PULSES, unknown()) == []
    asyncio.run(told.clock.advance(60))
    assert told.put(PULSES, pulses(PulseState.QUIET)) == []
    assert told.put(PULSES, unknown()) == []
    asyncio.run(told.clock.advance(NO_DATA_S))
    assert told.words(DEPLOYMENTS, (ONE, TWO)) == ["LIVE Momentum 0001 pulse ?: the reads fail"]
    assert told.put(DEPLOYMENTS, (ONE, TWO)) == []
    assert told.words(PULSES, pulses(PulseState.OK)) == ["LIVE Momentum 0001 pulse ok"]


def test_a_pulse_of_what_is_not_listed_waits_until_it_is(told: Told) -> None:
    assert told.put(PULSES, pulses(PulseState.QUIET, "L-new")) == []
    told.put(DEPLOYMENTS, (ONE, TWO, make_deployment(3, deploy_id="L-new")))
    assert len(told.put(PULSES, pulses(PulseState.QUIET, "L-new"))) == 1


FIRING = Alert(
    "blind",
    Severity.CRITICAL,
    Subject("Momentum", 1, ONE.deploy_id, environment=Environment.LIVE),
    AlertState.FIRING,
    "refused by its brokerage",
    began_at=1_700_000_000.0 - 180,
    fired_at=1_700_000_000.0 - 60,
)
WHAT = "main LIVE Momentum 0001: refused by its brokerage, 3m"


def test_the_life_of_an_alert_is_told_step_by_step(told: Told) -> None:
    assert told.alert(replace(FIRING, state=AlertState.PENDING, fired_at=None)) == []
    assert told.alert(FIRING) == [f"alert_fired: critical fired: {WHAT}"]
    assert told.alert(replace(FIRING, deliveries=1)) == []
    assert told.alert(replace(FIRING, deliveries=2)) == [f"alert_repeated: critical again, told 2 times: {WHAT}"]
    acknowledged = replace(FIRING, deliveries=2, state=AlertState.ACKNOWLEDGED)
    assert told.alert(acknowledged) == [f"alert_acknowledged: critical acknowledged: {WHAT}"]
    (shelved,) = told.alert(replace(acknowledged, state=AlertState.SHELVED, shelved_until=1_700_003_600.0))
    assert shelved.startswith("alert_shelved: critical shelved until ")
    cleared = replace(acknowledged, state=AlertState.CLEARED)
    assert told.alert(cleared) == [f"alert_cleared: critical cleared: {WHAT}"]
    assert told.alert(cleared) == []
    assert told.alert(replace(FIRING, fired_at=1_700_000_000.0)) == [f"alert_fired: critical fired: {WHAT}"]
    assert told.alert() == [f"alert_cleared: critical no longer looked for: {WHAT}"]
    assert told.alert() == []


def test_an_alert_without_data_is_told_once_it_lasts_and_so_is_its_end(told: Told) -> None:
    firing = replace(FIRING, fired_at=1_700_000_000.0)
    told.alert(firing)
    since = told.clock.now()
    without = replace(firing, no_data_since=since)
    assert told.alert(without) == []
    asyncio.run(told.clock.advance(NO_DATA_S))
    (event,) = told.put(PULSES, {})
    assert event.words == f"critical no data: {WHAT[:-2]}5m, no data now"
    assert (event.kind, event.fields["ids"]) == ("alert_no_data", [firing.alert_id])
    assert told.alert(without) == []
    (line,) = told.alert(firing)
    assert line == f"alert_data: critical data again: {WHAT[:-2]}5m"
    # What is back before that, or over, is no news.
    told.alert(replace(without, no_data_since=told.clock.now()))
    assert told.alert(firing) == []
    told.alert(replace(without, no_data_since=told.clock.now()))
    assert told.alert() == [f"alert_cleared: critical no longer looked for: {WHAT[:-2]}5m, no data now"]


def test_many_alerts_without_data_are_one_line_and_their_end_another(told: Told) -> None:
    one, two = (
        replace(FIRING, subject=Subject("x", each.project_id, each.deploy_id), fired_at=1_700_000_000.0)
        for each in (ONE, TWO)
    )
    every = (one, replace(one, rule="step"), two)
    told.alert(*every)
    without = [replace(each, no_data_since=told.clock.now()) for each in every]
    told.alert(*without)
    asyncio.run(told.clock.advance(NO_DATA_S))
    (event,) = told.put(PULSES, {})
    assert event.words == "no data now for 3 alerts about 2 deployments"
    assert event.fields["ids"] == [each.alert_id for each in every]
    assert told.alert(every[0], *without[1:]) == []
    (event,) = told.put(ALERTS, every)
    assert (event.kind, event.words) == ("alert_data", "data again for 3 alerts about 2 deployments")


def test_an_outage_with_twelve_deployments_is_a_line_and_its_end_another(told: Told) -> None:
    every = [make_deployment(number, environment=Environment.LIVE) for number in range(1, 13)]
    told.put(DEPLOYMENTS, tuple(every))
    firing = [
        replace(FIRING, rule=rule, subject=Subject(f"Project {each.project_id}", each.project_id, each.deploy_id))
        for rule in ("blind", "drawdown")
        for each in every
    ]
    told.alert(*firing)
    without = [replace(each, no_data_since=told.clock.now(), held_back=True) for each in firing]
    said = [*told.alert(*without)]  # the list failed before the link was given up
    asyncio.run(told.clock.advance(30))
    said += told.words(LINK, Link(LinkState.DOWN, failure=DOWN))
    asyncio.run(told.clock.advance(720))
    said += told.alert(*without) + told.words(LINK, Link(LinkState.OK)) + told.alert(*firing[:5], *without[5:])
    asyncio.run(told.clock.advance(20))
    said += told.alert(*firing)
    assert said == [
        "API lost: connection refused; 12 deployments can't be watched",
        "API back after 12m; 12 deployments are watched again",
    ]


def test_what_another_rule_has_told_is_no_line_until_it_is_told_itself(told: Told) -> None:
    silent = replace(FIRING, rule="drawdown", told_by="step", deliveries=0, fired_at=1_700_000_000.0)
    assert told.alert(silent) == []
    assert told.alert(replace(silent, state=AlertState.CLEARED)) == []
    told.alert(silent)
    (line,) = told.alert(replace(silent, told_by="", deliveries=1))
    assert line.startswith("alert_fired: critical fired: ")


def test_what_was_so_before_the_start_is_told_as_that_and_what_was_cleared_is_not(told: Told) -> None:
    cleared = replace(FIRING, rule="quiet", state=AlertState.CLEARED)
    seen = replace(FIRING, rule="step", state=AlertState.ACKNOWLEDGED)
    assert told.alert(FIRING, cleared, seen) == [
        f"alert_standing: critical still firing: {WHAT}",
        f"alert_standing: critical still acknowledged: {WHAT}",
    ]
    assert told.alert(FIRING, seen) == []
    # That one has had no data since before the start is said with it, and not at once again.
    assert len(told.alert(FIRING, seen, replace(FIRING, rule="log", no_data_since=1.0))) == 1
    told.alert(FIRING, seen)
    (event,) = told.put(ALERTS, (FIRING, seen, replace(FIRING, rule="drawdown", fired_at=1_700_000_000.0)))
    assert event.kind == "alert_fired"


def test_an_alert_as_json_and_as_a_sentence(told: Told) -> None:
    firing = replace(FIRING, fired_at=1_700_000_000.0)
    (event,) = told.put(ALERTS, (firing,))
    assert (event.fields["id"], event.fields["mode"]) == (f"blind@{ONE.deploy_id}", "live")
    assert event.sentence == (
        "The critical alert blind fired for Momentum, LIVE, whose id ends in 0001: refused by its brokerage; "
        "it began 3 minutes ago."
    )
    outage = Alert("outage", Severity.CRITICAL, Subject(), AlertState.FIRING, "the API does not answer", "6m", "5m")
    outage = replace(outage, began_at=1_700_000_000.0 - 3_600)
    (event,) = told.put(ALERTS, (firing, outage))
    assert event.sentence == (
        "The critical alert outage fired: the API does not answer, 6 minutes where 5 minutes is allowed; "
        "it began 1 hour ago."
    )
    (event,) = told.put(ALERTS, (replace(firing, state=AlertState.CLEARED), outage))
    assert (event.good, event.severity) == (True, Severity.INFO)


def test_trouble_with_the_alerts(told: Told) -> None:
    assert told.put(ALERT_TROUBLE, "") == []
    assert told.words(ALERT_TROUBLE, "the command of rule blind (mail) ended with exit code 1") == [
        "alerts: the command of rule blind (mail) ended with exit code 1"
    ]
    assert told.words(ALERT_TROUBLE, "") == ["alerts: trouble over"]
