"""The rules of the configuration file, and what is said of those that can't be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qctui.alerts.rules import CONDITIONS, DEFAULT_BLIND, DEFAULT_RULES, AlertSettings, Delivery, Rule
from qctui.model.alert import Severity
from qctui.model.deployment import Environment
from qctui.settings import Config, SettingsError, load_config, load_settings
from qctui.value import replace

BY_NAME = {rule.name: rule for rule in DEFAULT_RULES}


def loaded(folder: Path, text: str) -> AlertSettings:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path).alerting


def rule(folder: Path, name: str, text: str) -> Rule:
    (found,) = (each for each in loaded(folder, f'[[alerts]]\nname = "{name}"\n{text}').rules if each.name == name)
    return found


def problem(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


def test_without_a_word_the_default_rules_are_on() -> None:
    assert Config().alerting == AlertSettings(DEFAULT_RULES, Delivery(), blind=DEFAULT_BLIND)


@pytest.mark.parametrize("default", DEFAULT_RULES, ids=lambda default: default.name)
def test_a_default_rule_is_silenced_by_its_name_alone(tmp_path: Path, default: Rule) -> None:
    assert rule(tmp_path, default.name, "enabled = false") == replace(default, enabled=False)


def test_a_rule_may_give_everything(tmp_path: Path) -> None:
    text = """
        when = "equity-step"
        severity = "critical"
        percent = 3
        clear-percent = 1.5
        within = "10m"
        for = "90s"
        repeat = 600
        projects = [23456789, "Momentum/Live"]
        mode = "live"
        command = "notify 'a b'"
    """
    assert rule(tmp_path, "jump", text) == Rule(
        "jump",
        "equity-step",
        Severity.CRITICAL,
        percent=3.0,
        clear_percent=1.5,
        within_s=600.0,
        hold_s=90.0,
        repeat_s=600.0,
        projects=frozenset({23456789, "Momentum/Live"}),
        environment=Environment.LIVE,
        command=("notify", "a b"),
    )


def test_a_pattern_is_compiled_and_takes_capital_letters_for_small_ones(tmp_path: Path) -> None:
    found = rule(tmp_path, "margin", 'when = "log"\npattern = "margin call"')
    assert found.pattern == re.compile("margin call", re.IGNORECASE)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [('"90s"', 90), ('"10m"', 600), ('"2h"', 7_200), ('"1d"', 86_400), ('"1.5h"', 5_400), ("45", 45), ("0.5", 0.5)],
)
def test_a_duration_has_a_unit_or_is_in_seconds(tmp_path: Path, given: str, seconds: float) -> None:
    assert rule(tmp_path, "data-old", f"after = {given}").after_s == seconds


def test_another_percentage_does_not_keep_where_the_default_cleared(tmp_path: Path) -> None:
    assert BY_NAME["drawdown"].clear_percent == 8.0
    assert rule(tmp_path, "drawdown", "percent = 5").clear_percent is None
    assert rule(tmp_path, "drawdown", "clear-percent = 6").percent == 10.0


def test_the_name_of_a_default_with_another_condition_is_a_new_rule(tmp_path: Path) -> None:
    assert rule(tmp_path, "drawdown", 'when = "blind"') == Rule("drawdown", "blind")


def test_delivery_and_the_texts_of_blind(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, '[delivery]\nbell = false\ncommand = ["mail", "x"]\n[pulse]\nblind = ["gateway is down"]\n'
    )
    assert found.delivery == Delivery(bell=False, notify=True, command=("mail", "x"))
    assert found.blind == ("gateway is down",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'name = "drawdown"\npercentage = 3',
            ["rule drawdown of `alerts`: unknown key `percentage`", "percent", "for"],
        ),
        ("percent = 3", ["rule 1 of `alerts`: `name` is missing"]),
        ('name = ""', ["`name`", "letters"]),
        ('name = "a@b"', ["`name`", "letters"]),
        ('name = "x"', ["rule x", "`when` is missing", "drawdown", "outage"]),
        ('name = "x"\nwhen = "equity"', ["rule x", "`when`: there is no such condition", *CONDITIONS]),
        ('name = "x"\nwhen = "equity-step"', ["`percent` and `within` are missing", "`equity-step` needs them"]),
        ('name = "x"\nwhen = "log"', ["`pattern` is missing", "`log` needs it"]),
        ('name = "blind"\npercent = 3', ["rule blind", "`percent` is not used by `blind`", "none of these"]),
        ('name = "blind"\nclear-percent = 3', ["`clear-percent` is not used by `blind`"]),
        ('name = "drawdown"\nwithin = "1h"\nafter = 3', ["`after` and `within` are not used", "takes `percent`"]),
        ('name = "drawdown"\npercent = 0', ["rule drawdown", "`percent` should be greater than 0"]),
        ('name = "drawdown"\npercent = "10"', ["`percent` should be a number"]),
        ('name = "drawdown"\npercent = nan', ["`percent`"]),
        ('name = "drawdown"\npercent = inf', ["`percent`"]),
        ('name = "drawdown"\npercent = true', ["`percent` should be a number"]),
        ('name = "drawdown"\nclear-percent = 10', ["`clear-percent` has to be below `percent`, which is 10"]),
        ('name = "blind"\nseverity = "high"', ["`severity` should be 'info', 'warning' or 'critical'"]),
        ('name = "blind"\nenabled = "no"', ["`enabled` should be a boolean"]),
        ('name = "blind"\nfor = "soon"', ["`for`", '"90s", "10m", "2h", "1d"']),
        ('name = "blind"\nfor = true', ["`for`", "a duration is expected"]),
        ('name = "blind"\nfor = -1', ["`for`", "from 0 to 30 days"]),
        ('name = "blind"\nfor = "31d"', ["`for`", "from 0 to 30 days"]),
        (f'name = "blind"\nfor = 1{"0" * 400}', ["`for`", "from 0 to 30 days"]),
        (f'name = "drawdown"\npercent = 1{"0" * 400}', ["`percent`"]),
        ('name = "blind"\nrepeat = nan', ["`repeat`", "from 0 to 30 days"]),
        ('name = "data-old"\nafter = 0', ["`after`", "longer than 0"]),
        ('name = "x"\nwhen = "log"\npattern = "("', ["`pattern`", "a regular expression is expected"]),
        ('name = "x"\nwhen = "log"\npattern = "a{99999999999}"', ["`pattern`", "a regular expression is expected"]),
        ('name = "x"\nwhen = "log"\npattern = ""', ["`pattern`", "1 to 300"]),
        ('name = "blind"\nprojects = 3', ["`projects`", "ids and names"]),
        ('name = "blind"\nprojects = [true]', ["`projects`", "ids and names"]),
        ('name = "blind"\nprojects = [-3]', ["`projects`", "ids and names"]),
        ('name = "blind"\nmode = "LIVE"', ["`mode` should be 'live' or 'paper'"]),
        ('name = "blind"\ncommand = []', ["`command`", "at least 1"]),
        ('name = "blind"\ncommand = "mail \'x"', ["`command`", "a command is expected"]),
        ('name = "blind"\n[[alerts]]\nname = "blind"', ["`alerts`", "two rules with the name blind"]),
    ],
)
def test_a_wrong_rule_is_one_message_with_file_rule_key_and_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    said = problem(tmp_path, f"[[alerts]]\n{text}\n")
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[alerts]\nname = "blind"', ["`alerts`", "[[alerts]]"]),
        ("alerts = 3", ["`alerts`", "list"]),
        ("alerts = [3]", ["rule 1 of `alerts` should be a table"]),
        ("delivery = 3", ["`delivery` should be a table"]),
        ("[delivery]\nsound = true", ["unknown key `delivery.sound`", "bell, command, notify"]),
        ("[delivery]\nbell = 1", ["`delivery.bell`", "boolean"]),
        ("[pulse]\nblind = 'x'", ["`pulse.blind`", "list"]),
        ("[pulse]\nblind = ['']", ["`pulse.blind.0`", "not an empty one"]),
        ("[pulse]\nblind = []", ["`pulse.blind`", "at least one text", "nothing would be BLIND", "enabled = false"]),
        ("[pulse]\nquiet = []", ["unknown key `pulse.quiet`", "blind"]),
    ],
)
def test_a_wrong_table_is_one_message_too(tmp_path: Path, text: str, words: list[str]) -> None:
    said = problem(tmp_path, text)
    for word in words:
        assert word in said


def test_a_mistake_in_a_rule_keeps_no_one_from_liquidating(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('read-only = true\n[[alerts]]\nname = "x"\n')
    assert load_settings(config=str(path), emergency=True).read_only
    with pytest.raises(SettingsError, match="rule x"):
        load_settings(config=str(path))


def test_a_command_of_a_wrong_rule_is_not_repeated(tmp_path: Path) -> None:
    assert "hunter2" not in problem(tmp_path, '[[alerts]]\nname = "blind"\ncommand = "mail hunter2 \'x"\n')


def test_a_rules_name_is_cleaned_where_it_is_repeated(tmp_path: Path) -> None:
    assert "\x1b" not in problem(tmp_path, '[[alerts]]\nname = "a\\u001b[31mb"\n')
