"""Decodes JSON in slices: an answer of 100,000 points never holds the interpreter for longer than one slice takes.

The interface's thread shares the interpreter lock with ours, and one call of a JSON decoder holds it to its end: 50 ms
for 10 MB. So the long arrays of an answer are found in the raw bytes, cut at element boundaries, and decoded piece by
piece, with the event loop running in between; the rest, now small, is decoded as one.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from functools import cache

import msgspec
from msgspec import Struct, field

from qctui.api.tolerant import listing

SMALL = 64 * 1024
"""Bytes up to which an answer is decoded at once: under a millisecond."""

WINDOW = 16 * 1024
"""Bytes handed to one call of the decoder: what bounds how long the interpreter is held.

It is also what keeps the collector of garbage asleep: some 600 points at a time, freed before the next come, stay below
its threshold of 700, while larger slices made it look at every object of the program several times a chart.
"""

SCAN = 1024 * 1024
"""Bytes searched for arrays in one call."""

MAX_WHOLE = 8 * 1024 * 1024
"""Bytes that may be decoded in one call: what is left of an answer when its known arrays have been cut out."""

MAX_OBJECTS = 300_000
"""Objects and lists that may be decoded in one call. Ten thousand runs of an optimization have some 40,000. A list of
the smallest takes 45 times its bytes in memory."""

MAX_ENTRIES = 50_000
"""Entries of a list of anything but points. Reading one takes some 20 us, so the smallest of entries, and there are
millions of those in an answer that is not too large by its bytes, would keep a core busy for minutes."""

_CUT_MINIMUM = 1024
_MARK = "\x00cut"

# The long arrays of the answers: `values` of a chart, `equity` of an optimization's runs, the lists of the list
# endpoints, and `files` of live/read, which is not read. Inside a JSON string the quote that closes such a name
# would have a backslash before it.
_KEY = re.compile(
    rb'(?<!\\)"(?:[Vv]alues|[Ee]quity|[Ff]iles|[Pp]rojects|[Ll]ive|[Oo]ptimizations|[Oo]rders|[Ii]nsights)"\s*+:\s*+\['
)
_LONGEST_KEY = 512


def _nested(depth: int) -> bytes:
    """A pattern for an array or object that holds others at most `depth` deep. It takes `]` for `}`, which the decoder
    does not."""
    inside = rb'[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"' + (b"|" + _nested(depth - 1) if depth else b"")
    return rb"[\[{](?:" + inside + rb")*+[\]}]"


@cache
def _run() -> re.Pattern[bytes]:
    """A run of whole elements up to the end of the window. Possessive inside, and nothing follows that could fail: it
    never backtracks, so its time is linear. Compiled when the first long answer comes: a millisecond that an emergency
    request need not wait for."""
    # The outermost repeat is not possessive: until 3.11.4 Python forgets what such a one has matched when its last turn
    # fails.
    return re.compile(rb"(?:\s*+(?:" + _nested(4) + rb"|null)\s*+(?:,|(?=\])))+", re.DOTALL)


_SPACE = re.compile(rb"\s*+")


WORK_S = 0.002
"""How long reading an answer goes on at a stretch."""

PAUSE_S = 0.0005
"""How long it then pauses; the selector rounds it up to a millisecond.

Not zero: a thread that waits for the interpreter is woken whenever another thread releases it, and finds it taken again
by a loop that merely looked at its sockets. It then starts its wait anew, and its request to be let in, due after 5 ms
of waiting, is never made: many short yields starve the interface for as long as the work takes (CPython 3.11,
`Python/ceval_gil.h`).
"""


class TimeSlice:
    """Long work on the event loop, cut into slices: other tasks and other threads have their turn in between."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def pause_if_over(self) -> None:
        """Pause if the work has gone on for `WORK_S`."""
        if time.perf_counter() - self._since >= WORK_S:
            await asyncio.sleep(PAUSE_S)
            self._since = time.perf_counter()


class DecodeError(ValueError):
    """The bytes are not JSON. The message says what is wrong in words for a person."""


class TooLargeError(ValueError):
    """It may be JSON, but no answer that long has this shape."""


