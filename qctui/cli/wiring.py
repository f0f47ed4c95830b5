"""Puts the client together for one run: which API, whose credentials, and the simulator if there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qctui.cli.demo import Demo, DemoApi, DemoError
from qctui.cli.exits import Exit, UsageError
from qctui.cli.log_file import keep_out_of_logs
from qctui.cli.startup import read_credentials
from qctui.clock import Clock
from qctui.model.resource import FailureKind
from qctui.settings import Settings

if TYPE_CHECKING:
    from qctui.api.client import Client
    from qctui.api.errors import ApiError
    from qctui.api.ports import RequestReport


@dataclass(frozen=True, slots=True)
class Account:
    """Which API, and who is signed in there."""

    base_url: str
    user_id: str
    token: SecretStr
    source: str
    """Where the credentials were found, in words."""


@contextmanager
def account_of(settings: Settings) -> Iterator[Account]:
    """The account of this run; with `--demo` the simulator's, which runs for the length of the `with`.

    Raises:
        UsageError: no credentials, or the simulator does not start.
    """
    if not settings.demo:
        yield account_of_person(settings)
        return
    try:
        demo = Demo()
    except DemoError as error:
        raise UsageError(str(error)) from error
    with demo:
        try:
            yield account_of_demo(asyncio.run(demo.listen()))
        except DemoError as error:
            raise UsageError(str(error)) from error


def account_of_demo(api: DemoApi) -> Account:
    """The simulator's account."""
    token = SecretStr(api.token)
    keep_out_of_logs(token)
    return Account(api.base_url, api.user_id, token, "the simulator")


def account_of_person(settings: Settings) -> Account:
    """The account the credentials open.

    Raises:
        UsageError: there are none, or they can't be used.
    """
    credentials = read_credentials(settings)
    return Account(settings.base_url, credentials.user_id, credentials.token, credentials.source)


def open_client_of(
    account: Account, settings: Settings, clock: Clock, observer: Callable[[RequestReport], None] | None = None
) -> Client:
    """The client of this account. Connects nothing yet.

    Raises:
        UsageError: the client declines the base URL.
    """
    from qctui.api.auth import Credentials
    from qctui.api.client import open_client

    try:
        return open_client(
            Credentials(account.user_id, account.token, account.source),
            account.base_url,
            read_only=settings.read_only,
            clock=clock,
            observer=observer,
        )
    except ValueError as error:
        raise UsageError(f"base URL: {error}") from error


def format_failure(error: ApiError) -> str:
    """A read that failed, with what a person can do about it."""
    return f"{error.message}; {error.kind.advice}" if error.kind.advice else error.message


def exit_of(kind: FailureKind) -> Exit:
    """The exit code of a read that failed: refused, not reached, or no usable answer."""
    match kind:
        case FailureKind.AUTH | FailureKind.CLOCK | FailureKind.REJECTED:
            return Exit.REJECTED
        case FailureKind.CONNECT | FailureKind.REFUSED:
            return Exit.NOT_SENT
        case _:
            return Exit.UNCONFIRMED
