"""What every change makes of the selection: a table of cases."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import reduce

import pytest

from qctui.ui.selection import (
    NO_ROW,
    Change,
    Chose,
    Covered,
    Listed,
    Mark,
    Marked,
    Pane,
    Picked,
    Place,
    Rows,
    Selection,
    Took,
    Unmarked,
    after,
    reselect,
)
from qctui.ui.selection_owner import SelectedCursor, SelectionOwner
from qctui.value import replace


def at(key: Hashable | None, index: int = 0, chosen: Hashable | None = None) -> Place:
    return Place(key, key if chosen is None else chosen, index)


def narrowed(shown: str, listed: str, *, refiltered: bool = False, keeps: bool = False) -> Rows:
    return Rows(tuple(shown), tuple(listed), filtered=True, refiltered=refiltered, keeps=keeps)


def whole(shown: str, **more: bool) -> Rows:
    return Rows(tuple(shown), tuple(shown), **more)


CASES: Sequence[tuple[str, Place, Rows, Place]] = [
    ("the first rows select the first", Place(), whole("abc"), at("a")),
    ("no rows select nothing", Place(), whole(""), Place()),
    ("equal rows change nothing", at("b", 1), whole("abc"), at("b", 1)),
    ("sorted: it stays on its key", at("b", 1), whole("cab"), at("b", 2)),
    ("new rows above: it stays on its key", at("b", 1), whole("xyabc"), at("b", 3)),
    ("new rows above the first: it stays on its key", at("a"), whole("xabc"), at("a", 1)),
    ("a list read from its newest end stays there", at("a"), whole("xabc", first_stays=True), at("x")),
    ("but only on its first row", at("b", 1), whole("xabc", first_stays=True), at("b", 2)),
    ("gone for good: the one in its place", at("b", 1), whole("ac"), at("c", 1)),
    ("gone from the end: the last one", at("c", 2), whole("ab"), at("b", 1)),
    ("all gone: nothing, and it may come back", at("b", 1), whole(""), at(None, 1, chosen="b")),
    ("back again", at(None, 1, chosen="b"), whole("abc"), at("b", 1)),
    ("gone where nothing may slide under the keys", at("b", 1), whole("ac", keeps=True), at("b", NO_ROW)),
    ("and back", at("b", NO_ROW), whole("abc", keeps=True), at("b", 1)),
    ("a filter that shows it", at("c", 2), narrowed("bc", "abc", refiltered=True), at("c", 1)),
    ("a filter that hides it: the first match", at("a"), narrowed("bc", "abc", refiltered=True), at("b", chosen="a")),
    ("no match: nothing", at("a"), narrowed("", "abc", refiltered=True), at(None, chosen="a")),
    (
        "a longer filter: again the first match",
        at("b", chosen="a"),
        narrowed("c", "abc", refiltered=True),
        at("c", chosen="a"),
    ),
    ("rows that come meanwhile steal nothing", at("b", chosen="a"), narrowed("xbc", "axbc"), at("b", 1, chosen="a")),
    ("what was chosen begins to match: nothing jumps", at("b", chosen="a"), narrowed("ab", "ab"), at("b", 1, "a")),
    ("the match ends: the first match", at("b", chosen="a"), narrowed("c", "ac"), at("c", chosen="a")),
    ("the filter goes: what was chosen is back", at("b", chosen="a"), whole("abc", refiltered=True), at("a")),
    ("what was chosen ends meanwhile: the match stays", at("b", chosen="a"), narrowed("bc", "bc"), at("b")),
    ("no match, then the filter goes", at(None, chosen="a"), whole("abc", refiltered=True), at("a")),
    ("picked, and never deployed", at("z", NO_ROW), whole("abc", keeps=True), at("z", NO_ROW)),
    (
        "then filtered: the first match",
        at("z", NO_ROW),
        narrowed("bc", "abc", refiltered=True, keeps=True),
        at("b", chosen="z"),
    ),
    ("and back", at("b", chosen="z"), whole("abc", refiltered=True, keeps=True), at("z", NO_ROW)),
]


@pytest.mark.parametrize(("place", "rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_list_shows_other_rows(place: Place, rows: Rows, expected: Place) -> None:
    assert reselect(place, rows) == expected


@pytest.mark.parametrize(("place", "rows"), [case[1:3] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_shown_in_full_stays_selected_whatever_the_lists_show(place: Place, rows: Rows) -> None:
    held = reselect(place, rows, held=True)
    assert held.key == place.key or place.key is None
    if held.key in rows.shown:
        assert rows.refiltered or held.index == rows.shown.index(held.key)


@pytest.mark.parametrize(("place", "rows"), [case[1:3] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_selected_has_its_row_under_the_index(place: Place, rows: Rows) -> None:
    settled = reselect(place, rows)
    if settled.key is not None and settled.index != NO_ROW:
        assert rows.shown[settled.index] == settled.key
    assert reselect(settled, rows) == settled or rows.refiltered


IDS = {1: "L-1", 2: "L-2"}
ON_ONE = Selection(at(1), "L-1", deployed=True, optimization=at("O-1"), insight=at("i"))


def test_another_project_has_other_optimizations_and_insights() -> None:
    assert after(ON_ONE, Chose(Pane.DEPLOYMENTS, 2, 1), IDS) == Selection(at(2, 1), "L-2", deployed=True)


def test_pinned_optimizations_stay_selected() -> None:
    assert after(ON_ONE, Chose(Pane.DEPLOYMENTS, 2, 1), IDS, pinned=True).optimization == at("O-1")


def test_a_redeployed_project_stays_selected_and_its_insights_begin_anew() -> None:
    listed = Listed(Pane.DEPLOYMENTS, Rows((1, 2), (1, 2)))
    assert after(ON_ONE, listed, {1: "L-new", 2: "L-2"}) == Selection(
        at(1), "L-new", deployed=True, optimization=at("O-1")
    )


def test_an_ended_project_stays_selected() -> None:
    assert after(ON_ONE, Listed(Pane.DEPLOYMENTS, Rows((2, 1), (2, 1))), IDS).project == at(1, 1)


def test_what_is_opened_out_of_a_filter_is_what_was_meant() -> None:
    filtered = Selection(at(2, chosen=1), "L-2", deployed=True)
    meant = replace(at(2), index=NO_ROW)
    assert after(filtered, Covered(True), IDS) == Selection(meant, "L-2", deployed=True, held=True)


def test_what_is_covered_keeps_no_row_whatever_happens_meanwhile_and_finds_it_when_it_is_seen_again() -> None:
    held = after(ON_ONE, Covered(True), IDS)
    listed = Listed(Pane.DEPLOYMENTS, Rows((3, 1, 2)))
    ways: list[tuple[Change, ...]] = [(), (listed,), (Picked(1),), (Picked(1), listed), (listed, Picked(1))]
    ends = [reduce(lambda now, change: after(now, change, IDS), way, held) for way in ways]
    assert {each.project for each in ends} == {replace(ON_ONE.project, index=NO_ROW)}
    assert after(after(held, Covered(False), IDS), listed, IDS).project == at(1, index=1)


def test_a_picked_project_without_a_deployment_is_selected_and_has_none() -> None:
    picked = after(ON_ONE, Picked(9), IDS)
    assert (picked.project_id, picked.deploy_id, picked.deployed) == (9, "", False)
    assert picked.optimization_id == ""


def test_what_a_filter_has_selected_is_meant_once_the_filter_is_kept() -> None:
    filtered = Selection(at(2, chosen=1), "L-2", deployed=True)
    assert after(filtered, Took(Pane.DEPLOYMENTS), IDS).project == at(2)
    nothing = Selection(at(None, chosen=1))
    assert after(nothing, Took(Pane.DEPLOYMENTS), IDS) == nothing


def test_marks_are_made_and_unmade_one_by_one_and_together() -> None:
    one, two, again = Mark(1, "L-1"), Mark(2, "L-2"), Mark(1, "L-new")
    marked = after(after(ON_ONE, Marked(one)), Marked(two))
    assert marked.marks == (one, two)
    assert after(marked, Marked(one)).marks == (two,)
    assert after(marked, Marked(again)).marks == (two, again)
    assert after(marked, Unmarked((one,))).marks == (two,)
    assert after(marked, Unmarked()) == ON_ONE


def test_the_owner_says_at_once_what_has_changed_and_nothing_when_nothing_has() -> None:
    selected, heard = SelectionOwner(), []
    selected.deploy_ids = IDS
    selected.on_change = lambda before, now, change: heard.append((before.project_id, now.project_id, type(change)))
    cursor = SelectedCursor(selected, Pane.DEPLOYMENTS)
    cursor.reselect(Rows((1, 2), (1, 2)))
    cursor.reselect(Rows((1, 2), (1, 2)))
    cursor.choose(2, 1)
    assert heard == [(None, 1, Listed), (1, 2, Chose)]
    assert selected.now.deploy_id == "L-2"
    selected.change(Covered(True))
    cursor.reselect(Rows((1,), (1,)))
    assert selected.now.project_id == 2


def test_a_mark_stands_for_one_deployment_and_no_later_one() -> None:
    selected = SelectionOwner()
    selected.deploy_ids = {1: "L-1", 2: ""}
    for mark in (Mark(1, "L-1"), Mark(2, "")):
        selected.change(Marked(mark))
    assert selected.lost_marks == ()
    later = SelectionOwner()
    later.deploy_ids = {1: "L-new", 2: "L-2"}
    for mark in (Mark(1, "L-1"), Mark(2, ""), Mark(3, "L-3")):
        later.change(Marked(mark))
    assert later.lost_marks == (Mark(1, "L-1"), Mark(3, "L-3"))
