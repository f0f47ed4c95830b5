"""The log of known insights: however they come, change and go, it is all of them, newest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qctui.engine.known_insights import KnownInsights
from qctui.value import replace
from tests.fakes import make_insight

FEW = st.integers(0, 5)
PAGES = st.lists(
    st.lists(st.tuples(FEW, st.sampled_from([None, 0.0, 1.0, 2.0]), st.booleans(), st.booleans()), max_size=3),
    max_size=12,
)


@given(st.integers(0, 40), PAGES, st.booleans())
def test_the_log_is_all_that_is_known_newest_first(
    many: int, pages: list[list[tuple[int, float | None, bool, bool]]], drops: bool
) -> None:
    """`many` others stand around: with them a page is put in place by place, without them all is sorted."""
    base = make_insight(1)
    others = [replace(base, insight_id=f"other{number}", generated_at=float(number % 7)) for number in range(many)]
    known = KnownInsights(limit=1_000)
    known.learn(others, now=0.0)
    expected = {each.insight_id: each for each in others}
    for page in pages:
        insights = [
            replace(
                base,
                insight_id=f"id{number}" if named else "",
                tag=str(number),
                generated_at=generated_at,
                score_final=final,
            )
            for number, generated_at, named, final in page
        ]
        known.learn(insights, now=0.0)
        expected |= {each.insight_id or f"{each.generated_at} {each.tag}": each for each in insights}
        known.refresh_log(complete=True, expected=None, newest=True)
        dates = [-1.0 if each.generated_at is None else each.generated_at for each in known.log.insights]
        assert dates == sorted(dates, reverse=True)
        assert len(known.log.insights) == len(expected) == len(known)
        assert all(each in known.log.insights for each in expected.values())
    if drops:
        known.drop_all_but(set())
        known.refresh_log(complete=True, expected=None, newest=True)
        assert known.log.insights == ()
