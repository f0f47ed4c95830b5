"""The command line of the simulator; `qctui simulate` takes the same arguments."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from qctui.simulator.config import BEHAVIOURS, DEMO_TOKEN, DEMO_USER_ID, Lags, SimConfig
from qctui.simulator.faults import KINDS, parse
from qctui.simulator.shapes import STYLES, VARIANTS
from qctui.simulator.signature import AUTH_FAILURES


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time such as 2026-11-20T15:30:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
    """Add the simulator's arguments to a parser."""
    usual = SimConfig()
    lags = Lags()
    where = parser.add_argument_group("server")
    where.add_argument("--port", type=_port, default=0, help="loopback port; 0 lets the system choose (default)")
    where.add_argument("--user-id", type=_count, default=DEMO_USER_ID, help="accepted user id (%(default)s)")
    where.add_argument("--token", default=DEMO_TOKEN, help="accepted API token (a demo constant)")
    where.add_argument(
        "--auth-failure",
        choices=AUTH_FAILURES,
        default=usual.auth_failure,
        help="how bad credentials are answered: HTTP 401, HTTP 200 with the hash echoed, HTTP 200 with an invalid "
        "user id, HTTP 500, or by cause (%(default)s)",
    )
    where.add_argument(
        "--auth-window",
        type=_positive,
        default=usual.auth_window_s,
        metavar="S",
        help="how far the Timestamp header may be off, in real seconds (%(default)g)",
    )
    where.add_argument("--auth-clock", choices=("real", "world"), default="real", help=argparse.SUPPRESS)
    where.add_argument("--request-log", metavar="FILE", help="append one JSON object a request")
    where.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input closes or the parent process dies"
    )

    time = parser.add_argument_group("time and chance")
    time.add_argument("--seed", type=int, default=usual.seed, help="equal seed, equal world (%(default)s)")
    time.add_argument(
        "--speed",
        type=_positive,
        metavar="X",
        help="seconds of the world per real second. Without --now a fast world starts a week ago, catches up with "
        "the real time and then keeps it, so that nothing served lies in a client's future",
    )
    time.add_argument(
        "--now",
        type=_moment,
        metavar="ISO",
        help="where the world's time starts; it stands still there unless --speed is given. Credentials are checked "
        "against the real clock all the same",
    )
    time.add_argument("--calm", action="store_true", help="nothing starts, fails or is redeployed by itself")
    time.add_argument(
        "--snapshot",
        type=_positive,
        default=lags.snapshot_s,
        metavar="S",
        help="age at which snapshots of portfolio, orders, insights and charts are renewed (%(default)g)",
    )
    time.add_argument(
        "--order-lag",
        type=_positive,
        default=lags.order_s,
        metavar="S",
        help="accepted liquidation to its orders (%(default)g)",
    )
    time.add_argument(
        "--stop-lag", type=_positive, default=lags.stop_s, metavar="S", help="accepted trigger to stopped (%(default)g)"
    )
    time.add_argument(
        "--flat-lag", type=_positive, default=lags.flat_s, metavar="S", help="stopped to no position left (%(default)g)"
    )
    time.add_argument(
        "--abort-lag", type=_positive, default=lags.abort_s, metavar="S", help="accepted abort to aborted (%(default)g)"
    )

    scale = parser.add_argument_group("scale")
    scale.add_argument("--deployments", type=_some, metavar="N", help="projects with a deployment")
    scale.add_argument("--optimizations", type=_count, metavar="N", help="optimizations of the first project")
    scale.add_argument("--insights", type=_count, metavar="N", help="insights of every current deployment at the start")
    scale.add_argument(
        "--points",
        type=_some,
        metavar="N",
        help="points of every time series in every chart answer, whatever count asks for and however far back",
    )

    shapes = parser.add_argument_group("shapes")
    shapes.add_argument(
        "--shapes",
        choices=STYLES,
        default="modern",
        help="today's shapes, old ones, or every variant in turn (%(default)s)",
    )
    shapes.add_argument(
        "--shape",
        type=_shape,
        action="append",
        default=[],
        metavar="ENDPOINT=VARIANT",
        help="always serve one variant there (repeatable)",
    )
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
    faults.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="KIND[=VALUE][:ENDPOINT][:TIMES]",
        help="show a fault from the start (repeatable), on one endpoint or all, so often or always; kinds: "
        + ", ".join(KINDS)
        + " (GET /_sim/faults tells what each does)",
    )
    faults.add_argument("--latency", type=_positive, default=0.0, metavar="S", help="hold every answer back")
    faults.add_argument(
        "--refuse",
        type=_positive,
        default=0.0,
        metavar="S",
        help="refuse connections for the first seconds, the port being held",
    )
    faults.add_argument(
        "--behaviour",
        type=_behaviour,
        action="append",
        default=[],
        metavar="PROJECT_ID=NAME",
        help="how triggers of one project end (repeatable): "
        + "; ".join(f"{name}: {text}" for name, text in BEHAVIOURS.items()),
    )
    faults.add_argument(
        "--market-hours", action="store_true", help="a liquidation while a market is closed waits for its opening"
    )


def config_from(args: argparse.Namespace) -> SimConfig:
    """Return the configuration that parsed arguments mean."""
    return SimConfig(
        port=args.port,
        seed=args.seed,
        user_id=args.user_id,
        token=args.token,
        start_at=args.now,
        speed=args.speed,
        auth_window_s=args.auth_window,
        auth_failure=args.auth_failure,
        auth_clock=args.auth_clock,
        deployments=args.deployments,
        optimizations=args.optimizations,
        insights=args.insights,
        points=args.points,
        events=not args.calm,
        market_hours=args.market_hours,
        hostile_text=args.hostile_text,
        shapes=args.shapes,
        shape_of=dict(args.shape),
        loading=args.loading if args.loading is not None else int(args.shapes == "ugly"),
        latency_s=args.latency,
        faults=list(args.fault),
        behaviours=dict(args.behaviour),
        lags=Lags(
            order_s=args.order_lag,
            stop_s=args.stop_lag,
            flat_s=args.flat_lag,
            abort_s=args.abort_lag,
            snapshot_s=args.snapshot,
        ),
        refuse_s=args.refuse,
        request_log=args.request_log,
        exit_with_parent=args.exit_with_parent,
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal. Prints the base URL, the user id and the token once it listens; 2 if it cannot."""
    from qctui.simulator.server import serve

    config = config_from(args)

    def tell(base_url: str) -> None:
        sys.stdout.write(f"{base_url}\nQUANTCONNECT_USER_ID={config.user_id}\nQUANTCONNECT_API_TOKEN={config.token}\n")
        sys.stdout.flush()

    try:
        serve(config, ready=tell)
    except OSError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0
