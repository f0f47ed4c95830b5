from __future__ import annotations

import threading
from collections.abc import Callable

from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.sync.presenter import Bridge


def put(store: Store, *keys: object) -> None:
    for key in keys:
        store.put(key, Resource(value=()))  # type: ignore[arg-type]  # any key will do


def noting(woken: list[int]) -> Callable[[], bool]:
    def wake() -> bool:
        woken.append(1)
        return True

    return wake


def test_many_changes_wake_the_interface_once() -> None:
    store, woken = Store(), list[int]()
    bridge = Bridge(store, noting(woken))
    bridge.open()
    put(store, *[DEPLOYMENTS, LINK] * 500)
    assert woken == [1]
    assert bridge.take() == {DEPLOYMENTS, LINK}
    assert bridge.take() == frozenset()


def test_the_next_change_after_taking_wakes_again() -> None:
    store, woken = Store(), list[int]()
    bridge = Bridge(store, noting(woken))
    bridge.open()
    put(store, DEPLOYMENTS)
    bridge.take()
    put(store, DEPLOYMENTS)
    assert woken == [1, 1]


def test_what_was_in_the_store_before_counts_as_changed() -> None:
    store = Store()
    put(store, PROJECTS)
    bridge = Bridge(store, lambda: True)
    bridge.open()
    assert bridge.take() == {PROJECTS}


def test_an_interface_that_has_ended_is_survived() -> None:
    store = Store()

    def closed() -> bool:
        raise RuntimeError("Event loop is closed")

    bridge = Bridge(store, closed)
    bridge.open()
    put(store, DEPLOYMENTS)
    bridge.close()
    bridge.close()
    put(store, LINK)
    assert bridge.take() == {DEPLOYMENTS}


def test_a_wake_that_was_not_delivered_is_tried_again_with_the_next_change() -> None:
    store, answers = Store(), [False, True]
    bridge = Bridge(store, lambda: answers.pop(0))
    bridge.open()
    put(store, DEPLOYMENTS, LINK)
    assert answers == []
    assert bridge.take() == {DEPLOYMENTS, LINK}


def test_no_change_is_lost_between_threads() -> None:
    store, seen, woken = Store(), set[object](), threading.Semaphore(0)
    keys = [type(DEPLOYMENTS)("k", number) for number in range(200)]

    def wake() -> bool:
        woken.release()
        return True

    bridge = Bridge(store, wake)
    bridge.open()
    writer = threading.Thread(target=lambda: put(store, *keys))
    writer.start()
    while len(seen) < len(keys):
        assert woken.acquire(timeout=30)
        seen |= bridge.take()
    writer.join()
    assert seen == set(keys)
