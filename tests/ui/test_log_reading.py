from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.model.deployment import LOG_WINDOW, LogPage
from qctui.ui.logs import log_reading
from qctui.ui.logs.log_reading import LogReading


class Service:
    """A log of many lines, some of which contain `x`; answers are cut to `cut` lines."""

    def __init__(self, count: int, offset: int = 0, cut: int = LOG_WINDOW) -> None:
        self.lines = [f"{number} {'x' if number % 3 == 0 else 'o'}" for number in range(count)]
        self.offset = offset
        self.cut = cut
        self.asked = 0

    def page(self, start: int, query: str = "") -> LogPage:
        self.asked += 1
        lines = [line for line in self.lines if query in line]
        window = lines[start : start + LOG_WINDOW][: self.cut]
        return LogPage(tuple(window), start, len(lines), self.offset)

    def tail(self) -> LogPage:
        """What the reader of the log's end brings."""
        return self.page(max(self.offset, len(self.lines) - LOG_WINDOW + 10))


def opened(service: Service) -> LogReading:
    reading = LogReading()
    reading.add_end(service.tail())
    return reading


def read_on(reading: LogReading, service: Service, *, first: bool = False, last: bool = False, limit: int = 99) -> int:
    """Read what is wanted as long as somebody stays at the edge; how often."""
    for asked in range(limit):
        start = reading.wanted(near_first=first, near_last=last)
        if start is None:
            return asked
        reading.add(start, service.page(start, reading.query))
    return limit


def test_nothing_is_read_that_nobody_nears() -> None:
    reading = opened(Service(1_000))
    assert reading.wanted(near_first=False, near_last=True) is None
    assert reading.log.earlier == 810


@pytest.mark.parametrize("cut", [200, 70, 1])
def test_older_lines_come_window_by_window_down_to_this_deployment(cut: int) -> None:
    service = Service(1_000, offset=333)
    reading = opened(service)
    service.cut = cut
    assert reading.wanted(near_first=True, near_last=False) == 610
    read_on(reading, service, first=True, limit=1_000)
    assert reading.log.lines == service.lines[333:]
    assert (reading.log.earlier, reading.stuck) == (0, "")


def test_a_service_that_gives_no_older_lines_is_not_asked_for_ever() -> None:
    service = Service(1_000)
    reading = opened(service)
    service.cut = 0
    assert read_on(reading, service, first=True) == 1
    assert reading.stuck == "the API gives no more of them"
    assert reading.log.lines == service.lines[810:]


def test_no_more_lines_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reading, "MOST_LINES", 500)
    service = Service(2_000)
    reading = opened(service)
    assert read_on(reading, service, first=True) == 2
    assert reading.log.lines == service.lines[1_500:]
    assert reading.stuck == "no more than 500 lines are kept"
    assert reading.go_to_beginning()
    assert read_on(reading, service, last=True) == 3
    assert reading.log.lines == service.lines[:600]
    assert reading.at_beginning


def test_the_beginning_is_one_request_away_and_meets_the_end() -> None:
    service = Service(1_000, offset=100)
    reading = opened(service)
    assert reading.go_to_beginning()
    assert read_on(reading, service) == 1
    assert (reading.at_beginning, reading.log.first_line, reading.log.earlier) == (True, 100, 0)
    assert reading.log.lines == service.lines[100:300]
    read_on(reading, service, last=True)
    assert (reading.at_beginning, reading.log.lines) == (False, service.lines[100:])
    assert not reading.go_to_beginning()


def test_going_to_the_end_shows_the_newest_at_once() -> None:
    service = Service(1_000)
    reading = opened(service)
    reading.go_to_beginning()
    read_on(reading, service)
    reading.go_to_end()
    assert reading.log.lines == service.lines[810:]
    reading.go_to_beginning()
    reading.go_to_end()
    assert reading.wanted(near_first=False, near_last=False) is None


def search(service: Service, query: str = "x") -> LogReading:
    reading = LogReading(query)
    for _ in range(2):
        assert reading.polled is not None
        reading.add_end(service.page(reading.polled, query))
    return reading


@pytest.mark.parametrize("count", [0, 1, 300, 600, 603, 3_000])
def test_a_search_shows_the_newest_matches_and_counts_all(count: int) -> None:
    service = Service(count, offset=7)
    matches = [line for line in service.lines if "x" in line]
    reading = search(service)
    assert service.asked == 2
    assert reading.end.length == len(matches)
    assert reading.log.lines == (matches if len(matches) <= LOG_WINDOW else matches[-190:])
    assert reading.spans_deployments
    read_on(reading, service, first=True)
    assert reading.log.lines == matches


def test_new_matches_are_followed() -> None:
    service = Service(3_000)
    reading = search(service)
    for _ in range(5):
        service.lines += [f"{len(service.lines) + more} x" for more in range(25)]
        for _ in range(2):
            assert reading.polled is not None
            reading.add_end(service.page(reading.polled, "x"))
        matches = [line for line in service.lines if "x" in line]
        assert reading.log.lines == matches[reading.log.first_line :]
        assert len(reading.log.lines) >= 190


@given(
    count=st.integers(0, 2_500),
    offset=st.integers(0, 2_500),
    moves=st.lists(st.sampled_from(["older", "newer", "begin", "end", "grow", "tail"]), max_size=40),
)
def test_whatever_is_done_the_lines_shown_are_the_services(count: int, offset: int, moves: list[str]) -> None:
    service = Service(count, min(offset, count))
    reading = opened(service)
    for move in moves:
        if move in ("older", "newer"):
            read_on(reading, service, first=move == "older", last=move == "newer", limit=1)
        elif move == "begin":
            reading.go_to_beginning()
        elif move == "end":
            reading.go_to_end()
        elif move == "grow":
            service.lines += ["later"] * 60
        else:
            reading.add_end(service.tail())
        joined = reading.log
        assert joined.lines == service.lines[joined.first_line : joined.end_line]
        assert joined.first_line >= service.offset or not joined.lines
