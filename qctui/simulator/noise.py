"""Seeded randomness: everything random in the simulated world is a function of a key, never of the order of calls.

Nothing is stored, so a price of two years ago costs what a price of now costs, and two servers with one seed agree.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

_TABLE_BITS = 14
_TABLE_MASK = (1 << _TABLE_BITS) - 1
_chance = random.Random(20260101)
# One table of values in [-1, 1) for all noise: a look-up is five times cheaper than mixing bits in Python.
_TABLE = [_chance.random() * 2.0 - 1.0 for _ in range(_TABLE_MASK + 1)]
_MASK64 = (1 << 64) - 1


def key_of(*parts: object) -> int:
    """Return a 64-bit key for any mixture of printable parts; equal parts, equal key."""
    return int.from_bytes(_digest(parts, 8), "big")


def hex_of(*parts: object) -> str:
    """Return 32 hexadecimal digits for the parts, the form of the service's own identifiers."""
    return _digest(parts, 16).hex()


def _digest(parts: tuple[object, ...], size: int) -> bytes:
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=size).digest()


def bits(key: int, index: int) -> int:
    """Return 64 well mixed bits for the `index`-th draw of a key."""
    x = (key + (index + 1) * 0x9E3779B97F4A7C15) & _MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK64
    return x ^ (x >> 31)


def unit(key: int, index: int = 0) -> float:
    """Return a number in [0, 1) for the `index`-th draw of a key."""
    return bits(key, index) / 18446744073709551616.0


class Fractal:
    """A wandering curve of time: value noise at wavelengths three times longer each, grown like a random walk.

    The curve has no unit; over `tau` seconds it moves by about `sqrt(tau / year_s)`, so a volatility scales it.
    """

    def __init__(self, key: int, *, year_s: float, octaves: int = 14) -> None:
        self._octaves: list[tuple[float, float, float, int]] = []
        wavelength = 60.0
        for octave in range(octaves):
            amplitude = 0.95 * (wavelength / year_s) ** 0.5
            phase = unit(key, octave) * 1000.0
            self._octaves.append((1.0 / wavelength, amplitude, phase, bits(key, 1000 + octave) & _TABLE_MASK))
            wavelength *= 3.0

    def at(self, time: float) -> float:
        """Return the curve at one time, in seconds: what `along` says of it, in two thirds of the time."""
        table, mask = _TABLE, _TABLE_MASK
        total = 0.0
        for inverse, amplitude, phase, salt in self._octaves:
            u = time * inverse + phase
            cell = int(u)
            following = cell + 1
            a = table[(cell * 40503 + (cell >> 5) + salt) & mask]
            b = table[(following * 40503 + (following >> 5) + salt) & mask]
            total += amplitude * (a + (b - a) * (u - cell))
        return total

    def along(self, times: Sequence[float]) -> list[float]:
        """Return the curve at ascending times, in seconds. A value depends on its time only, not on its neighbours."""
        count = len(times)
        if count == 0:
            return []
        table, mask = _TABLE, _TABLE_MASK
        first, last = times[0], times[-1]
        start, slope = 0.0, 0.0
        bent: list[tuple[float, float, float, int]] = []
        for octave in self._octaves:
            inverse, amplitude, phase, salt = octave
            u = first * inverse + phase
            cell = int(u)
            if cell != int(last * inverse + phase):
                bent.append(octave)
                continue
            # All the times lie on one straight piece of this octave: add the piece, not the points.
            a = table[(cell * 40503 + (cell >> 5) + salt) & mask]
            b = table[((cell + 1) * 40503 + ((cell + 1) >> 5) + salt) & mask]
            start += amplitude * (a + (b - a) * (u - cell))
            slope += amplitude * (b - a) * inverse
        total = [start + slope * (time - first) for time in times]
        for inverse, amplitude, phase, salt in bent:
            cell, a, b = -1, 0.0, 0.0
            for position, time in enumerate(times):
                u = time * inverse + phase
                here = int(u)
                if here != cell:
                    cell = here
                    a = amplitude * table[(cell * 40503 + (cell >> 5) + salt) & mask]
                    b = amplitude * table[((cell + 1) * 40503 + ((cell + 1) >> 5) + salt) & mask] - a
                total[position] += a + b * (u - here)
        return total
