from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from qctui.engine.engine_port import Visibility
from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.keys import insights_key
from qctui.ui.insights.insight_screen import InsightScreen
from qctui.value import replace
from tests.ui.detail_scene import DEPLOY_ID, PROJECT, Prepare, opened, wanted
from tests.ui.page import OPTIONS, Page
from tests.ui.scene import HOSTILE, NOW, StillEngine, fail, fill, insights

pytestmark = pytest.mark.anyio

KEY = insights_key(PROJECT, DEPLOY_ID)


def showing(**changes: object) -> Prepare:
    """The scene with the first insight changed so."""

    def prepare(engine: StillEngine) -> None:
        fill(engine)
        first, *rest = insights().insights
        engine.put(KEY, InsightLog((replace(first, **changes), *rest), complete=True), age_s=30)  # type: ignore[arg-type]  # names and types are the caller's to get right

    return prepare


def facts(page: Page) -> str:
    screen = page.app.screen
    assert isinstance(screen, InsightScreen)
    return screen.facts.view.text


async def test_every_field_with_its_unit() -> None:
    first = {
        "magnitude": 0.0042, "confidence": 0.5, "weight": 0.25, "period_s": 86_400.0, "reference": 512.4,
        "reference_final": 515.0, "score_direction": 1.0, "score_magnitude": 0.37, "score_final": True,
        "estimated_value": 12.5, "group_id": "g1", "created_at": NOW - 90, "tag": "pullback", "model": "RsiAlphaModel",
        "close_at": NOW - 60,
    }  # fmt: skip
    async with opened("3", "enter", prepare=showing(**first), size=(100, 50)) as page:
        text = " ".join(facts(page).split())
        for fact in (
            "Generated 2024-03-25 14:30:30 UTC · 1m ago",
            "Created 2024-03-25 14:30:35 UTC · 1m ago",
            "Closed 2024-03-25 14:31:05 UTC · now",
            "Direction ▲ up",
            "Kind price",
            "Magnitude +0.42% expected move of the price",
            "Confidence 50.00%",
            "Weight 25.00%",
            "Period 1d (86,400 s)",
            "Direction score 1.000 0 to 1, final",
            "Magnitude score 0.370 0 to 1, final",
            "Reference price 512.40",
            "Final reference 515.00 +0.51% since the reference",
            "Estimated value 12.50",
            "Model RsiAlphaModel",
            "Tag pullback",
            "Symbol id SPY R735QTJ8XC9X",
            "Group g1",
            f"Insight id {0:032x}",
        ):
            assert fact in text
        assert "SPY  ▲ up over 1d · closed now" in page.text


async def test_a_missing_value_is_not_zero() -> None:
    gone: dict[str, object] = dict.fromkeys(
        ("magnitude", "confidence", "weight", "period_s", "reference", "score_direction", "score_magnitude",
         "score_final", "generated_at", "close_at")
    )  # fmt: skip
    async with opened("3", "end", "enter", prepare=showing(**gone, direction=Direction.UNKNOWN)) as page:
        await page.press("escape", "home", "enter")
        assert "direction unknown · close time unknown" in page.text
        text = facts(page)
        assert "0.00" not in text
        assert text.count("no score yet") == 2


async def test_active_until_it_closes_and_the_screen_turns_by_itself() -> None:
    async with opened("3", "enter", prepare=showing(close_at=NOW + 7_300)) as page:
        screen = page.app.screen
        assert isinstance(screen, InsightScreen)
        assert "active, closes in 2h" in page.text
        assert "Closes" in facts(page)
        assert screen.ages.due_mono <= page.engine.clock.monotonic() + 101
        page.engine.still.passed += 7_400
        screen.show_all(screen.ages.context())
        await page.settle()
        assert "closed 1m ago" in page.text


async def test_scores_that_are_not_final_say_so_and_newer_readings_are_followed() -> None:
    async with opened("3", "enter", prepare=showing(score_final=False)) as page:
        assert "not final yet" in facts(page)
        assert wanted(page)[KEY] is Visibility.OPENED
        first, *rest = insights().insights
        newer = replace(first, score_direction=0.875, score_final=True)
        page.engine.put(KEY, InsightLog((*rest, newer), complete=True))
        await page.settle()
        assert "0.875  0 to 1, final" in facts(page)
        page.engine.put(KEY, InsightLog(tuple(rest), complete=True))
        await page.settle()
        assert "0.875  0 to 1, final" in facts(page)


REFERENCES: tuple[tuple[dict[str, object], str], ...] = (
    ({"reference_final": 0.0, "score_final": False}, "Final reference — not final yet"),
    ({"reference_final": 0.0, "score_final": None}, "Final reference — not told"),
    ({"reference_final": 515.0, "score_final": False}, "Final reference 515.00 not final yet"),
    ({"reference_final": 0.0, "score_final": True}, "Final reference — not told"),
    ({"reference_final": 515.0, "score_final": None}, "Final reference 515.00 +0.51% since the reference"),
    ({"reference_final": None, "score_final": True}, "Final reference — not told"),
    ({"reference": 0.0, "reference_final": 515.0}, "Final reference 515.00"),
    ({"reference_final": 515.0, "close_at": NOW + 60}, "Final reference 515.00 not final yet"),
)
"""In an order in which none says what the one before says."""


async def test_a_reference_that_is_not_final_is_no_loss() -> None:
    told_final = {"reference": 512.4, "score_final": True, "close_at": NOW - 60}
    async with opened("3", "enter", size=(100, 50)) as page:
        for changes, told in REFERENCES:
            showing(**{**told_final, **changes})(page.engine)
            await page.settle()
            text = " ".join(facts(page).split())
            assert told in text, changes
            assert "-100" not in text, changes


async def test_times_in_utc_and_in_the_zone_on_screen() -> None:
    zone = timezone(timedelta(hours=-4), "EDT")
    async with opened("3", "enter", options=replace(OPTIONS, zone=zone)) as page:
        assert "2024-03-25 14:30:30 UTC · 2024-03-25 10:30:30 EDT · 1m ago" in " ".join(facts(page).split())


async def test_its_face_and_the_way_back() -> None:
    async with opened("3", "enter") as page:
        fail(page.engine, KEY, "HTTP 500: server error")
        await page.settle()
        assert "HTTP 500" in page.text
        assert "Reference price" in page.text
        await page.press("escape")
        assert page.app.screen is page.main


async def test_it_scrolls_at_80x24_with_the_keys_of_a_table() -> None:
    async with opened("3", "enter") as page:
        assert "Insight id" not in page.text
        await page.press("end")
        assert "Insight id" in page.text
        await page.press("k", "k", "home")
        assert "Generated" in page.text


async def test_hostile_text_is_shown_as_it_is() -> None:
    hostile = dict.fromkeys(("model", "tag", "symbol", "ticker", "group_id", "kind"), HOSTILE)
    async with opened("3", "enter", prepare=showing(**hostile), size=(120, 50)) as page:
        assert page.text.count(HOSTILE) >= 6
        assert page.said == []


def test_an_insight_needs_no_id_to_be_followed() -> None:
    from qctui.ui.insights.insights_pane import insight_key

    one: Insight = replace(insights(1).insights[0], insight_id="")
    assert insight_key(one) == insight_key(replace(one, score_direction=0.1))
