from __future__ import annotations

import re
import subprocess
from pathlib import Path

from qctui.alert_settings import AlertRule, AlertTables, DeliverySection, PulseSection
from qctui.cli.parser import Exit, build_parser
from qctui.model.action import Rung
from qctui.settings import Config, Polling, Profile, TapeSection, load_config
from qctui.simulator.incidents import KINDS
from tests.architecture.readme import (
    BEGIN,
    END,
    README,
    ROOT,
    RULES_BEGIN,
    RULES_END,
    between,
    command_after,
    key_table,
    rule_tables,
)
from tests.simulator.support import Sim


def readme() -> str:
    return README.read_text(encoding="utf-8")


def test_the_table_of_keys_is_the_registry() -> None:
    assert between(readme(), BEGIN, END) == "\n" + key_table(), "run: python -m tests.architecture.readme"


def test_the_tables_of_rules_are_those_of_the_program() -> None:
    assert between(readme(), RULES_BEGIN, RULES_END) == "\n" + rule_tables(), "run: python -m tests.architecture.readme"


def test_ci_runs_the_very_command_people_are_told(tmp_path: Path) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (extraction,) = [line for line in script.splitlines() if line.startswith("test_command=")]
    done = subprocess.run(
        ["bash", "-c", f'set -euo pipefail\n{extraction}\nprintf %s "$test_command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == command_after("test command")
    assert "pytest" in done.stdout
    assert command_after("demo command").endswith(".venv/bin/qctui --demo")


def test_every_command_and_option_is_in_the_readme() -> None:
    text = readme()
    parser = build_parser("simulate")
    options = {option for action in parser._actions for option in action.option_strings if option.startswith("--")}
    for option in options - {"--help", "--version"}:
        assert f"`{option}" in text or f" {option}" in text, option
    for command in (
        "status",
        "liquidate",
        "stop",
        "abort",
        "journal",
        "doctor",
        "simulate",
        "watch",
        "alerts",
        "bundle",
        "replay",
        "optimizations",
        "optimization ID",
    ):
        assert f"| `qctui {command}" in text, command


def test_every_exit_code_and_every_rung_is_in_the_readme() -> None:
    text = readme()
    for code in Exit:
        assert f"| {int(code)} |" in text or f" {int(code)}." in text, code
    for rung in Rung:
        assert f"| `{rung.value}` |" in text, rung


def test_every_key_of_the_configuration_is_in_the_readme() -> None:
    example = between(readme(), "<!-- config: begin", "<!-- config: end -->")
    written = set(re.findall(r"^#? ?([\w-]+) = |^\[+([\w-]+)", example, re.MULTILINE))
    in_example = {key or table for key, table in written}
    of_a_rule = set(
        re.findall(r"`([\w-]+)`", between(readme(), "A rule of `[[alerts]]` has ", "Durations are written"))
    )
    assert set(AlertRule.keys_by_name) - of_a_rule == set()
    sections = (Config, Profile, Polling, TapeSection, AlertTables, DeliverySection, PulseSection)
    assert {name for section in sections for name in section.keys_by_name} - in_example == set()


def test_the_example_configuration_is_valid(tmp_path: Path) -> None:
    example = between(readme(), "```toml\n", "```")
    path = tmp_path / "config.toml"
    path.write_text(example, encoding="utf-8")
    config = load_config(path)
    assert config.profiles.keys() == {"main", "watch"}
    assert {"drawdown", "margin call"} <= {rule.name for rule in config.alerting.rules}


def test_the_example_configuration_has_keys_that_can_be_used(tmp_path: Path) -> None:
    from qctui.ui.keys.keymap import check_keymap

    path = tmp_path / "config.toml"
    path.write_text(between(readme(), "```toml\n", "```"), encoding="utf-8")
    assert check_keymap(load_config(path).keys)


def test_the_example_world_has_every_key_and_is_valid(tmp_path: Path) -> None:
    from qctui.simulator import world_file

    path = tmp_path / "world.toml"
    example = between(readme(), "<!-- world -->\n```toml\n", "```")
    path.write_text(example, encoding="utf-8")
    world = world_file.read_world(path)
    assert [each.kind for each in world.incidents] == ["brokerage", "faults"]
    code = Path(world_file.__file__).read_text(encoding="utf-8")
    keys = set(re.findall(r'table\.(?:take|tables)\("([a-z-]+)"', code))
    assert {key for key in keys if not re.search(rf"\b{key}( =|\]\])", example)} == set()
    assert all(kind in example for kind in KINDS)


def test_every_control_of_the_simulator_is_in_the_readme() -> None:
    controls = {route.split("/_sim/")[1] for route in Sim().control("", "GET")["routes"]} - {""}
    assert {name for name in controls if f"$sim/{name}" not in readme()} == set()


def test_the_readme_shows_the_main_screens_and_what_it_shows_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme())
    assert {"main", "heat-map", "chart", "liquidate", "acting"} <= {Path(each).stem.rsplit("-", 1)[0] for each in shown}
    assert [each for each in shown if not (ROOT / each).exists()] == []


def test_every_metric_of_the_readme_is_one_and_every_one_is_there() -> None:
    from qctui.cli import metrics

    code = Path(metrics.__file__).read_text(encoding="utf-8")
    made = set(re.findall(r'"(qctui_[a-z_]+)"', code)) | {f"_{name}" for name in re.findall(r'_gauge\("(\w+)"', code)}
    text = readme()
    assert {name for name in made if f"{name}`" not in text and f"{name}_total`" not in text} == set()
    used = {name.removesuffix("_total") for name in re.findall(r"\b(qctui_(?!deployment)[a-z_]+)\b", text)}
    assert used <= made | {"qctui_info"}


def test_the_recipes_for_a_command_are_programs_that_a_shell_understands() -> None:
    for name in ("mail", "webhook", "apprise"):
        script = between(readme(), f"<!-- recipe: {name} -->\n```sh\n", "```")
        assert script.startswith("#!/bin/sh\n")
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_the_commands_of_the_readme_begin_with_the_usual_python() -> None:
    assert command_after("demo command").startswith("python3 -m venv ")
    assert command_after("test command").startswith("python3 -m venv ")
