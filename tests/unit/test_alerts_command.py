"""`qctui alerts`: the table and its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from qctui.alerts.lives import Lives
from qctui.cli import main
from qctui.cli.alerts_command import format_alerts, shown
from qctui.model.alert import Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment
from qctui.value import replace

NOW = 1_700_000_000.0

BLIND = Alert(
    "blind",
    Severity.CRITICAL,
    Subject("Momentum", 1, "L-dead-beef", environment=Environment.LIVE),
    AlertState.FIRING,
    "refused by its brokerage",
    began_at=NOW - 7_200,
    fired_at=NOW - 7_200,
)
LOSS = replace(
    BLIND, rule="drawdown", severity=Severity.WARNING, text="equity below its peak", value="12.0%", threshold="10%"
)
STUCK = Alert("stuck", Severity.WARNING, Subject("Sweep", 1, optimization_id="O-12"), AlertState.FIRING, "no run ended")


def test_what_fires_comes_first_and_the_worst_of_it() -> None:
    acknowledged = replace(BLIND, state=AlertState.ACKNOWLEDGED)
    shelved = replace(BLIND, state=AlertState.SHELVED)
    newer = replace(BLIND, fired_at=NOW)
    hidden = [replace(BLIND, state=state) for state in (AlertState.PENDING, AlertState.CLEARED)]
    assert shown([shelved, acknowledged, LOSS, *hidden, BLIND, newer]) == [newer, BLIND, LOSS, acknowledged, shelved]


def test_among_equals_real_money_comes_before_paper_and_nothing_moves_once_it_was_seen() -> None:
    paper = replace(BLIND, subject=replace(BLIND.subject, deploy_id="L-paper", environment=Environment.PAPER))
    paper = replace(paper, fired_at=NOW, changed_at=NOW)
    older = replace(BLIND, rule="log", fired_at=NOW - 9_000)
    cleared, shelved = (replace(BLIND, rule=f"{each}", state=each) for each in (AlertState.CLEARED, AlertState.SHELVED))
    assert shown([paper, BLIND]) == [BLIND, paper]
    in_order = (BLIND, older, paper, LOSS, cleared, shelved)
    assert Lives(reversed(in_order)).alerts == in_order
    seen = (BLIND, replace(older, state=AlertState.ACKNOWLEDGED, changed_at=NOW), paper, LOSS)
    assert Lives(reversed(seen)).alerts == seen


def test_a_row_says_what_where_how_much_and_since_when() -> None:
    head, blind, loss, stuck = format_alerts([BLIND, LOSS, replace(STUCK, began_at=NOW - 60)], NOW).splitlines()
    assert head.split() == ["STATE", "SEVERITY", "SINCE", "RULE", "NAME", "ID", "WHAT"]
    assert " ".join(blind.split()) == "firing critical 2h blind LIVE Momentum beef refused by its brokerage"
    assert loss.split()[2:4] == ["2h", "drawdown"]
    assert loss.endswith("equity below its peak (12.0%, allowed 10%)")
    assert " ".join(stuck.split()) == "firing warning 1m stuck Sweep O-12 no run ended"


def test_what_is_shelved_held_back_or_without_data_says_so() -> None:
    shelved = replace(BLIND, state=AlertState.SHELVED, shelved_until=NOW + 60)
    assert "shelved until 22:14 UTC  " in format_alerts([shelved], NOW)
    assert "firing, no data  " in format_alerts([replace(BLIND, no_data_since=NOW)], NOW)
    assert "firing, told by step  " in format_alerts([replace(BLIND, told_by="step")], NOW)
    assert "firing, held back  " in format_alerts([replace(BLIND, held_back=True)], NOW)


def test_nothing_is_said_in_words() -> None:
    assert format_alerts([], NOW) == "no alert is firing, acknowledged or shelved"


def test_a_source_of_credentials_that_can_not_be_used_is_said_as_every_command_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("QUANTCONNECT_USER_ID", raising=False)
    credentials = tmp_path / ".lean" / "credentials"
    credentials.parent.mkdir()
    credentials.write_text("{")
    assert main(["alerts"]) == 2
    assert capsys.readouterr().err == f"qctui: {credentials}: not JSON; run `lean login` again\n"
