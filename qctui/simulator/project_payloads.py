"""Payloads of projects/read and of the optimization endpoints, in every shape they have been seen in."""

from __future__ import annotations

from typing import Any

from qctui.simulator.cast import Parameter, organization_id
from qctui.simulator.noise import hex_of, unit
from qctui.simulator.optimizations import Child, Optimization
from qctui.simulator.shapes import Json, iso_date, space_date
from qctui.simulator.world import Project

STRATEGY = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
_SNAPSHOT = 31_000_099
_IN_BOTH = (
    *("optimizationId", "projectId", "name", "status", "nodeType", "parameters"),
    *("outOfSampleDays", "outOfSampleMaxEndDate"),
)
"""What the list and the reading of one say alike."""


def project(one: Project, owner_id: int, at: float, variant: str) -> Json:
    """Return one project (REFERENCE.md 4.2)."""
    plan, current = one.plan, one.current(at)
    mixed = variant == "mixed" and plan.project_id % 2 == 1
    date = iso_date if mixed else space_date
    created_at = (one.deployments[0].launched_at if one.deployments else at) - 40 * 86_400.0
    created_at -= created_at % 86_400.0
    member: Json = {
        "uid": owner_id,
        "liveControl": True,
        "permission": "write",
        "publicId": "",
        "profileImage": "",
        "email": None,
        "name": "owner",
        "bio": "",
        "owner": True,
    }
    guest = {**member, "uid": None, "liveControl": False, "permission": "read", "name": "invited", "owner": False}
    parameters: Any = [
        {"key": "ema_fast", "value": "10", "min": 5, "max": 20, "step": 5, "type": "float"},
        {"key": "ema_slow", "value": "50"},
    ]
    flags: Json = {"notifyInsights": False, "notifyOrderEvents": True, "autoRestart": True}
    if mixed:
        parameters = {"0": {"key": "lookback", "value": "21"}}
        flags = {name: str(value).lower() for name, value in flags.items()}
    running = current is not None and current.alive(at)
    return {
        "projectId": plan.project_id,
        "organizationId": organization_id(plan.organization),
        "name": plan.name,
        "modified": date(created_at + 86_400.0),
        "created": date(created_at),
        "ownerId": owner_id,
        "language": "C#" if plan.project_id % 4 == 2 else "Py",
        "collaborators": [guest, member] if mixed else [member],
        "leanVersionId": 17501,
        "leanPinnedToMaster": True,
        "owner": True,
        "description": "",
        "channelId": hex_of("channel", plan.project_id),
        "parameters": parameters,
        "libraries": [],
        "grid": {"xs": [], "sm": [], "md": [], "lg": [], "xl": []},
        "liveGrid": {"xs": [], "sm": [], "md": [], "lg": [], "xl": []},
        "paperEquity": round(current.equity(at), 2) if current is not None and plan.paper else None,
        "lastLiveDeployment": date(current.launched_at) if current is not None else None,
        "liveForm": {"brokerageData": {}, "dataProvidersData": [], "node": "", **flags} if current else None,
        "encrypted": False,
        "codeRunning": running,
        "leanEnvironment": 1,
        "encryptionKey": None,
    }


def versions(at: float) -> list[Json]:
    """Return the LEAN versions that come with projects/read."""
    created = space_date(at - at % 86_400.0 - 3 * 86_400.0)
    return [
        {
            "id": 17501,
            "created": created,
            "description": "",
            "leanHash": "0" * 40,
            "leanCloudHash": "",
            "name": "v17501",
            "ref": "",
            "public": 1,
        }
    ]


def summary(one: Optimization, at: float, variant: str) -> Json:
    """Return one element of optimizations/list (REFERENCE.md 5.1)."""
    legacy = variant == "legacy"
    status = one.status(at)
    best = one.best(at) if status == "completed" else None
    figures = one.figures(best) if best is not None else None
    body: Json = {
        "optimizationId": one.optimization_id,
        "projectId": str(one.project_id) if legacy else one.project_id,
        "name": one.name,
        "status": status.capitalize() if legacy else status,
        "nodeType": one.node_type,
        "criterion": _criterion(one, legacy),
        "created": _created(one, legacy),
        "psr": round(figures[13] / 100.0, 4) if figures else None,
        "sharpeRatio": figures[15] if figures else None,
        "trades": int(figures[17]) if figures else None,
        "cloneId": one.project_id + 1 if figures else None,
        "outOfSampleDays": one.out_of_sample_days,
        "outOfSampleMaxEndDate": space_date(one.requested_at) if one.out_of_sample_days else None,
        "parameters": [] if legacy else [_parameter(parameter) for parameter in one.parameters],
    }
    if legacy and figures is None:
        body |= {"psr": 0, "sharpeRatio": 0, "trades": 0, "cloneId": 0, "outOfSampleMaxEndDate": ""}
    elif figures is not None and not legacy:
        body["extremum"] = one.extremum
    if variant == "extremum-differs":
        # One set of stubs shows the two at odds; the criterion's is right (REFERENCE.md 9, 18).
        body["extremum"] = "min" if one.extremum == "max" else "max"
    return body


def _created(one: Optimization, legacy: bool) -> str | None:
    if legacy:
        return (iso_date(one.requested_at) or "").replace("Z", ".000Z")
    return iso_date(one.requested_at) if one.number % 3 == 2 else space_date(one.requested_at)


