"""Decompression that cannot be made to swell: a megabyte at a time, counted by whoever asks for it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

STEP = 1024 * 1024
"""Most bytes decompressed at once, whatever the compressed piece promises."""

_GZIP_OR_ZLIB = 47


class Inflate:
    """One compressed answer. Raises `zlib.error` for data that is none."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` decompresses to, in parts of at most `STEP` bytes."""
        while piece:
            part = self._stream.decompress(piece, STEP)
            piece = self._stream.unconsumed_tail
            if part:
                yield part
            elif self._stream.eof:
                return

    def finish(self) -> None:
        """Check that the data was complete."""
        if not self._stream.eof:
            raise zlib.error("incomplete")
