"""`qctui status`: what is running, read once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from qctui.actions.wording import format_rough_span, format_unreadable
from qctui.alerts.alert_json import iso_time
from qctui.api.ports import ApiError, ReadApi
from qctui.cli.credentials import Account
from qctui.cli.parser import Exit, Options
from qctui.cli.tables import align
from qctui.cli.wiring import read_once, read_settings
from qctui.clock import AHEAD_S, Clock, SystemClock
from qctui.model.deployment import Deployment, name_of, names_of
from qctui.model.optimization import Optimization
from qctui.settings import Settings
from qctui.usage import UsageError
from qctui.value import Value


class Status(Value):
    """What one look at the API showed."""

    at: float
    """Unix seconds."""
    deployments: tuple[Deployment, ...]
    """Those that may still trade, LIVE first; or the newest one of the project that was asked for."""
    names: dict[int, str]
    """Project names by id; empty when they could not be read."""
    optimizations: tuple[Optimization, ...] | None
    """Unfinished ones of the project asked for, or of the pinned projects; None when some could not be read: a list
    with a hole would look whole."""
    warnings: tuple[str, ...]
    """What could not be read."""
    unreadable: int = 0
    """Entries of the live list that are missing because they can't be read."""


def run_status(options: Options) -> int:
    """Print what is running.

    Raises:
        UsageError: the configuration or the credentials can't be used, or there is no such project.
    """
    settings = read_settings(options)

    async def read(api: ReadApi, account: Account) -> tuple[Status, str]:
        return await look(api, SystemClock(), settings.project_id, settings.pinned), account.base_url

    found = read_once(settings, read)
    if isinstance(found, Exit):
        return found
    status, base_url = found
    for warning in status.warnings:
        print(f"qctui: warning: {warning}", file=sys.stderr)
    if options.json:
        print(json.dumps(as_json(status, base_url, settings.profile_name), ensure_ascii=False))
    else:
        print(format_status(status, base_url, settings))
    return Exit.DONE


async def look(api: ReadApi, clock: Clock, project_id: int | None, pinned: Sequence[int]) -> Status:
    """Read the deployments, their names, and the unfinished optimizations of `project_id` or else of `pinned`.

    Raises:
        ApiError: the deployments can't be read. Anything else that fails becomes a warning.
        UsageError: the projects were read, and `project_id` is none of them.
    """
    warnings: list[str] = []

    async def names() -> dict[int, str]:
        try:
            return names_of(await api.fetch_projects())
        except ApiError as error:
            warnings.append(f"no project names: {error.message}")
            return {}

    async def unfinished(each: int) -> list[Optimization] | None:
        try:
            rows = [row for row in await api.fetch_optimizations(each) if not row.finished]
            return [await api.fetch_optimization(row.optimization_id) for row in rows]
        except ApiError as error:
            warnings.append(f"no optimizations of project {each}: {error.message}")
            return None

    reading = asyncio.create_task(names())
    others = [asyncio.create_task(unfinished(each)) for each in ([project_id] if project_id else pinned)]
    try:
        listed = await api.fetch_deployments()
        found = await reading
        lists = [await task for task in others]
    finally:
        # What is still read when this ends early, by a failure or a Ctrl+C, ends before the client is closed.
        for task in (reading, *others):
            task.cancel()
        await asyncio.gather(reading, *others, return_exceptions=True)
    if listed.unreadable:
        warnings.append(format_unreadable(listed.unreadable))
    read = [rows for rows in lists if rows is not None]
    optimizations = tuple(each for rows in read for each in rows) if len(read) == len(lists) else None
    shown = chosen(listed.deployments, project_id)
    # An entry that can't be read may be its own.
    if project_id is not None and found and project_id not in found and not shown and not listed.unreadable:
        raise UsageError(f"--project: there is no project {project_id} in this account, unless in the recycle bin")
    return Status(clock.now(), shown, found, optimizations, tuple(warnings), listed.unreadable)


