"""Which deployment of a project matters: the list, the deployment in full and the trigger's target say the same."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from qctui.actions.capture import capture_deployment
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, newest_deployments, which_matters
from qctui.model.keys import DEPLOYMENTS, detail_key
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.deployments.deployment_summary import deployed

LISTED_MONO = 100.0


def row(deploy_id: str, launched_at: float | None = None, *, ended: bool = False, project_id: int = 1) -> Deployment:
    status = "Stopped" if ended else "Running"
    return Deployment(project_id, deploy_id, status, launched_at, None, "Binance", Environment.LIVE, 5.0)


def read(deploy_id: str, launched_at: float | None = None, *, ended: bool = False) -> DeploymentDetail:
    status = "Stopped" if ended else "Running"
    return DeploymentDetail(1, deploy_id, status, launched_at, None, "", Environment.LIVE, "name")


class Case(NamedTuple):
    """What both sources tell, and which deployment matters by that."""

    rows: tuple[Deployment, ...]
    detail: DeploymentDetail | None
    later: bool
    """The detail was received after the list."""
    matters: str
    alive: bool
    shown: str = ""
    """The deploy id on screen, where the list fills in what the newest answer leaves out."""


CASES = {
    "nothing known": Case((), None, False, "", True),
    "the only one": Case((row("A"),), None, False, "A", True),
    "one alive before one launched later": Case((row("A", 1), row("B", 9, ended=True)), None, False, "A", True),
    "of two that ended the later one": Case(
        (row("A", 1, ended=True), row("B", 9, ended=True)), None, False, "B", False
    ),
    "of two alive the later one": Case((row("A", 9), row("B", 1)), None, False, "A", True),
    "a launch time before none": Case((row("A", ended=True), row("B", 1, ended=True)), None, False, "B", False),
    "of equals the first": Case((row("A", 1), row("B", 1)), None, False, "A", True),
    "a later read of the same": Case((row("A"),), read("A", ended=True), True, "A", False),
    "an earlier read of the same": Case((row("A"),), read("A", ended=True), False, "A", True),
    "a later read of one not listed": Case((row("A", 9),), read("B", 1, ended=True), True, "B", False),
    "an earlier read of one not listed": Case((row("A", 1),), read("B", 9), False, "A", True),
    "a later read that one ended, of two": Case((row("A", 1), row("B", 9)), read("B", 9, ended=True), True, "A", True),
    "an earlier read that one ended, of two": Case(
        (row("A", 1), row("B", 9)), read("B", 9, ended=True), False, "A", True
    ),
    "a later read that one lives, of two": Case(
        (row("A", 9, ended=True), row("B", 1, ended=True)), read("B", 1), True, "B", True
    ),
    "a later read of one, launched before another": Case((row("A", 1), row("B", 9)), read("A", 1), True, "B", True),
    "a later read that names none is of the newest": Case((row("A", 1),), read("", ended=True), True, "", False, "A"),
    "an earlier read that names none": Case((row("A", 1),), read("", ended=True), False, "A", True),
    "a read alone": Case((), read("A"), False, "A", True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_everything_that_acts_or_shows_means_the_same_deployment(case: Case) -> None:
    store = Store()
    other = row("Z", 50, project_id=2)
    listed = Resource(value=(other, *case.rows), fetched_mono=LISTED_MONO)
    detail = Resource(value=case.detail, fetched_mono=LISTED_MONO + (1 if case.later else -1))
    store.put(DEPLOYMENTS, listed)
    if case.detail is not None:
        store.put(detail_key(1), detail)

    target = capture_deployment("liquidate", store, 1)
    shown = deployed(1, "name", "", listed, detail)
    assert target.deploy_id == case.matters
    assert shown.deploy_id == (case.shown or case.matters)
    assert shown.alive is case.alive
    assert shown.status == target.status

    by_list = [each.deploy_id for each in newest_deployments(listed.value or ()) if each.project_id == 1]
    matters = which_matters(case.rows)
    assert by_list == ([] if matters is None else [matters.deploy_id])
    if not case.later and case.rows and (case.detail is None or case.detail.alive):
        assert by_list == [case.matters]


def test_a_project_is_listed_by_its_living_deployment_whatever_the_order() -> None:
    old, alive = row("A", 9, ended=True), row("B", 1)
    assert newest_deployments([alive, old]) == newest_deployments([old, alive]) == [alive]
