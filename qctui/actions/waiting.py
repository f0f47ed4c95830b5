"""Waiting for whichever comes first, on the injected clock."""

from __future__ import annotations

import asyncio
from typing import Any

from qctui.clock import Clock


async def first_of(clock: Clock, limit_s: float, *futures: asyncio.Future[Any]) -> bool:
    """Wait until one of `futures` is done, at most `limit_s`. True if one is. Cancels none of them."""
    if any(future.done() for future in futures):
        return True
    timer = asyncio.ensure_future(clock.sleep(limit_s))
    try:
        await asyncio.wait({timer, *futures}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
    return any(future.done() for future in futures)
