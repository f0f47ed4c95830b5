"""What recording costs. By hand: python -m tests.bench.bench_tape [sizes|wire|start|seek|replay ...] [--runs N]

`sizes`: bytes and CPU of an hour of 1, 12 and 100 deployments whose data change, the simulator's app in memory on a
fast-forwarded clock while somebody moves about. `wire`: the confirming Enter to the trigger's first byte, with and
without recording, in turns and side by side. `start`: the first frame and the first deployment, with and without a tape
of seven days. `seek`: the place, everything known there and the bodies of a full screen, at random instants of it.
`replay`: the same in a replay, until everything of a full screen is in the store, and the five seconds after it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from qctui.alerts.shared_alerts import account_name
from qctui.api.auth import BodyScrubber, Credentials
from qctui.api.client import open_client
from qctui.api.recorded import open_recorded
from qctui.engine.engine_port import Subscription, Visibility
from qctui.engine.health import Health
from qctui.engine.player import Player
from qctui.engine.poller import Poller
from qctui.engine.replay_host import ReplayHost
from qctui.engine.schedule import PollSettings
from qctui.model.chart import ChartWindow
from qctui.model.keys import (
    DEPLOYMENTS,
    chart_key,
    detail_key,
    insights_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from qctui.model.recording import Exchange
from qctui.secret import SecretStr
from qctui.simulator.config import DEMO_TOKEN, DEMO_USER_ID, SimConfig
from qctui.simulator.simulation import Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from qctui.store import Store
from qctui.tape.recorder import KEEP_S, LIMIT
from qctui.tape.request_key import request_key
from qctui.tape.tape import Tape
from qctui.tape.tape_writer import Noted, TapeWriter
from tests.bench.bench_trigger import _type, tapped, world
from tests.bench.figures import milliseconds, print_figures
from tests.bench.tap import Tap
from tests.e2e.api import Api, simulator
from tests.e2e.console import Console
from tests.fakes import FakeClock

HOUR_S, DAY_S = 3_600.0, 86_400.0
GATHERED_S = 5.0
SCRUB = BodyScrubber(SecretStr(DEMO_TOKEN))
OFF = "[tape]\nrecord = false\n"


async def _hour(deployments: int, hours: float, now: float) -> list[Noted]:
    """What the client would hand to the recorder."""
    clock, store, luck, found = FakeClock(now=now), Store(), random.Random(1), list[Noted]()
    config = SimConfig(deployments=deployments)
    app = build_app(Simulation(World(config, WorldClock(real=clock.now, monotonic=clock.monotonic))))
    health = Health(store, clock, 60)
    health.open()

    def note(each: Exchange) -> None:
        at = clock.now()
        text = request_key(each.request, at)
        found.append(Noted(at, each.endpoint, text, each.status, each.failure, each.body, each.latency_s))

    client = open_client(
        Credentials(str(DEMO_USER_ID), SecretStr(DEMO_TOKEN)),
        "http://127.0.0.1/api/v2",
        read_only=True,
        clock=clock,
        observer=health.observe,
        record=note,
        transport=httpx.ASGITransport(app=app),
    )
    poller = Poller(client.reads, store, clock, health, PollSettings(), random.Random(5))
    polling = asyncio.create_task(poller.run())
    await clock.advance(30.0)
    for _ in range(round(hours * 4)):
        row = luck.choice([each for each in store.get(DEPLOYMENTS).value or () if each.alive])
        poller.subscribe(
            (
                Subscription(detail_key(row.project_id), Visibility.OPENED),
                Subscription(chart_key(row.project_id, "Strategy Equity", ChartWindow(DAY_S), 300)),
                Subscription(portfolio_key(row.project_id)),
                Subscription(insights_key(row.project_id, row.deploy_id)),
                Subscription(orders_key(row.project_id), Visibility.HIDDEN),
                Subscription(optimizations_key(row.project_id)),
            )
        )
        await clock.advance(HOUR_S / 4)
    polling.cancel()
    await asyncio.wait({polling})
    await client.aclose()
    return found


def _write(path: Path, notes: Sequence[Noted], scrub: Callable[[bytes], bytes] = SCRUB) -> float:
    """Write them as the recorder would, a batch every five seconds. Returns the CPU it took."""
    writer = TapeWriter(path, scrub, KEEP_S, LIMIT)
    began, batch = time.process_time(), list[Noted]()
    for each in notes:
        if batch and each.at - batch[0].at >= GATHERED_S:
            writer.write(batch)
            batch = []
        batch.append(each)
    writer.write(batch)
    took = time.process_time() - began
    writer.close()
    return took


def _written() -> int:
    """Bytes this process has sent to its disks."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("write_bytes"):
            return int(line.split()[1])
    return 0


