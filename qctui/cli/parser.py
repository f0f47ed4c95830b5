"""The command line: options, subcommands and their help, exit codes, and the script that completes it in a shell.

Parses only; nothing is read, opened or sent here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, NoReturn

from qctui import __version__

EPILOG = """\
exit codes:
  0  done (for a trigger: verified)
  1  rejected: the API said no, or the target had already ended
  2  wrong usage or configuration
  3  not sent
  4  sent but not verified, or the outcome is unknown
  130  interrupted

credentials, first found wins:
  environment QUANTCONNECT_USER_ID and QUANTCONNECT_API_TOKEN
  the profile in config.toml (user-id with token or token-command)
  ~/.lean/credentials, as `lean login` writes it

No account at hand? `qctui --demo` runs against a simulated API on this machine.
"""

COMPLETION = """\
Print a script that makes a shell complete commands and options.

To have it from the next shell on:
  bash   qctui completion bash > ~/.local/share/bash-completion/completions/qctui
  zsh    qctui completion zsh > a folder of $fpath/_qctui
  fish   qctui completion fish > ~/.config/fish/completions/qctui.fish
"""
WATCH = """\
Runs the engine without a screen: tells each alert's life, changes of the pulse, deployments that start and end, and the
API lost and back, one line each, and runs the command of [delivery]. It never acts: its client can't build a trigger.

SIGHUP reads the configuration again; SIGTERM and Ctrl+C end it. Under systemd it says when it is ready, feeds the
watchdog for as long as its polling has its turns (an API that is down is no reason to be restarted), and writes levels
for the journal. README, "Without a screen", has a unit file.
"""

ALERTS = """\
Prints what a console or a watcher of this account on this machine has found, from the file they share. Nothing is read
from the API.
"""

OPTIMIZATIONS = """\
Reads the list of optimizations once: of --project, else of the pinned projects, else of all projects, if they are not
more than the reads of a minute. Those that run come first, then the newest.
"""

OPTIMIZATION = """\
Reads one optimization once and prints its runs, the best first, each with the mean and the standard deviation of its
neighbours: the runs one step away in exactly one parameter. A best run on a plateau is worth more than one that is a
spike. Runs that failed, are under way or have no value are counted, and in no figure.
"""

BUNDLE = """\
Writes what was recorded of this account into one file: a tape of its own, the journal, the log, the configuration and
the versions of that time, for a colleague, a broker or an issue. It is redacted: the README.txt inside says what was
taken out, and what was not. Nothing is read from the API, and nothing is sent anywhere.

A console may go on recording meanwhile. `qctui replay FILE` and `qctui simulate --tape FILE` open it.
"""

REPLAY = """\
Opens the console over a tape: the same screens, with what was known at an instant and the ages that were true then.
Nothing is asked of the API, nothing can be sent, and no command, bell or notification is run.

FILE is a tape (`tape-*.sqlite`), which may be written to meanwhile, or a bundle; by default the tape of the account, or
the only one there is.

TIME is one of
  03:12, 03:12:30                 the newest such time on the tape, in this machine's zone
  yesterday, yesterday 03:12      the day before today; today works too
  2026-11-20, 2026-11-20 14:00    a date; an ISO time with a zone too: 2026-11-20T14:00:00Z
  +10m, --at=-2h, +1h30m          from the beginning on, or before the end
  start, end                      the two ends
  430e                            an action: the end of its id, or of what it hit, as the journal shows it
What is not on the tape is shown at the nearest place, and the screen says so.

