from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.ports import RequestReport
from qctui.engine.circuit_breaker import CircuitBreaker
from qctui.engine.engine_port import Visibility
from qctui.engine.equity_history import SAMPLES, EquityHistory
from qctui.engine.health import Health
from qctui.engine.polls import HEAVY_BYTES, HEAVY_KEYS, Retention
from qctui.engine.rate_limiter import WINDOW_S, Priority, RateLimiter
from qctui.engine.schedule import backoff_s, interval_s, loading_s, probe_s
from qctui.model.account import EQUITY_HISTORY, EquityTrail
from qctui.model.chart import Chart, Series, SeriesType
from qctui.model.insight import InsightLog
from qctui.model.keys import DEPLOYMENTS, LINK, detail_key, insights_key, optimization_key
from qctui.model.link import Link, LinkState
from qctui.model.resource import Failure, FailureKind
from qctui.store import Store
from qctui.value import replace
from tests.fakes import FakeClock, make_deployment, make_insight, make_optimization

# The rate limiter.


def _take(limiter: RateLimiter, count: int, mono: float) -> None:
    for _ in range(count):
        limiter.take(mono)


def test_three_quarters_of_a_share_are_there_at_once_and_the_rest_evenly() -> None:
    limiter = RateLimiter(60)
    for _ in range(68):
        assert limiter.wait_s(Priority.FRESH, 0.0) == 0.0
        limiter.take(0.0)
    assert limiter.wait_s(Priority.FRESH, 0.0) == pytest.approx(60 / 22)
    _take(limiter, 22, 0.0)
    assert limiter.wait_s(Priority.FRESH, 0.0) == pytest.approx(60.0)


def test_in_the_long_run_all_of_the_share_is_used() -> None:
    limiter, mono = RateLimiter(60), 0.0
    for _ in range(540):
        while wait_s := limiter.wait_s(Priority.ROUTINE, mono):
            mono += max(wait_s, 1e-6)
        limiter.take(mono)
        assert limiter.used(mono) <= 54
    assert 500 < mono < 601


def test_routine_and_bulk_reads_leave_room_for_what_a_person_waits_for() -> None:
    limiter = RateLimiter(60)
    _take(limiter, 42, 0.0)
    assert limiter.wait_s(Priority.UNKNOWN, 50.0) == pytest.approx(10.0)
    assert limiter.wait_s(Priority.BULK, 50.0) < 2.0
    _take(limiter, 6, 1.0)
    assert limiter.wait_s(Priority.BULK, 50.0) == pytest.approx(10.0)
    assert limiter.wait_s(Priority.ROUTINE, 50.0) < 2.0
    _take(limiter, 6, 30.0)
    assert limiter.wait_s(Priority.ROUTINE, 50.0) == pytest.approx(10.0)
    assert limiter.wait_s(Priority.FRESH, 50.0) == 0.0


@given(
    per_minute=st.integers(1, 200),
    asks=st.lists(st.tuples(st.floats(0, 20), st.sampled_from(Priority)), max_size=200),
)
def test_never_more_than_its_share_in_any_minute_and_never_stuck(
    per_minute: int, asks: list[tuple[float, Priority]]
) -> None:
    limiter, mono, made = RateLimiter(per_minute), 0.0, list[float]()
    for pause_s, priority in asks:
        mono += pause_s
        for _ in range(1_000):
            wait_s = limiter.wait_s(priority, mono)
            if wait_s == 0:
                break
            assert wait_s <= WINDOW_S + 1e-6
            mono += max(wait_s, 1e-6)
        else:
            raise AssertionError("never allowed")
        limiter.take(mono)
        made.append(mono)
        assert sum(each + WINDOW_S > mono for each in made) <= max(1, per_minute * priority.value)


# The schedule.


def test_intervals_follow_what_is_known() -> None:
    running, done = make_optimization(), make_optimization(status="Completed")
    key = optimization_key("O-1")
    assert interval_s(key, Visibility.OPENED, running) == interval_s(key, Visibility.OPENED) == 10.0
    assert interval_s(key, Visibility.VISIBLE, running) == 30.0
    assert interval_s(key, Visibility.OPENED, done) == interval_s(key, Visibility.HIDDEN, done) == 600.0
    assert interval_s(insights_key(1, "L"), Visibility.VISIBLE, InsightLog((), complete=False)) == 0.0
    assert interval_s(insights_key(1, "L"), Visibility.VISIBLE, InsightLog((), complete=True)) == 60.0


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_backoffs_grow_to_a_cap_and_survive_a_year_of_failures(kind: FailureKind, jitter: float) -> None:
    waits = [backoff_s(kind, attempts, 60.0, None, jitter) for attempts in (1, 2, 3, 4, 5, 6, 10, 10_000_000)]
    assert waits == sorted(waits)
    assert waits[0] >= 5.0
    assert waits[-1] <= (330.0 if kind.refuses_credentials else 132.0)
    probes = [probe_s(kind, attempts, None, jitter) for attempts in (1, 2, 3, 10_000_000)]
    assert probes == sorted(probes)
    if not kind.refuses_credentials and kind is not FailureKind.RATE_LIMITED:
        assert probes[-1] <= 15.0