def optimization(one: Optimization, at: float, variant: str) -> Json:
    """Return the optimization of optimizations/read (REFERENCE.md 5.2)."""
    legacy = variant == "legacy"
    short = summary(one, at, "modern")
    status = one.status(at)
    criterion = _criterion(one, legacy)
    until = one.frozen_at(at)
    begun = [child for child in one.children if child.begins_at <= until]
    # lean-cli expects a list where there is nothing yet; the official models refuse one (REFERENCE.md 2.4).
    empty: Any = {} if variant == "modern" else []
    body: Json = {
        **{key: short[key] for key in _IN_BOTH},
        "snapshotId": _SNAPSHOT,
        "parallelNodes": one.nodes,
        "criterion": criterion,
        "runtimeStatistics": _runtime_statistics(one, at, begun) if begun else empty,
        "constraints": [] if legacy else list(one.constraints),
        "backtests": {hex_of(child.id, "key")[:8]: _backtest(one, child, until, variant) for child in begun} or empty,
        "strategy": STRATEGY,
        "requested": space_date(one.requested_at),
        "optimizationTarget": criterion["target"],
        "targetValue": one.target_value,
        "gridLayout": [],
    }
    if status == "completed" and not legacy:
        body |= {key: short[key] for key in ("created", "psr", "sharpeRatio", "trades", "cloneId")}
        body["extremum"] = one.extremum
    if variant == "extremum-differs":
        body["extremum"] = "min" if one.extremum == "max" else "max"
    return body


def _criterion(one: Optimization, legacy: bool) -> Json:
    if legacy:
        target = ".".join(f"['{part}']" for part in one.target.split("."))
        return {"target": target, "extremum": one.extremum, "target-value": one.target_value}
    return {"target": one.target, "extremum": one.extremum, "targetValue": one.target_value}


def _parameter(one: Parameter) -> Json:
    if one.fixed is not None:
        return {"name": one.name, "value": one.fixed}
    return {"name": one.name, "min": one.low, "max": one.high, "step": one.step}


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _runtime_statistics(one: Optimization, at: float, begun: list[Child]) -> dict[str, str]:
    completed, failed, running, queued = one.counts(at)
    until = one.frozen_at(at)
    spent_s = sum(min(child.ends_at, until) - child.begins_at for child in begun)
    mean_s = sum(child.ends_at - child.begins_at for child in begun) / len(begun)
    return {
        "Completed": str(completed),
        "Failed": str(failed),
        "Running": str(running),
        "In Queue": str(queued),
        "Average Length": _clock(mean_s),
        "Total Runtime": _clock(spent_s),
        "Total": str(len(one.children)),
        "Consumed": f"{spent_s / 3600.0 * 0.18 * (1 + one.nodes / 4):.2f}",
    }


def _backtest(one: Optimization, child: Child, at: float, variant: str) -> Json:
    legacy = variant == "legacy"
    progress = child.progress(at)
    body: Json = {
        "name": f"{one.name}_{child.number}",
        "id": child.id,
        "progress": 1 if progress == 1.0 and child.number % 2 else progress,
        "exitCode": 1 if child.fails and at >= child.ends_at else 0,
    }
    names = [parameter.name for parameter in one.parameters]
    chosen: Json = dict(zip(names, child.values, strict=True))
    done = at >= child.ends_at
    if legacy and child.number % 3 == 2:
        chosen = {"parameterSet": chosen}
    if not done or child.fails:
        body["parameterSet"] = chosen if not legacy or done else []
        if not child.fails:
            body |= {"statistics": [], "equity": []}
        return body
    figures = one.figures(child)
    if not legacy:
        body |= {
            "startDate": "2024-01-01T00:00:00Z",
            "endDate": "2026-01-01T00:00:00Z",
            "outOfSampleMaxEndDate": "2025-12-01T00:00:00Z" if one.out_of_sample_days else None,
            "outOfSampleDays": one.out_of_sample_days,
        }
    if legacy:
        body["statistics"] = figures[: 15 if child.number % 3 == 2 else 21]
    elif variant != "lean":
        # What the official Python models read (REFERENCE.md 9, row 14); LEAN itself writes the object.
        body["statistics"] = figures
    else:
        body["statistics"] = {str(number): value for number, value in enumerate(figures)}
        if child.number % 5 == 2:
            body["statistics"]["Custom Turnover"] = round(unit(int(child.id[:12], 16)), 2)
    body["parameterSet"] = chosen
    body["equity"] = _equity(child, figures, legacy)
    return body


def _equity(child: Child, figures: list[float], legacy: bool) -> list[list[float]]:
    first_at, span_s, count = 1_704_067_200, 63_158_400, 24
    key, level, growth = int(child.id[:12], 16), figures[22], (figures[23] / figures[22]) ** (1 / count)
    points: list[list[float]] = []
    for number in range(count):
        opened = level
        level = round(level * growth * (1 + 0.03 * (unit(key, number) - 0.5)), 2)
        at = first_at + span_s * number // count
        if legacy:
            points.append([at, level])
        else:
            top, bottom = max(opened, level), min(opened, level)
            points.append([at, opened, round(top * 1.006, 2), round(bottom * 0.994, 2), level])
    return points
