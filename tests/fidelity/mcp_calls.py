"""The tools of QuantConnect's mcp-server, one call after the other. Run by `__main__` in a checkout of it.

Each request passes the server's own model of it, each answer the model and the JSON schema of the answer. Prints one
JSON list a call: the tool, whether all of that held, what came.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from typing import Any

TOLD = json.loads(sys.argv[1])
SHARPE = "TotalPerformance.PortfolioStatistics.SharpeRatio"
GRID_SEARCH = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
CHARTS = (
    *("Strategy Equity", "Drawdown", "Benchmark", "Exposure"),
    *("Assets Sales Volume", "Portfolio Turnover", "Portfolio Margin"),
)
"""The charts that its tests expect of every algorithm."""

PLAIN = ("read_account", "list_projects")
"""Tools that take nothing."""
KNOWN = {
    "liveForm": "known: the service answers with booleans since 2026-02, the model still with texts",
    "min Field required": "known: LEAN has parameters with one value, the model has not",
}
"""What of an answer the server's own models refuse, although the service is known to answer so."""


class Tools:
    """The server in this process, pointed at another API."""

    def __init__(self, base_url: str) -> None:
        sys.path.insert(0, "src")
        vars(importlib.import_module("api_connection"))["BASE_URL"] = base_url
        self._server = importlib.import_module("main").mcp
        self._schema = importlib.import_module("jsonschema")

    async def call(self, tool: str, *, fails: bool = False, **model: Any) -> dict[str, Any]:
        """Call a tool; `fails` when the API has to refuse. Prints how it went, returns the answer."""
        what = f"mcp {tool} {next((str(each)[:18] for each in model.values()), '')}".rstrip()
        try:
            answer: dict[str, Any] = await self._call(tool, model, fails=fails)
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            reason = next((reason for part, reason in KNOWN.items() if part in said), None)
            print(json.dumps([what, reason is not None, reason or said[:300]]), flush=True)
            return {}
        print(json.dumps([what, True, json.dumps(answer)[:90]]), flush=True)
        return answer

    async def _call(self, tool: str, model: dict[str, Any], *, fails: bool) -> Any:
        text, structured = await self._server.call_tool(tool, {} if tool in PLAIN else {"model": model})
        answer = json.loads(text[0].text)
        if answer.get("success", True) is fails:
            raise ValueError(f"success is {not fails}")
        if not fails:
            schema = self._server._tool_manager.get_tool(tool).fn_metadata.output_schema
            self._schema.validate(structured, schema)
        return answer

    async def until(self, tool: str, member: str, due: str, **model: Any) -> None:
        """Wait as its tests do until a member of the answer is as it has to be, for 20 seconds at most."""
        give_up = time.monotonic() + 20.0
        while time.monotonic() < give_up:
            found = await self._call(tool, model, fails=False)
            for part in member.split("."):
                found = found[part]
            if found == due:
                break
            await asyncio.sleep(0.3)
        print(json.dumps([f"mcp waits for {member} {due}", found == due, str(found)]), flush=True)


async def main() -> None:
    """Call the tools of what the simulator has: projects, compiles, optimizations, live, account."""
    tools = Tools(TOLD["base_url"])
    live, untested = TOLD["live"], TOLD["untested"]
    await tools.call("read_account")
    await tools.call("list_projects")
    await tools.call("read_project", projectId=live)
    await tools.call("read_project", fails=True, start=1, end=1)
    await optimizations(tools, live)
    listed: tuple[dict[str, Any], ...] = ({}, {"projectId": live}, {"status": "Running"}, {"status": "RuntimeError"})
    for model in listed:
        answer = await tools.call("list_live_algorithms", **model)
    for project_id in sorted({each["projectId"] for each in answer.get("live", ())} | {live, TOLD["paper"]}):
        await tools.call("read_live_algorithm", projectId=project_id)
        await tools.call("read_live_portfolio", projectId=project_id)
        await tools.call("read_live_orders", projectId=project_id, start=0, end=1000)
        await tools.call("read_live_insights", projectId=project_id, end=1000)
    now = int(time.time())
    for name in CHARTS:
        await tools.call("read_live_chart", name=name, projectId=live, count=100, start=now - 86_400, end=now)
    await tools.call("read_live_chart", fails=True, name="None", projectId=live, count=100, start=now - 9, end=now)
    await launch(tools, untested)


async def optimizations(tools: Tools, project_id: int) -> None:
    """Read, estimate, create, rename, abort and delete."""
    await tools.call("list_optimizations", projectId=project_id)
    for each in TOLD["optimizations"]:
        await tools.call("read_optimization", optimizationId=each)
    asked: dict[str, Any] = {
        "projectId": project_id,
        "name": "By the server",
        "target": SHARPE,
        "targetTo": "max",
        "strategy": GRID_SEARCH,
        "parameters": [{"name": "fast", "min": 5, "max": 20, "step": 5}],
    }
    await tools.call("estimate_optimization_time", **asked)
    compiled = await build(tools, project_id)
    nodes: dict[str, Any] = {"estimatedCost": 1, "nodeType": "O2-8", "parallelNodes": 2}
    made = await tools.call("create_optimization", **asked, compileId=compiled, **nodes)
    one = made["optimizations"][0]["optimizationId"]
    await tools.call("update_optimization", optimizationId=one, name="Renamed")
    await tools.call("abort_optimization", optimizationId=one)
    await tools.until("read_optimization", "optimization.status", "aborted", optimizationId=one)
    await tools.call("abort_optimization", fails=True, optimizationId=one)
    await tools.call("delete_optimization", optimizationId=one)
    await tools.call("read_optimization", fails=True, optimizationId=one)


async def build(tools: Tools, project_id: int) -> str:
    """A build of a project that succeeded."""
    made = await tools.call("create_compile", projectId=project_id)
    compiled: str = made["compileId"]
    await tools.until("read_compile", "state", "BuildSuccess", projectId=project_id, compileId=compiled)
    return compiled


async def launch(tools: Tools, project_id: int) -> None:
    """Launch, command, read its log, liquidate, launch again, stop."""
    paper = {"id": "QuantConnectBrokerage"}
    for ends in ("liquidate", "stop"):
        compiled = await build(tools, project_id)
        asked: dict[str, Any] = {"projectId": project_id, "compileId": compiled, "nodeId": "LN-1"}
        made = await tools.call("create_live_algorithm", **asked, versionId="-1", brokerage=paper)
        await tools.call("create_live_command", projectId=project_id, command={"$type": "MyCommand", "text": "boo"})
        log: dict[str, Any] = {"algorithmId": made["deployId"], "startLine": 0, "endLine": 100, "format": "json"}
        await tools.call("read_live_logs", projectId=project_id, **log)
        await tools.call(f"{ends}_live_algorithm", projectId=project_id)
        ended = {"liquidate": "Liquidated", "stop": "Stopped"}[ends]
        await tools.until("read_live_algorithm", "status", ended, projectId=project_id)
        await tools.call(f"{ends}_live_algorithm", fails=True, projectId=project_id)


if __name__ == "__main__":
    asyncio.run(main())
