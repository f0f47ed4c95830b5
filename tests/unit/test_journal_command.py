from __future__ import annotations

from qctui.actions.actions_port import JournalEntry
from qctui.cli.journal_command import format_journal, open_actions, outcome
from qctui.value import replace

INTENT = JournalEntry(
    id="a-1",
    at="2026-11-20T15:00:00.000Z",
    event="intent",
    action="liquidate",
    project_id=23456789,
    deploy_id="L-430e",
    name="均值 alpha",
    environment="LIVE",
    base_url="https://x",
    profile="main",
    via="console",
)


def step(event: str, second: int, detail: str = "") -> JournalEntry:
    return replace(INTENT, event=event, at=f"2026-11-20T15:00:{second:02d}.500Z", detail=detail)


def test_a_row_an_action_with_its_ladder_below() -> None:
    lines = format_journal([INTENT, step("sending", 0), step("sent", 1), step("rejected", 2, "not live")]).splitlines()
    assert len(lines) == 3
    assert lines[1].split("  ")[:4] == ["2026-11-20 15:00:00", "liquidate", "REJECTED", "LIVE"]
    assert lines[2].strip() == "SENDING +0.5 s  SENT +1.5 s  REJECTED +2.5 s  (not live)"


def test_actions_whose_lines_are_mixed_are_kept_apart() -> None:
    other = replace(INTENT, id="b-1", name="beta")
    lines = format_journal([INTENT, other, step("sent", 1), replace(other, event="not_sent")]).splitlines()
    assert "SENT, open" in lines[1]
    assert "beta" in lines[3]
    assert "NOT SENT" in lines[3]


def test_what_has_no_outcome_says_so() -> None:
    assert outcome(INTENT).startswith("open")
    assert outcome(step("accepted", 1)) == "ACCEPTED, open"
    assert outcome(step("verified", 1)) == "VERIFIED"


def test_actions_without_an_outcome_are_counted_once_and_the_demos_not_at_all() -> None:
    other, done = replace(INTENT, id="b"), replace(INTENT, id="c")
    entries = [
        INTENT,
        step("sent", 1),
        other,
        done,
        replace(done, event="verified"),
        replace(INTENT, id="d", profile="demo"),
    ]
    assert open_actions(entries, but_for="demo") == 2


def test_a_time_that_is_none_costs_nothing_but_itself() -> None:
    assert "SENT" in format_journal([replace(INTENT, at="?"), step("sent", 1)])