def sizes(hours: float = 2.0) -> None:
    """The second hour of each, when every key is known."""
    print(f"{'deployments':>11} {'answers':>8} {'raw MB':>7} {'tape MB/h':>10} {'to disk MB/h':>13} {'CPU %':>6}")
    for deployments in (1, 12, 100):
        notes = asyncio.run(_hour(deployments, hours, 1_795_188_600.0))
        half = notes[0].at + HOUR_S * hours / 2
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tape.sqlite"
            _write(path, [each for each in notes if each.at < half])
            before, disk, late = path.stat().st_size, _written(), [each for each in notes if each.at >= half]
            cpu = _write(path, late)
            grown = (path.stat().st_size - before) / (hours / 2)
            raw = sum(len(each.body or b"") for each in late) / (hours / 2)
            print(
                f"{deployments:>11} {len(late):>8} {raw / 1e6:>7.1f} {grown / 1e6:>10.2f}"
                f" {(_written() - disk) / 1e6 / (hours / 2):>13.1f} {cpu / (hours / 2) / HOUR_S * 100:>6.3f}",
                flush=True,
            )


def _console(api: Api, home: Path, tap: Tap, notes: str) -> list[float]:
    """Confirmations on one console: as `bench_trigger`, with this configuration."""
    environment = api.environment(home)
    folder = Path(environment["XDG_CONFIG_HOME"]) / "qctui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(notes)
    project_id, name, deploy_id = api.running("live")
    times = []
    with Console("--base-url", tapped(tap), "--project", str(project_id), env=environment) as console:
        console.wait_for(name)
        for _ in range(20):
            console.send("r")
            console.send("L")
            console.wait_for(f"Type {deploy_id[-4:]} ", "Checked again")
            _type(console, deploy_id[-4:])
            began = time.monotonic()
            console.send("\r")
            console.wait_gone(f"Type {deploy_id[-4:]} ")
            times.append(tap.next_at() - began)
    return times