def chosen(deployments: Sequence[Deployment], project_id: int | None) -> tuple[Deployment, ...]:
    """Those alive, LIVE first; of one project the one alive, else the newest."""
    alive = [each for each in deployments if each.alive and project_id in (None, each.project_id)]
    if project_id is not None and not alive:
        mine = [each for each in deployments if each.project_id == project_id]
        return (max(mine, key=lambda each: each.launched_at or 0.0),) if mine else ()
    return tuple(sorted(alive, key=lambda each: (each.environment.value, each.project_id, each.launched_at or 0.0)))


def format_status(status: Status, base_url: str, settings: Settings) -> str:
    """The table, below a line that says from where and when it is."""
    lines = [f"{iso_second(status.at)}  {settings.profile_name}  {base_url}"]
    if status.deployments:
        rows: list[tuple[str, ...]] = [("", "NAME", "STATUS", "EQUITY", "LAUNCHED", "PROJECT", "DEPLOYMENT")]
        rows += [_row(each, status) for each in status.deployments]
        errors = ["", *(each.error for each in status.deployments)]
        for line, error in zip(align(rows, right=frozenset({3, 4})), errors, strict=True):
            lines += [line, *([f"       {error}"] if error else [])]
    else:
        known = " that can be read" if status.unreadable else ""
        of_project = f"no deployment of project {settings.project_id}{known} is known"
        lines.append(f"nothing{known} is running" if settings.project_id is None else of_project)
    if status.optimizations:
        table: list[tuple[str, ...]] = [("OPTIMIZATION", "STATUS", "RUNS", "TARGET", "ID")]
        table += [_optimization_row(each) for each in status.optimizations]
        lines += ["", *align(table)]
    return "\n".join(lines)


def _row(each: Deployment, status: Status) -> tuple[str, ...]:
    return (
        each.environment.value,
        name_of(each.project_id, status.names),
        each.status or "unknown",
        "unknown" if each.equity is None else f"{each.equity:,.2f}",
        _since(each.launched_at, status.at),
        str(each.project_id),
        each.deploy_id,
    )


def _since(at: float | None, now: float) -> str:
    if at is None:
        return "unknown"
    return "in the future" if at - now > AHEAD_S else f"{format_rough_span(now - at)} ago"


def _optimization_row(each: Optimization) -> tuple[str, ...]:
    done = None if each.completed is None else each.completed + (each.failed or 0)
    runs = "unknown" if done is None or each.total is None else f"{done}/{each.total}"
    target = f"{each.criterion.target} {each.criterion.extremum}".rstrip()
    return (each.name, each.status or "unknown", runs, target, each.optimization_id)


def as_json(status: Status, base_url: str, profile: str) -> dict[str, Any]:
    """What `--json` prints (README)."""
    return {
        "at": iso_second(status.at),
        "base_url": base_url,
        "profile": profile,
        "deployments": [
            {
                "project_id": each.project_id,
                "name": status.names.get(each.project_id),
                "deploy_id": each.deploy_id,
                "status": each.status,
                "alive": each.alive,
                "environment": each.environment.value,
                "brokerage": each.brokerage,
                "equity": each.equity,
                "launched_at": iso_second(each.launched_at),
                "stopped_at": iso_second(each.stopped_at),
                "error": each.error,
            }
            for each in status.deployments
        ],
        "warnings": list(status.warnings),
        "optimizations": None
        if status.optimizations is None
        else [
            {
                "optimization_id": each.optimization_id,
                "project_id": each.project_id,
                "name": each.name,
                "status": each.status,
                "completed": each.completed,
                "failed": each.failed,
                "total": each.total,
            }
            for each in status.optimizations
        ],
    }


def iso_second(at: float | None) -> str | None:
    """As `iso_time`, to the second."""
    text = iso_time(at)
    return None if text is None else f"{text[:19]}Z"
