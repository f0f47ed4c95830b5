"""Everything about a simulation that can be chosen, with the defaults of `--demo`."""

from __future__ import annotations

from dataclasses import dataclass, field

DEMO_USER_ID = 424242
DEMO_TOKEN = "qctui-demo-token-of-no-value-0000000000000000000000000000"

BEHAVIOURS = {
    "rejected": "triggers answer success:false",
    "never-stops": "triggers are accepted and nothing happens",
    "never-flat": "a liquidation stops the algorithm and its positions stay",
    "portfolio-fails": "live/portfolio/read answers success:false",
    "market-closed": "a liquidation leaves market-on-open orders pending and the positions open",
    "redeploys": "a trigger ends the deployment, and a new one is live 5 s after it stopped",
    "build-fails": "a compile of it ends in BuildError",
    "runtime-error": "a liquidation is overtaken by a runtime error: it ends, positions kept",
    "hang-before": "a trigger is never answered and does nothing",
    "hang-after": "a trigger acts and is never answered",
    "reset-before": "a trigger's connection is reset and nothing happens",
    "reset-after": "a trigger acts, then its connection is reset",
}
"""How the triggers of one project can be made to end, by name."""


@dataclass
class Lags:
    """How long things take, in seconds of the world."""

    order_s: float = 1.5
    """From an accepted liquidation to its orders being placed. A stop that arrives before that cancels it."""
    stop_s: float = 4.0
    """From an accepted trigger to `stopped` being set."""
    flat_s: float = 6.0
    """From `stopped` to the portfolio showing no position."""
    abort_s: float = 8.0
    """From an accepted abort to the status `aborted`."""
    snapshot_s: float = 60.0
    """Between two snapshots of equity and statistics, portfolio, orders, insights and charts, counted from the world's
    start. The engine stores its charts every minute (REFERENCE.md 3), and all of them are of one instant: what the list
    says of equity is the last value of the chart."""
    log_snapshot_s: float = 20.0
    """Between two snapshots of the logs."""


@dataclass
class SimConfig:
    """One simulation. Times are Unix seconds, durations seconds of the world unless said otherwise."""

    port: int = 0
    """0 lets the system choose."""
    seed: int = 7
    user_id: int = DEMO_USER_ID
    token: str = DEMO_TOKEN

    world: str | None = None
    """A file with another world than the demo's."""
    tape: str | None = None
    """A tape of qctui, or a bundle with one, whose world is served in place of an invented one."""
    start_at: float | None = None
    """Where the world's time starts; without it, at the real time. See `WorldClock`."""
    speed: float | None = None
    """World seconds per real second. None is 1, or standing still when `start_at` is given."""

    auth_window_s: float = 7200.0
    """How far the Timestamp header may be from the clock (REFERENCE.md 1.2); infinite to switch it off."""
    auth_failure: str = "401"
    """How bad credentials are answered (REFERENCE.md 1.3): 401, hash, userid, 500, or mixed."""
    auth_clock: str = "real"
    """Whose time the Timestamp header is held against: `real` or `world`."""

    deployments: int | None = None
    """Projects with a deployment, the demo's cast included; None is the cast alone."""
    optimizations: int | None = None
    """Optimizations of the first project; None is the demo's own."""
    insights: int | None = None
    """Insights every current deployment has at the start; None lets them follow from its age."""
    points: int | None = None
    """Points of every time series of every chart answer, whatever `count` says and without the retention rule."""

    events: bool = True
    """Whether deployments start, fail and are redeployed, and optimizations begin, by themselves."""
    market_hours: bool = False
    """Whether a liquidation while a market is closed waits for its opening. Prices keep to the hours in any case."""
    hostile_text: bool = False
    """Names, tags, logs and messages carry markup, control characters and wide characters."""

    shapes: str = "modern"
    """`modern`, `legacy`, or `ugly`: every variant of REFERENCE.md 9 in turn."""
    shape_of: dict[str, str] = field(default_factory=dict)
    """Endpoint to the variant always served there, over `shapes`."""
    loading: int = 0
    """How many loading answers come before a chart or the orders of a project (REFERENCE.md 2.3)."""

    latency_s: float = 0.0
    """Real seconds every answer is held back."""
    faults: list[str] = field(default_factory=list)
    """Faults active from the start, as `KIND[:ENDPOINT][:TIMES]`."""
    behaviours: dict[int, str] = field(default_factory=dict)
    """Project id to one of `BEHAVIOURS`."""
    lags: Lags = field(default_factory=Lags)

    refuse_s: float = 0.0
    """Real seconds after the start during which connections are refused, the port being held."""
    request_log: str | None = None
    """File that gets one JSON object a request."""
    exit_with_parent: bool = False
    """Whether the server ends when its standard input closes or its parent dies. On Linux the parent is the thread
    that started the process: start it from one that lives as long as the program."""
