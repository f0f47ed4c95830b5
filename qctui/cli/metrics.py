"""`--metrics`: what is known, as OpenMetrics for Prometheus, and the server that gives it out, on threads of its own.

What is stale or not known is left out, never 0. Names and labels follow Prometheus' rules: base units, `_total` behind
counters, no label that changes while its series lives. Imported only where metrics are asked for: it needs the extra
`metrics`.
"""

from __future__ import annotations

import logging
import math
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from qctui import __version__
from qctui.api.ports import RequestReport
from qctui.cli.watch import LATE_S, STALE_S, WatchedEngine
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY, Account
from qctui.model.action import ACTIONS, Rung
from qctui.model.alert import ALERTS, AlertState
from qctui.model.deployment import Deployment, is_recent, name_of, names_of
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import LinkState
from qctui.model.pulse import PULSES, PulseState

HOLDINGS_STALE_S = 900.0
"""Positions read longer ago are left out."""

_OF_DEPLOYMENT = ("profile", "project", "project_id", "deploy_id", "mode")

_ANSWERS = {LinkState.OK: True, LinkState.DEGRADED: True, LinkState.DOWN: False, LinkState.AUTH: False}

_PULSES = (PulseState.OK, PulseState.QUIET, PulseState.BLIND)
"""The fourth is that it is not known."""

MOST_SCRAPERS = 4
"""Connections at once. More are closed unanswered."""

SCRAPE_S = 5.0
"""How long a connection may be silent."""

Samples = Iterable[tuple[tuple[str, ...], float]]
"""Labels behind the profile, and the value."""

_log = logging.getLogger(__name__)


