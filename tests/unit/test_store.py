from typing import Any

from qctui.model.deployment import Deployment, DeploymentDetail
from qctui.model.keys import DEPLOYMENTS, Key, detail_key
from qctui.model.resource import Failure, FailureKind, Progress, Resource
from qctui.store import Store
from qctui.value import replace


def failure() -> Failure:
    return Failure(FailureKind.TIMEOUT, "no answer", at=10.0, mono=10.0)


def test_an_unknown_key_is_loading_not_empty() -> None:
    assert Store().get(DEPLOYMENTS).loading


def test_each_replacement_is_one_version_on_and_is_reported() -> None:
    store, told = Store(), list[Key[Any]]()
    unsubscribe = store.subscribe(told.append)
    first = store.put(DEPLOYMENTS, Resource[tuple[Deployment, ...]](value=()))
    second = store.put(DEPLOYMENTS, replace(first, value=()))
    unsubscribe()
    store.put(DEPLOYMENTS, second)
    assert (first.version, second.version) == (1, 2)
    assert told == [DEPLOYMENTS, DEPLOYMENTS]


def test_the_least_recently_used_go_first_and_the_pinned_never() -> None:
    store = Store(capacity=2)
    store.pin(frozenset({detail_key(1)}))
    for project in (1, 2, 3):
        store.put(detail_key(project), Resource[DeploymentDetail]())
    assert store.keys() == (detail_key(1), detail_key(3))


def test_a_failure_stands_beside_the_last_good_value() -> None:
    good = Resource[int]().with_value(7, at=100.0, mono=5.0, as_of=90.0)
    failed = good.with_error(failure())
    assert (failed.value, failed.age_s(65.0), failed.as_of) == (7, 60.0, 90.0)
    assert failed.with_value(8, at=170.0, mono=75.0).error is None


def test_preparing_is_a_state_and_not_a_failure() -> None:
    resource = Resource[int]().with_error(failure()).with_progress(Progress(0.5, mono=1.0))
    assert resource.error is None
    assert resource.loading
