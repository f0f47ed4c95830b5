"""The form of an optimization that is to be run again: its fields, what keys do to them, what they amount to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qctui.actions.spec import MAX_NAME
from qctui.model.optimization import MOST_BACKTESTS, Constraint, Criterion, OptimizationPlan, Parameter
from qctui.text import clean
from qctui.value import Value, replace

TARGETS = {
    "Sharpe Ratio": "TotalPerformance.PortfolioStatistics.SharpeRatio",
    "Compounding Annual Return": "TotalPerformance.PortfolioStatistics.CompoundingAnnualReturn",
    "Probabilistic Sharpe Ratio": "TotalPerformance.PortfolioStatistics.ProbabilisticSharpeRatio",
    "Drawdown": "TotalPerformance.PortfolioStatistics.Drawdown",
}
"""What the cloud takes for a target, as lean-cli offers it, and as the API spells it. The one that the optimization had
can be kept in any case."""

NODES = ("O2-8", "O4-12", "O8-16")
"""Node types of the cloud."""

MOST_NODES = 24
"""Nodes side by side at most."""

OPERATORS = {
    "<": "Less",
    "<=": "LessOrEqual",
    ">": "Greater",
    ">=": "GreaterOrEqual",
    "=": "Equals",
    "!=": "NotEquals",
}
"""Of a constraint, as it is typed and as the API spells it."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s+to\s+({_NUMBER})\s+by\s+({_NUMBER})\s*")
_MEANT = re.compile(r"\s*(?:\S+\s+to\s+\S+\s+by\b|[-+.,\d]\S*\s+to\b)")
"""What is meant as a range, though it may be none: a decimal comma, a number that is too long."""
_LIMIT = re.compile(rf"\s*(.+?)\s*(<=|>=|!=|<|>|=)\s*({_NUMBER})\s*")
_SIGNS = {spelled.casefold(): sign for sign, spelled in OPERATORS.items()}


class Row(Value):
    """One field."""

    label: str
    text: str
    choices: tuple[str, ...] = ()
    """What it is chosen from with the arrows; empty where it is typed."""
    hint: str = ""
    """How it is written, while it is wrong or empty."""
    problem: str = ""
    """Why it can't be taken; empty if it can."""


