"""Makes what a command needs: the settings, the API client of their account or of a simulator, engine, actions."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qctui.cli.credentials import Account, find_account, find_user_id
from qctui.cli.demo import Demo
from qctui.cli.log_file import keep_out_of_logs, start_logging
from qctui.cli.parser import TRIGGERS, Exit, Options
from qctui.clock import Clock, SystemClock
from qctui.model.resource import FailureKind
from qctui.paths import describe_path, expand_home, journal_path, state_dir
from qctui.settings import Settings, load_settings
from qctui.usage import UsageError
from qctui.value import replace

if TYPE_CHECKING:
    from qctui.actions.service import ActionService
    from qctui.alerts.alert_service import AlertService
    from qctui.alerts.commands import Hook
    from qctui.api.client import Client
    from qctui.api.ports import ReadApi, RequestReport, TriggerApi
    from qctui.api.recorded import Find
    from qctui.engine.host import EngineHost, OpenActions, OpenClient
    from qctui.engine.shared_budget import SharedBudget
    from qctui.model.alert import Alert
    from qctui.store import Store
    from qctui.tape.recorder import Recorder

T = TypeVar("T")

CONSOLE, WATCHER = "a console", "qctui watch"
"""What the processes of an account call each other."""


def read_settings(options: Options) -> Settings:
    """The settings of this run; the log is open when it returns, and warnings have been said on stderr.

    Raises:
        UsageError: the configuration or the command line can't be used.
    """
    settings = load_settings(
        config=options.config,
        profile=options.profile,
        read_only=options.read_only,
        theme=options.theme,
        base_url=options.base_url,
        mouse=options.mouse,
        ascii_only=options.ascii,
        demo=options.demo,
        project_id=options.project,
        emergency=options.command in TRIGGERS,
    )
    problem = start_logging()
    for warning in (*settings.warnings, *([problem] if problem else [])):
        print(f"qctui: warning: {warning}", file=sys.stderr)
    return settings


@contextmanager
def account_of(settings: Settings) -> Iterator[Account]:
    """The account of this run; with `--demo` the simulator's, which runs for the length of the `with`.

    Raises:
        UsageError: no credentials, or the simulator does not start.
    """
    if not settings.demo:
        yield account_of_person(settings)
    else:
        with closing(Demo()) as demo:
            yield asyncio.run(demo.listen())


def account_of_person(settings: Settings) -> Account:
    """The account the credentials open.

    Raises:
        UsageError: there are none, or they can't be used.
    """
    account = find_account(settings)
    keep_out_of_logs(account.token)
    return account


def open_client_of(
    account: Account,
    settings: Settings,
    clock: Clock,
    observer: Callable[[RequestReport], None] | None = None,
    tape: Recorder | None = None,
) -> Client:
    """The client of this account, recorded on `tape`. Connects nothing yet.

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
            record=None if tape is None else tape.note,
        )
    except ValueError as error:
        raise UsageError(f"base URL: {error}") from error


def read_once(settings: Settings, read: Callable[[ReadApi, Account], Awaitable[T]]) -> T | Exit:
    """What one look at the API brings. One that fails has been said on stderr, and this is its exit code.

    Raises:
        UsageError: the credentials can't be used, or the client declines the base URL.
    """
    from qctui.api.ports import ApiError

    async def run(account: Account) -> T:
        async with aclosing(open_client_of(account, settings, SystemClock())) as client:
            return await read(client.reads, account)

    with account_of(settings) as account:
        try:
            return asyncio.run(run(account))
        except ApiError as error:
            print(f"qctui: {error.advised}", file=sys.stderr)
            return exit_of(error.kind)


def engine_of(
    account: Account | None, settings: Settings, open_client: OpenClient, open_actions: OpenActions, *, who: str
) -> EngineHost:
    """The engine, not started; without an account it is the demo's. The other processes of the account call this one
    `who`, and the tape of a watcher gives way to theirs."""
    from qctui.engine.host import EngineHost
    from qctui.engine.schedule import PollSettings

    config, clock = settings.config, SystemClock()
    return EngineHost(
        open_client,
        open_actions,
        settings=PollSettings(reads_per_minute=config.polling.budget, blind_patterns=config.alerting.blind),
        read_only=settings.read_only,
        open_alerts=_open_alerts_of(account, settings, f"{who}, process {os.getpid()}"),
        sharing=_sharing_of(account, settings),
        clock=clock,
        tape=_tape_of(account, settings, clock, gives_way=who == WATCHER),
        open_recorded=open_recorded,
    )


