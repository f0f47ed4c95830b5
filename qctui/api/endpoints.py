"""The endpoints of the API: their paths, and what messages call them."""

from __future__ import annotations

from typing import Any

from qctui.api.ports import ApiError
from qctui.model.resource import FailureKind
from qctui.value import Value


class Endpoint(Value):
    """One address of the API."""

    path: str
    """Below the base URL, no slash at either end."""
    words: str
    """What a message calls it."""
    plain: bool = False
    """Answers with nothing but whether it succeeded and what went wrong (REFERENCE.md 7: RestResponse)."""

    def failure(self, kind: FailureKind, words: str, **facts: Any) -> ApiError:
        """A failure of a request to it. `facts` are other attributes of `ApiError`."""
        return ApiError(kind, f"{self.words}: {words}", **facts)


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
LIQUIDATE = Endpoint("live/update/liquidate", "liquidate", plain=True)
STOP = Endpoint("live/update/stop", "stop", plain=True)
ABORT = Endpoint("optimizations/abort", "abort", plain=True)
COMPILE = Endpoint("compile/create", "compile")
COMPILED = Endpoint("compile/read", "compile")
ESTIMATE = Endpoint("optimizations/estimate", "estimate")
CREATE = Endpoint("optimizations/create", "new optimization")
RENAME = Endpoint("optimizations/update", "rename", plain=True)
DELETE = Endpoint("optimizations/delete", "delete", plain=True)

DATA_MEMBERS = frozenset(
    (
        *("projects", "live", "deployid", "status", "progress", "launched", "stopped", "brokerage"),
        *("runtimestatistics", "chart", "charts", "series", "insights", "portfolio", "holdings", "cash"),
        *("orders", "logs", "length", "optimization", "optimizations", "backtests", "compileid", "estimate"),
    )
)
"""Members, under folded names, by which an answer shows that it belongs to an endpoint that is not plain. Members that
are not known anywhere say nothing: the API may add one to its plain answers any day."""
