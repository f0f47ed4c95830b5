"""What the first frame does not need waits for it."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from qctui.cli import console


def test_no_client_is_opened_before_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(console, "FRAME_S", 60.0)
    monkeypatch.setattr(console, "open_client_of", lambda *arguments: opened.append(arguments))
    shown = threading.Event()
    host = SimpleNamespace(clock=None, tape=None)
    starting: Any = SimpleNamespace(_shown=shown, _account="me", _settings=None, _host=host)

    async def go() -> None:
        task = asyncio.ensure_future(console._Console._open_client(starting, lambda report: None))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not opened
        shown.set()
        await task
        assert len(opened) == 1

    asyncio.run(go())
