from __future__ import annotations

from collections.abc import Callable

from qctui.ui.sync.throttle import Throttle


class Bench:
    def __init__(self) -> None:
        self.sent: list[int] = []
        self.timers: list[Callable[[], None]] = []
        self.settled = Throttle(0, self.sent.append, self.start, 0.15)

    def start(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        self.timers.append(callback)
        return lambda: None

    def pass_time(self) -> None:
        due, self.timers[:] = list(self.timers), []
        for callback in due:
            callback()


def test_the_first_goes_at_once_and_of_many_only_the_last() -> None:
    bench = Bench()
    for value in range(1, 21):
        bench.settled.offer(value)
    assert bench.sent == [1]
    assert bench.settled.newest == 20
    bench.pass_time()
    assert bench.sent == [1, 20]
    bench.pass_time()
    assert bench.sent == [1, 20]
    assert bench.timers == []


def test_what_the_receiver_has_is_not_sent_again() -> None:
    bench = Bench()
    bench.settled.offer(0)
    bench.settled.offer(1)
    bench.settled.offer(2)
    bench.settled.offer(1)
    bench.pass_time()
    assert bench.sent == [1]


def test_after_a_pause_the_next_goes_at_once() -> None:
    bench = Bench()
    bench.settled.offer(1)
    bench.pass_time()
    bench.settled.offer(2)
    assert bench.sent == [1, 2]
