"""The files of tests/payloads: what each is an answer to, and those of which there is little to say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from qctui.api.client import Client
from qctui.model.chart import Chart
from tests.actions.fakes import PLAN
from tests.api.support import PAYLOADS, ask, payload

DEPLOY_ID = "L-a1b2c3d4e5f60718293a4b5c6d7e8f90"
NOON = 1_795_185_000.0
"""2026-11-20 14:30:00 UTC, around which the samples are made."""

CALLS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "authenticate": lambda c: c.reads.authenticate(),
    "rest_response": lambda c: c.reads.authenticate(),
    "error": lambda c: c.reads.authenticate(),
    "live_chart_read": lambda c: c.reads.fetch_chart(31000017, "Asked", NOON - 86_400, NOON, 600),
    "live_commands_create": lambda c: c.reads.authenticate(),
    "live_insights_read": lambda c: c.reads.fetch_insights(31000017, 0, 99, DEPLOY_ID),
    "live_list": lambda c: c.reads.fetch_deployments(),
    "live_logs_read": lambda c: c.reads.fetch_logs(31000017, DEPLOY_ID, 1840, 2040),
    "live_orders_read": lambda c: c.reads.fetch_orders(31000017, 0, 100),
    "live_portfolio_read": lambda c: c.reads.fetch_portfolio(31000017),
    "live_read": lambda c: c.reads.fetch_detail(31000017),
    "live_update_liquidate": lambda c: c.triggers.liquidate(31000017),
    "live_update_stop": lambda c: c.triggers.stop(31000017),
    "optimizations_abort": lambda c: c.triggers.abort("O-1"),
    "optimizations_create": lambda c: c.triggers.create(PLAN, "c1"),
    "optimizations_delete": lambda c: c.triggers.delete("O-1"),
    "optimizations_estimate": lambda c: c.triggers.estimate(PLAN, "c1"),
    "optimizations_list": lambda c: c.reads.fetch_optimizations(31000017),
    "optimizations_read": lambda c: c.reads.fetch_optimization("O-asked"),
    "optimizations_update": lambda c: c.triggers.rename("O-1", "Grid"),
    "projects_read": lambda c: c.reads.fetch_projects(),
}
"""What each kind of file is an answer to. Those this program never asks for are plain envelopes to it."""

REFUSED = {
    "error__bare_false": "the API refused without saying why",
    "error__capital_message_key": "Internal Error 21",
    "error__errors_empty_list": "the API refused without saying why",
    "error__hash_mismatch": "credentials not accepted (Hash doesn't match. UID: *** Hash: *** Timestamp: ***)",
    "error__invalid_argument": "Invalid argument",
    "error__messages_key": "Project not found; No permission",
    "error__slow_down": "Too many backtest requests; please slow down.",
    "error__transient_backend": "Failed to process request data, please try again shortly.",
    "error__userid_invalid": "credentials not accepted (UserID not valid)",
    "live_chart_read__error": "Chart not found",
    "live_commands_create__error": "No live deployment",
    "live_insights_read__error": "Invalid argument",
    "live_logs_read__error_window_too_big": "Invalid argument",
    "live_orders_read__error": "Invalid argument",
    "live_portfolio_read__error": "No live deployment",
    "live_read__error": "Project not found; No live deployment",
    "live_update_liquidate__error_not_live": "No live deployment",
    "live_update_stop__error_not_live": "No live deployment",
    "optimizations_abort__error_already_finished": "Optimization is not running",
    "optimizations_read__error_unknown_id": "Optimization not found",
    "projects_read__error_unknown_id": "Project not found",
}
PLAIN = {
    "authenticate__ok",
    "live_commands_create__ok",
    "live_update_liquidate__ok",
    "live_update_stop__ok",
    "optimizations_abort__ok",
    "optimizations_delete__ok",
    "optimizations_update__ok",
    "rest_response__ok_no_errors_key",
}
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def answer(name: str) -> object:
    return ask(payload(name), CALLS[name.partition("__")[0]])


def chart(name: str) -> Chart:
    made = answer(f"live_chart_read__{name}")
    assert isinstance(made, Chart)
    return made
