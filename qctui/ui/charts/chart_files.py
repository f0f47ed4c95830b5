"""A chart in a file: what is written, and where."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path


class FileKind(Enum):
    """What a chart can be written as. The value is the file's ending."""

    CSV = "csv"
    """The visible numbers."""
    SVG = "svg"
    """The cells as a picture."""
    TEXT = "txt"
    """The cells as text."""


WORDS = {
    FileKind.CSV: "CSV: the visible numbers",
    FileKind.SVG: "SVG: a picture",
    FileKind.TEXT: "TXT: the characters",
}


def write_file(text: str, name: str, kind: FileKind, now: float, folder: Path | None = None) -> Path:
    """Write `text` to a new file named after the chart and the time, private to the user; returns its full path.

    It lies in `folder`, by default where the program was started. An existing file is never overwritten.

    Raises:
        OSError: the folder can't be written to.
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "chart"
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    base = (folder or Path.cwd()) / f"qctui-{stem}-{stamp}"
    for number in range(100):
        path = base.with_name(base.name + (f"-{number}" if number else "") + f".{kind.value}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path.resolve()
    raise FileExistsError(f"a hundred files named {base.name} are there already")