def actions_of(
    account: Account, settings: Settings, triggers: TriggerApi, store: Store, clock: Clock, *, resume: bool = True
) -> ActionService:
    """The action service of this account, not started. `resume` as in `ActionService`."""
    from qctui.actions.action_store import JournalContext
    from qctui.actions.service import ActionService

    context = JournalContext(account.base_url, settings.profile_name)
    return ActionService(triggers, store, clock, journal_path(), context, read_only=settings.read_only, resume=resume)


def _sharing_of(account: Account | None, settings: Settings) -> SharedBudget | None:
    """How this process shares the read budget with the others of its account. A demo has its API to itself."""
    from qctui.alerts.shared_alerts import account_name
    from qctui.engine.shared_budget import SharedBudget

    if account is None or settings.demo:
        return None
    return SharedBudget(state_dir(), account_name(account.base_url, account.user_id))


def open_recorded(find: Find, clock: Clock) -> ReadApi:
    """As in `api.recorded`, which is imported when it is needed: with the client."""
    from qctui.api.recorded import open_recorded

    return open_recorded(find, clock)


def tape_path(account: Account, settings: Settings) -> Path:
    """Where the answers to this account are recorded."""
    return _tape_folder(settings) / _tape_name(account.base_url, account.user_id)


def own_tape(settings: Settings) -> Path:
    """The tape that is there: that of the account, or where no credentials say whose, the only one. Nobody is asked for
    a token.

    Raises:
        UsageError: there is none, or there are several, or the source of the credentials can't be used.
    """
    if settings.demo:
        raise UsageError("a demo is not recorded: it has no tape")
    user_id = find_user_id(settings)
    folder = _tape_folder(settings)
    pattern = "tape-*.sqlite" if user_id is None else _tape_name(settings.base_url, user_id)
    found = sorted(folder.glob(pattern))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"whose tape? there are {len(found)} in {folder}, and no user id is in the environment, "
            "the profile or ~/.lean/credentials"
        )
    off = (
        "" if settings.config.taping.record else f"; recording is switched off ({settings.config_path}: `tape.record`)"
    )
    whose = "nothing" if user_id is None else "nothing of this account"
    raise UsageError(f"no tape: {whose} is recorded in {describe_path(folder)}{off}")


def _tape_folder(settings: Settings) -> Path:
    folder = settings.config.taping.path
    return state_dir() if folder is None else expand_home(folder)


def _tape_name(base_url: str, user_id: str) -> str:
    from qctui.alerts.shared_alerts import account_name

    return f"tape-{account_name(base_url, user_id)}.sqlite"


def _tape_of(account: Account | None, settings: Settings, clock: Clock, *, gives_way: bool) -> Recorder | None:
    """What records the answers to this account, not started; None if nothing is to be. A demo's world begins anew with
    each start: there is nothing to remember of it."""
    from qctui.api.auth import BodyScrubber
    from qctui.tape.recorder import Recorder

    taping = settings.config.taping
    if account is None or settings.demo or not taping.record:
        return None
    scrub = BodyScrubber(account.token)
    path = tape_path(account, settings)
    return Recorder(path, clock, scrub, keep_s=taping.keep, limit=taping.limit, gives_way=gives_way)


def _open_alerts_of(account: Account | None, settings: Settings, who: str) -> Callable[[Store, Clock], AlertService]:
    """What makes the alerts of this account, shared with its other processes on this machine. A demo has none to share
    with."""

    def open_alerts(store: Store, clock: Clock) -> AlertService:
        from qctui.alerts.alert_service import AlertService
        from qctui.alerts.shared_alerts import SharedAlerts, shared_path

        def open_hook(trouble: Callable[[str], None], begun: Callable[[Alert], None]) -> Hook:
            from qctui.alerts.hook import CommandHook

            return CommandHook(clock, trouble, () if account is None else (account.token,), begun)

        shared = None
        if account is not None and not settings.demo:
            shared = SharedAlerts(shared_path(account.base_url, account.user_id), who)
        chosen = replace(settings.config.alerting, profile=settings.profile_name)
        return AlertService(store, clock, chosen, shared=shared, open_hook=open_hook)

    return open_alerts


def exit_of(kind: FailureKind) -> Exit:
    """The exit code of a read that failed: refused, not reached, or no usable answer."""
    match kind:
        case FailureKind.AUTH | FailureKind.CLOCK | FailureKind.REJECTED:
            return Exit.REJECTED
        case FailureKind.CONNECT | FailureKind.REFUSED:
            return Exit.NOT_SENT
        case _:
            return Exit.UNCONFIRMED
