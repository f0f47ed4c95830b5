"""The metrics, read by Prometheus' own parser."""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from qctui import __version__
from qctui.api.ports import RequestReport
from qctui.cli.metrics import HOLDINGS_STALE_S, MOST_SCRAPERS, RequestCounts, StoreCollector, serve_metrics
from qctui.cli.parser import parse
from qctui.cli.watch import LATE_S, STALE_S
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY, Account, EquityTrail
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.alert import ALERTS, Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment, Project
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, optimizations_key
from qctui.model.link import Link, LinkState
from qctui.model.pulse import PULSES, Pulse, PulseState
from qctui.model.resource import FailureKind
from tests.fakes import make_deployment
from tests.watch.still_engine import StillEngine

ONE = make_deployment(1, environment=Environment.LIVE, equity=90_000.0, launched_at=1_699_990_000.0)
LABELS = {"profile": "main", "project": 'Mo"men\\tum', "project_id": "1", "deploy_id": ONE.deploy_id, "mode": "live"}

Series = tuple[str, frozenset[tuple[str, str]]]


class Scene:
    """An engine, and what is served of it."""

    def __init__(self) -> None:
        self.engine, self.counts = StillEngine(), RequestCounts()
        self.collector = StoreCollector(self.engine, self.counts, "main", [optimizations_key(7), optimizations_key(8)])

    def fill(self) -> None:
        """Everything is known."""
        put, clock = self.engine.put, self.engine.clock
        put(LINK, Link(LinkState.OK))
        put(PROJECTS, (Project(1, 'Mo"men\\tum'),))
        put(DEPLOYMENTS, (ONE, ONE, make_deployment(2, status="Stopped", stopped_at=clock.now() - 60)))
        pulse = Pulse(PulseState.BLIND, 0.0, looked_at={"orders": clock.now() - 30})
        put(PULSES, MappingProxyType({ONE.deploy_id: pulse}))
        account = Account(positions=3, exposure=51_800.0, read_mono=clock.monotonic())
        put(ACCOUNTS, MappingProxyType({ONE.deploy_id: account}))
        trail = EquityTrail(array("d", [1_699_990_000.0]), array("d", [100_000.0]), 1_699_990_000.0)
        put(EQUITY_HISTORY, MappingProxyType({ONE.deploy_id: trail}))
        alert = Alert("blind", Severity.CRITICAL, Subject(), AlertState.FIRING, "x")
        put(ALERTS, (alert, Alert("x", Severity.INFO, Subject(), AlertState.ACKNOWLEDGED, "x")))
        step = Step(Rung.UNVERIFIED, 0.0, 0.0)
        put(ACTIONS, (ActionRecord("a", "b", Target("liquidate", "x", 1), "console", 0.0, 0.0, (step,)),))

    def pass_time(self, seconds: float) -> None:
        asyncio.run(self.engine.clock.advance(seconds))
        self.engine.turned_mono = self.engine.clock.monotonic()

    def scrape(self) -> dict[Series, float]:
        """Every series and its value. No series comes twice."""
        with serving(self) as port:
            text = get(port, "application/openmetrics-text; version=1.0.0")
        families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        samples = [each for family in families for each in family.samples]
        found = {(each.name, frozenset(each.labels.items())): float(each.value) for each in samples}
        assert len(found) == len(samples)
        return found

    def names(self) -> set[str]:
        return {name for name, _ in self.scrape()}