With a TIME it stands still there; without one it plays the last hour of the tape, and so it does with a TIME if a speed
is given. P plays or stands still, T asks for a time, ? lists the other keys.
"""

TRIGGERS = ("liquidate", "stop", "abort", "rename", "delete", "rerun")
"""The commands that act."""

SLOWEST, FASTEST = 0.1, 3_600.0
"""Speeds of a replay."""

SHELLS = ("bash", "zsh", "fish")
"""Those that `qctui completion` knows."""


class Exit(IntEnum):
    """Exit codes. They are an interface (README, "Exit codes")."""

    DONE = 0
    """Done; for a trigger: verified."""
    REJECTED = 1
    """The API said no, or the target had already ended."""
    USAGE = 2
    """Wrong usage or configuration; nothing was sent."""
    NOT_SENT = 3
    """A trigger did not leave this machine: the API could not be reached, the person declined, or the deployment
    was another."""
    UNCONFIRMED = 4
    """Sent, and not verified or the outcome is unknown. Also: a read that got no usable answer."""
    INTERNAL = 70
    """A defect of the program (EX_SOFTWARE). The log has it."""
    INTERRUPTED = 130
    """Ctrl+C."""


class UsageError(Exception):
    """The command line, the configuration or the credentials are wrong: one line for stderr, exit 2."""


class Options(argparse.Namespace):
    """What the command line said. Options that were not given have their defaults."""

    command: str | None
    """None for the console."""
    demo: bool
    profile: str | None
    read_only: bool
    project: int | None
    theme: str | None
    base_url: str | None
    config: str | None
    mouse: bool
    ascii: bool
    json: bool
    csv: bool
    target: int | str
    """What a trigger aims at: a project's id as a number or its name as typed, or an optimization id; also the one that
    `optimization` reads."""
    name: str | None
    """Of a rename or a rerun: the new name; None to be asked for it, or to keep the old one."""
    yes: bool
    deploy_id: str | None
    no_wait: bool
    plain: bool
    metrics: tuple[str, int] | None
    """Host and port to serve metrics on."""
    heartbeat: str | None
    """URL to fetch while all is well."""
    last: float
    """Seconds before now that a bundle holds."""
    action: str | None
    """The action that a bundle is about: its id, or the end of it."""
    file: str | None
    """The bundle to write, or the tape or bundle to replay."""
    shell: str
    at: str | None
    speed: float | None


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line: the usage block is a page long and hides what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit 2."""
        print(f"{self.prog}: {message} (see `{self.prog} --help`)", file=sys.stderr)
        raise SystemExit(int(Exit.USAGE))


def project_id(text: str) -> int:
    """A project id from the command line.

    Raises:
        argparse.ArgumentTypeError: not a positive whole number.
    """
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 18 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a project id: a positive whole number is expected")
    return int(text)


