from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import qctui.ui
from qctui.actions.spec import ACTION_SPECS, OF_OPTIMIZATIONS, question_for
from qctui.cli.parser import parse
from qctui.model.action import Target
from qctui.model.deployment import Environment
from qctui.ui.keys.keymap import BY_ID, COMMANDS
from tests.actions.fakes import PLAN

PACKAGE = Path(qctui.ui.__file__).parent


def nodes() -> Iterator[type[DOMNode]]:
    """Every widget, screen and app of ours."""
    for module in pkgutil.walk_packages(qctui.ui.__path__, "qctui.ui."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                yield value


def own_bindings() -> list[tuple[str, object]]:
    return [(node.__name__, each) for node in nodes() for each in vars(node).get("BINDINGS", [])]


def test_every_binding_can_be_remapped_and_explains_itself() -> None:
    found = own_bindings()
    assert found
    for owner, binding in found:
        assert isinstance(binding, Binding), f"{owner}: {binding!r}"
        assert binding.id, f"{owner}: {binding.key} has no id"
        assert binding.tooltip, f"{owner}: {binding.key} has no tooltip"


def test_no_binding_acts_through_a_dialog() -> None:
    assert not [(owner, each) for owner, each in own_bindings() if isinstance(each, Binding) and each.priority]
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "priority" and path.name != "quirks.py":
                assert not (isinstance(node.value, ast.Constant) and node.value.value), f"{path}:{node.lineno}"


@pytest.mark.parametrize("action", ACTION_SPECS)
def test_every_action_has_a_key_and_a_question(action: str) -> None:
    spec = ACTION_SPECS[action]
    assert BY_ID[action].keys == spec.key
    assert BY_ID[action].acts
    for environment in Environment:
        target = Target(
            action=action,
            name="x",
            project_id=23456789,
            deploy_id="L-0000430e",
            optimization_id="O-1" if action in OF_OPTIMIZATIONS else "",
            environment=environment,
            status="Running",
            plan=PLAN if action == "rerun" else None,
        )
        question = question_for([target])
        assert question.expected
        assert not question.accepts("")
        assert spec.verb in question.sentence


@pytest.mark.parametrize("action", ACTION_SPECS)
def test_every_action_is_a_command_of_the_same_name(action: str) -> None:
    assert parse([action, "1"]).command == action


def test_what_sends_is_a_capital_letter() -> None:
    for command in COMMANDS:
        if command.action.startswith("request_action"):
            assert len(command.keys) == 1
            assert command.keys.isupper()
