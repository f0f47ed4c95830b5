"""A bundle: one zip file with a part of a tape and what belongs to it, for somebody else to look at."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from qctui.tape.tape_file import TapeError

TAPE = "tape.sqlite"
"""The member that is the tape."""

LARGEST = 2_000_000_000
"""Bytes of a tape that is taken out of a bundle: a small file can claim to hold any number of them."""

_PIECE = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError)
"""What `zipfile` raises for files that are none, damaged, or packed in a way that it does not know."""


def pack_bundle(into: BinaryIO, members: Mapping[str, bytes | Path], at: float) -> None:
    """Write a zip file of these members in this order, all dated `at`.

    Raises:
        OSError: it can't be written.
    """
    moment = datetime.fromtimestamp(at, UTC).timetuple()[:6]
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            info.create_system = 3  # Unix, whatever this is: the mode counts
            if isinstance(content, bytes):
                file.writestr(info, content)
                continue
            with content.open("rb") as source, file.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _PIECE)


@contextlib.contextmanager
def tape_in(path: Path) -> Iterator[Path]:
    """The tape that the file at `path` holds: the one inside a bundle, in a private place that is gone afterwards; else
    the file itself, whatever it is.

    Raises:
        TapeError: it is a bundle, and its tape can't be taken out.
    """
    if not _is_zip(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="qctui-") as folder:
        tape = Path(folder) / TAPE
        try:
            _unpack(path, tape)
        except _BROKEN as error:
            raise TapeError(f"{path}: the bundle is damaged") from error
        except OSError as error:
            raise TapeError(f"{path}: its tape can't be unpacked ({error.strerror or type(error).__name__})") from error
        yield tape


def _is_zip(path: Path) -> bool:
    try:
        # A pipe is no bundle, and must not be waited for.
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _unpack(path: Path, tape: Path) -> None:
    with zipfile.ZipFile(path) as file:
        if TAPE not in file.namelist():
            raise TapeError(f"{path}: there is no tape in it")
        with file.open(TAPE) as source, tape.open("wb") as target:
            while piece := source.read(_PIECE):
                target.write(piece)
                if target.tell() > LARGEST:
                    raise TapeError(f"{path}: its tape is too large")
