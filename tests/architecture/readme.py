"""The generated parts of README.md. `python -m tests.architecture.readme` brings them up to date."""

from __future__ import annotations

import json
import string
from enum import Enum
from pathlib import Path

from qctui.actions.wording import format_rough_span
from qctui.alert_settings import AlertRule
from qctui.alerts.rules import CONDITIONS, DEFAULT_RULES, Rule
from qctui.ui.keys.keymap import COMMANDS, SCOPES_TOGETHER, Scope, format_key

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- keys: begin (tests/architecture compares this table with the registry) -->\n", "<!-- keys: end -->"
RULES_BEGIN = "<!-- rules: begin (tests/architecture compares these tables with the program) -->\n"
RULES_END = "<!-- rules: end -->"


def rule_tables() -> str:
    """Every condition with what a rule about it may give, and the rules that are on from the start."""
    lines = ["| `when` | fires if | takes |", "|---|---|---|"]
    for word, condition in CONDITIONS.items():
        keys = sorted(condition.required_keys | ({"clear-percent"} if "percent" in condition.required_keys else set()))
        lines.append(f"| `{word}` | {condition.summary} | {', '.join(f'`{key}`' for key in keys)} |")
    lines += ["", "These are on from the start:", "", "| `name` | `when` | `severity` | with |", "|---|---|---|---|"]
    for rule in DEFAULT_RULES:
        lines.append(f"| `{rule.name}` | `{rule.when}` | `{rule.severity.name.lower()}` | {_given(rule)} |")
    return "\n".join([*lines, ""])


def _given(rule: Rule) -> str:
    """What a rule says beyond its name, condition and severity, as the configuration would."""
    plain = Rule(rule.name, rule.when, rule.severity)
    keys = {name: key.attribute for name, key in AlertRule.keys_by_name.items()}
    given = {
        name: getattr(rule, field) for name, field in keys.items() if getattr(rule, field) != getattr(plain, field)
    }
    return ", ".join(f"`{name} = {_toml(value, is_span=keys[name].endswith('_s'))}`" for name, value in given.items())


def _toml(value: object, *, is_span: bool) -> str:
    if isinstance(value, Enum):
        return f'"{value.value.lower()}"'
    if isinstance(value, float):
        return f'"{format_rough_span(value)}"' if is_span and value else f"{value:g}"
    return json.dumps(value)


def key_table() -> str:
    """Every key with what it does and its id, in the order of the program's own help."""
    lines = []
    for scope in Scope:
        lines += [f"{scope.value}:", "", "| keys | do | id |", "|---|---|---|"]
        for command in COMMANDS:
            if command.scope is scope:
                keys = " ".join(f"`{format_key(key)}`" for key in command.keys.split(","))
                lines.append(f"| {keys} | {command.tooltip} | `{command.id}` |")
        lines.append("")
    return "\n".join(lines)


def free_keys() -> str:
    """The letters that mean nothing yet, by the scope that could use them: a line of each."""
    lines = []
    for scope in Scope:
        beside = {scope}.union(*(together for together in SCOPES_TOGETHER if scope in together))
        taken = {key for each in COMMANDS if each.scope in beside for key in each.keys.split(",")}
        lines.append(f"{scope.value}: {' '.join(key for key in string.ascii_letters if key not in taken)}")
    return "\n".join(lines)


def between(text: str, begin: str, end: str) -> str:
    """The part of `text` between two marks."""
    return text.partition(begin)[2].partition(end)[0]


def command_after(mark: str) -> str:
    """The one line of the code block that follows a mark in the README."""
    block = between(README.read_text(encoding="utf-8"), f"<!-- {mark} -->\n```sh\n", "```")
    (line,) = block.splitlines()
    return line


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    text = text.replace(BEGIN + between(text, BEGIN, END), BEGIN + "\n" + key_table())
    text = text.replace(RULES_BEGIN + between(text, RULES_BEGIN, RULES_END), RULES_BEGIN + "\n" + rule_tables())
    README.write_text(text, encoding="utf-8")
    print(f"Letters that are still free:\n{free_keys()}")
