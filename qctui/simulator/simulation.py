"""One simulation: a world with its endpoints, its faults and the log of its requests, apart from any HTTP.

The web application serves it, the control surface looks into it and changes it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from qctui.simulator.config import SimConfig
from qctui.simulator.faults import Fault, FaultList
from qctui.simulator.incidents import KINDS, Incident
from qctui.simulator.routes import Endpoints
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock

if TYPE_CHECKING:
    from qctui.simulator.recorded_world import RecordedEndpoints

RECORDS_KEPT = 10_000
"""Requests kept in memory; older ones are forgotten, so that a server can run for weeks."""


@dataclass(kw_only=True)
class RequestRecord:
    """One request to the API: tests count POSTs by it, benchmarks read arrival times."""

    number: int = 0
    """Counted from 1; given by the log."""
    method: str
    path: str
    """The endpoint, without the base path (`live/update/liquidate`)."""
    body: Any
    """The JSON body or the query, decoded; text when it is not JSON."""
    arrived_monotonic_s: float
    """CLOCK_MONOTONIC when the request's first byte was read from the socket."""
    arrived_at: float
    """The real time of that, Unix seconds."""
    world_at: float
    """The world's time when the request was handled."""
    connection: int = 0
    """Which connection it came on, counted from 1; 0 in memory."""
    outcome: str = "open"
    """`answered`, `reset`, `closed`, `truncated`, `hung`, `gone` (the client left first) or still `open`."""
    status: int = 0
    """HTTP status of the answer, 0 without one."""
    success: bool | None = None
    """The `success` of the answer, if it had one."""
    acted: bool = False
    """Whether it was handled, not just refused by a fault or for its credentials."""
    fault: str = ""
    """The kind of fault it met."""


class RequestLog:
    """The requests of one simulation, the newest in memory and all of them in a file if one is named."""

    def __init__(self, path: str | None = None) -> None:
        self.records: deque[RequestRecord] = deque(maxlen=RECORDS_KEPT)
        self.total = 0
        """Requests since the start, forgotten ones included."""
        self._file: TextIO | None = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115 - lives as long as the log

    def begin(self, record: RequestRecord) -> None:
        """Number a request that has arrived, and remember it."""
        self.total += 1
        record.number = self.total
        self.records.append(record)

    def end(self, record: RequestRecord) -> None:
        """Write a request that is over into the file."""
        if self._file is not None:
            self._file.write(json.dumps(asdict(record), ensure_ascii=False, default=str) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Simulation:
    """What one simulated API consists of."""

    def __init__(self, world: World, recorded: RecordedEndpoints | None = None) -> None:
        """`recorded` answers where the world was recorded; `world` is an empty one then, with the time."""
        self.world = world
        self.config = world.config
        self.recorded = recorded
        self.endpoints = recorded or Endpoints(world)
        self.faults = FaultList(world.config.faults)
        self.log = RequestLog(world.config.request_log)
        self.refuse: Callable[[float], object] | None = None
        """Stops accepting connections for some real seconds; set by a server, which has a socket."""
        for each in world.incidents:
            world.at(world.started_at + each.after_s, partial(self._happen_by_plan, each))

    def happen(self, kind: str, fields: Mapping[str, Any], due_at: float | None = None) -> None:
        """Let one of `KINDS` happen, when it was due or now. Raises ValueError or KeyError for what can't be."""
        known, world, given = KINDS[kind], self.world, dict(fields)
        for name, of in {**known.needs, **known.may}.items():
            if name in known.needs or given.get(name) is not None:
                given[name] = of(given[name])
        project_id = given.get("projectId")
        if kind in ("brokerage", "quiet", "equity", "log"):
            live, now = world.live(given["projectId"], due_at)
            if kind == "brokerage":
                live.ledger.gone.switch(now, on=given["gone"])
            elif kind == "quiet":
                live.ledger.quiet.switch(now, on=given["quiet"])
            elif kind == "equity":
                live.ledger.move(now, given["percent"])
            else:
                live.said.append((now, given["text"]))
        elif kind == "end":
            world.end(given["projectId"], given.get("status", "Stopped"), given.get("message", ""), due_at=due_at)
        elif kind == "redeploy":
            world.redeploy(given["projectId"], due_at)
        elif kind == "behaviours":
            world.behave(given["projectId"], given["behaviour"])
        elif kind == "faults":
            fault = Fault(given["kind"], given.get("value"), given.get("endpoint"), project_id, given.get("times"))
            self.faults.active.append(fault)
        else:
            self.config.latency_s = given["seconds"]

    def _happen_by_plan(self, incident: Incident, due_at: float) -> None:
        # What is about a deployment that is not live by then does not happen.
        with suppress(ValueError):
            self.happen(incident.kind, incident.fields, due_at)


def open_simulation(config: SimConfig) -> Simulation:
    """The simulation that is configured: of an invented world, or of a recorded one.

    Raises:
        WorldFileError: the world file can't be read, or makes no sense.
        UnreadableTapeError: the tape can't be read.
    """
    if config.tape is None:
        return Simulation(World(config))
    # Here: a demo has no use for it, and would wait for its imports.
    from qctui.simulator.recorded_tape import RecordedTape
    from qctui.simulator.recorded_world import RecordedEndpoints

    tape = RecordedTape(Path(config.tape))
    lead_s = tape.last_at - tape.first_at
    # Fast, it begins so long ago as the tape is long, and ends with the present.
    world = World(config, WorldClock(start_at=config.start_at, speed=config.speed, lead_s=lead_s), cast=())
    return Simulation(world, RecordedEndpoints(tape, config, world.clock))
