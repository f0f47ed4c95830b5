"""The command line of the simulator; `qctui simulate` takes the same arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime

from qctui.simulator.config import BEHAVIOURS, Lags, SimConfig
from qctui.simulator.faults import KINDS, parse
from qctui.simulator.request import AUTH_FAILURES
from qctui.simulator.shapes import STYLES, VARIANTS


def _instant(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time such as 2026-11-20T15:30:00Z") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _not_empty(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _some(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("at least 1 is needed")
    return number


def _port(text: str) -> int:
    number = _count(text)
    if number > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return number


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return number


def _fault(text: str) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _behaviour(text: str) -> tuple[int, str]:
    project, _, name = text.partition("=")
    if not project.isdigit() or name not in BEHAVIOURS:
        raise argparse.ArgumentTypeError(f"{text!r} is not PROJECT_ID=NAME; names: {', '.join(BEHAVIOURS)}")
    return int(project), name


def _shape(text: str) -> tuple[str, str]:
    endpoint, _, variant = text.partition("=")
    if variant not in VARIANTS.get(endpoint, ()):
        known = "; ".join(f"{name}: {', '.join(variants)}" for name, variants in VARIANTS.items())
        raise argparse.ArgumentTypeError(f"{text!r} is not ENDPOINT=VARIANT. {known}")
    return endpoint, variant


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the simulator's arguments to a parser. Each is kept under the name of what it sets in `SimConfig`."""
    usual = SimConfig()
    server = parser.add_argument_group("server")
    server.add_argument("--port", type=_port, default=0, help="loopback port; 0 lets the system choose (default)")
    server.add_argument("--user-id", type=_count, default=usual.user_id, help="accepted user id (%(default)s)")
    server.add_argument("--token", type=_not_empty, default=usual.token, help="accepted API token (a demo constant)")
    server.add_argument(
        "--auth-failure",
        choices=AUTH_FAILURES,
        default=usual.auth_failure,
        help="how bad credentials are answered: HTTP 401, HTTP 200 with the hash echoed, HTTP 200 with an invalid "
        "user id, HTTP 500, or by cause (%(default)s)",
    )
    window = "how far the Timestamp header may be off, in real seconds (%(default)g)"
    _add_seconds(server, "--auth-window", "auth_window_s", usual.auth_window_s, window)
    server.add_argument("--auth-clock", choices=("real", "world"), default="real", help=argparse.SUPPRESS)
    server.add_argument("--request-log", metavar="FILE", type=_not_empty, help="append one JSON object a request")
    server.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input closes or the parent process dies"
    )

    world = parser.add_argument_group("world").add_mutually_exclusive_group()
    world.add_argument(
        "--world",
        metavar="FILE",
        type=_not_empty,
        help="another world than the demo's, in TOML: projects, deployments, positions, optimizations, and incidents "
        "at their times (the README has all of its keys)",
    )
    world.add_argument(
        "--tape",
        metavar="FILE",
        type=_not_empty,
        help="serve what was recorded on a tape of qctui, or in a bundle, from its beginning on, its times moved to "
        "the present; past its end the last answers stay. Triggers are refused. What invents a world (chance, events, "
        "scale, shapes, behaviours, lags) has no part in it; time, credentials and faults have",
    )

    time = parser.add_argument_group("time and chance")
    time.add_argument("--seed", type=int, default=usual.seed, help="equal seed, equal world (%(default)s)")
    time.add_argument(
        "--speed",
        type=_positive,
        metavar="X",
        help="seconds of the world per real second. Without --now a fast world starts a week ago, catches up with "
        "the real time and then keeps it, so that nothing served lies in a client's future; a tape starts "
        "as long ago as it is long",
    )
    time.add_argument(
        "--now",
        dest="start_at",
        type=_instant,
        metavar="ISO",
        help="where the world's time starts; it stands still there unless --speed is given. Credentials are checked "
        "against the real clock all the same",
    )
    time.add_argument(
        "--calm", dest="events", action="store_false", help="nothing starts, fails or is redeployed by itself"
    )
    for option, lag, meaning in _LAGS:
        _add_seconds(time, option, lag, getattr(usual.lags, lag), f"{meaning} (%(default)g)")

    scale = parser.add_argument_group("scale")
    for option, kind, meaning in (
        ("--deployments", _some, "projects with a deployment"),
        ("--optimizations", _count, "optimizations of the first project"),
        ("--insights", _count, "insights of every current deployment at the start"),
        (
            "--points",
            _some,
            "points of every time series in every chart answer, whatever count asks for and however far back",
        ),
    ):
        scale.add_argument(option, type=kind, metavar="N", help=meaning)

    shapes = parser.add_argument_group("shapes")
    shapes.add_argument(
        "--shapes",
        choices=STYLES,
        default="modern",
        help="today's shapes, old ones, or every variant in turn (%(default)s)",
    )
    meaning = "always serve one variant there (repeatable)"
    _add_repeatable(shapes, "--shape", "shape_of", _shape, "ENDPOINT=VARIANT", meaning)
    shapes.add_argument(
        "--loading",
        type=_count,
        metavar="N",
        help="loading answers before each chart and each project's orders (0; with --shapes ugly 1)",
    )
    shapes.add_argument(
        "--hostile-text",
        action="store_true",
        help="markup, escape sequences and wide characters in names, tags and log lines",
    )

    faults = parser.add_argument_group("faults")
    meaning = (
        "show a fault from the start (repeatable), on one endpoint or all, so often or always; kinds: "
        + ", ".join(KINDS)
        + " (GET /_sim/faults tells what each does)"
    )
    _add_repeatable(faults, "--fault", "faults", _fault, "KIND[=VALUE][:ENDPOINT][:TIMES]", meaning)
    _add_seconds(faults, "--latency", "latency_s", 0.0, "hold every answer back")
    meaning = "refuse connections for the first seconds, the port being held"
    _add_seconds(faults, "--refuse", "refuse_s", 0.0, meaning)
    known = "; ".join(f"{name}: {text}" for name, text in BEHAVIOURS.items())
    meaning = f"how triggers of one project end (repeatable): {known}"
    _add_repeatable(faults, "--behaviour", "behaviours", _behaviour, "PROJECT_ID=NAME", meaning)
    faults.add_argument(
        "--market-hours", action="store_true", help="a liquidation while a market is closed waits for its opening"
    )