class RequestCounts:
    """Counts finished requests. Written on the engine's thread, read on any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str]] = Counter()
        self._failures: Counter[tuple[str, str]] = Counter()

    def note(self, report: RequestReport) -> None:
        """One more."""
        with self._lock:
            self._requests[report.endpoint,] += 1
            if report.failure is not None:
                self._failures[report.endpoint, report.failure.value] += 1

    def read(self) -> tuple[dict[tuple[str], int], dict[tuple[str, str], int]]:
        """Requests by endpoint, and failures by endpoint and kind."""
        with self._lock:
            return dict(self._requests), dict(self._failures)


class StoreCollector(Collector):
    """Makes the metrics of what the store holds when it is asked. Any thread."""

    def __init__(self, engine: WatchedEngine, counts: RequestCounts, profile: str, pinned: Iterable[Key[Any]]) -> None:
        """`pinned` are lists of optimizations that are read beside the deployments."""
        self._engine, self._counts, self._profile = engine, counts, profile
        self._lists: tuple[Key[Any], ...] = (DEPLOYMENTS, PROJECTS, *pinned)

    def collect(self) -> Iterator[Metric]:
        """The metrics of now."""
        yield InfoMetricFamily("qctui", "The program.", {"version": __version__, "profile": self._profile})
        yield from self._of_the_whole()
        yield from self._of_deployments()

    def _of_the_whole(self) -> Iterator[Metric]:
        store, mono = self._engine.store, self._engine.clock.monotonic()
        link = store.get(LINK).value
        answers = _ANSWERS.get(link.state) if link is not None else None
        if mono - self._engine.turned_mono >= LATE_S:
            answers = False
        up = [] if answers is None else [((), float(answers))]
        yield self._gauge_of("qctui_up", "Whether the API answers and the polling has its turns.", up)

        ages: dict[tuple[str], float] = {}
        for key in self._lists:
            known = store.get(key).age_s(mono)
            if known is not None:
                ages[key.kind,] = max(known, ages.get((key.kind,), 0.0))
        words = "Age of what was read last, the oldest of its kind."
        yield self._gauge_of("qctui_read_age_seconds", words, ages.items(), "resource")

        requests, failures = self._counts.read()
        yield self._counter_of("qctui_api_requests", "Finished requests.", requests.items(), "endpoint")
        words = "Requests without a usable answer."
        yield self._counter_of("qctui_api_request_failures", words, failures.items(), "endpoint", "kind")

        alerts = [each for each in store.get(ALERTS).value or () if each.state is AlertState.FIRING]
        firing = Counter((each.severity.name.lower(), each.rule) for each in alerts)
        words = "Alerts that fire and were not acknowledged."
        yield self._gauge_of("qctui_alerts_firing", words, firing.items(), "severity", "rule")

        actions = store.get(ACTIONS).value
        unverified = sum(each.rung in (Rung.UNKNOWN, Rung.UNVERIFIED) for each in actions or ())
        words = "Actions whose outcome is UNKNOWN or UNVERIFIED."
        yield self._gauge_of("qctui_actions_unverified", words, [] if actions is None else [((), unverified)])

    def _gauge_of(self, name: str, words: str, samples: Samples, *labels: str) -> Metric:
        return self._filled(GaugeMetricFamily(name, words, labels=["profile", *labels]), samples)

    def _counter_of(self, name: str, words: str, samples: Samples, *labels: str) -> Metric:
        return self._filled(CounterMetricFamily(name, words, labels=["profile", *labels]), samples)

    def _filled(self, family: GaugeMetricFamily | CounterMetricFamily, samples: Samples) -> Metric:
        for labels, value in samples:
            family.add_metric([self._profile, *labels], value)
        return family

    def _of_deployments(self) -> Iterator[Metric]:
        store, clock = self._engine.store, self._engine.clock
        now, mono = clock.now(), clock.monotonic()
        alive = _gauge("alive", "Whether it may trade; 0 for a day after its end.")
        pulse = StateSetMetricFamily("qctui_deployment_pulse", "Signs of life, where known.", labels=_OF_DEPLOYMENT)
        equity = _gauge("equity", "Equity in the account's currency.")
        profit = _gauge("profit", "Change of the equity since 24 hours ago, or since a later launch.")
        exposure = _gauge("exposure", "Worth of all open positions, long or short, in the account's currency.")
        positions = _gauge("positions", "Open positions.")
        age = GaugeMetricFamily(
            "qctui_deployment_read_age_seconds",
            "Age of what was read of it last.",
            labels=[*_OF_DEPLOYMENT, "resource"],
        )
        listed = store.get(DEPLOYMENTS)
        list_age_s = listed.age_s(mono)
        fresh = list_age_s is not None and list_age_s < STALE_S
        names = names_of(store.get(PROJECTS).value or ())
        pulses, accounts = store.get(PULSES).value or {}, store.get(ACCOUNTS).value or {}
        trails = store.get(EQUITY_HISTORY).value or {}
        # A list with one twice must not become a scrape with a series twice, which Prometheus takes no part of.
        rows = {(each.project_id, each.deploy_id): each for each in listed.value or () if is_recent(each, now)}
        for each in rows.values() if fresh else ():
            labels = self._labels(each, names)
            alive.add_metric(labels, float(each.alive))
            if not each.alive:
                continue
            known = pulses.get(each.deploy_id)
            if known is not None and known.state in _PULSES:
                pulse.add_metric(labels, {state.value.lower(): state is known.state for state in _PULSES})
            _add(equity, labels, each.equity)
            trail = trails.get(each.deploy_id)
            base = trail.base(each.launched_at, now) if trail is not None else None
            _add(profit, labels, None if base is None or each.equity is None else each.equity - base)
            account = accounts.get(each.deploy_id, Account())
            ages = {what: now - at for what, at in known.looked_at.items()} if known is not None else {}
            if account.read_mono is not None:
                ages["positions"] = mono - account.read_mono
                if ages["positions"] < HOLDINGS_STALE_S:
                    # Without what is held as cash it would be less than there is at risk.
                    _add(exposure, labels, None if account.other_cash else account.exposure)
                    _add(positions, labels, account.positions)
            for what, seconds in ages.items():
                age.add_metric([*labels, what], max(0.0, seconds))
        yield from (alive, pulse, equity, profit, exposure, positions, age)

    def _labels(self, each: Deployment, names: Mapping[int, str]) -> list[str]:
        name = name_of(each.project_id, names)
        return [self._profile, name, str(each.project_id), each.deploy_id, each.environment.value.lower()]


def _gauge(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"qctui_deployment_{name}", words, labels=_OF_DEPLOYMENT)


def _add(family: GaugeMetricFamily, labels: list[str], value: float | None) -> None:
    if value is not None and math.isfinite(value):
        family.add_metric(labels, value)


def serve_metrics(host: str, port: int, collector: Collector) -> WSGIServer:
    """Serve until the process ends: a slow scraper never touches the engine's loop.

    Raises:
        OSError: there is no such address, or it is taken.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]

    class Server(_BoundedServer):
        address_family = family

    server = make_server(str(address[0]), port, make_wsgi_app(registry), Server, handler_class=_Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Handler(WSGIRequestHandler):
    timeout = SCRAPE_S

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


class _BoundedServer(ThreadingWSGIServer):
    """A few threads at most, each for one connection that may not be silent for long."""

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_SCRAPERS)
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind without asking a name server who we are, as http.server does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """On a thread, if one is free."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the base, and free the place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that went away, or was too slow. The base would print it."""
        _log.debug("a scrape failed", exc_info=True)