def project(text: str) -> int | str:
    """A project from the command line: its id, or its name where it can't be an id. A name of digits alone is taken for
    an id: what has always meant one project must not come to mean another.

    Raises:
        argparse.ArgumentTypeError: an id that is none, or nothing at all.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the id or the name of a project is expected")
    return project_id(text) if text.isascii() and text.isdigit() else text


def new_name(text: str) -> str:
    """A name for something from the command line.

    Raises:
        argparse.ArgumentTypeError: blank, too long, or not printable.
    """
    from qctui.actions.spec import MAX_NAME

    if not text.strip() or not text.isprintable() or len(text) > MAX_NAME:
        raise argparse.ArgumentTypeError(f"a name of 1 to {MAX_NAME} printable characters is expected")
    return text.strip()


def speed(text: str) -> float:
    """The speed of a replay.

    Raises:
        argparse.ArgumentTypeError: not a number, or not one that it can be.
    """
    try:
        found = float(text.removeprefix("x"))
    except ValueError:
        found = 0.0
    if not SLOWEST <= found <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: a number from {SLOWEST:g} to {FASTEST:g} is expected")
    return found


def listen_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `:PORT` or `PORT`; without a host it is this machine alone.

    Raises:
        argparse.ArgumentTypeError: no such address.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536) or " " in host:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address: PORT, :PORT or HOST:PORT is expected")
    return host, int(port)


def heartbeat_url(text: str) -> str:
    """The URL of a heartbeat.

    Raises:
        argparse.ArgumentTypeError: it can't be one. The message does not repeat it: it is as good as a password.
    """
    from qctui.urls import check_heartbeat_url

    try:
        return check_heartbeat_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def span(text: str) -> float:
    """Seconds of a duration from the command line, written as in the configuration.

    Raises:
        argparse.ArgumentTypeError: it is none, or nothing at all.
    """
    from qctui.alert_settings import seconds_of

    try:
        if (seconds := seconds_of(float(text) if text.isascii() and text.isdigit() else text)) > 0:
            return seconds
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    raise argparse.ArgumentTypeError("a duration longer than 0 is expected")


def build_parser(wanted: str | None = None) -> Parser:
    """The whole command line.

    Args:
        wanted: the subcommand that is about to run, if known: `simulate` has many options of its own, which only
            it loads.
    """
    parser = Parser(
        prog="qctui",
        description="A terminal console for QuantConnect: live deployments, optimizations, insights and charts, "
        "and an emergency stop that can be trusted. Without a command it opens the console.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"qctui {__version__}")
    _add_common(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    # A command's own default would overwrite what was given before its name: these have none.
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_common(common)

    def command(name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=description or summary[0].upper() + summary[1:] + ".",
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    _add_watch(command)
    alerts = command("alerts", "what is firing, acknowledged or shelved", ALERTS)
    _add_json(alerts, "print one JSON object an alert instead of a table")
    status = command("status", "what is running, once, to stdout")
    _add_json(status, "print one JSON object instead of a table")
    _add_triggers(command)
    _add_optimizations(command)
    journal = command("journal", "the actions taken from this machine")
    _add_json(journal, "print one JSON object a line, as in the file")
    replay = command("replay", "the console over what was recorded", REPLAY)
    replay.add_argument("file", metavar="FILE", nargs="?", help="the tape or bundle; by default the account's own tape")
    replay.add_argument("--at", metavar="TIME", default=None, help="begin there, standing still")
    replay.add_argument(
        "--speed", metavar="N", type=speed, default=None, help=f"play N times as fast, {SLOWEST:g} to {FASTEST:g}"
    )
    command("doctor", "check credentials, clock, API, terminal and configuration, and say what to do")
    _add_bundle(command)
    _add_simulate(commands, wanted)
    completion = command("completion", "print what makes a shell complete qctui's commands and options", COMPLETION)
    completion.add_argument("shell", choices=SHELLS, help="the shell to print it for")
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes, before or after its name."""
    group = parser.add_argument_group("common options")
    group.add_argument("--demo", action="store_true", help="use a simulated API on this machine")
    group.add_argument("--profile", metavar="NAME", help="profile of config.toml to use")
    group.add_argument("--read-only", action="store_true", help="take away everything that can act")
    group.add_argument("--project", metavar="ID", type=project_id, help="project to start on, or to report")
    group.add_argument("--theme", metavar="NAME", help="colour theme")
    group.add_argument("--base-url", metavar="URL", help="API to use: https, or http on this machine")
    group.add_argument("--config", metavar="FILE", help="configuration file to use instead")
    group.add_argument("--mouse", action="store_true", help="let the mouse select and scroll")
    group.add_argument("--ascii", action="store_true", help="draw with 7-bit characters only")


def _add_watch(command: Any) -> None:
    watch = command("watch", "the engine without a screen: pulse, alerts and metrics; never acts", WATCH)
    style = watch.add_mutually_exclusive_group()
    _add_json(style, "print one JSON object a line")
    style.add_argument("--plain", action="store_true", help="print whole sentences, for a screen reader")
    watch.add_argument(
        "--metrics",
        metavar="ADDR",
        type=listen_address,
        default=None,
        help="serve OpenMetrics there: PORT or :PORT (this machine alone) or HOST:PORT; needs the extra `metrics`",
    )
    watch.add_argument(
        "--heartbeat",
        metavar="URL",
        type=heartbeat_url,
        default=None,
        help="fetch this once a minute while all is well: https, or http on this machine",
    )


def _add_bundle(command: Any) -> None:
    bundle = command("bundle", "what was recorded of an incident, redacted, in one file", BUNDLE)
    which = bundle.add_mutually_exclusive_group()
    summary = "how far back from now it goes: 90s, 10m, 2h, 1d (1h)"
    which.add_argument("--last", metavar="TIME", type=span, default=3_600.0, help=summary)
    summary = "from 10 minutes before an action's first step to 10 after its last: its id in `qctui journal --json`, "
    summary += "or the end of it"
    which.add_argument("--action", metavar="ID", default=None, help=summary)
    summary = "the file to write, or its folder; never one that is there (qctui-bundle-DATE-TIME.zip)"
    bundle.add_argument("file", metavar="FILE", nargs="?", default=None, help=summary)
    _add_json(bundle, "print one JSON object instead of words")


