"""`qctui completion`: a script that makes a shell complete the commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from qctui.cli.exits import Exit
from qctui.cli.parser import Options, build_parser

_FILES = frozenset({"--config"})
"""Options that take the name of a file."""


def run_completion(options: Options) -> int:
    """Print the script."""
    print(completion_script(options.shell))
    return Exit.DONE


def completion_script(shell: str) -> str:
    """What the shell has to read. It is made from the command line's own parser and starts no program when a key is
    pressed: completing an emergency command must neither wait for anything nor run it."""
    parser = build_parser("simulate")
    for action in _actions(parser):
        if _FILES & set(action.option_strings):
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # the attribute is shtab's
    return shtab.complete(parser, shell=shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of the parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _actions(each)