@contextmanager
def serving(scene: Scene) -> Iterator[int]:
    server = serve_metrics("127.0.0.1", 0, scene.collector)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def get(port: int, accept: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Accept": accept})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()


def series(name: str, **labels: str) -> Series:
    return name, frozenset({"profile": "main", **labels}.items())


def of_deployment(name: str, **labels: str) -> Series:
    return series(f"qctui_deployment_{name}", **LABELS, **labels)


def test_everything_that_is_known() -> None:
    scene = Scene()
    scene.fill()
    scene.counts.note(RequestReport("live/list", 0.1, None, None, 0.0))
    scene.counts.note(RequestReport("live/list", 0.1, None, FailureKind.TIMEOUT, 0.0))
    scene.pass_time(10)
    ended = {**LABELS, "project": "project 2", "project_id": "2", "deploy_id": f"L-{2:032x}", "mode": "paper"}
    state = "qctui_deployment_pulse"
    assert scene.scrape() == {
        series("qctui_info", version=__version__): 1,
        series("qctui_up"): 1,
        series("qctui_read_age_seconds", resource="deployments"): 10,
        series("qctui_read_age_seconds", resource="projects"): 10,
        series("qctui_api_requests_total", endpoint="live/list"): 2,
        series("qctui_api_request_failures_total", endpoint="live/list", kind="timeout"): 1,
        series("qctui_alerts_firing", severity="critical", rule="blind"): 1,
        series("qctui_actions_unverified"): 1,
        of_deployment("alive"): 1,
        (f"{'qctui_deployment'}_alive", frozenset(ended.items())): 0,
        of_deployment("pulse", **{state: "ok"}): 0,
        of_deployment("pulse", **{state: "quiet"}): 0,
        of_deployment("pulse", **{state: "blind"}): 1,
        of_deployment("equity"): 90_000,
        of_deployment("profit"): -10_000,
        of_deployment("exposure"): 51_800,
        of_deployment("positions"): 3,
        of_deployment("read_age_seconds", resource="orders"): 40,
        of_deployment("read_age_seconds", resource="positions"): 10,
    }


def test_before_anything_is_known_nothing_is_said() -> None:
    assert Scene().names() == {"qctui_info"}


def test_what_is_stale_is_left_out_and_never_zero() -> None:
    scene = Scene()
    scene.fill()
    scene.pass_time(STALE_S)
    assert not any(name.startswith("qctui_deployment") for name in scene.names())
    assert scene.scrape()[series("qctui_read_age_seconds", resource="deployments")] == STALE_S
    scene.pass_time(HOLDINGS_STALE_S - STALE_S)
    scene.engine.put(DEPLOYMENTS, (ONE,))
    names = scene.names()
    assert "qctui_deployment_equity" in names
    assert not {"qctui_deployment_exposure", "qctui_deployment_positions"} & names


def test_what_is_not_known_of_a_deployment_is_left_out() -> None:
    scene = Scene()
    scene.fill()
    scene.engine.put(DEPLOYMENTS, (make_deployment(1, equity=None), make_deployment(2, equity=float("nan"))))
    scene.engine.put(ACCOUNTS, MappingProxyType({ONE.deploy_id: Account(read_mono=1.0)}))
    scene.engine.put(PULSES, MappingProxyType({ONE.deploy_id: Pulse(PulseState.UNKNOWN, 0.0)}))
    assert {name for name in scene.names() if name.startswith("qctui_deployment")} == {
        "qctui_deployment_alive",
        "qctui_deployment_read_age_seconds",
    }


def test_an_exposure_that_leaves_coins_out_is_left_out() -> None:
    scene = Scene()
    scene.fill()
    account = Account(positions=0, exposure=0.0, other_cash=True, read_mono=scene.engine.clock.monotonic())
    scene.engine.put(ACCOUNTS, MappingProxyType({ONE.deploy_id: account}))
    names = scene.names()
    assert "qctui_deployment_positions" in names
    assert "qctui_deployment_exposure" not in names


@pytest.mark.parametrize(
    ("state", "up"), [(LinkState.OK, 1), (LinkState.DEGRADED, 1), (LinkState.DOWN, 0), (LinkState.AUTH, 0)]
)
def test_up_is_the_api(state: LinkState, up: int) -> None:
    scene = Scene()
    scene.engine.put(LINK, Link(state))
    assert scene.scrape()[series("qctui_up")] == up


def test_a_polling_that_hangs_is_not_up() -> None:
    scene = Scene()
    scene.fill()
    asyncio.run(scene.engine.clock.advance(LATE_S))
    assert scene.scrape()[series("qctui_up")] == 0


def test_names_keep_the_rules_of_prometheus() -> None:
    scene = Scene()
    scene.fill()
    scene.counts.note(RequestReport("live/list", 0.1, None, FailureKind.TIMEOUT, 0.0))
    labels = {label for _, found in scene.scrape() for label, _ in found}
    assert "environment" not in labels
    with serving(scene) as port:
        text = get(port, "text/plain")
    typed = dict(line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    for name, kind in typed.items():
        assert name.startswith("qctui_")
        assert name.endswith("_total") == (kind == "counter"), name


def test_scrapers_that_say_nothing_have_few_places_and_hold_nothing_up() -> None:
    scene = Scene()
    with serving(scene) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST_SCRAPERS + 1)]
        try:
            assert silent[-1].recv(1) == b""  # closed at once
            silent[0].sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert silent[0].recv(8) == b"HTTP/1.0"
        finally:
            for each in silent:
                each.close()


def test_an_address_that_is_taken_is_an_error() -> None:
    with serving(Scene()) as port, pytest.raises(OSError, match="in use"):
        serve_metrics("127.0.0.1", port, Scene().collector)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("9101", ("127.0.0.1", 9101)),
        (":9101", ("127.0.0.1", 9101)),
        ("0.0.0.0:9101", ("0.0.0.0", 9101)),
        ("[::1]:9101", ("::1", 9101)),
        ("localhost:9101", ("localhost", 9101)),
    ],
)
def test_without_a_host_it_is_this_machine_alone(given: str, address: tuple[str, int]) -> None:
    assert parse(["watch", "--metrics", given]).metrics == address


def test_without_the_extra_it_is_one_line_and_exit_2() -> None:
    code = (
        "import sys, importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'prometheus_client' else find(name, *more)\n"
        "from qctui.cli import main; sys.exit(main(['watch', '--metrics', '9101']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "qctui[metrics]" in done.stderr
