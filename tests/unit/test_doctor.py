from __future__ import annotations

from pathlib import Path

import pytest

from qctui.alerts.conditions import Memory
from qctui.alerts.shared_alerts import Kept, SharedAlerts
from qctui.cli.doctor import CheckResult, check_alerts, check_clock, check_journal, check_keys, check_themes
from qctui.settings import load_settings


@pytest.mark.parametrize(
    ("skew_s", "verdict", "words"),
    [
        (None, CheckResult.WARN, "told no time"),
        (0.4, CheckResult.OK, "agrees"),
        (-30.0, CheckResult.OK, "30 s ahead of"),
        (120.0, CheckResult.WARN, "120 s behind"),
        (-120.0, CheckResult.WARN, "120 s ahead of"),
        (7_100.0, CheckResult.FAIL, "behind"),
        (-9_000.0, CheckResult.FAIL, "ahead of"),
    ],
)
def test_a_clock_that_is_off_is_reported_with_its_direction(
    skew_s: float | None, verdict: CheckResult, words: str
) -> None:
    finding = check_clock(skew_s)
    assert finding.result is verdict
    assert words in finding.found
    assert bool(finding.advice) == (skew_s is not None and verdict is not CheckResult.OK)


def test_a_journal_that_can_not_be_written_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (finding,) = check_journal(tmp_path / "file" / "journal.jsonl")
    assert finding.result is CheckResult.FAIL
    assert finding.advice


def test_actions_without_an_outcome_are_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = (
        '{"id": "a-1", "at": "", "event": "sent", "action": "stop", "project_id": 1, "deploy_id": "L-1", "name": ""}\n'
    )
    path.write_text(line)
    fine, warning = check_journal(path)
    assert (fine.result, warning.result) == (CheckResult.OK, CheckResult.WARN)
    assert "1 action" in fine.found


def test_the_users_keys_and_themes_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "qctui"
    (folder / "themes").mkdir(parents=True)
    (folder / "config.toml").write_text('theme = "nonsense"\n[keys]\nliquidate = "q"\n')
    (folder / "themes" / "mine.toml").write_text('name = "mine"\n[colors]\nprimary = "no colour"\n')
    settings = load_settings()
    assert [each.result for each in check_keys(settings)] == [CheckResult.FAIL]
    problem, chosen = check_themes(settings)
    assert (problem.result, chosen.result) == (CheckResult.WARN, CheckResult.FAIL)
    assert "mine.toml" in problem.found
    assert chosen.found == f"{folder / 'config.toml'}: `theme`: there is no theme 'nonsense'"
    assert "qctui-dark" in chosen.advice


def test_who_tells_the_alerts_and_whether_it_runs_the_command_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "alerts.json"
    without = load_settings()
    (tmp_path / "qctui").mkdir()
    (tmp_path / "qctui" / "config.toml").write_text('[delivery]\ncommand = ["/bin/tell", "x"]\n')
    settings = load_settings()
    assert "nobody" in next(check_alerts(path, settings, 100.0)).found
    console = SharedAlerts(path, "a console, process 7")
    assert console.lead()
    console.write(Kept(), Memory(0.0), 90.0)
    (warning,) = check_alerts(path, settings, 100.0)
    assert warning.result is CheckResult.WARN
    assert warning.found == "a console, process 7 tells them and runs no command, not /bin/tell"
    (fine,) = check_alerts(path, without, 100.0)
    assert (fine.result, fine.advice) == (CheckResult.OK, "")
    console.write(Kept(programs=("/bin/tell",)), Memory(0.0), 90.0)
    (fine,) = check_alerts(path, settings, 100.0)
    assert (fine.result, fine.found) == (CheckResult.OK, "a console, process 7 tells them and runs /bin/tell")
    (warning,) = check_alerts(path, without, 100.0)
    assert "the configuration has none" in warning.found
    (warning,) = check_alerts(path, settings, 300.0)
    assert "has done nothing since" in warning.found
    console.close()
    assert "nobody" in next(check_alerts(path, settings, 100.0)).found
