"""The classes that lean talks to the API with, one call after the other. Run by `__main__` with lean's own Python.

Prints one JSON list a call: what was called, whether it could be read as lean reads it, what came.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

TOLD = json.loads(sys.argv[1])
SHARPE = "TotalPerformance.PortfolioStatistics.SharpeRatio"
GRID_SEARCH = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"


def call(what: str, act: Callable[[], Any], show: Callable[[Any], object] = lambda found: found) -> Any:
    """Call, print what came, return it."""
    try:
        found = act()
        print(json.dumps([what, True, str(show(found))[:90]]), flush=True)
    except Exception as error:
        print(json.dumps([what, False, f"{type(error).__name__}: {error}".splitlines()[0][:200]]), flush=True)
        return None
    return found


def until(read: Callable[[], Any], ready: Callable[[Any], bool]) -> Any:
    """Read until it is ready, as lean's own waiters do, for 20 seconds at most."""
    give_up = time.monotonic() + 20.0
    while not ready(found := read()) and time.monotonic() < give_up:
        time.sleep(0.3)
    if not ready(found):
        raise TimeoutError(f"still {found}")
    return found


def main() -> None:
    """Call everything there is of projects, live, optimizations, compiles, organizations and accounts."""
    api = importlib.import_module("lean.container").container.api_client
    organization, live = TOLD["organization"], TOLD["live"]
    call("lean projects.get_all", lambda: api.projects.get_all(organization), len)
    call("lean projects.get", lambda: api.projects.get(live, organization), lambda one: one.name)
    call("lean projects.get never deployed", lambda: api.projects.get(TOLD["untested"], None), lambda one: one.name)
    call("lean organizations.get_all", api.organizations.get_all, lambda all_of: [one.name for one in all_of])
    call("lean organizations.get", lambda: api.organizations.get(organization), lambda one: one.credit.balance)
    call("lean accounts.get_organization", lambda: api.accounts.get_organization(organization), lambda one: one)
    compiles(api)
    deployments(api, live)
    optimizations(api, live)


def compiles(api: Any) -> None:
    """Build and launch what was never deployed, and stop it."""
    untested = TOLD["untested"]
    made = call("lean compiles.create", lambda: api.compiles.create(untested), lambda one: one.state.value)
    call("lean compiles.get", lambda: built(api, untested, made.compileId), lambda one: one.logs)
    paper = {"id": "QuantConnectBrokerage"}
    asked: tuple[Any, ...] = (
        untested,
        made.compileId,
        "LN-1",
        paper,
        {"QuantConnectBrokerage": paper},
        True,
        -1,
        True,
        True,
        [],
    )
    call("lean live.start", lambda: api.live.start(*asked), lambda one: one.deployId)
    call("lean live.stop what it started", lambda: api.live.stop(untested))
    call("lean live.get_project_by_id what it started", lambda: ended(api, untested), lambda one: one.brokerage)


def built(api: Any, project_id: int, compile_id: str) -> Any:
    """Wait for a build."""
    return until(lambda: api.compiles.get(project_id, compile_id), lambda one: one.state.value == "BuildSuccess")


def ended(api: Any, project_id: int) -> Any:
    """Wait for the end of what is live."""
    return until(lambda: api.live.get_project_by_id(project_id), lambda one: one.stopped is not None)


def deployments(api: Any, live: int) -> None:
    """Read what runs, send it a command, stop one and liquidate another."""
    read = api.live.get_project_by_id
    call("lean live.get_project_by_id", lambda: read(live), lambda one: (one.status.value, str(one.launched)))
    call("lean live.command_create", lambda: api.live.command_create(live, {"$type": "Unknown", "n": 1}))
    to_stop, to_liquidate = TOLD["to_stop"], TOLD["to_liquidate"]
    call("lean live.stop", lambda: api.live.stop(to_stop))
    call("lean live.liquidate_and_stop", lambda: api.live.liquidate_and_stop(to_liquidate))
    call("lean live.get_project_by_id stopped", lambda: ended(api, to_stop), lambda one: one.status.value)
    call("lean live.get_project_by_id liquidated", lambda: ended(api, to_liquidate), lambda one: one.status.value)


def optimizations(api: Any, project_id: int) -> None:
    """Read them all; estimate, create, abort and delete one."""
    for number, each in enumerate(TOLD["optimizations"]):
        read = partial(api.optimizations.get, each)
        call(f"lean optimizations.get {number}", read, lambda one: (one.status, f"{one.get_progress():.2f}"))
    models = importlib.import_module("lean.models.optimizer")
    compiled = api.compiles.create(project_id).compileId
    built(api, project_id, compiled)
    asked = (
        *(project_id, compiled, "By lean", GRID_SEARCH),
        models.OptimizationTarget(target=SHARPE, extremum=models.OptimizationExtremum.Maximum),
        [models.OptimizationParameter(name="fast", min=5, max=20, step=5)],
        [models.OptimizationConstraint(**{"target": SHARPE, "operator": "greater", "target-value": 0.1})],
        *("O2-8", 2),
    )
    call("lean optimizations.estimate", lambda: api.optimizations.estimate(*asked))
    made = call("lean optimizations.create", lambda: api.optimizations.create(*asked), lambda one: one.status)
    read = partial(api.optimizations.get, made.optimizationId)
    call("lean optimizations.abort", lambda: api.optimizations.abort(made.optimizationId))
    aborted = until(read, lambda one: one.status == "aborted")
    call("lean optimizations.get aborted", lambda: aborted, lambda one: one.status)
    call("lean optimizations.delete", lambda: api.optimizations.delete(made.optimizationId))


if __name__ == "__main__":
    main()
