"""An answer on the tape: compressed whole, or by what differs from an earlier one.

A preset dictionary of zlib reaches back 32 KiB, so the end of a large answer would never see the beginning of the one
before. Each piece of 16 KiB is therefore compressed by itself, with that part of the earlier answer as its dictionary
that lies around the same place. (A 90 kB chart with one more point: 25 kB with one dictionary, 5 kB in pieces.)
"""

from __future__ import annotations

import zlib
from hashlib import blake2b

_PIECE = 16 * 1024
_BEYOND = 7 * 1024
"""Of the earlier answer on either side of the same place: together a little less than zlib looks back."""

_LARGE = 256 * 1024
"""From here on time counts for more than size: both cores may be needed for something else."""

_RAW = -15
"""No header and no checksum beside each piece: the answer's digest stands for all of them."""


def digest_of(body: bytes) -> bytes:
    """Eight bytes by which the same answer is known, and a damaged one found out."""
    return blake2b(body, digest_size=8).digest()


def pack(body: bytes, base: bytes | None = None) -> bytes:
    """`body` compressed, by what differs from `base` if one is given."""
    if base is None:
        return zlib.compress(body, 6 if len(body) < _LARGE else 1)
    pieces = []
    for start in range(0, max(1, len(body)), _PIECE):
        packer = zlib.compressobj(6, zlib.DEFLATED, _RAW, zdict=_around(base, start))
        pieces.append(packer.compress(body[start : start + _PIECE]) + packer.flush())
    return b"".join(pieces)


def unpack(data: bytes, size: int, digest: bytes, base: bytes | None = None) -> bytes:
    """The body of `size` bytes that was packed with the same `base`.

    Raises:
        ValueError: it is not that body any more.
    """
    pieces, done = [], 0
    try:
        while base is not None and done < max(1, size):
            unpacker = zlib.decompressobj(_RAW, zdict=_around(base, done))
            pieces.append(unpacker.decompress(data, _PIECE) + unpacker.flush())
            data, done = unpacker.unused_data, done + _PIECE
        body = b"".join(pieces) if base is not None else zlib.decompressobj().decompress(data, size + 1)
    except zlib.error:
        body = None
    if body is None or len(body) != size or digest_of(body) != digest:
        raise ValueError("the answer is damaged")
    return body


def _around(base: bytes, start: int) -> bytes:
    first = max(0, min(start - _BEYOND, len(base) - _PIECE - 2 * _BEYOND))
    return base[first : start + _PIECE + _BEYOND]