def test_retry_after_is_honoured_within_reason() -> None:
    assert backoff_s(FailureKind.RATE_LIMITED, 1, 10.0, 90.0, 0.0) == 90.0
    assert probe_s(FailureKind.RATE_LIMITED, 1, 90.0, 0.0) == 90.0
    assert probe_s(FailureKind.SERVER, 1, 1e9, 0.0) == 600.0


def test_a_rejection_is_not_asked_for_faster_than_a_good_answer() -> None:
    assert backoff_s(FailureKind.REJECTED, 1, 60.0, None, 0.0) == 60.0


def test_loading_is_asked_for_less_often_after_a_minute() -> None:
    assert loading_s(1) == loading_s(12) == 5.0
    assert loading_s(13) > 5.0


# The circuit breaker.


def _failure(kind: FailureKind, mono: float = 0.0) -> Failure:
    return Failure(kind, "words", 0.0, mono)


def test_one_endpoint_alone_does_not_trip_the_breaker() -> None:
    breaker = CircuitBreaker(random.Random(1))
    for _ in range(10):
        assert not breaker.failed(detail_key(1), _failure(FailureKind.SERVER), None, probe=False)
    assert not breaker.tripped
    assert breaker.failed(DEPLOYMENTS, _failure(FailureKind.SERVER), None, probe=False)
    assert breaker.tripped


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = CircuitBreaker(random.Random(1))
    for _ in range(5):
        breaker.failed(detail_key(1), _failure(FailureKind.TIMEOUT), None, probe=False)
        breaker.succeeded()
        breaker.failed(detail_key(2), _failure(FailureKind.TIMEOUT), None, probe=False)
        assert breaker.failure is None
        breaker.succeeded()


def test_only_the_probe_moves_the_next_try() -> None:
    breaker = CircuitBreaker(random.Random(1))
    breaker.failed(detail_key(1), _failure(FailureKind.CONNECT), None, probe=False)
    first = breaker.failure
    assert not breaker.failed(detail_key(2), _failure(FailureKind.CONNECT, 1.0), None, probe=False)
    assert breaker.failure is first
    assert breaker.failed(detail_key(2), _failure(FailureKind.CONNECT, 2.0), None, probe=True)
    assert breaker.failure is not None
    assert breaker.failure.attempts == 2


def test_suspected_credentials_are_confirmed_first() -> None:
    breaker = CircuitBreaker(random.Random(1))
    breaker.failed(detail_key(1), _failure(FailureKind.AUTH), None, probe=False)
    assert (breaker.tripped, breaker.failure, breaker.asks_credentials) == (True, None, True)
    assert breaker.probe_in_s(0.0) == 0.0
    breaker.failed(None, _failure(FailureKind.AUTH), None, probe=True)
    assert breaker.failure is not None
    assert breaker.probe_in_s(0.0) >= 60.0


def test_an_outage_does_not_prolong_the_wait_for_credentials() -> None:
    breaker = CircuitBreaker(random.Random(1))
    breaker.failed(detail_key(1), _failure(FailureKind.CONNECT), None, probe=False)
    for _ in range(20):
        breaker.failed(detail_key(1), _failure(FailureKind.CONNECT), None, probe=True)
    breaker.failed(detail_key(1), _failure(FailureKind.AUTH), None, probe=True)
    assert breaker.failure is not None
    assert breaker.failure.attempts == 1


def test_a_defect_while_probing_keeps_the_reason() -> None:
    breaker = CircuitBreaker(random.Random(1))
    breaker.failed(detail_key(1), _failure(FailureKind.CONNECT), None, probe=False)
    breaker.failed(detail_key(1), _failure(FailureKind.INTERNAL, 5.0), None, probe=True)
    assert breaker.failure is not None
    assert breaker.failure.kind is FailureKind.CONNECT
    assert breaker.failure.next_try_mono is not None
    assert breaker.failure.next_try_mono > 5.0


# The link.


class _Link:
    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), Store()
        self.breaker = CircuitBreaker(random.Random(1))
        self.health = Health(self.store, self.clock, 60)
        self.health.open()

    def exchange(self, latency_s: float = 0.1, skew_s: float = 0.0, failure: FailureKind | None = None) -> None:
        now = self.clock.now()
        self.health.observe(RequestReport("live/list", latency_s, float(int(now + skew_s)), failure, now))

    def publish(self, used: int = 0, waiting: int = 0) -> Link:
        self.health.publish(self.breaker, [], used, waiting, 60)
        link = self.store.get(LINK).value
        assert link is not None
        return link


def test_the_link_has_a_value_from_the_start() -> None:
    link = _Link().store.get(LINK).value
    assert link is not None
    assert link.state is LinkState.CONNECTING


def test_latency_that_trembles_is_no_news_and_one_that_moves_is() -> None:
    link, generator = _Link(), random.Random(3)
    link.exchange(0.1)
    version = link.publish() and link.store.get(LINK).version
    for _ in range(500):
        link.exchange(generator.uniform(0.05, 0.15))
        link.publish()
    assert link.store.get(LINK).version == version
    for _ in range(20):
        link.exchange(2.0)
    assert (link.publish().latency_s or 0) > 1.5


