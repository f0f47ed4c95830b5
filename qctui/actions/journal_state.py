"""Whether actions can be written down, published for whoever shows it: before the first action, not only with it."""

from __future__ import annotations

import asyncio

from qctui.actions.journal_writer import JournalWriter
from qctui.clock import Clock, first_of
from qctui.model.keys import JOURNAL
from qctui.model.resource import Resource
from qctui.store import Store

LOOK_S = 2.0
"""Between looks. The disk is asked at the start and while it refuses; in between its writes tell."""

SILENT = "the disk does not answer"


async def publish_journal_state(writer: JournalWriter, store: Store, clock: Clock) -> None:
    """Publish under `JOURNAL` why the journal can't be written, and take it back once it can. Never ends."""
    failure = await _asked(writer, store, clock)
    while True:
        _publish(failure, store, clock)
        await clock.sleep(LOOK_S)
        failure = (await _asked(writer, store, clock) if failure else "") or writer.failure


async def _asked(writer: JournalWriter, store: Store, clock: Clock) -> str:
    """What the disk says, however long that takes; meanwhile its silence is published."""
    asking = asyncio.ensure_future(writer.check())
    try:
        if not await first_of(clock, LOOK_S, asking):
            _publish(SILENT, store, clock)
        return await asking
    finally:
        asking.cancel()


def _publish(failure: str, store: Store, clock: Clock) -> None:
    known: Resource[str] = store.get(JOURNAL)
    if known.value != failure:
        store.put(JOURNAL, known.with_value(failure, at=clock.now(), mono=clock.monotonic()))
