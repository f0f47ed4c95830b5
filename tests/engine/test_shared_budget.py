"""Processes that read one account share its budget."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from qctui.api.ports import RequestReport
from qctui.engine.host import ApiClient, EngineHost
from qctui.engine.polls import LIST_GAP_S
from qctui.engine.rate_limiter import LEAST_BUDGET, WINDOW_S, Priority, RateLimiter
from qctui.engine.schedule import PollSettings
from qctui.engine.shared_budget import SharedBudget
from qctui.model.account import ACCOUNTS
from qctui.model.keys import DEPLOYMENTS, detail_key, insights_key, optimizations_key, portfolio_key
from qctui.model.pulse import PULSES
from tests.engine.rig import Rig, on_rig
from tests.engine.test_accounts import crowd
from tests.engine.test_host import StubActions, StubClient
from tests.fakes import FakeApi, FakeClock, default_alerts, make_deployment

HOLD = """
import sys
from pathlib import Path
from qctui.engine.shared_budget import SharedBudget
budget = SharedBudget(Path(sys.argv[1]), "a")
print(budget.exchange((100.0, 101.0), 102.0)[0], flush=True)
sys.stdin.read()
"""


def test_all_that_read_one_account_know_of_each_other_and_leave_nothing_behind(tmp_path: Path) -> None:
    first, second, other = (SharedBudget(tmp_path, account) for account in "aab")
    assert first.exchange((100.0, 110.0), 110.0) == (1, [])
    assert second.exchange((), 111.0) == (2, [100.0, 110.0])
    assert other.exchange((), 111.0) == (1, [])
    assert first.exchange((110.0,), 161.0) == (2, [])
    assert second.exchange((), 161.0) == (2, [110.0])
    second.close()
    assert first.exchange((), 171.0) == (1, [])
    first.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_when_another_process_listed_what_is_live_is_known(tmp_path: Path) -> None:
    first, second = (SharedBudget(tmp_path, "a") for _ in range(2))
    first.exchange((100.0,), 110.0, 101.0)
    second.exchange((), 111.0, 5.0)
    assert (first.listed_elsewhere, second.listed_elsewhere) == (float("-inf"), 101.0)
    first.exchange((100.0,), 112.0, 101.0)
    assert first.listed_elsewhere == 5.0
    for each in (second, first):
        each.close()


def test_alone_the_others_are_looked_for_now_and_then_and_known_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(call: Callable[..., Any], *arguments: Any) -> Any:
        return call(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)

    async def main() -> None:
        clock, looks = FakeClock(), []
        mine, other = SharedBudget(tmp_path, "a"), SharedBudget(tmp_path, "a")
        look = mine.exchange

        def exchange(reads: Sequence[float], mono: float, listed: float) -> tuple[int, list[float]]:
            looks.append((mono, look(reads, mono, listed)[0]))
            return look(reads, mono, listed)

        monkeypatch.setattr(mine, "exchange", exchange)

        async def open_client(observe: Callable[[RequestReport], None]) -> ApiClient:
            return StubClient(FakeApi(clock))

        host = EngineHost(open_client, lambda _: StubActions(), default_alerts, clock=clock, sharing=mine)
        running = asyncio.create_task(host.run())
        await clock.advance(600)
        assert len(looks) <= 600 / 15 + 1
        other.exchange((), clock.monotonic())
        began = clock.monotonic()
        await clock.advance(60)
        assert next(mono for mono, readers in looks if readers == 2) - began <= 15
        assert len([mono for mono, _ in looks if mono > began]) >= (60 - 15) / 2
        other.close()
        await clock.advance(20)
        looks.clear()
        await clock.advance(60)
        assert len(looks) <= 5
        assert {readers for _, readers in looks} == {1}
        host.stop(0.0)
        await running

    asyncio.run(main())


def test_what_one_read_that_was_killed_counts_for_its_minute(tmp_path: Path) -> None:
    mine = SharedBudget(tmp_path, "a")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "1"
        process.kill()
        process.wait()
    assert mine.exchange((), 103.0) == (2, [100.0, 101.0])
    assert mine.exchange((), 160.5) == (2, [101.0])
    assert mine.exchange((), 161.0) == (1, [])
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_before_the_machine_started_anew_does_not_count(tmp_path: Path) -> None:
    before = SharedBudget(tmp_path, "a")
    before.exchange((90_000.0,), 90_000.0)
    before.close()
    assert SharedBudget(tmp_path, "a").exchange((), 40.0) == (1, [])


def test_where_the_disk_declines_it_reads_as_if_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert SharedBudget(tmp_path / "file", "a").exchange((1.0,), 1.0) == (1, [])


def test_a_process_has_its_part_whatever_the_others_do_and_what_they_leave_of_the_whole() -> None:
    limiter = RateLimiter(60)
    limiter.share(2, [0.0] * 12)
    for _ in range(31):  # three quarters of the whole are there at once
        assert limiter.wait_s(Priority.ROUTINE, 0.0) == 0.0
        limiter.take(0.0)
    assert limiter.wait_s(Priority.ROUTINE, 0.0) == pytest.approx(60 / 14)
    greedy = RateLimiter(60)
    greedy.share(2, [0.0] * 60)
    while greedy.wait_s(Priority.ROUTINE, 0.0) == 0:
        greedy.take(0.0)
    assert greedy.used(0.0) == 60 + 21
    assert greedy.wait_s(Priority.ROUTINE, 0.0) > 0
    assert greedy.wait_s(Priority.UNKNOWN, 0.0) == pytest.approx(WINDOW_S)
    crowded = RateLimiter(60)
    crowded.share(100, [0.0] * 90)
    assert crowded.wait_s(Priority.FRESH, 0.0) == 0.0
    # What nobody waits for is not read over the budget by one more that was started.
    assert crowded.wait_s(Priority.UNKNOWN, 0.0) > 0
    for _ in range(int(LEAST_BUDGET * Priority.FRESH.value)):
        crowded.take(0.0)
    assert crowded.wait_s(Priority.FRESH, 0.0) == pytest.approx(WINDOW_S)


def test_two_that_want_all_of_it_stay_within_the_budget_and_get_half_each() -> None:
    pair = RateLimiter(60), RateLimiter(60)
    made: list[list[float]] = [[], []]
    for step in range(6_000):
        mono = step / 10
        if step % 20 == 0:  # they know of each other every two seconds
            seen = [each.reads(mono) for each in pair]
            pair[0].share(2, seen[1])
            pair[1].share(2, seen[0])
        for limiter, times in zip(pair, made, strict=True):
            # The second one begins when the first one has taken what there is.
            if (limiter is pair[0] or step > 900) and limiter.wait_s(Priority.ROUTINE, mono) == 0:
                limiter.take(mono)
                times.append(mono)
    late = [[at for at in times if at >= 300] for times in made]
    together = sorted(late[0] + late[1])
    assert max(sum(at <= other < at + WINDOW_S for other in together) for at in together) <= 60
    assert all(len(times) > 110 for times in late)


def test_the_list_that_actions_aim_by_is_read_when_it_is_asked_for_whatever_the_others_have_read() -> None:
    async def body(rig: Rig) -> None:
        for _ in range(20):  # the budget is gone, this program's part of it too
            rig.poller.refresh()
            await rig.clock.advance(1)
        rig.poller.limiter.share(3, [rig.clock.monotonic()] * 60)
        rig.subscribe(detail_key(1))
        await rig.clock.advance(3)
        assert rig.get(detail_key(1)).value is None
        rig.api.deployments = [make_deployment(1, deploy_id="L-new")]
        rig.poller.refresh([DEPLOYMENTS])
        await rig.clock.advance(LIST_GAP_S)
        assert [each.deploy_id for each in rig.value(DEPLOYMENTS)] == ["L-new"]
        asked = len(rig.api.calls)
        await rig.clock.advance(10)
        assert len(rig.api.calls) == asked  # its routine keeps to the budget

    on_rig(body, PollSettings(reads_per_minute=12))


def test_beside_a_watcher_a_dozen_show_what_they_hold_within_two_minutes() -> None:
    async def body(rig: Rig) -> None:
        deploy_id = rig.api.deployments[11].deploy_id
        rig.subscribe(detail_key(12), portfolio_key(12), insights_key(12, deploy_id), optimizations_key(12))
        for _ in range(60):
            # The watcher reads a dozen deployments in turn, and the list.
            mono = rig.clock.monotonic()
            rig.poller.limiter.share(
                2, [at * 5.0 for at in range(int(mono // 5) + 1) if 0 <= mono - at * 5.0 < WINDOW_S]
            )
            await rig.clock.advance(2)
        assert [each.positions for each in rig.value(ACCOUNTS).values()] == [2] * 12
        assert rig.link.budget == 60
        assert rig.link.waiting == 0
        assert len(rig.poller.limiter.reads(rig.clock.monotonic())) <= 60 - 12

    on_rig(body, PollSettings(reads_per_minute=60), before=lambda rig: crowd(rig, 12))


def test_forty_are_looked_at_within_a_quarter_of_an_hour_beside_another_process_that_does_the_same() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(12), portfolio_key(12), optimizations_key(12))
        oldest: dict[str, float] = {}
        for step in range(2_400 // 2):
            mono = rig.clock.monotonic()
            # The other one reads as much in turn, but nothing for a screen.
            rig.poller.limiter.share(2, [mono - 3.0 * age for age in range(20)])
            await rig.clock.advance(2)
            if step > 900:
                for pulse in rig.value(PULSES).values():
                    for look, at in pulse.looked_at.items():
                        oldest[look] = max(oldest.get(look, 0.0), rig.clock.now() - at)
        assert len(rig.value(PULSES)) == 40
        assert oldest["orders"] < 900
        assert oldest["log"] < 900
        made = sorted(call.mono for call in rig.api.calls if call.mono > rig.clock.monotonic() - 600)
        assert max(sum(at <= other < at + WINDOW_S for other in made) for at in made) <= 60 - 20

    on_rig(body, PollSettings(reads_per_minute=60), before=crowd)
