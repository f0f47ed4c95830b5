from __future__ import annotations

from typing import Any

from qctui.model.resource import Failure, FailureKind, Progress, Resource
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.theme.glyph_set import UNICODE
from qctui.ui.wording.load_state import LoadState, LoadStateWords, describe, merged
from qctui.value import replace
from tests.ui.scene import MONO, NOW

MOMENT = RenderContext(MONO, NOW, None, UNICODE)
FAILURE = Failure(FailureKind.TIMEOUT, "no answer in 30 s", NOW, MONO, 2, MONO + 14)


def words(resource: Resource[Any]) -> LoadStateWords:
    return describe(resource, MOMENT, what="things", nothing="No things.", stale_after_s=60)


def text(spans: Spans) -> str:
    return "".join(each for each, _ in spans)


def value(items: tuple[int, ...], age_s: float, snapshot_s: float | None = None) -> Resource[tuple[int, ...]]:
    as_of = None if snapshot_s is None else NOW - age_s - snapshot_s
    return Resource(items, NOW - age_s, MONO - age_s, as_of)


def test_nothing_has_come_yet() -> None:
    said = words(Resource())
    assert (said.state, text(said.age), said.body) == (LoadState.LOADING, "reading", "Reading things…")


def test_the_service_is_still_preparing() -> None:
    said = words(Resource(progress=Progress(0.35, MONO)))
    assert (said.state, said.body) == (LoadState.LOADING, "QuantConnect is preparing the things (35%).")
    assert "(" not in words(Resource(progress=Progress(None, MONO))).body


def test_data_with_its_age() -> None:
    said = words(value((1,), 20))
    assert (said.state, text(said.age), text(said.note), said.body) == (LoadState.DATA, "now", "", "")


def test_the_servers_own_age_is_told_beside_ours() -> None:
    assert text(words(value((1,), 20, 400)).age) == "now, of 5m ago"
    assert text(words(value((1,), 20, 30)).age) == "now"


def test_an_answer_that_says_there_is_nothing() -> None:
    said = words(value((), 20))
    assert (said.state, said.body) == (LoadState.EMPTY, "No things.")


def test_a_failure_over_the_last_good_data() -> None:
    said = words(value((1,), 130).with_error(FAILURE))
    assert said.state is LoadState.FAILED
    assert text(said.age) == "! failed data 2m old"
    assert text(said.note) == "! no answer in 30 s"
    assert text(said.note_right) == " next try 15s"
    assert said.body == ""


def test_a_failure_over_an_empty_answer_does_not_say_there_is_nothing() -> None:
    assert words(value((), 130).with_error(FAILURE)).body == ""


def test_rejected_credentials_say_what_to_do_where_nothing_is_cut() -> None:
    said = words(Resource[Any]().with_error(replace(FAILURE, kind=FailureKind.AUTH)))
    assert text(said.note_right) == " run: qctui doctor next try 15s"


def test_a_failure_before_any_data() -> None:
    said = words(Resource[Any]().with_error(FAILURE))
    assert (said.state, said.body) == (LoadState.FAILED, "No things received yet: no answer in 30 s")
    assert text(said.age) == "! failed"


def test_data_that_should_be_newer_are_stale_though_nothing_failed() -> None:
    said = words(value((1,), 61))
    assert said.state is LoadState.STALE
    assert text(said.age) == "stale 1m"
    assert "nothing failed" in text(said.note)


def test_on_a_tape_what_is_old_was_not_read_again_and_what_is_not_there_was_never_read() -> None:
    tape = replace(MOMENT, replay=True)
    old = describe(value((1,), 150), tape, what="things", nothing="", stale_after_s=60)
    assert (text(old.age), text(old.note)) == ("2m old", "! 2m old: the tape has no newer things at this time")
    unread = Resource[Any]().with_error(Failure(FailureKind.REFUSED, "It was not read.", NOW, MONO))
    none = describe(unread, tape, what="things", nothing="", stale_after_s=60)
    assert (none.state, text(none.age), none.body) == (LoadState.EMPTY, "not on the tape", "It was not read.")
    assert text(none.note) == "things: not read then"


def test_the_pane_is_drawn_again_when_its_data_turn_stale() -> None:
    noted: list[float] = []
    context = RenderContext(MONO, NOW, None, UNICODE, noted.append)
    describe(value((1,), 20), context, what="things", nothing="", stale_after_s=60)
    assert min(noted) == MONO + 40


def test_several_lists_are_as_old_as_the_oldest_and_failed_if_one_failed() -> None:
    both = merged([value((1,), 5), value((2,), 50).with_error(FAILURE)])
    assert both.value == (1, 2)
    assert both.fetched_mono == MONO - 50
    assert both.error is FAILURE
    assert merged([Resource(), value((1,), 5)]).value == (1,)
    assert merged([Resource(), Resource()]).loading
    assert merged([Resource[tuple[int, ...]]().with_error(FAILURE), Resource()]).error is FAILURE
