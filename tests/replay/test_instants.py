"""An instant as a person names it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from qctui.engine.instants import instant_of

BERLIN = ZoneInfo("Europe/Berlin")
LAST = datetime(2026, 11, 22, 5, 30, tzinfo=UTC).timestamp()
FIRST = LAST - 7 * 86_400.0
NOW = LAST + 3 * 3_600.0


def meant(text: str, here: float | None = None, zone: ZoneInfo = BERLIN) -> str:
    at = instant_of(
        text, first=FIRST, last=LAST, here=here, now=NOW, zone=zone, action_at={"430e": LAST - 60.0}.get
    )  # fmt: skip
    return datetime.fromtimestamp(at, zone).strftime("%d. %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03:12", "22. 03:12:00"),
        ("3:12", "22. 03:12:00"),
        ("06:30", "22. 06:30:00"),
        ("06:31", "21. 06:31:00"),
        ("23:59:59", "21. 23:59:59"),
        ("yesterday", "21. 00:00:00"),
        ("Yesterday  03:12", "21. 03:12:00"),
        ("today 01:00", "22. 01:00:00"),
        ("2026-11-20", "20. 00:00:00"),
        ("2026-11-20 14:00", "20. 14:00:00"),
        ("2026-11-20T14:00:05", "20. 14:00:05"),
        ("2026-11-20T14:00:05Z", "20. 15:00:05"),
        ("2026-11-20 14:00+05:00", "20. 10:00:00"),
        ("+10m", "15. 06:40:00"),
        ("-2h", "22. 04:30:00"),
        ("- 1h30m", "22. 05:00:00"),
        ("+1.5d", "16. 18:30:00"),
        ("start", "15. 06:30:00"),
        ("END", "22. 06:30:00"),
        ("430e", "22. 06:29:00"),
    ],
)
def test_it_is_found(text: str, expected: str) -> None:
    assert meant(text) == expected


def test_a_distance_counts_from_here() -> None:
    assert meant("+10m", here=LAST - 3_600) == "22. 05:40:00"
    assert meant("-10s", here=LAST - 3_600) == "22. 05:29:50"


def test_the_day_on_which_the_clocks_change_has_its_hours() -> None:
    end = datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()
    at = instant_of("01:59", first=0, last=end, here=None, now=end, zone=BERLIN, action_at=lambda _number: None)
    assert datetime.fromtimestamp(at, UTC).hour == 0


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "12:60", "2026-13-01", "2026-11-20 25:00", "yesterday late", "+5", "+m"]
)
def test_what_means_nothing_says_what_would(text: str) -> None:
    with pytest.raises(ValueError, match=r"for example 03:12, yesterday, 2026-11-20 14:00"):
        meant(text)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59+00:00", "+999999999999999d"])
def test_what_is_far_away_is_no_crash(text: str) -> None:
    none = instant_of(text, first=FIRST, last=LAST, here=None, now=NOW, zone=BERLIN, action_at=lambda _number: None)
    assert none > LAST


def test_an_action_that_is_not_there_is_said() -> None:
    with pytest.raises(ValueError, match="no action has an id that ends in 'beef'"):
        meant("beef")