class PlanForm:
    """The fields, which of them is being filled in, and what they amount to."""

    def __init__(self, plan: OptimizationPlan) -> None:
        """Filled from an earlier optimization's plan."""
        self._plan = plan
        goal = plan.criterion
        targets = tuple(dict.fromkeys([goal.target, *TARGETS]))
        limits = [*map(_limit_of, plan.constraints), ""]
        self._rows = [
            Row("Name", plan.name, hint=f"1 to {MAX_NAME} characters"),
            Row("Target", goal.target, targets),
            Row("Extremum", goal.extremum or "max", ("max", "min")),
            *(Row(each.name, range_of(each), hint="5 to 20 by 5, or one value") for each in plan.parameters),
            *(Row("Constraint", text, hint="Drawdown < 0.25, or nothing") for text in limits),
            Row("Node", plan.node_type, tuple(dict.fromkeys([plan.node_type, *NODES]))),
            Row("Nodes", str(plan.parallel_nodes), hint=f"1 to {MOST_NODES}"),
        ]
        self.at = 0
        """The field that is being filled in."""

    @property
    def rows(self) -> Sequence[Row]:
        """The fields, each with what is wrong about it."""
        return [replace(row, problem=self._problem(number)) for number, row in enumerate(self._rows)]

    @property
    def plan(self) -> OptimizationPlan | None:
        """What is asked for; None while a field is wrong."""
        if any(row.problem for row in self.rows):
            return None
        first, last = 3, 3 + len(self._plan.parameters)
        name, target, extremum = (row.text for row in self._rows[:first])
        goal = self._plan.criterion
        wire = goal.wire_target if target == goal.target else TARGETS[target]
        limits = [row.text for row in self._rows[last:-2] if row.text.strip()]
        return replace(
            self._plan,
            name=clean(name).strip(),
            criterion=Criterion(target, extremum == "max", goal.target_value if target == goal.target else None, wire),
            parameters=tuple(
                _parameter(each.name, row.text)
                for each, row in zip(self._plan.parameters, self._rows[first:last], strict=True)
            ),
            constraints=tuple(self._constraint(text) for text in limits),
            node_type=self._rows[-2].text,
            parallel_nodes=int(self._rows[-1].text),
        )

    @property
    def problem(self) -> str:
        """Why it can't be asked for as it stands; empty if it can."""
        for row in self.rows:
            if row.problem:
                return f"{row.label}: {row.problem}"
        plan = self.plan
        return plan.problem if plan is not None else ""

    def press(self, key: str, character: str | None) -> bool:
        """Take one key, by Textual's name and the character it types. False if it means nothing here."""
        row = self._rows[self.at]
        if key in ("down", "tab", "up", "shift+tab"):
            self.at = (self.at + (1 if key in ("down", "tab") else -1)) % len(self._rows)
        elif row.choices and key in ("left", "right", "space"):
            turn = -1 if key == "left" else 1
            self._write(row.choices[(row.choices.index(row.text) + turn) % len(row.choices)])
        elif row.choices:
            return False
        elif key in ("backspace", "ctrl+h"):
            self._write(row.text[:-1])
        elif key in ("ctrl+u", "ctrl+w"):
            self._write("")
        elif character is not None and character.isprintable() and len(row.text) < MAX_NAME:
            self._write(row.text + character)
        else:
            return False
        return True

    def paste(self, text: str) -> None:
        """Put what was pasted behind what is typed."""
        if not self._rows[self.at].choices:
            self._write((self._rows[self.at].text + clean(text))[:MAX_NAME])

    def _write(self, text: str) -> None:
        self._rows[self.at] = replace(self._rows[self.at], text=text)

    def _problem(self, number: int) -> str:
        row, parameters = self._rows[number], len(self._plan.parameters)
        if number == 0:
            return "" if row.text.strip() else "a name is expected"
        if row.choices:
            return "" if row.text else "it is not known"
        if number < 3 + parameters:
            parameter = _parameter(row.label, row.text)
            if not row.text.strip():
                return "a range or a value is expected"
            if parameter.endless:
                return f"it has {MOST_BACKTESTS:g} values or more: larger steps are expected"
            if parameter.values is not None:
                return ""
            if " by " in row.text and not _RANGE.fullmatch(row.text):
                return "numbers as in 5 to 20 by 0.5 are expected, exponents of two digits at most"
            return "a range from low to high by steps above 0 is expected"
        if number == len(self._rows) - 1:
            fits = row.text.isascii() and row.text.isdigit() and 1 <= int(row.text[:9]) <= MOST_NODES
            return "" if fits else f"a number from 1 to {MOST_NODES} is expected"
        if not row.text.strip() or self._constraint(row.text).operator:
            return ""
        return f"one of {', '.join(TARGETS)} is expected, a sign and a number"

    def _constraint(self, text: str) -> Constraint:
        """The limit that is typed; without an operator where it is none."""
        for each in self._plan.constraints:
            if text == _limit_of(each):
                return each
        found = _LIMIT.fullmatch(text)
        known = {_limit_target(each).casefold(): each.target for each in self._plan.constraints}
        known |= {words.casefold(): wire for words, wire in TARGETS.items()}
        wire = known.get(found[1].casefold()) if found is not None else None
        if found is None or wire is None:
            return Constraint("", text)
        return Constraint(wire, text.strip(), OPERATORS[found[2]], float(found[3]))


def range_of(parameter: Parameter) -> str:
    """A parameter's range, or its value, as it is typed; empty while neither is known."""
    if parameter.value is not None:
        return parameter.value
    low, high, step = parameter.minimum, parameter.maximum, parameter.step
    if low is None or high is None:
        return ""
    return f"{low:.10g} to {high:.10g} by {step or 1:.10g}"


def _parameter(name: str, text: str) -> Parameter:
    """A parameter as it is typed: a range, or a value that stays the same. A number alone is a value too."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return Parameter(name) if _MEANT.match(text) else Parameter(name, value=text.strip())
    low, high, step = (float(each) for each in found.groups())
    return Parameter(name, low, high, step)


def _limit_target(constraint: Constraint) -> str:
    """The statistic of a constraint in words: what comes before its operator and limit."""
    words = constraint.words.split(f" {constraint.operator} ")[0] if constraint.operator else constraint.words
    return words.strip()


def _limit_of(constraint: Constraint) -> str:
    """A constraint as it is typed."""
    sign = _SIGNS.get(constraint.operator.casefold())
    if sign is None or constraint.limit is None:
        return constraint.words
    return f"{_limit_target(constraint)} {sign} {constraint.limit:.10g}"
