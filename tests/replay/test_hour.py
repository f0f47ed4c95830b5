"""What stood on the screen stands there again: a busy hour, looked at twenty times, and the replay at each instant."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from textual.widgets import Static

from qctui.api.ports import ReadApi
from qctui.api.recorded import open_recorded
from qctui.engine.recorded_answers import RecordedAnswers
from qctui.model.action import ACTIONS, Rung
from qctui.model.playback import PLAYBACK, Playback
from qctui.tape.tape import Tape
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.replay_app import ReplayApp, ReplayBar
from qctui.value import replace
from tests.replay.hour import OPTIONS, Recorded, Seen, burst, home, picture, press, record, replaying, settled

pytestmark = pytest.mark.anyio

SIZE = (80, 24)


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Recorded:
    base = tmp_path_factory.getbasetemp()
    return record((base if worker_id == "master" else base.parent) / "hour", SIZE)


def lines_of(text: str, *, bar: int) -> list[str]:
    """The screen without what differs by design: the bar at the top, the keys at the bottom, when a failed read was to
    be tried next (it is not recorded), and the order of looks within one second."""
    found = []
    for line in text.split("\n")[bar:-1]:
        if "server error" in line:
            # What is cut off depends on whether the next try stands beside it.
            line = re.sub(r"server error.*", "server error", line)
        if "Looked at" in line:
            line = " ".join(sorted(line.replace(",", "").split()))
        found.append(line)
    return found


async def test_every_screen_says_at_its_instant_what_it_said_then(hour: Recorded) -> None:
    assert len(hour.seen) == 20
    joined = "\n".join(each.text for each in hour.seen)
    for happened in ("LIQUIDATE", "VERIFIED", "HTTP 502", "Alerts", "Journal", "Heat map", "Orders"):
        assert happened in joined, happened
    for alone in (False, True):
        # A screen of its own has no line for the connection: there the bar takes two lines more.
        looks = [each for each in hour.seen if (each.keys[-1:] in (("J",), ("E",))) is alone]
        async with replaying(hour.path, hour.seen[-1].at, (SIZE[0], SIZE[1] + 1 + alone)) as app:
            for each in looks:
                await app.action_seek(each.at - place(app).at)
                await settled(app)
                await press(app, each.keys)
                while " reading " in picture(app):  # a chart's new window is asked for once it rests
                    await settled(app)
                assert lines_of(picture(app), bar=2) == lines_of(each.text, bar=0 if alone else 1), each.keys
                assert picture(app).startswith(" REPLAY  main Fri 2026-11-20 ")
                for word in (" LIVE  main", "API ok", "next try"):
                    assert word not in picture(app).split("\n")[0]
                await home(app)


def at_outage(hour: Recorded) -> Seen:
    return [each for each in hour.seen if "HTTP 502" in each.text][-1]


@asynccontextmanager
async def at_liquidation(hour: Recorded, **more: Any) -> AsyncIterator[ReplayApp]:
    tape = Tape(hour.path)
    began = min(each.at for each in tape.events(frozenset({"action"})))
    tape.close()
    async with replaying(hour.path, began + 3.0, SIZE, **more) as app:
        yield app


def place(app: ReplayApp) -> Playback:
    found = app.engine.store.get(PLAYBACK).value
    assert found is not None
    return found


def bar(app: ReplayApp) -> str:
    """The bar itself, whatever stands over it."""
    return app.main_screen.query_one(ReplayBar).text


def files_of(hour: Recorded) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in hour.path.parent.rglob("*") if path.is_file()}


async def test_a_chart_that_was_read_later_is_not_drawn_where_it_was_not_read_yet(hour: Recorded) -> None:
    look = next(each for each in hour.seen if each.keys == ("j",))
    async with replaying(hour.path, look.at, (120, 40)) as app:
        await press(app, look.keys)
        await settled(app)
        view = app.main_screen.chart.view
        drawn = view.chart
        assert drawn is not None
        await app.action_seek(hour.seen[0].at - look.at)
        await settled(app)
        assert "not read then" in picture(app)
        assert view.drawing is None
        await app.action_seek(look.at - hour.seen[0].at)
        await settled(app)
        assert view.chart == drawn


async def test_nothing_can_be_done_from_here(hour: Recorded) -> None:
    before = files_of(hour)
    async with at_liquidation(hour) as app:
        (action,) = app.engine.store.get(ACTIONS).value or ()
        assert action.rung is Rung.ACCEPTED, "it stands as it stood three seconds after the key"
        for key in ("L", "S", "A", "X", "R", "u"):
            await press(app, [key])
            assert not isinstance(app.screen, ConfirmScreen), key
            # That is said below the bar, not over it.
            lines = picture(app).split("\n")
            assert lines[:2] == bar(app).split("\n"), key
            assert "this is a replay of a tape: nothing can be sent" in lines[2], key
            await press(app, ["escape"])
            assert app.screen is app.main_screen, key
        offered = {command.id for command in app._offered()}
        assert not offered & {"liquidate", "stop", "abort", "panic", "retry", "cancel_sending"}
        assert {"play", "next_change", "go_to_time"} <= offered
        assert app.engine.actions.confirm((action.target,), "console") == ()
        await press(app, ["N", "d", "z", "D", "escape"])
        assert app.messages[-1].message.startswith(("Can't", "No alert"))
        await press(app, ["r"])
        assert "asks the API for nothing" in app.messages[-1].message
    assert files_of(hour) == before, "nothing was written"


JOURNEY = (
    # The row above the last one is another one there.
    ("G", "T", *"16:20", "enter", "k", "enter"),
    ("escape", "T", *"15:42:03", "enter", "g"),
    (")", ")", "(", ")"), (".", ".", ","), (">", ">", "<"), ("j", ")", "enter", "2", ")"), ("escape", "1"),
    ("T", *"16:00", "enter"), ("J", ">", "escape"), ("F", "B", "enter", ".", "escape"), ("T", "escape", "}", "}", "{"),
)  # fmt: skip


async def test_keys_in_one_burst_end_where_they_end_slowly(hour: Recorded) -> None:
    pictures: list[list[str]] = []
    for way in (press, burst):
        pictures.append([])
        async with at_liquidation(hour) as app:
            for keys in JOURNEY:
                await way(app, keys)
                pictures[-1].append(picture(app))
    assert pictures[0] == pictures[1]
    assert len(set(pictures[0])) >= 8, "each went somewhere"


async def test_every_way_to_another_place(hour: Recorded) -> None:
    async with at_liquidation(hour) as app:
        began = place(app).at
        await press(app, [")"])
        assert place(app).note == "liquidate Momentum/Crossover Live: STOPPED"
        assert began < place(app).at < began + 5
        await press(app, ["("])
        assert place(app).at < began
        steps = []
        for key in (".", ".", ".", ",", ",", ","):
            await press(app, [key])
            steps.append(place(app).at)
        assert steps[0] < steps[1] < steps[2] > steps[3] > steps[4]
        assert (steps[3], steps[4]) == (steps[1], steps[0])
        for text, words in (
            ("16:00", "2026-11-20 16:00:00 UTC"), ("+90s", "16:01:30"), ("2026-11-20 16:10", "16:10:00"),
            ("start", "15:30:00"), ("2020-01-01", "15:30:00"),
        ):  # fmt: skip
            await press(app, ["T", *[{" ": "space"}.get(each, each) for each in text], "enter"])
            assert words in bar(app), text
        assert "the tape begins here" in bar(app)
        await press(app, ["T", *"nonsense!", "enter"])
        assert app.messages[-1].message.startswith("'nonsense!' is no time; for example 03:12")
        await press(app, ["T", *"16:20", "enter"])
        number = next(iter({each.id for each in app.engine.actions.entries()}))
        await press(app, ["T", *number[-6:], "enter"])
        assert "15:42:00 UTC" in bar(app)


async def test_it_plays_at_its_speed_and_stands_still_at_the_end(hour: Recorded) -> None:
    async with at_liquidation(hour, playing=True) as app:
        real, began = app.engine.clock._real, app.engine.clock.now()  # type: ignore[attr-defined]
        await real.advance(4.0)
        await settled(app)
        assert app.engine.clock.now() == pytest.approx(began + 4.0)
        (action,) = app.engine.store.get(ACTIONS).value or ()
        assert action.rung is Rung.STOPPED
        assert "playing x1" in bar(app)
        await press(app, ["P"])
        await real.advance(60.0)
        assert app.engine.clock.now() == pytest.approx(began + 4.0)
        await press(app, ["}", "}", "}", "}", "P"])
        assert place(app).speed == 30.0
        await real.advance(20.0)
        await settled(app)
        assert app.engine.clock.now() == pytest.approx(began + 4.0 + 600.0)
        await press(app, ["}"] * 9)
        assert app.messages[-1].message == "It goes no faster than x3600"
        await real.advance(2.0)
        await settled(app)
        assert not place(app).playing
        assert app.engine.clock.now() == place(app).last_at
        assert "paused · the end of the tape" in bar(app)
        await press(app, ["P"])
        assert app.messages[-1].message == "The end of the tape: nothing was recorded after it"


@pytest.mark.parametrize("way", [press, burst])
async def test_it_says_of_itself_and_of_old_data_what_is_true_of_a_tape(
    hour: Recorded, way: Callable[[ReplayApp, Sequence[str]], Awaitable[None]]
) -> None:
    async with replaying(hour.path, hour.seen[-4].at, SIZE) as app:
        # Opened once, an hour ago: nothing polled it since.
        await way(app, ["j", "j", "enter"])
        assert re.search(r"1 Statistics ━+ \d+m old ━", picture(app))
        assert "m old: the tape has no newer statistics at this time" in picture(app)
        await way(app, ["escape", "G", "enter"])
        assert re.search(r"1 Statistics ━+ not on the tape ━", picture(app))
        assert "Nothing of it is on the tape at this time: it was not read then." in picture(app)
        assert not re.search("stale|nothing failed|failed ━", picture(app))
        await way(app, ["escape", "question_mark"])
        said = str(app.screen.query_one("#help-text", Static).render())
        assert "q Ctrl+C    Leave the replay\n" in said
        assert not re.search(r"stale|  r  |confirmed|again now", said)
        assert "2m old" in said
        assert "not on the tape" in said
        await way(app, ["escape", "r"])
        assert "asks the API for nothing" in app.messages[-1].message


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_the_bar_is_on_every_screen_and_legible_without_colour_in_seven_bits(hour: Recorded, size: Any) -> None:
    async with replaying(hour.path, at_outage(hour).at, size, options=replace(OPTIONS, ascii=True)) as app:
        for keys in (
            (),
            ("enter",),
            ("J",),
            ("N",),
            ("question_mark",),
            ("ctrl+p",),
            ("T",),
            ("p",),
            ("E",),
            ("4", "enter"),
        ):
            await press(app, keys)
            text = picture(app)
            first, second = text.split("\n")[:2]
            assert first.startswith(" REPLAY  main Fri 2026-11-20 15:59:30"[: size[0] - 1]), keys
            assert re.match(r"  49% #+", second), (keys, second)
            assert text.isascii(), keys
            if size[0] >= 80:
                assert "paused | API then: HTTP 502" in first
                assert "!" in second
                assert "A" in second
                assert "P play" in second
            await home(app)


async def test_what_the_client_asked_for_once_is_looked_up_without_it_at_the_next_place(hour: Recorded) -> None:
    tape, asked = Tape(hour.path), list[str]()

    def counted(find: Any, clock: Any) -> ReadApi:
        async def noted(endpoint: str, request: Mapping[str, Any]) -> Any:
            asked.append(endpoint)
            return await find(endpoint, request)

        return open_recorded(noted, clock)

    answers = RecordedAnswers(tape, counted)
    project_id, seen = 0, []
    for at in (hour.seen[2].at, hour.seen[2].at + 1.0, hour.seen[-1].at):
        answers.move(tape.seek(at))
        answers.begin(at)
        project_id = project_id or (await answers.reads.fetch_deployments()).deployments[0].project_id
        answers.begin(at)
        value = await answers.reads.fetch_portfolio(project_id)
        found = await answers.look_up(partial(answers.reads.fetch_portfolio, project_id))
        assert found is answers.found[0]
        seen.append((value, answers.asked[:1], found))
    assert (seen[0][0] is seen[1][0], seen[0][1:] == seen[1][1:]) == (True, True)
    assert seen[2][2] is not seen[0][2], "another answer by then: that one is parsed"
    assert asked == ["live/list", "live/portfolio/read", "live/portfolio/read"]
    tape.close()