_LAGS = (
    ("--snapshot", "snapshot_s", "age at which snapshots of portfolio, orders, insights and charts are renewed"),
    ("--order-lag", "order_s", "accepted liquidation to its orders"),
    ("--stop-lag", "stop_s", "accepted trigger to stopped"),
    ("--flat-lag", "flat_s", "stopped to no position left"),
    ("--abort-lag", "abort_s", "accepted abort to aborted"),
)
"""Option, the field of `Lags` it sets, what it is."""


def _add_seconds(group: argparse._ArgumentGroup, option: str, dest: str, default: float, meaning: str) -> None:
    group.add_argument(option, dest=dest, type=_positive, default=default, metavar="S", help=meaning)


def _add_repeatable(
    group: argparse._ArgumentGroup, option: str, dest: str, kind: Callable[[str], object], metavar: str, meaning: str
) -> None:
    group.add_argument(option, dest=dest, type=kind, action="append", default=[], metavar=metavar, help=meaning)


def config_from(args: argparse.Namespace) -> SimConfig:
    """Return the configuration that parsed arguments mean."""
    given = vars(args)
    config = SimConfig(**{each.name: given[each.name] for each in fields(SimConfig) if each.name in given})
    config.lags = Lags(**{lag: given[lag] for _, lag, _ in _LAGS})
    config.shape_of, config.behaviours = dict(args.shape_of), dict(args.behaviours)
    config.faults = list(args.faults)
    if args.loading is None:
        config.loading = int(args.shapes == "ugly")
    return config


def run(args: argparse.Namespace) -> int:
    """Serve until a signal. Prints the base URL, the user id and the token once it listens; 2 if it cannot."""
    from qctui.simulator.server import SimulatorServer

    config = config_from(args)

    def print_access(base_url: str) -> None:
        sys.stdout.write(f"{base_url}\nQUANTCONNECT_USER_ID={config.user_id}\nQUANTCONNECT_API_TOKEN={config.token}\n")
        sys.stdout.flush()

    try:
        SimulatorServer(config).run(print_access)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0
