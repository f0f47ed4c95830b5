"""Reads a world from a file: projects, their deployments, positions and optimizations, and what happens at its time.

What is wrong in it is one message with the file, the table and the key.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from qctui.simulator.cast import CHARTS, HOUR_S, Holding, Parameter, ProjectPlan, Run, Sweep
from qctui.simulator.config import BEHAVIOURS
from qctui.simulator.faults import KINDS as FAULTS
from qctui.simulator.incidents import KINDS, Incident
from qctui.simulator.market import DAY_S, SYMBOLS
from qctui.simulator.optimizations import NODES, TARGETS

T = TypeVar("T")

DEMO = Path(__file__).with_name("demo.toml")
"""The demo's own world."""
LARGEST_BYTES = 4_000_000
_ENDS = ("Stopped", "Liquidated", "RuntimeError", "DeployError", "Completed", "Deleted", "Invalid")
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)([smhd])", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": HOUR_S, "d": float(DAY_S)}


class WorldFileError(ValueError):
    """The file can't be read, or something in it makes no sense."""


@dataclass(frozen=True)
class WorldFile:
    """What a file says."""

    projects: tuple[ProjectPlan, ...]
    incidents: tuple[Incident, ...]


class _Table:
    """One table of the file. Each key is taken out of it; what is left in the end is not known."""

    def __init__(self, file: str, place: str, body: object) -> None:
        self._file = file
        self.place = place
        """Empty for the file itself."""
        if not isinstance(body, dict):
            raise WorldFileError(f"{file}: {place}: a table is expected")
        self._body: dict[str, Any] = dict(body)
        self._known: list[str] = []

    def wrong(self, key: str, words: str) -> WorldFileError:
        return WorldFileError(": ".join(each for each in (self._file, self.place, key, words) if each))

    def take(self, key: str, read: Callable[[Any], T], *usual: T) -> T:
        """Take a key out. Without a usual value it has to be there. `read` raises ValueError with what is expected."""
        self._known.append(key)
        if key not in self._body:
            if usual:
                return usual[0]
            raise self.wrong(key, "is missing")
        try:
            return read(self._body.pop(key))
        except WorldFileError:
            raise
        except ValueError as error:
            raise self.wrong(key, str(error)) from None

    def tables(self, key: str) -> list[_Table]:
        """Take a list of tables out."""
        listed: list[Any] = self.take(key, _list, [])
        inner = f"{self.place}.{key}".lstrip(".")
        return [_Table(self._file, f"{inner}[{number}]", each) for number, each in enumerate(listed, 1)]

    def end(self) -> None:
        """Refuse what is left."""
        for key in self._body:
            raise self.wrong(key, f"is not known; known: {', '.join(self._known)}")


@cache
def read_demo() -> WorldFile:
    """The demo's world."""
    return read_world(DEMO)


