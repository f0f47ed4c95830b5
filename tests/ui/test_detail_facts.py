from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.model.deployment import Deployment, DeploymentDetail, Environment
from qctui.model.resource import Resource
from qctui.ui.deployments.deployment_summary import deployed
from qctui.ui.kit.facts_view import Group, fact, instant_words, lay_out, relative_words
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.theme.glyph_set import UNICODE
from qctui.ui.wording.format import format_quantity, format_signed, role_of_sign, sign_of
from tests.ui.scene import MONO, NOW


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("$-61.31", -1), ("-$12.40", -1), ("0.25 %", 1), ("-0.25 %", -1), ("$0.00", 0), ("0", 0), ("", 0),
        ("$1,204,331.52", 1), ("€-0.01", -1), ("n/a", 0), ("- 3", -1), ("₿0.00000001", 1), ("$-0.00", 0), (".5", 1),
    ],
)  # fmt: skip
def test_the_sign_of_an_amount_as_the_engine_formats_it(text: str, sign: int) -> None:
    assert sign_of(text) == sign


@given(st.text(max_size=60))
def test_any_text_has_a_sign_or_none(text: str) -> None:
    assert sign_of(text) in {-1, 0, 1}


def test_a_gain_and_a_loss_differ_by_sign_and_by_colour() -> None:
    assert [format_signed(value, UNICODE) for value in (1.5, -1.5, 0.0, None)] == ["+1.50", "-1.50", "0.00", "—"]
    assert [role_of_sign(value) for value in (1.5, -1.5, 0.0)] == ["pnl-up", "pnl-down", ""]


@pytest.mark.parametrize(("value", "text"), [(0.02512345, "0.02512345"), (-1_000.0, "-1,000"), (None, "—"), (0.0, "0")])
def test_quantities_keep_the_digits_they_have(value: float | None, text: str) -> None:
    assert format_quantity(value, UNICODE) == text


def test_facts_stand_in_as_many_columns_as_fit_and_long_ones_on_their_own() -> None:
    facts = (*(fact(f"name {number}", str(number)) for number in range(8)), fact("long", "word " * 10))
    for width, rows in ((200, 2 + 1), (40, 4 + 1), (10, 8 + 1)):
        laid = lay_out([Group("", facts)], width)
        assert len(laid) == rows
        assert all(paragraph.body.cell_len <= width for paragraph in laid[:-1]) or width == 10
    assert len(lay_out([Group("", facts, roomy=True)], 200)) == 9
    assert lay_out([Group("empty", ())], 80) == []


@pytest.mark.parametrize(
    ("ahead_s", "words"),
    [
        (-1.0, "now"),
        (-200.0, "2m ago"),
        (30.0, "in under 1m"),
        (90.0, "in 1m"),
        (7_300.0, "in 2h"),
        (200_000.0, "in 2d"),
    ],
)
def test_how_far_an_instant_is(ahead_s: float, words: str) -> None:
    noted: list[float] = []
    context = RenderContext(MONO, NOW, UTC, UNICODE, noted.append)
    assert relative_words(NOW + ahead_s, context) == words
    assert noted
    assert all(due > MONO for due in noted)


def test_the_words_change_when_they_said_they_would() -> None:
    noted: list[float] = []
    before = relative_words(NOW + 7_300, RenderContext(MONO, NOW, UTC, UNICODE, noted.append))
    passed = min(noted) - MONO
    after = relative_words(NOW + 7_300, RenderContext(MONO + passed, NOW + passed, UTC, UNICODE))
    assert (before, after) == ("in 2h", "in 1h")


@pytest.mark.parametrize("at", [None, 1e30, -1e30, float("nan")])
def test_what_is_no_instant_is_no_value(at: float | None) -> None:
    assert instant_words(at, RenderContext(MONO, NOW, UTC, UNICODE)) == (("—", "muted"),)


def row(deploy_id: str, *, status: str = "Running", launched_at: float = NOW - 100, **changes: object) -> Deployment:
    made = {"brokerage": "PaperBrokerage", "environment": Environment.PAPER, "equity": 5.0, "stopped_at": None}
    return Deployment(1, deploy_id, status, launched_at, **{**made, **changes})  # type: ignore[arg-type]  # names and types are the caller's to get right


def read(deploy_id: str, *, status: str = "Running", brokerage: str = "") -> DeploymentDetail:
    environment = Environment.PAPER if "Paper" in brokerage else Environment.LIVE
    return DeploymentDetail(1, deploy_id, status, None, None, brokerage, environment, "name")


def listed(*rows: Deployment, mono: float = 10.0) -> Resource[tuple[Deployment, ...]]:
    return Resource(value=rows, fetched_mono=mono)


def test_of_two_sources_the_later_one_tells_and_the_other_fills_its_gaps() -> None:
    detail: Resource[DeploymentDetail] = Resource(value=read("L-a", status="Stopped"), fetched_mono=20.0)
    shown = deployed(1, "", "L-a", listed(row("L-a")), detail)
    assert (shown.status, shown.brokerage, shown.environment) == ("Stopped", "PaperBrokerage", Environment.PAPER)
    assert (shown.launched_at, shown.equity, shown.name) == (NOW - 100, 5.0, "name")
    assert not shown.alive


def test_facts_of_another_deployment_are_never_mixed_in() -> None:
    detail: Resource[DeploymentDetail] = Resource(value=read("L-a", status="Stopped"), fetched_mono=5.0)
    shown = deployed(1, "x", "L-a", listed(row("L-a", status="Stopped", launched_at=1.0), row("L-b")), detail)
    assert (shown.deploy_id, shown.status, shown.equity) == ("L-b", "Running", 5.0)
    newer: Resource[DeploymentDetail] = Resource(value=read("L-c"), fetched_mono=50.0)
    shown = deployed(1, "x", "L-a", listed(row("L-b")), newer)
    assert (shown.deploy_id, shown.equity, shown.brokerage) == ("L-c", None, "")
    assert shown.environment is Environment.LIVE


def test_nothing_known_is_unknown_and_counts_as_live() -> None:
    shown = deployed(1, "x", "L-a", Resource(), Resource())
    assert (shown.deploy_id, shown.status, shown.launched_at) == ("L-a", "", None)
    assert shown.environment is Environment.LIVE
    assert shown.equity is None