def _add_triggers(command: Any) -> None:
    explain = (
        "Asks the same question as the console, sends one request, and prints how far it got, a line a step:\n"
        "SENDING, SENT, ACCEPTED (the API said yes; nothing has been seen to happen yet){rungs}, VERIFIED.\n"
        "Ctrl+C while it verifies does not take the request back."
    )
    for name, metavar, summary, rungs in (
        ("liquidate", "PROJECT", "close all positions of what runs in a project, and stop it", ", STOPPED, FLAT"),
        ("stop", "PROJECT", "stop what runs in a project, leaving its positions", ", STOPPED"),
        ("abort", "OPTIMIZATION_ID", "end an optimization", ""),
        ("rename", "OPTIMIZATION_ID", "give an optimization another name", ""),
        ("delete", "OPTIMIZATION_ID", "delete an optimization that is over, with all of its runs", ""),
        ("rerun", "OPTIMIZATION_ID", "compile its project and start an optimization once more, which costs credit", ""),
    ):
        parser = command(name, summary, summary[0].upper() + summary[1:] + ".\n\n" + explain.format(rungs=rungs))
        if metavar == "OPTIMIZATION_ID":
            parser.add_argument("target", metavar=metavar)
        else:
            what = "the project's id, or the exact name of the one that runs (with an id nothing is listed first)"
            parser.add_argument("target", metavar=metavar, type=project, help=what)
        parser.add_argument("--yes", action="store_true", help="do not ask (required without a terminal)")
        if name in ("rename", "rerun"):
            without = "asked for without" if name == "rename" else "that of the old one without"
            parser.add_argument("name", metavar="NAME", nargs="?", type=new_name, help=f"the new name; {without}")
        if metavar == "PROJECT":
            parser.add_argument("--deploy-id", metavar="ID", default=None, help="refuse any other deployment")
        parser.add_argument("--no-wait", action="store_true", help="end after the API's answer, without verifying")
        _add_json(parser, "print one JSON object a line instead of words")


def _add_optimizations(command: Any) -> None:
    listed = command("optimizations", "the optimizations of a project, of the pinned ones, or of all", OPTIMIZATIONS)
    _add_json(listed, "print one JSON object an optimization instead of a table")
    one = command("optimization", "one optimization, and how its runs did", OPTIMIZATION)
    one.add_argument("target", metavar="ID", help="the optimization's id, as `qctui optimizations` prints it")
    form = one.add_mutually_exclusive_group()
    _add_json(form, "print one JSON object with every run instead of a table")
    form.add_argument("--csv", action="store_true", help="print every run as CSV instead of a table")


def _add_json(parser: Any, summary: str) -> None:
    parser.add_argument("--json", action="store_true", help=summary)


def _add_simulate(commands: Any, wanted: str | None) -> None:
    parser = commands.add_parser(
        "simulate",
        help="run the simulated QuantConnect API by itself",
        description="Runs the simulated QuantConnect API on loopback until interrupted, and prints how to reach it.",
        allow_abbrev=False,
    )
    if wanted == "simulate":
        from qctui.simulator.command_line import add_arguments

        add_arguments(parser)


def parse(argv: Sequence[str]) -> Options:
    """Parse the command line.

    Raises:
        SystemExit: help or version was asked for (0), or it is wrong (2); the line has been printed.
    """
    wanted = "simulate" if "simulate" in argv else None
    return build_parser(wanted).parse_args(argv, namespace=Options())


def completion_script(shell: str) -> str:
    """What makes `shell` complete the commands and options of this parser. It starts no program when a key is pressed:
    completing an emergency command must neither wait for anything nor run it."""
    import shtab

    parser = build_parser("simulate")
    for action in _every_action(parser):
        if {"--config", "--tape"} & set(action.option_strings) or action.dest == "file":
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # the attribute is shtab's
    return shtab.complete(parser, shell=shell)


def _every_action(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of the parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _every_action(each)
