"""A stop time ends a deployment for everything that follows, so one that can't be its own must not."""

from __future__ import annotations

import pytest

from tests.api.support import ask

LAUNCHED = "2026-11-19 18:30:00"
NEVER = "9999-12-31T23:59:59.9999999Z"


@pytest.mark.parametrize(
    ("status", "stopped", "alive"),
    [
        ("Running", None, True),
        ("Running", "2026-11-20 10:00:00", False),
        ("Running", LAUNCHED, False),
        ("Running", "2026-11-19 10:00:00", True),
        ("Idle", "2026-11-19 10:00:00", True),
        ("", "2026-11-19 10:00:00", True),
        ("Running", NEVER, True),
        ("Liquidated", "2026-11-20 10:00:00", False),
        ("Liquidated", "2026-11-19 10:00:00", False),
        ("Stopped", NEVER, False),
    ],
)
def test_a_stop_before_the_launch_or_at_the_end_of_time_stops_nothing(
    status: str, stopped: object, alive: bool
) -> None:
    told = {"projectId": 1, "deployId": "L-1", "status": status, "launched": LAUNCHED, "stopped": stopped}
    detail = ask({"success": True, **told}, lambda client: client.triggers.fetch_detail(1))
    (row,) = ask({"success": True, "live": [told]}, lambda client: client.reads.fetch_deployments()).deployments
    assert (detail.alive, row.alive) == (alive, alive)


def test_the_stop_time_of_what_has_ended_is_kept_however_odd() -> None:
    told = {"success": True, "status": "Stopped", "launched": LAUNCHED, "stopped": "2026-11-19 10:00:00"}
    assert ask(told, lambda client: client.reads.fetch_detail(1)).stopped_at is not None


def test_without_a_launch_time_any_stop_time_counts() -> None:
    told = {"success": True, "status": "Running", "stopped": "2026-11-19 10:00:00"}
    assert not ask(told, lambda client: client.reads.fetch_detail(1)).alive
