from __future__ import annotations

import json

import pytest

from qctui.actions.wording import (
    WORDS,
    format_clock_time,
    format_holdings,
    format_span,
    format_step,
    format_step_json,
)
from qctui.model.action import ActionRecord, Rung, Step
from qctui.model.portfolio import Holding
from qctui.value import replace
from tests.actions.fakes import CONTEXT, SPY, target

RECORD = ActionRecord("0123456789ab-1", "b", target(), "command", 1_700_000_000.0, 100.0)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step(Rung.SENDING, 0.0, 100.0), "+0.0s SENDING trying to reach the API"),
        (Step(Rung.SENDING, 0.0, 101.5, "2nd try in 1s: refused"), "+1.5s SENDING 2nd try in 1s: refused"),
        (Step(Rung.REJECTED, 0.0, 100.3, "no"), "+0.3s REJECTED no"),
        (Step(Rung.NOT_SENT, 0.0, 225.0, "refused"), "+2m05s NOT SENT refused"),
        (Step(Rung.UNKNOWN, 0.0, 130.0, "no answer"), "+30s UNKNOWN no answer; looking"),
    ],
)
def test_lines_of_the_ladder(step: Step, line: str) -> None:
    assert format_step(RECORD, step) == line


def test_every_rung_has_words() -> None:
    assert set(WORDS) == set(Rung)


def test_the_json_line_is_the_journals() -> None:
    line = format_step_json(RECORD, Step(Rung.NOT_SENT, 1_700_000_001.5, 101.5, "refused"), CONTEXT)
    raw = json.loads(line)
    assert "\n" not in line
    assert raw["id"] == RECORD.action_id
    assert (raw["event"], raw["at"], raw["detail"]) == ("not_sent", "2023-11-14T22:13:21.500Z", "refused")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0s"), (0.34, "0.3s"), (42.9, "42s"), (125, "2m05s"), (11_040, "3h04m"), (183_600, "2d03h")],
)
def test_spans(seconds: float, text: str) -> None:
    assert format_span(seconds) == text


def test_holdings_in_one_line() -> None:
    many = [replace(SPY, ticker=f"T{number}", quantity=-1.5 * number) for number in range(1, 8)]
    assert format_holdings(many) == "T1 -1.5, T2 -3, T3 -4.5, T4 -6, T5 -7.5 and 2 more"
    assert (
        format_holdings([Holding("B", "BTC", 0.00012345), replace(SPY, quantity=12_345.0)])
        == "BTC 0.00012345, SPY 12,345"
    )


def test_a_time_on_another_day_has_its_date() -> None:
    now = 1_700_000_000.0
    assert len(format_clock_time(now, now).split()[0]) == len("14:33")
    assert format_clock_time(now - 3 * 86_400, now).startswith("2023-11-1")
