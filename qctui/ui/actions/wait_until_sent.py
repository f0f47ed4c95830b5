"""After a confirmation the interface stands aside until the request has left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from qctui.model.action import ACTIONS, Rung
from qctui.model.keys import Key
from qctui.store import Store

LONGEST_S = 0.03
"""For one request: shorter than a person can see, and several times what it needs to get out."""

EACH_S = 0.005
"""For each request of a batch: a hundred leave within half a second, or the screen no longer waits for them."""


def wait_until_sent(
    store: Store, confirm: Callable[[], tuple[str, ...]], longest_s: float = LONGEST_S
) -> tuple[str, ...]:
    """Call `confirm`, then wait until all of its actions are on their way, at most `longest_s` and `EACH_S` for each.
    Returns its answer.

    Both threads share one interpreter. Closing the dialog and drawing what was under it takes it for tens of
    milliseconds, exactly while the engine and its journal need it a dozen times in a row for a moment each.
    """
    left = threading.Event()
    action_ids: frozenset[str] = frozenset()

    def look(key: Key[Any]) -> None:
        if key == ACTIONS:
            records = store.get(ACTIONS).value or ()
            gone = {record.action_id for record in records if record.rung not in (None, Rung.SENDING)}
            if action_ids and action_ids <= gone:
                left.set()

    unsubscribe = store.subscribe(look)
    try:
        confirmed = confirm()
        action_ids = frozenset(confirmed)
        look(ACTIONS)
        if action_ids:
            left.wait(longest_s + EACH_S * len(action_ids))
    finally:
        unsubscribe()
    return confirmed
