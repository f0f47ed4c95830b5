"""Who acts in a world: consoles without a screen, each with a person who decides, and commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from qctui.api.client import Client
from qctui.api.ports import ApiError
from qctui.cli import trigger
from qctui.cli.credentials import Account
from qctui.cli.parser import Exit, Options, parse
from qctui.model.action import Target
from qctui.model.deployment import Environment
from qctui.model.keys import DEPLOYMENTS
from qctui.secret import SecretStr
from qctui.settings import Settings, load_settings
from tests.proof.machine import BASE_URL, Process
from tests.proof.truth import TOKEN, USER_ID

if TYPE_CHECKING:
    from tests.proof.world import World

LISTS_S = 15.0
"""Between two lists of the polling."""

DRAIN_S = 25.0
"""How long a console that is left waits for its answers."""


@dataclass(frozen=True)
class Act:
    """One confirmation."""

    after_s: float
    """Since the one before."""
    action: str
    projects: list[int]
    asks_s: float
    """How long the dialog is open."""


async def console(world: World, process: Process, acts: list[Act], *, lists: bool) -> None:
    """The engine's side of a console, until a signal ends it. With `lists` it polls beside the actions."""
    client = process.open_client()
    service = process.open_service(client)
    leaving = asyncio.Event()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        world.loop.add_signal_handler(number, leaving.set)
    await service.start()
    listing = asyncio.ensure_future(_keep_listing(world, process, client)) if lists else None
    for act in acts:
        await world.clock.sleep(act.after_s)
        if leaving.is_set():
            break
        targets = [_capture(world, act.action, project) for project in act.projects]
        service.open_rechecks(targets)
        await world.clock.sleep(act.asks_s)
        if all(service.refusal(each) is None for each in targets):
            service.confirm(targets, "console")
        else:
            service.close_rechecks()
    await leaving.wait()
    if listing is not None:
        listing.cancel()
    await service.drain(DRAIN_S)
    await service.aclose()
    await client.aclose()
    process.end()


async def _keep_listing(world: World, process: Process, client: Client) -> None:
    """What polling brings: lists that can contradict how an action has ended."""
    while True:
        with contextlib.suppress(ApiError):
            listed = await client.reads.fetch_deployments()
            now, mono = world.clock.now(), world.clock.monotonic()
            process.store.put_value(DEPLOYMENTS, listed.deployments, at=now, mono=mono)
        await world.clock.sleep(LISTS_S)


def _capture(world: World, action: str, project: int) -> Target:
    """What is on screen: the deployment of a project, sometimes one that was replaced meanwhile."""
    deployments = world.truth.world.projects[project].deployments
    shown = deployments[-1] if world.luck.random() < 0.9 else deployments[0]
    others = tuple(each.deploy_id for each in deployments if each is not shown)
    return Target(
        action,
        f"Book {project}",
        project,
        shown.deploy_id,
        environment=Environment.LIVE,
        status="Running",
        others=others,
    )


async def command(world: World, process: Process, given: Options) -> None:
    """`qctui liquidate --yes`, from its options to its exit code."""
    account = Account(BASE_URL, str(USER_ID), SecretStr(TOKEN), "the test")
    run = trigger.Trigger(given, _settings(), account)
    try:
        process.code = await run.run()
    except Exception:
        if not run.confirmed:
            raise
        process.code = Exit.UNCONFIRMED
    if not process.dead:
        world.judge.exited(process)
        process.end()


@cache
def options(action: str, project: int, no_wait: bool) -> Options:
    """What a command line says."""
    return parse([action, str(project), "--yes", *(["--no-wait"] if no_wait else [])])


@cache
def _settings() -> Settings:
    return load_settings(config=os.devnull, base_url=BASE_URL, emergency=True)
