"""The player on a tape of the test's own: gaps, a tape that grows, what is not on it, and what can't be read."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from qctui.actions.journal import journal_time
from qctui.api.recorded import open_recorded
from qctui.engine.engine_port import Subscription
from qctui.engine.player import KEPT, Player, TapeClock
from qctui.engine.recorded_answers import StillClock
from qctui.engine.replay_host import ReplayHost
from qctui.engine.tape_events import TapeEvents, event_words
from qctui.model.chart import ChartWindow
from qctui.model.keys import DEPLOYMENTS, chart_key, detail_key, orders_key, portfolio_key
from qctui.model.playback import PLAYBACK, Playback
from qctui.model.resource import FailureKind, Resource
from qctui.tape.tape import Tape
from qctui.tape.tape_writer import Noted
from tests.fakes import FakeClock
from tests.replay.hour import until_shown
from tests.tape.shelf import AT, event, noted, open_writer, write


def listed(equity: float, status: str = "Running") -> dict[str, object]:
    """An answer of live/list with one deployment."""
    return {
        "live": [
            {
                "projectId": 7, "deployId": "L-7", "status": status, "launched": "2026-11-01 00:00:00",
                "brokerage": "PaperBrokerage", "equity": equity,
            }
        ],
        "success": True,
    }  # fmt: skip


class Seat:
    """In front of a replay, without a screen."""

    def __init__(self, path: Path, at: float, *, playing: bool = False, speed: float = 1.0) -> None:
        self.real = FakeClock()
        self.host = ReplayHost(
            Player(Tape(path), open_recorded, at=at, playing=playing, speed=speed, real=self.real)
        )  # fmt: skip

    @property
    def now(self) -> Playback:
        found = self.host.store.get(PLAYBACK).value
        assert found is not None
        return found

    @property
    def equity(self) -> float | None:
        (row,) = self.host.store.get(DEPLOYMENTS).value or ()
        return row.equity

    async def move(self, moved: object) -> str:
        words: str = await asyncio.wrap_future(moved)  # type: ignore[arg-type]
        return words

    async def passes(self, seconds: float) -> None:
        """Real time."""
        for _ in range(round(seconds * 2)):
            await self.real.advance(0.5)
            await until_shown(self.host)


def seated(body: Callable[[Seat], Awaitable[None]], path: Path, at: float, **more: object) -> None:
    async def main() -> None:
        seat = Seat(path, at, **more)  # type: ignore[arg-type]
        running = asyncio.create_task(seat.host.run())
        await asyncio.sleep(0)
        await until_shown(seat.host)
        await body(seat)
        seat.host.stop()
        await seat.real.advance(1.0)
        await running

    asyncio.run(main())


def test_time_stands_still_or_passes_at_a_speed_up_to_a_limit() -> None:
    real = FakeClock()
    clock = TapeClock(real, 1_000.0)
    real._mono += 5.0
    assert clock.now() == clock.monotonic() == 1_000.0
    clock.set(1_000.0, 10.0, 1_100.0)
    real._mono += 5.0
    assert clock.now() == 1_050.0
    real._mono += 50.0
    assert clock.now() == 1_100.0
    clock.set(clock.now(), 0.0)
    real._mono += 50.0
    assert clock.now() == 1_100.0


def test_nothing_recorded_is_said_and_ages_grow(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    write(path, [noted(AT + 15 * each, listed(100.0 + each)) for each in range(4)])
    write(path, [noted(AT + 2_400 + 15 * each, listed(200.0 + each)) for each in range(4)])

    async def body(seat: Seat) -> None:
        assert (seat.equity, seat.now.gap) == (102.0, None)
        await seat.move(seat.host.seek(600.0))
        assert (seat.equity, seat.now.gap) == (103.0, (AT + 45, AT + 2_400))
        resource = seat.host.store.get(DEPLOYMENTS)
        assert resource.age_s(seat.host.clock.monotonic()) == 600.0 - 15.0 + 0.0
        await seat.move(seat.host.step(1))
        assert (seat.now.at, seat.equity, seat.now.gap) == (AT + 2_400, 200.0, None)
        await seat.move(seat.host.step(-1))
        assert (seat.now.at, seat.equity) == (AT + 45, 103.0)
        assert await seat.move(seat.host.go_to("end")) == ""
        assert (seat.now.at, seat.equity) == (AT + 2_445, 203.0)
        assert await seat.move(seat.host.step(1)) == "nothing that is on screen changed after this"
        assert "no action, alert, order" in await seat.move(seat.host.seek_event(1))

    seated(body, path, AT + 30)


def test_it_plays_into_a_gap_and_over_it(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    write(path, [noted(AT, listed(1.0))], [noted(AT + 600, listed(2.0))])

    async def body(seat: Seat) -> None:
        await seat.passes(2.0)
        assert seat.now.gap == (AT, AT + 600)
        await seat.passes(9.0)
        end = seat.now
        assert (seat.equity, end.playing, end.gap, end.note) == (2.0, False, None, "the end of the tape")

    seated(body, path, AT, playing=True, speed=60.0)


def test_a_tape_that_is_being_written_is_followed_on(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    writer = open_writer(path)
    writer.write([noted(AT, listed(1.0)), noted(AT + 10, listed(2.0))])

    async def body(seat: Seat) -> None:
        await seat.passes(15.0)
        assert (seat.equity, seat.now.playing) == (2.0, False)
        assert "nothing was recorded after it" in await seat.move(seat.host.play())
        writer.write([noted(AT + 20, listed(3.0)), event(AT + 21, "ended", '{"project_id": 7, "deploy_id": "L-7"}')])
        await seat.move(seat.host.play())
        await seat.passes(15.0)
        assert (seat.equity, seat.now.playing, seat.now.last_at) == (3.0, False, AT + 21)
        assert seat.now.marks == ((AT + 21, "ended"),)
        await seat.move(seat.host.seek(-15.0))
        await seat.move(seat.host.seek_event(1))
        assert (seat.now.at, seat.now.note) == (AT + 21, "L-7 of project 7 ended: no status")

    try:
        seated(body, path, AT, playing=True)
    finally:
        writer.close()


def test_failures_stand_beside_the_last_good_value_and_what_was_not_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    portfolio = {"portfolio": {"holdings": {}, "cash": {}}, "success": True}
    broken = b"portfolio: \x1b[31mno answer in time\x07"
    write(
        path,
        [noted(AT, listed(1.0)), noted(AT, portfolio, "live/portfolio/read", projectId=7)],
        [
            noted(AT + 60, broken, "live/portfolio/read", status=None, failure=FailureKind.TIMEOUT, projectId=7),
            noted(AT + 61, listed(1.0)),
        ],
        [noted(AT + 120, portfolio, "live/portfolio/read", projectId=7)],
    )

    async def body(seat: Seat) -> None:
        keys = (portfolio_key(7), orders_key(7), detail_key(7), chart_key(7, "Strategy Equity", ChartWindow(), 100))
        seat.host.subscribe(tuple(Subscription(key) for key in keys))
        await until_shown(seat.host)
        found = seat.host.store.get(portfolio_key(7))
        assert found.value is not None
        assert found.error is not None
        assert (found.error.kind, found.error.message) == (FailureKind.TIMEOUT, "portfolio: no answer in time")
        assert (found.fetched_at, found.error.at) == (AT, AT + 60)
        for key in keys[1:]:
            missing: Resource[Any] = seat.host.store.get(key)
            assert missing.value is None
            assert missing.error is not None
            assert "not read then" in missing.error.message
        await seat.move(seat.host.seek(60.0))
        assert seat.host.store.get(portfolio_key(7)).error is None

    seated(body, path, AT + 65)


def test_a_damaged_answer_costs_that_answer(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    write(path, [noted(AT, listed(1.0)), noted(AT + 1, {"projects": [], "success": True}, "projects/read")])
    write(path, [noted(AT + 15, listed(2.0))], [noted(AT + 30, listed(3.0))])
    with sqlite3.connect(path) as file:
        file.execute("UPDATE answers SET body = x'00' WHERE at = ?", (AT + 15,))
    file.close()

    async def body(seat: Seat) -> None:
        error = seat.host.store.get(DEPLOYMENTS).error
        assert error is not None
        assert "damaged" in error.message
        await seat.move(seat.host.step(1))
        assert seat.equity == 3.0
        await seat.move(seat.host.go_to("start"))
        assert seat.equity == 1.0

    seated(body, path, AT + 20)


def chart(points: int, begin: float, **more: object) -> dict[str, object]:
    """An answer of live/chart/read: one sample a minute."""
    values = [[int(begin) + 60 * each, 100.0 + each] for each in range(points)]
    series = {"Equity": {"name": "Equity", "unit": "$", "index": 0, "seriesType": 0, "values": values}}
    return {"chart": {"name": "Strategy Equity", "chartType": 0, "series": series}, "success": True, **more}


def asked(at: float, span_s: float, count: int) -> dict[str, Any]:
    return {
        "projectId": 7, "name": "Strategy Equity", "count": count, "start": int(at - span_s), "end": int(at)
    }  # fmt: skip


def test_a_chart_of_another_width_or_window_is_the_nearest_that_was_read(tmp_path: Path) -> None:
    path, key = tmp_path / "tape.sqlite", ChartWindow(86_400.0)
    write(
        path,
        [noted(AT, listed(1.0))],
        [
            noted(AT, chart(60, AT - 3_600), "live/chart/read", **asked(AT, 3_600, 300)),
            noted(AT, chart(1_440, AT - 86_400), "live/chart/read", **asked(AT, 86_400, 300)),
            noted(AT, chart(144, AT - 86_400), "live/chart/read", **asked(AT, 86_400, 60)),
        ],
    )

    async def body(seat: Seat) -> None:
        def points(window: ChartWindow, count: int) -> int:
            return seat.host.store.get(chart_key(7, "Strategy Equity", window, count)).value.points  # type: ignore[union-attr]

        windows = (
            (key, 300), (key, 290), (key, 70), (ChartWindow(3_600.0), 80), (ChartWindow(7_200.0), 300),
            (ChartWindow(None, AT - 80_000.0, AT - 70_000.0), 300),
        )  # fmt: skip
        seat.host.subscribe(tuple(Subscription(chart_key(7, "Strategy Equity", *each)) for each in windows))
        await until_shown(seat.host)
        assert [points(*each) for each in windows] == [1_440, 1_440, 144, 60, 1_440, 1_440]

    seated(body, path, AT)


def test_while_the_service_prepares_the_value_before_it_stays(tmp_path: Path) -> None:
    path, key = tmp_path / "tape.sqlite", chart_key(7, "Strategy Equity", ChartWindow(3_600.0), 300)
    loading = {"progress": 0.25, "status": "loading", "success": True}
    write(
        path,
        [noted(AT, listed(1.0))],
        [noted(AT + 1, chart(60, AT - 3_600), "live/chart/read", **asked(AT + 1, 3_600, 300))],
        [noted(AT + 61, loading, "live/chart/read", **asked(AT + 61, 3_600, 300))],
        [noted(AT + 90, listed(1.0))],
    )

    async def body(seat: Seat) -> None:
        seat.host.subscribe((Subscription(key),))
        await until_shown(seat.host)
        found = seat.host.store.get(key)
        assert found.value is not None
        assert (found.value.points, found.fetched_at, found.error) == (60, AT + 1, None)
        assert found.progress is not None
        assert (found.progress.fraction, found.progress.mono) == (0.25, AT + 61)

    seated(body, path, AT + 70)


def test_a_move_to_a_change_stands_still_there_and_what_was_left_long_ago_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    write(path, [noted(AT + 15 * each, listed(100.0 + each)) for each in range(4)])

    async def body(seat: Seat) -> None:
        await seat.move(seat.host.seek(5.0))
        began = seat.now
        assert began.playing, "a distance is no place to stop at"
        await seat.move(seat.host.step(1))
        there = seat.now
        assert (there.playing, there.at) == (False, AT + 15)
        for number in range(KEPT + 1):
            seat.host.subscribe((Subscription(detail_key(number)),))
            await until_shown(seat.host)
        assert seat.host.store.get(detail_key(0)).error is None
        assert seat.host.store.get(detail_key(1)).error is not None

    seated(body, path, AT, playing=True)


def test_actions_stand_as_they_stood_until_they_were_seen_or_the_program_began_anew(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"

    def step(at: float, rung: str) -> Noted:
        body = {
            "id": "aa-1", "at": journal_time(at), "event": rung, "action": "stop", "project_id": 7, "deploy_id": "L-7",
            "optimization_id": "", "name": "Seven", "environment": "LIVE", "via": "console", "detail": "",
        }  # fmt: skip
        return event(at, "action", json.dumps(body))

    write(
        path,
        [noted(AT, listed(1.0)), step(AT + 10, "sent"), step(AT + 20, "verified")],
        [noted(AT + 60, listed(2.0)), event(AT + 60, "acknowledged", '{"id": "aa-1"}')],
        # Of another program, or damaged.
        [
            event(AT + 61, kind, body)
            for kind in ("action", "alert", "ended", "acknowledged", "gone", "else")
            for body in ('{"id": []}', "[1]", "{", '{"project_id": {}, "id": {}}', '{"state": 7, "delivery": "x"}')
        ],
        [noted(AT + 90, listed(3.0))],
    )
    write(path, [noted(AT + 600, listed(4.0))])
    tape = Tape(path)
    events, clock = TapeEvents(tape.events()), StillClock()

    def bar(at: float, seen: tuple[str, ...] = ()) -> list[tuple[str | None, bool]]:
        clock.at = at
        found = events.actions(clock, tape.began_at(tape.seek(at)), seen)
        return [(each.rung.value if each.rung else None, each.acknowledged) for each in found]

    assert bar(AT + 5) == []
    assert events.alerts(AT + 80) == ()
    assert all(event_words(each).isprintable() for each in events.events)
    assert bar(AT + 15) == [("SENT", False)]
    assert bar(AT + 30) == [("VERIFIED", False)]
    assert bar(AT + 30, ("aa-1",)) == [("VERIFIED", True)]
    assert bar(AT + 70) == [("VERIFIED", True)]
    without = TapeEvents(each for each in tape.events() if each.kind == "action")
    clock.at = AT + 610
    assert [each.acknowledged for each in without.actions(clock, tape.began_at(tape.seek(clock.at)), ())] == [True]
    assert (events.action_at("aa-1"), events.action_at("-7"), events.action_at("zz")) == (AT + 10, AT + 10, None)
    tape.close()
