"""Time axes: labels that suit the span, in any zone, and edges that stand still."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from qctui.model.chart import WINDOWS, ChartWindow
from qctui.plot import times, windows

NOW = 1_795_188_600.0  # 2026-11-20 15:30:00 UTC
HOUR, DAY = 3_600.0, 86_400.0


def labels(start: float, end: float, room: int = 8, zone: ZoneInfo | None = None) -> list[str]:
    return [tick.label for tick in times.ticks(times.fixed(start, end, 100), room, zone or UTC)]


@pytest.mark.parametrize(
    ("span", "some"),
    [
        (120.0, "15:29:15"),
        (HOUR, "15:00"),
        (DAY, "20 Nov"),
        (30 * DAY, "16 Nov"),
        (365 * DAY, "2026"),
        (10 * 365 * DAY, "2020"),
    ],
)
def test_labels_suit_the_span(span: float, some: str) -> None:
    found = labels(NOW - span, NOW)
    assert some in found
    assert 2 <= len(found) <= 12


def test_midnight_is_where_the_zone_has_it_through_a_clock_change() -> None:
    zone = ZoneInfo("America/New_York")
    start = datetime(2026, 10, 30, tzinfo=zone).timestamp()
    found = times.ticks(times.fixed(start, start + 5 * DAY, 100), 5, zone)
    assert [tick.label for tick in found] == ["31 Oct", "1 Nov", "2 Nov", "3 Nov"]
    assert all(datetime.fromtimestamp(tick.at, zone).hour == 0 for tick in found)


def test_following_keeps_its_columns_while_time_goes_on() -> None:
    first = times.follow(DAY, NOW, 120)
    moves = {times.follow(DAY, NOW + minute * 60, 120).end for minute in range(84)}
    assert len(moves) <= 2
    assert first.end >= NOW
    assert first.end - NOW <= first.step_s * 120 / times.RESERVE


def test_all_there_is_moves_seldom_as_it_grows() -> None:
    ends = {times.everything(NOW - 30 * DAY, NOW + minute * 60, 120).end for minute in range(600)}
    assert len(ends) <= 2


def test_windows_turn_from_the_shortest_to_all_and_around() -> None:
    window = ChartWindow(WINDOWS["1h"])
    seen = []
    for _ in WINDOWS:
        seen.append(windows.named(window))
        window = windows.turned(window, 1)
    assert seen == list(WINDOWS)
    assert windows.named(window) == "1h"
    assert windows.named(windows.turned(window, -1)) == "all"


def test_zooming_keeps_the_crosshair_where_it_is() -> None:
    scale = times.follow(DAY, NOW, 120)
    at = scale.at(30)
    window = windows.zoomed(ChartWindow(DAY), scale, NOW, 1, at)
    assert not window.following
    inner = times.fixed(window.start or 0.0, window.end or 0.0, 120)
    assert abs(inner.column(at) - 30) <= 4


def test_panning_back_to_now_follows_again() -> None:
    scale = times.follow(DAY, NOW, 120)
    back = windows.panned(ChartWindow(DAY), scale, NOW, -1)
    assert not back.following
    again = windows.panned(back, times.fixed(back.start or 0.0, back.end or 0.0, 120), NOW, 1)
    assert again == ChartWindow(DAY)


def test_the_same_place_is_the_same_question() -> None:
    asked = {windows.snapped(NOW - 3 * DAY + offset, NOW - 2 * DAY + offset, NOW) for offset in (0.0, 60.0, 600.0)}
    assert len(asked) == 1