def read_world(path: Path) -> WorldFile:
    """Read a world. Raises WorldFileError, one line that names the file."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise WorldFileError(f"{path}: {error.strerror or error}") from None
    if len(text) > LARGEST_BYTES:
        raise WorldFileError(f"{path}: larger than {LARGEST_BYTES:,} bytes")
    try:
        top = _Table(str(path), "", tomllib.loads(text.decode()))
    except (ValueError, RecursionError) as error:
        raise WorldFileError(f"{path}: {' '.join(str(error).split())}") from None
    tables = top.tables("projects")
    projects = tuple(map(_project, tables))
    ids = [each.project_id for each in projects]
    for table, number in zip(tables, ids, strict=True):
        if ids.count(number) > 1:
            raise table.wrong("id", f"{number} stands twice")
    incidents = tuple(_incident(each, ids) for each in top.tables("incidents"))
    top.end()
    return WorldFile(projects, incidents)


def _project(table: _Table) -> ProjectPlan:
    number = table.take("id", _whole(1, 2**53))
    name = table.take("name", _text)
    table.place += f" ({name})"
    symbols = table.take("symbols", _list_of(_one_of(SYMBOLS)))
    if not symbols or len(set(symbols)) < len(symbols):
        raise table.wrong("symbols", "at least one, and none twice, is expected")
    plan = ProjectPlan(
        number,
        name,
        symbols,
        brokerage=table.take("brokerage", _text, "PaperBrokerage"),
        capital=table.take("capital", _number(0.01, 1e12), 100_000.0),
        rebalance_s=table.take("rebalance", _length(60.0), 2 * HOUR_S),
        shorts=table.take("shorts", _flag, False),
        insight_every_s=table.take("insights-every", _length(1.0), 45.0),
        redeploys_every_s=table.take("redeploys-every", _length(60.0), None),
        fails_after_s=table.take("fails-after", _length(0.0), None),
        custom_charts=table.take("charts", _list_of(_one_of(CHARTS)), ()),
        optimizations=table.take("finished-optimizations", _whole(0, 100), 0),
        optimizes_every_s=table.take("optimizes-every", _length(60.0), None),
        sweep_ends_after_s=table.take("optimization-ends-after", _length(0.0), None),
        deleted=name.startswith("Recycle Bin/"),
        organization=table.take("organization", _line, ""),
        commands=table.take("commands", _list_of(_text), ()),
        runs=tuple(_run(each, symbols) for each in table.tables("deployments")),
        sweeps=tuple(_sweep(each) for each in table.tables("optimizations")),
    )
    table.end()
    return replace(plan, runs=tuple(sorted(plan.runs, key=lambda run: -run.launched_ago_s)))


def _run(table: _Table, symbols: Sequence[str]) -> Run:
    launched = table.take("launched", _length(-math.inf))
    ended = table.take("ended", _length(-math.inf), None)
    if ended is not None and ended >= launched:
        raise table.wrong("ended", "comes before its launch")
    run = Run(
        launched,
        ended,
        ends_as=table.take("ends-as", _one_of(_ENDS), "Stopped"),
        message=table.take("message", _text, ""),
        stuck_status=table.take("status", _text, None),
        positions=tuple(_holding(each, symbols) for each in table.tables("positions")),
    )
    table.end()
    return run


def _holding(table: _Table, symbols: Sequence[str]) -> Holding:
    found = Holding(
        table.take("symbol", _one_of(symbols)),
        table.take("quantity", _number(-1e12, 1e12)),
        table.take("average-price", _number(1e-9, 1e12), None),
    )
    table.end()
    return found


def _sweep(table: _Table) -> Sweep:
    targets = {name.rpartition(".")[2]: (name, extremum) for name, extremum, _ in TARGETS}
    target, extremum = targets[table.take("target", _one_of(targets), "SharpeRatio")]
    node = table.take("node", _one_of(dict(NODES)), "O2-8")
    found = Sweep(
        table.take("name", _text),
        table.take("requested", _length(0.0)),
        tuple(_parameter(each) for each in table.tables("parameters")),
        target,
        table.take("extremum", _one_of(("max", "min")), extremum),
        node,
        table.take("nodes", _whole(1, dict(NODES)[node]), 2),
        table.take("aborted-after", _length(0.0), None),
    )
    if not 1 <= sum(one.fixed is None for one in found.parameters) <= 3:
        raise table.wrong("parameters", "1 to 3 that are varied are expected")
    table.end()
    return found


def _parameter(table: _Table) -> Parameter:
    name, fixed = table.take("name", _text), table.take("value", _text, None)
    if fixed is not None:
        low, high, step = 0.0, 0.0, 1.0
    else:
        low, high = table.take("min", _number(-1e9, 1e9)), table.take("max", _number(-1e9, 1e9))
        step = table.take("step", _number(1e-9, 1e9))
        if not 0 <= (high - low) / step <= 1_000:
            raise table.wrong("step", "up to 1,000 steps from min to max are expected")
    table.end()
    return Parameter(name, low, high, step, fixed)


def _incident(table: _Table, projects: Sequence[int]) -> Incident:
    after, kind = table.take("at", _length(0.0)), table.take("do", _one_of(KINDS))
    fields: dict[str, Any] = {}
    for name, of in KINDS[kind].needs.items():
        fields[name] = table.take(name, _READERS[of])
    for name, of in KINDS[kind].may.items():
        if (value := table.take(name, _READERS[of], None)) is not None:
            fields[name] = value
    if "projectId" in fields and fields["projectId"] not in projects:
        raise table.wrong("projectId", f"there is no project {fields['projectId']} in this file")
    for name, known in (("behaviour", BEHAVIOURS), ("kind", FAULTS)):
        if fields.get(name) and fields[name] not in known:
            raise table.wrong(name, f"is one of {', '.join(known)}")
    table.end()
    return Incident(after, kind, fields)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is expected")
    return value


def _line(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return value


def _text(value: Any) -> str:
    if not (found := _line(value)):
        raise ValueError("a text that is not empty is expected")
    return found


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")
    return value


def _one_of(known: Iterable[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"is one of {', '.join(known)}")
        return value

    return read


def _list_of(read: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    return lambda value: tuple(map(read, _list(value)))


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high} is expected")
        return value

    return read


def _number(low: float, high: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g} is expected")
        return float(value)

    return read


def _length(least: float) -> Callable[[Any], float]:
    """A length of time, in seconds."""

    def read(value: Any) -> float:
        found = _LENGTH.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"{value!r} is no length of time such as 90s, 10m, 2h or 3d")
        seconds = float(found[1]) * _UNITS[found[2]]
        if not least <= seconds <= 1e10:
            raise ValueError(f"{value} is too short" if seconds < least else f"{value} is too long")
        return seconds

    return read


_READERS: dict[type, Callable[[Any], Any]] = {
    int: _whole(0, 2**53),
    float: _number(-1e12, 1e12),
    bool: _flag,
    str: _line,
}
"""How a field of an incident is read, by what it is."""
