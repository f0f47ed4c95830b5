"""The whole program against the simulated service, from a Friday to a Tuesday: what happens is told, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from qctui.engine.schedule import PROBE_CAP_S, UNPROVED_CAP_S
from qctui.model.alert import ALERTS, AlertState
from tests.watch.month import BEGIN, DAY_S, HOUR_S, LOSES, MINUTE_S, TWELVE, WAITS, Happening, Program, down, gone, live
from tests.watch.month import quiet as falls_quiet

FRIDAY = BEGIN + 4 * DAY_S + 19 * HOUR_S
SUNDAY = BEGIN + 6 * DAY_S + 20 * HOUR_S
MONDAY = BEGIN + 7 * DAY_S + 13.5 * HOUR_S
"""When New York opens."""

AWAKE = (
    (FRIDAY, FRIDAY + 30 * MINUTE_S),
    (SUNDAY, SUNDAY + 10 * MINUTE_S),
    (MONDAY - 5 * MINUTE_S, MONDAY + 20 * MINUTE_S),
    (MONDAY + 90 * MINUTE_S, MONDAY + 150 * MINUTE_S),
    (MONDAY + DAY_S + 120 * MINUTE_S, MONDAY + DAY_S + 150 * MINUTE_S),
)
"""When the machine is: a laptop that sleeps."""


def wakes_at(now: float) -> float:
    return next((max(now, start) for start, end in AWAKE if now < end), now)


def test_what_happens_over_a_weekend_is_told_once_and_nothing_else(tmp_path: Path) -> None:
    cast = [each for each in TWELVE if each.project_id in (2, 6, LOSES, WAITS)]
    program = Program(cast, tmp_path, FRIDAY, wakes_at=wakes_at)
    lost = Happening(SUNDAY + 60, "brokerage lost", gone(True), "blind", LOSES)
    waits = Happening(SUNDAY + 60, "login waits", falls_quiet(WAITS, on=True), "quiet", WAITS)
    happenings = [
        Happening(FRIDAY + 5 * MINUTE_S, "down for two minutes", down("http-502")),
        Happening(FRIDAY + 7 * MINUTE_S, "up again", down(None)),
        lost,
        waits,
        Happening(MONDAY + DAY_S - HOUR_S, "brokerage back", gone(False)),
        Happening(MONDAY + DAY_S - HOUR_S, "login answered", falls_quiet(WAITS, on=False)),
    ]
    report = asyncio.run(live(program, happenings, AWAKE[-1][1]))
    assert report.extra == []
    assert [len(each.told) for each in (lost, waits)] == [1, 1]
    refused = program.world.projects[LOSES].deployments[0].refused(SUNDAY, MONDAY + HOUR_S)
    assert 0 <= lost.told[0].at - refused[0] <= 15 * MINUTE_S
    assert MONDAY < waits.told[0].at <= MONDAY + 3 * HOUR_S
    # All over, and every step of it is in the log.
    assert {each.state for each in program.host.store.get(ALERTS).value or ()} == {AlertState.CLEARED}
    assert report.told == report.logged
    kinds = [event.kind for _, event in program.lines]
    assert [kinds.count(kind) for kind in ("alert_fired", "alert_cleared", "api_lost", "api_back")] == [2, 2, 1, 1]


@pytest.mark.parametrize("begins_down", [False, True])
def test_an_outage_that_may_be_rejected_credentials_is_told_in_time_and_as_long_as_it_was(
    tmp_path: Path, *, begins_down: bool
) -> None:
    cast = [each for each in TWELVE if each.project_id in (2, 6)]
    down_at, up_at = FRIDAY + (0 if begins_down else 5 * MINUTE_S), FRIDAY + 75 * MINUTE_S
    program = Program(cast, tmp_path, FRIDAY)
    asked: list[Counter[str]] = []

    def ends(program: Program) -> None:
        down(None)(program)
        asked.append(Counter(each.path for each in program.simulation.log.records))

    def begins(program: Program) -> None:
        down("http-500")(program)
        program.simulation.log.records.clear()

    told = Happening(down_at, "down", begins, "outage")
    report = asyncio.run(live(program, [told, Happening(up_at, "up again", ends)], up_at + 10 * MINUTE_S))
    assert report.extra == []
    assert [5 * MINUTE_S <= each.at - down_at <= 6 * MINUTE_S for each in told.told] == [True]
    events = {event.kind: (at, event) for at, event in program.lines}
    # Before anything else was answered it is the credentials that are asked for, less often.
    back_at, back = events["api_back"]
    assert 0 <= back_at - up_at <= (UNPROVED_CAP_S if begins_down else PROBE_CAP_S) * 1.1 + 2
    assert back.fields["away_s"] == pytest.approx(up_at - down_at, abs=60)
    assert events["alert_cleared"][0] - up_at <= 60
    # The client tries each read three times.
    minutes = (up_at - down_at) / 60
    assert asked[0].total() <= 3 * 60 / PROBE_CAP_S * minutes
    assert asked[0]["authenticate"] <= (3 * 60 / UNPROVED_CAP_S * minutes + 10 if begins_down else 0)