class Document(Struct):
    """A decoded answer whose long arrays are still raw bytes."""

    tree: object
    """The answer; an array that was cut out is a mark that `chunks` understands."""
    raw: bytes = b""
    cuts: list[list[tuple[int, int]]] = field(default_factory=list)

    def holds_array(self, value: object) -> bool:
        """Whether `value`, found in the tree, is an array."""
        return isinstance(value, list) or self._cut(value) is not None

    async def chunks(self, value: object) -> AsyncIterator[list[object]]:
        """The elements of an array found in the tree, some hundred at a time; of a map, its values. Other tasks and
        threads run in between.

        Yields nothing if `value` is neither. Raises DecodeError if a piece turns out not to be JSON.
        """
        time_slice = TimeSlice()
        pieces = self._cut(value)
        if pieces is None:
            whole = listing(value)
            for start in range(0, len(whole), 256):
                yield whole[start : start + 256]
                await time_slice.pause_if_over()
            return
        for start, end in pieces:
            piece = _loads(b"[" + self.raw[start:end].strip(b" \t\r\n,") + b"]")
            if isinstance(piece, list):
                yield piece
            await time_slice.pause_if_over()

    def _cut(self, value: object) -> list[tuple[int, int]] | None:
        if not isinstance(value, dict) or len(value) != 1:
            return None
        index = value.get(_MARK)
        return self.cuts[index] if isinstance(index, int) and 0 <= index < len(self.cuts) else None


def entries(value: object) -> list[object]:
    """A list, or the values of a map; an empty list for anything else. Raises TooLargeError for more than
    `MAX_ENTRIES`."""
    found = listing(value)
    if len(found) > MAX_ENTRIES:
        raise TooLargeError
    return found


async def decode(raw: bytes) -> Document:
    """Decode an answer.

    Raises DecodeError for what is not JSON and TooLargeError for more than `MAX_WHOLE` bytes, or `MAX_OBJECTS` objects
    and lists, that cannot be cut.
    """
    if len(raw) <= SMALL:
        return Document(_loads(raw))
    if raw[:256].lstrip()[:1] == b"{" and raw[-256:].rstrip()[-1:] != b"}":
        raise DecodeError("truncated JSON")  # known without decoding all of it
    skeleton, cuts = await _cut_arrays(raw)
    if len(skeleton) > MAX_WHOLE or skeleton.count(b"{") + skeleton.count(b"[") > MAX_OBJECTS:
        raise TooLargeError
    return Document(_loads(skeleton), raw, cuts)


async def _cut_arrays(raw: bytes) -> tuple[bytes, list[list[tuple[int, int]]]]:
    """The answer with its long arrays replaced by marks, and for each the pieces it consists of."""
    time_slice = TimeSlice()
    kept: list[bytes] = []
    cuts: list[list[tuple[int, int]]] = []
    done = position = 0
    while position < len(raw):
        await time_slice.pause_if_over()
        window_end = position + SCAN
        found = _KEY.search(raw, position, window_end)
        if found is None:
            # A key may straddle the end of the window.
            position = window_end - _LONGEST_KEY
            continue
        array_start = found.end() - 1
        pieces, array_end = await _pieces(raw, found.end(), time_slice)
        position = max(array_end, found.end())
        if array_end - array_start < _CUT_MINIMUM:
            continue
        kept.append(raw[done:array_start])
        kept.append(json.dumps({_MARK: len(cuts)}).encode())
        cuts.append(pieces)
        done = array_end
    kept.append(raw[done:])
    return b"".join(kept), cuts


async def _pieces(raw: bytes, start: int, time_slice: TimeSlice) -> tuple[list[tuple[int, int]], int]:
    """The runs of elements of the array whose first element is at `start`, and where the array ends; (…, 0) if it is
    no array of arrays and objects."""
    pieces: list[tuple[int, int]] = []
    position, window = start, WINDOW
    while True:
        run = _run().match(raw, position, position + window)
        if run is not None:
            pieces.append((position, run.end()))
            position, window = run.end(), WINDOW
            await time_slice.pause_if_over()
        space = _SPACE.match(raw, position, position + window)
        after = space.end() if space is not None else position
        if raw[after : after + 1] == b"]":
            return pieces, after + 1
        if run is None:
            # One element may be longer than the window; past a few megabytes it is none that we know.
            if position + window >= len(raw) or window >= WINDOW * 256:
                return [], 0
            window *= 4


def _loads(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        # The standard decoder takes twice the time and knows more: NaN and Infinity, which .NET may write, a number
        # beyond them (a ValidationError), half a surrogate pair in a name, a byte order mark. Where it would take long,
        # only the numbers are worth it.
        odd = isinstance(error, msgspec.ValidationError) or b"NaN" in raw or b"Infinity" in raw
        if len(raw) > SCAN and not odd:
            raise DecodeError(_reason(error)) from None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DecodeError(_reason(error)) from None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "JSON nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not text"
    text = str(error)
    if "truncated" in text or "Unterminated" in text or "Expecting" in text:
        return "truncated or broken JSON"
    return "broken JSON"
