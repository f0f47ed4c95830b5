"""Starts `qctui watch`: settings, account, engine, metrics; and ends it."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from qctui.actions.service import ActionService
from qctui.api.ports import RequestReport
from qctui.cli.credentials import Account
from qctui.cli.parser import Options
from qctui.cli.service_manager import ServiceManager
from qctui.cli.shutdown import Shutdown
from qctui.cli.step_printer import Printer
from qctui.cli.watch import Watch
from qctui.cli.watch_output import Style, WatchOutput
from qctui.cli.wiring import WATCHER, account_of, actions_of, engine_of, open_client_of, read_settings
from qctui.engine.host import ApiClient, EngineHost, Observer
from qctui.model.keys import optimizations_key
from qctui.settings import Settings
from qctui.usage import UsageError
from qctui.value import replace

if TYPE_CHECKING:
    from qctui.api.client import Client

LAST_LINES_S = 0.3
"""How long the last lines are given to be taken."""


def run_watch(options: Options) -> int:
    """Watch until a signal ends it, and the process with it.

    Raises:
        UsageError: the configuration or the credentials can't be used.
    """
    manager = ServiceManager(os.environ)
    if options.metrics is not None and importlib.util.find_spec("prometheus_client") is None:
        raise UsageError("--metrics needs prometheus_client, which the extra `metrics` installs: qctui[metrics]")
    settings = replace(read_settings(options), read_only=True)
    style = Style.JSON if options.json else Style.PLAIN if options.plain else Style.PEOPLE
    printer = Printer()
    with ExitStack() as stack:
        account = stack.enter_context(account_of(settings))
        reports: list[Observer] = []
        host = open_host(account, settings, reports)
        if options.metrics is not None:
            reports.append(_serve_metrics(options.metrics, host, settings))
        watch = Watch(
            host,
            settings,
            WatchOutput(printer, style, os.environ, sys.stdout),
            manager,
            heartbeat=_heartbeat_of(options.heartbeat),
        )
        gc.freeze()
        gc.enable()
        # Never closed: until the very end the signals are its loop's. A supervisor sends them several times and means
        # nothing by it.
        runner = asyncio.Runner()
        code = runner.run(watch.run(host.start))
        Shutdown.force(code)  # nothing is left to be done that may take longer
        host.stop(0.0)
        if watch.last_words:
            printer.note(f"qctui: {watch.last_words}")
        runner.run(_printed(printer))
    logging.shutdown()
    os._exit(code)


def open_host(account: Account, settings: Settings, observers: Sequence[Observer] = ()) -> EngineHost:
    """The engine of this account, not started. It can't act, whatever asks it to. `observers` are called with each
    finished request."""
    assert settings.read_only

    async def open_client(observer: Observer) -> Client:
        def report(finished: RequestReport) -> None:
            for each in (observer, *observers):
                each(finished)

        return open_client_of(account, settings, host.clock, report, host.tape)

    def open_actions(client: ApiClient) -> ActionService:
        return actions_of(account, settings, client.triggers, host.store, host.clock)

    host = engine_of(account, settings, open_client, open_actions, who=WATCHER)
    return host


def _serve_metrics(address: tuple[str, int], host: EngineHost, settings: Settings) -> Observer:
    """Begin to serve them. Returns what is to be called with each finished request.

    Raises:
        UsageError: nothing can be served there.
    """
    from qctui.cli.metrics import RequestCounts, StoreCollector, serve_metrics

    counts = RequestCounts()
    pinned = [optimizations_key(each) for each in settings.pinned]
    try:
        serve_metrics(*address, StoreCollector(host, counts, settings.profile_name, pinned))
    except OSError as error:
        where = f"{address[0]}:{address[1]}"
        raise UsageError(f"--metrics: {where} can't be used ({error.strerror})") from error
    return counts.note


def _heartbeat_of(url: str | None) -> Callable[[], Awaitable[str]] | None:
    if url is None:
        return None

    async def beat() -> str:
        from qctui.api.heartbeat import send_heartbeat

        return await send_heartbeat(url)

    return beat


async def _printed(printer: Printer) -> None:
    await asyncio.wait({asyncio.ensure_future(printer.printed())}, timeout=LAST_LINES_S)
