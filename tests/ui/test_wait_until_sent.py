import threading

from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import LINK
from qctui.model.link import Link
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.actions.dialog_answer import wait_until_sent

FOREVER_S = 60.0
"""A test that waits this long has failed; nothing here waits for time."""


def record(action_id: str, rung: Rung) -> ActionRecord:
    return ActionRecord(action_id, "b", Target("stop", "p", 1), "console", 0.0, 0.0, (Step(rung, 0.0, 0.0),))


def publish(store: Store, *records: ActionRecord) -> None:
    store.put(ACTIONS, Resource[tuple[ActionRecord, ...]](value=records))


def test_it_waits_until_every_request_has_left() -> None:
    store, waiting = Store(), threading.Event()
    seen: list[str] = []

    def engine() -> None:
        waiting.wait(FOREVER_S)
        store.put(LINK, Resource(value=Link()))
        publish(store, record("a", Rung.SENT), record("b", Rung.SENDING))
        seen.append("one of two")
        publish(store, record("a", Rung.SENT), record("b", Rung.REJECTED))

    thread = threading.Thread(target=engine)
    thread.start()

    def confirm() -> tuple[str, ...]:
        waiting.set()
        return ("a", "b")

    assert wait_until_sent(store, confirm, FOREVER_S) == ("a", "b")
    assert seen == ["one of two"]
    thread.join()


def test_a_request_that_left_before_anybody_waited_is_noticed() -> None:
    store = Store()

    def confirm() -> tuple[str, ...]:
        publish(store, record("a", Rung.ACCEPTED))
        return ("a",)

    assert wait_until_sent(store, confirm, FOREVER_S) == ("a",)


def test_one_that_cannot_leave_holds_the_interface_for_a_bounded_time() -> None:
    store = Store()
    publish(store, record("a", Rung.SENDING))
    assert wait_until_sent(store, lambda: ("a",), 0.001) == ("a",)


def test_nothing_confirmed_is_nothing_to_wait_for() -> None:
    assert wait_until_sent(Store(), lambda: (), FOREVER_S) == ()
