"""Files that a person asked for: private, whole or not there, and never over another one."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.app import App


async def write_and_say(app: App[Any], make: Callable[[], str], name: str, ending: str, now: float) -> None:
    """Make a text and write it to a file on another thread; say where it is, or why there is none."""
    try:
        path = await asyncio.to_thread(lambda: write_file(make(), name, ending, now))
    except OSError as error:
        app.notify(f"The file could not be written: {error}", severity="error", markup=False)
        return
    app.notify(f"Written to {path}", timeout=15, markup=False)


def write_file(text: str, name: str, ending: str, now: float) -> Path:
    """Write `text` to a new file named after `name` and the time, private to the user; returns its full path.

    It lies where the program was started. An existing file is never overwritten, and a reader never sees half of it.

    Raises:
        OSError: the folder can't be written to.
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "chart"
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    base = Path.cwd() / f"qctui-{stem}-{stamp}"
    for number in range(100):
        path = base.with_name(base.name + (f"-{number}" if number else "") + f".{ending}")
        part = path.with_name(f".{path.name}.part")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the name is ours from here on
        except FileExistsError:
            continue
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            part.replace(path)
        except BaseException:
            for each in (part, path):
                with suppress(OSError):
                    each.unlink()
            raise
        return path.resolve()
    raise FileExistsError(f"a hundred files named {base.name} are there already")