def test_latency_of_failures_does_not_count() -> None:
    link = _Link()
    link.exchange(0.1)
    link.exchange(30.0, failure=FailureKind.TIMEOUT)
    assert link.publish().latency_s == pytest.approx(0.1)


@pytest.mark.parametrize(("skew_s", "shown"), [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (90.0, 90.0), (-7_300.0, -7_300.0)])
def test_the_clock_skew_is_reported_when_it_is_real(skew_s: float, shown: float) -> None:
    link = _Link()
    assert link.publish().skew_s is None
    link.exchange(skew_s=skew_s)
    assert link.publish().skew_s == pytest.approx(shown, abs=1.0)


def test_a_clock_set_right_is_noticed() -> None:
    link = _Link()
    link.exchange(skew_s=500.0)
    link.publish()
    link.exchange()
    assert link.publish().skew_s == 0.0


def test_the_budget_is_news_only_when_tight() -> None:
    link = _Link()
    link.publish(used=1)
    version = link.store.get(LINK).version
    for used in range(40):
        link.publish(used=used)
    assert link.store.get(LINK).version == version
    assert link.publish(used=50, waiting=3).waiting == 3
    assert link.publish(used=20).budget_used == 20


# The history.


def _trails(store: Store) -> dict[str, EquityTrail]:
    return dict(store.get(EQUITY_HISTORY).value or {})


def test_equity_is_sampled_every_quarter_of_an_hour_for_a_day_and_bounded() -> None:
    store = Store()
    history = EquityHistory(store)
    for step in range(4 * 60 * 40):
        history.record([make_deployment(1, equity=float(step))], 5_000.0 + 15 * step, 15.0 * step)
    trail = _trails(store)[make_deployment(1).deploy_id]
    assert 96 <= len(trail.values) == len(trail.ats) <= SAMPLES
    assert trail.values[-1] == 4 * 60 * 40 - 1
    gaps = {trail.ats[i + 1] - trail.ats[i] for i in range(len(trail.ats) - 2)}
    assert gaps == {900.0}


def test_unknown_and_ended_equity_add_nothing_and_nothing_is_invented() -> None:
    store = Store()
    history = EquityHistory(store)
    history.record([make_deployment(1, equity=None), make_deployment(2, equity=float("nan"))], 0.0, 0.0)
    assert _trails(store) == {}
    history.record([make_deployment(1, equity=5.0)], 60.0, 60.0)
    history.record([make_deployment(1, equity=None)], 120.0, 120.0)
    history.record([make_deployment(1, equity=0.0, status="Stopped")], 180.0, 180.0)
    assert list(_trails(store)[make_deployment(1).deploy_id].values) == [5.0]


def test_what_is_no_longer_listed_is_forgotten() -> None:
    store = Store()
    history = EquityHistory(store)
    history.record([make_deployment(1), make_deployment(2)], 0.0, 0.0)
    history.record([make_deployment(2)], 60.0, 60.0)
    assert set(_trails(store)) == {make_deployment(2).deploy_id}


def test_an_id_that_is_missing_or_shared_by_projects_has_no_trail() -> None:
    store = Store()
    history = EquityHistory(store)
    one, other = make_deployment(1), make_deployment(2)
    history.record([one, replace(other, deploy_id=one.deploy_id), make_deployment(3)], 0.0, 0.0)
    assert set(_trails(store)) == {make_deployment(3).deploy_id}
    history.record([replace(one, deploy_id=""), replace(other, deploy_id="")], 15.0, 15.0)
    assert _trails(store) == {}


def test_an_unchanged_deployment_keeps_its_trail() -> None:
    store = Store()
    history = EquityHistory(store)
    history.record([make_deployment(1)], 0.0, 0.0)
    before = store.get(EQUITY_HISTORY)
    history.record([make_deployment(1)], 15.0, 15.0)
    assert store.get(EQUITY_HISTORY) is before


# What is kept.


def _chart_of(points: int) -> Chart:
    column = array("d", bytes(8 * points))
    return Chart("c", stacked=False, series=(Series("s", "", 0, SeriesType.LINE, column, column),))


def test_unwanted_heavy_values_are_forgotten_oldest_first() -> None:
    retention = Retention()
    keys = [detail_key(number) for number in range(6)]
    for key in keys:
        retention.note(key, _chart_of(HEAVY_BYTES // 24 // 4))
    retention.touch(keys[0])
    assert retention.excess({keys[1]}) == [keys[2]]


def test_there_may_not_be_too_many_however_small() -> None:
    retention = Retention()
    for number in range(HEAVY_KEYS + 10):
        retention.note(detail_key(number), InsightLog((make_insight(number),), complete=True))
    retention.note(optimization_key("light"), make_optimization())
    assert retention.excess(()) == [detail_key(number) for number in range(10)]
    assert retention.excess(()) == []


def test_replaced_values_are_counted_once() -> None:
    retention = Retention()
    for number in range(1_000):
        retention.note(detail_key(1), replace(_chart_of(10_000), count=number))
    assert retention.excess(()) == []