def wire(runs: int) -> None:
    """With and without recording, twenty at a time in turns, so that the machine's moods fall on both."""
    times: dict[str, list[float]] = {"": [], OFF: []}
    with tempfile.TemporaryDirectory() as home, world("--points", "100000") as api, Tap(api.port) as tap:
        for turn in range(2 * max(1, runs // 20)):
            notes = ("", OFF)[(turn + turn // 2) % 2]  # none is always the first
            times[notes] += _console(api, Path(home) / str(turn), tap, notes)
    print(f"{'confirming Enter to first byte, ms':<34} {'p50':>7} {'p99':>7} {'worst':>7} {'times':>6}")
    rows = {name: milliseconds(times[notes]) for name, notes in (("recording", ""), ("not recording", OFF))}
    for name, row in rows.items():
        print(f"  {name:<32} " + " ".join(f"{each:>7.1f}" for each in row) + f" {len(times[OFF]):>6}")
    apart = (one - other for one, other in zip(*rows.values(), strict=True))
    print(f"  {'difference':<32} " + " ".join(f"{each:>+7.1f}" for each in apart))


def _week(path: Path, until: float) -> None:
    """Seven days of twelve deployments, made of one hour told again and again with other times."""
    hour = asyncio.run(_hour(12, 1.0, until - HOUR_S))
    first = hour[0].at
    for number in range(7 * 24):
        begin = until - (7 * 24 - number) * HOUR_S
        moved = [_moved(each, begin + each.at - first, number) for each in hour if each.at < first + HOUR_S - 5]
        _write(path, moved, lambda body: body)


def _moved(each: Noted, at: float, number: int) -> Noted:
    # Another body in every hour, as long as it was.
    body = (each.body or b"").replace(b'"success":true', b'"success":true,"hour":%d' % number)
    return Noted(at, each.name, each.text, each.status, each.failure, body, each.latency_s)


def start(tape: Path, runs: int) -> None:
    """With and without the tape, in turns."""
    frames: dict[bool, list[float]] = {True: [], False: []}
    rows: dict[bool, list[float]] = {True: [], False: []}
    with simulator("--calm", "--deployments", "12") as api:
        for turn in range(2 * runs):
            with tempfile.TemporaryDirectory() as home:
                environment = api.environment(Path(home))
                url = f"http://127.0.0.1:{api.port}/api/v2"
                folder = Path(environment["XDG_STATE_HOME"]) / "qctui"
                folder.mkdir(parents=True)
                if turn % 2:
                    shutil.copy(tape, folder / f"tape-{account_name(url, str(DEMO_USER_ID))}.sqlite")
                began = time.monotonic()
                with Console("--base-url", url, env=environment) as console:
                    console.wait_for("Deployments")
                    frames[bool(turn % 2)].append(time.monotonic() - began)
                    console.wait_for("Running")
                    rows[bool(turn % 2)].append(time.monotonic() - began)
    # Of a start that shares the machine with others the quicker half says more.
    for name, found in (("first frame", frames), ("first deployment", rows)):
        times = {with_tape: sorted(each)[: (len(each) + 1) // 2] for with_tape, each in found.items()}
        print_figures(f"start to {name}, without a tape", times[False], 450 if found is frames else 1_000)
        print_figures(f"start to {name}, with 7 days", times[True], 500 if found is frames else 1_050)


def seek(path: Path, until: float, runs: int) -> None:
    """Each with the tape opened anew."""
    luck, times = random.Random(3), []
    for _ in range(runs):
        at = until - luck.random() * 7 * DAY_S
        began = time.monotonic()
        tape = Tape(path)
        known = tape.known(tape.seek(at))
        screen = [found.good for found in known.values() if found.good is not None][:40]
        size = sum(len(tape.body(each)) for each in screen)
        times.append(time.monotonic() - began)
        tape.close()
    print_figures(f"seek: {len(known)} requests, {len(screen)} bodies of {size / 1e6:.1f} MB", times, 1_000)


def replay(path: Path, until: float, runs: int) -> None:
    """On a thread of its own, as in the program."""
    host = ReplayHost(Player(Tape(path), open_recorded, at=until, playing=False, speed=1.0))
    host.start()
    host.wait_shown(60.0)
    row = next(each for each in host.store.get(DEPLOYMENTS).value or () if each.alive)
    host.subscribe(
        (
            Subscription(detail_key(row.project_id)),
            Subscription(chart_key(row.project_id, "Strategy Equity", ChartWindow(DAY_S), 300)),
            Subscription(portfolio_key(row.project_id)),
            Subscription(insights_key(row.project_id, row.deploy_id)),
            Subscription(orders_key(row.project_id)),
            Subscription(optimizations_key(row.project_id)),
        )
    )
    luck, seeks, steps = random.Random(3), list[float](), list[float]()
    for _ in range(runs):
        at = until - luck.random() * 7 * DAY_S
        for text, times in ((time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), seeks), ("+5s", steps)):
            began = time.monotonic()
            host.go_to(text).result()
            times.append(time.monotonic() - began)
    host.stop()
    print_figures("replay: seek to a full screen", seeks, 1_000)
    print_figures("replay: five seconds on", steps, 500)


def main() -> None:
    """Measure what is named, all of it by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["sizes", "wire", "start", "seek", "replay"])
    parser.add_argument("--runs", type=int, help="40; of `wire`, each way, 200")
    options = parser.parse_args()
    if "sizes" in options.what:
        sizes()
    if "wire" in options.what:
        wire(options.runs or 200)
    if {"start", "seek", "replay"} & set(options.what):
        with tempfile.TemporaryDirectory() as folder:
            path, until = Path(folder) / "tape.sqlite", time.time() - 60.0
            _week(path, until)
            print(f"a tape of seven days: {path.stat().st_size / 1e6:.0f} MB")
            runs: list[tuple[str, Callable[[], None]]] = [
                ("seek", lambda: seek(path, until, options.runs or 40)),
                ("replay", lambda: replay(path, until, options.runs or 40)),
                ("start", lambda: start(path, options.runs or 40)),
            ]
            for name, run in runs:
                if name in options.what:
                    run()


if __name__ == "__main__":
    main()
