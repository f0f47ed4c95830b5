"""What an argument of the command line may be: each function makes a value of its text, or says what is expected."""

from __future__ import annotations

import argparse

SLOWEST, FASTEST = 0.1, 3_600.0
"""Speeds of a replay."""


def not_empty(text: str) -> str:
    """Any text, as it is; but a variable of a script that was never set must not take away what was asked for.

    Raises:
        argparse.ArgumentTypeError: nothing, or nothing but blanks.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


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
    from qctui.urls import check_url

    try:
        return check_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def span(text: str) -> float:
    """Seconds of a duration from the command line, written as in the configuration.

    Raises:
        argparse.ArgumentTypeError: it is none, or nothing at all.
    """
    from qctui.alert_settings import span_of

    try:
        return span_of(float(text) if text.isascii() and text.isdigit() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
