"""The command line: options, subcommands and their help, exit codes, and the script that completes it in a shell.

Parses only; nothing is read, opened or sent here.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from typing import Any, NoReturn

from qctui import __version__
from qctui.cli.argument_types import not_empty, project_id
from qctui.cli.subcommands import add_commands

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

TRIGGERS = ("liquidate", "stop", "abort", "rename", "delete", "rerun")
"""The commands that act."""

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

    def check_words(self, argv: Sequence[str]) -> None:
        """Name the first option or command that there is not, with what is near it: argparse would take what follows a
        misspelt option for the command, and would not name the option at all.

        Raises:
            SystemExit: there is one; the line has been printed.
        """
        if {"-h", "--help"} & set(argv):
            return
        parser: argparse.ArgumentParser = self
        words = iter(argv)
        for word in words:
            options = {name: each for each in parser._actions for name in each.option_strings}
            commands = [each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
            if word == "--":
                return
            if len(word) > 1 and word.startswith("-"):
                name, has_value, _ = word.partition("=")
                if name not in options:
                    # Not its value: that may be as good as a password.
                    parser.error(f"there is no option {name}{_near(name, options)}")
                if options[name].nargs != 0 and not has_value:
                    next(words, None)
            elif commands:
                if word not in commands[0]:
                    parser.error(f"there is no command {word!r}{_near(word, commands[0])}")
                parser = commands[0][word]


def _near(word: str, known: Collection[str]) -> str:
    """The nearest of these words, as a question; empty if none is."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f": did you mean {near[0]}?" if near else ""


class _WrongError(Exception):
    """The command line is not right, as far as a parser of a part of the commands can tell."""


class _PartParser(Parser):
    """A parser without some of the commands: what is wrong, and what could stand there, is for the whole one to say."""

    def error(self, message: str) -> NoReturn:
        """Let the whole parser say it."""
        raise _WrongError(message)


class _Ignored:
    """Takes the options of a command that is not on the command line."""

    def add_argument(self, *names: str, **named: Any) -> None:
        """Nothing."""

    def add_mutually_exclusive_group(self) -> _Ignored:
        """Nothing either."""
        return self


def build_parser(wanted: str | None = None, words: Collection[str] | None = None) -> Parser:
    """The command line.

    Args:
        wanted: the subcommand that is about to run, if known: `simulate` has many options of its own, which only
            it loads.
        words: only the commands among these; by default all. Making every one takes 3 ms that an emergency waits for.
    """
    kind = Parser if words is None else _PartParser
    parser = kind(
        prog="qctui",
        description="A terminal console for QuantConnect: live deployments, optimizations, insights and charts, "
        "and an emergency stop that can be trusted. Without a command it opens the console.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"qctui {__version__}")
    _add_common(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=kind)
    # A command's own default would overwrite what was given before its name: these have none.
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_common(common)

    def command(name: str, summary: str, description: str = "") -> argparse.ArgumentParser | _Ignored:
        if words is not None and name not in words:
            return _Ignored()
        return commands.add_parser(
            name,
            help=summary,
            description=description or summary[0].upper() + summary[1:] + ".",
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    add_commands(command)
    if words is None or "simulate" in words:
        _add_simulate(commands, wanted)
    completion = command("completion", "print what makes a shell complete qctui's commands and options", COMPLETION)
    completion.add_argument("shell", choices=SHELLS, help="the shell to print it for")
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes, before or after its name."""
    group = parser.add_argument_group("common options")
    group.add_argument("--demo", action="store_true", help="use a simulated API on this machine")
    group.add_argument("--profile", metavar="NAME", type=not_empty, help="profile of config.toml to use")
    group.add_argument("--read-only", action="store_true", help="take away everything that can act")
    group.add_argument("--project", metavar="ID", type=project_id, help="project to start on, or to report")
    group.add_argument("--theme", metavar="NAME", type=not_empty, help="colour theme")
    group.add_argument("--base-url", metavar="URL", type=not_empty, help="API to use: https, or http on this machine")
    group.add_argument("--config", metavar="FILE", type=not_empty, help="configuration file to use instead")
    group.add_argument("--mouse", action="store_true", help="let the mouse select and scroll")
    group.add_argument("--ascii", action="store_true", help="draw with 7-bit characters only")


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
    if not {"-h", "--help"} & set(argv):
        with contextlib.suppress(_WrongError):
            return build_parser(wanted, argv).parse_args(argv, namespace=Options())
    parser = build_parser(wanted)
    parser.check_words(argv)
    return parser.parse_args(argv, namespace=Options())


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
