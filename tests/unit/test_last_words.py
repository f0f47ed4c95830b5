from __future__ import annotations

import pytest

from qctui.cli.shutdown import last_words
from qctui.model.action import ActionRecord, Rung, Step, Target
from qctui.value import replace

OPEN = "qctui: 1 action is not verified yet; verification goes on at the next start (see: qctui journal)"


def record(rung: Rung, detail: str = "") -> ActionRecord:
    aim = Target("liquidate", "Momentum", 1, "L-430e")
    return ActionRecord("a1", "b1", aim, "console", 0.0, 0.0, steps=(Step(rung, 0.0, 0.0, detail),))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (Rung.SENDING, record(Rung.NOT_SENT, "no API"), ["qctui: NOT SENT: liquidate Momentum (L-430e): no API"]),
        (Rung.SENT, record(Rung.REJECTED, "no"), ["qctui: REJECTED: liquidate Momentum (L-430e): no"]),
        (None, record(Rung.UNKNOWN, "hm"), ["qctui: UNKNOWN: liquidate Momentum (L-430e): hm", OPEN]),
        (Rung.REJECTED, record(Rung.REJECTED, "no"), []),
        (Rung.SENT, record(Rung.ACCEPTED), [OPEN]),
        (Rung.FLAT, record(Rung.VERIFIED), []),
        (Rung.SENT, replace(record(Rung.REJECTED, "no"), foreign=True), []),
    ],
)
def test_what_is_said_at_the_end(before: Rung | None, after: ActionRecord, lines: list[str]) -> None:
    assert last_words({"a1": before}, [after]) == lines


def test_of_several_the_open_ones_are_counted() -> None:
    lines = last_words({}, [record(Rung.SENT), replace(record(Rung.ACCEPTED), action_id="a2")])
    assert lines == [OPEN.replace("1 action is", "2 actions are")]
