"""The subcommands: the options of each, and what its help says."""

from __future__ import annotations

from typing import Any

from qctui.cli.argument_types import (
    FASTEST,
    SLOWEST,
    heartbeat_url,
    listen_address,
    new_name,
    not_empty,
    project,
    span,
    speed,
)

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


def add_commands(command: Any) -> None:
    """Add every command but those that `build_parser` adds by itself.

    Args:
        command: makes the parser of one, by its name, its summary and its description.
    """
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
    summary = "the tape or bundle; by default the account's own tape"
    replay.add_argument("file", metavar="FILE", type=not_empty, nargs="?", help=summary)
    replay.add_argument("--at", metavar="TIME", type=not_empty, help="begin there, standing still")
    replay.add_argument("--speed", metavar="N", type=speed, help=f"play N times as fast, {SLOWEST:g} to {FASTEST:g}")
    command("doctor", "check credentials, clock, API, terminal and configuration, and say what to do")
    _add_bundle(command)


def _add_watch(command: Any) -> None:
    watch = command("watch", "the engine without a screen: pulse, alerts and metrics; never acts", WATCH)
    style = watch.add_mutually_exclusive_group()
    _add_json(style, "print one JSON object a line")
    style.add_argument("--plain", action="store_true", help="print whole sentences, for a screen reader")
    watch.add_argument(
        "--metrics",
        metavar="ADDR",
        type=listen_address,
        help="serve OpenMetrics there: PORT or :PORT (this machine alone) or HOST:PORT; needs the extra `metrics`",
    )
    watch.add_argument(
        "--heartbeat",
        metavar="URL",
        type=heartbeat_url,
        help="fetch this once a minute while all is well: https, or http on this machine",
    )


def _add_bundle(command: Any) -> None:
    bundle = command("bundle", "what was recorded of an incident, redacted, in one file", BUNDLE)
    which = bundle.add_mutually_exclusive_group()
    summary = "how far back from now it goes: 90s, 10m, 2h, 1d (1h)"
    which.add_argument("--last", metavar="TIME", type=span, default=3_600.0, help=summary)
    summary = "from 10 minutes before an action's first step to 10 after its last: its id in `qctui journal --json`, "
    summary += "or the end of it"
    which.add_argument("--action", metavar="ID", type=not_empty, help=summary)
    summary = "the file to write, or its folder; never one that is there (qctui-bundle-DATE-TIME.zip)"
    bundle.add_argument("file", metavar="FILE", type=not_empty, nargs="?", help=summary)
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
            parser.add_argument("target", metavar=metavar, type=not_empty)
        else:
            what = "the project's id, or the exact name of the one that runs (with an id nothing is listed first)"
            parser.add_argument("target", metavar=metavar, type=project, help=what)
        parser.add_argument("--yes", action="store_true", help="do not ask (required without a terminal)")
        if name in ("rename", "rerun"):
            without = "asked for without" if name == "rename" else "that of the old one without"
            parser.add_argument("name", metavar="NAME", nargs="?", type=new_name, help=f"the new name; {without}")
        if metavar == "PROJECT":
            parser.add_argument("--deploy-id", metavar="ID", type=not_empty, help="refuse any other deployment")
        parser.add_argument("--no-wait", action="store_true", help="end after the API's answer, without verifying")
        _add_json(parser, "print one JSON object a line instead of words")


def _add_optimizations(command: Any) -> None:
    listed = command("optimizations", "the optimizations of a project, of the pinned ones, or of all", OPTIMIZATIONS)
    _add_json(listed, "print one JSON object an optimization instead of a table")
    one = command("optimization", "one optimization, and how its runs did", OPTIMIZATION)
    what = "the optimization's id, as `qctui optimizations` prints it"
    one.add_argument("target", metavar="ID", type=not_empty, help=what)
    form = one.add_mutually_exclusive_group()
    _add_json(form, "print one JSON object with every run instead of a table")
    form.add_argument("--csv", action="store_true", help="print every run as CSV instead of a table")


def _add_json(parser: Any, summary: str) -> None:
    parser.add_argument("--json", action="store_true", help=summary)
