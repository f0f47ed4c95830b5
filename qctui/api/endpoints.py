"""The endpoints this program knows, by path and in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API."""

    path: str
    """Below the base URL, no slash at either end."""
    words: str
    """What a message calls it."""


AUTHENTICATE = Endpoint("authenticate", "credential check")
PROJECTS = Endpoint("projects/read", "project list")
LIVE_LIST = Endpoint("live/list", "deployment list")
LIVE_READ = Endpoint("live/read", "deployment")
CHART = Endpoint("live/chart/read", "chart")
INSIGHTS = Endpoint("live/insights/read", "insights")
PORTFOLIO = Endpoint("live/portfolio/read", "portfolio")
ORDERS = Endpoint("live/orders/read", "orders")
LOGS = Endpoint("live/logs/read", "logs")
OPTIMIZATION_LIST = Endpoint("optimizations/list", "optimization list")
OPTIMIZATION_READ = Endpoint("optimizations/read", "optimization")
LIQUIDATE = Endpoint("live/update/liquidate", "liquidate")
STOP = Endpoint("live/update/stop", "stop")
ABORT = Endpoint("optimizations/abort", "abort")
