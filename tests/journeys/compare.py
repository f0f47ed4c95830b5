"""Whether what is typed in bursts ends where it ends when it is typed slowly."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.journeys.sequences import ANSWER, CROSSHAIR, NEWS, PAGES, burst
from tests.journeys.world import World


@dataclass(frozen=True)
class Difference:
    """Where the two parted."""

    typed: tuple[str, ...]
    """Everything from the start, bursts and news as they came."""
    what: str

    def __str__(self) -> str:
        lines = "\n".join(f"  {each}" for each in self.typed)
        return f"{self.what}\nafter:\n{lines}"


async def compare(seed: int, bursts: int, size: tuple[int, int] = (80, 24)) -> Difference | None:
    """Type the same `bursts` into two consoles, slowly and at once, and compare them after each."""
    typed: list[str] = []
    try:
        return await _compare(Random(seed), bursts, size, typed)
    except Exception as error:  # whatever it is, the keys that led there are what matters
        return Difference(tuple(typed), f"{type(error).__name__}: {error}")


async def _compare(random: Random, bursts: int, size: tuple[int, int], typed: list[str]) -> Difference | None:
    async with World(size).open() as slow, World(size).open() as quick:
        for _ in range(bursts):
            if random.random() < 0.25:
                what, which = random.choice(NEWS), random.randrange(100)
                typed.append(f"({what} {which})")
                for world in (slow, quick):
                    world.happen(what, which)
                    await world.settle()
            keys = burst(random)
            typed.append(f"typing {' '.join(keys)}")
            chunks = await _type_slowly(slow, keys)
            typed.pop()
            for chunk in chunks:
                typed.append(" ".join(chunk))
                await quick.press(chunk)
            # The time at which an age's word changes must not matter either.
            drawn = quick.state()
            await quick.redraw()
            if parted := _parted(drawn, quick.state(), "drawn", "drawn again"):
                return Difference(tuple(typed), parted)
            if (told := _difference(slow, quick)) or (told := slow.broken() or quick.broken()):
                return Difference(tuple(typed), told)
    return None


async def _type_slowly(world: World, keys: list[str]) -> list[list[str]]:
    """Key after key, each when all before it is done and painted. Returns the keys in the pieces in which they may be
    typed at once: a question that has to be seen before it is answered ends a piece. What depends on how much has been
    read and drawn begins one: a page on how much room the actions under way leave, a crosshair on its chart."""
    pieces: list[list[str]] = [[]]
    for each in keys:
        for key in world.answer if each == ANSWER else (each,):
            waited = world.must_be_seen
            if key in PAGES or (key in CROSSHAIR and world.in_chart):
                pieces.append([])
            await world.press([key])
            pieces[-1].append(key)
            if world.must_be_seen and not waited:
                pieces.append([])
    return [piece for piece in pieces if piece]


def _difference(slow: World, quick: World) -> str:
    return _parted(slow.state(), quick.state(), "slowly", "at once")


def _parted(one: dict[str, object], other: dict[str, object], *how: str) -> str:
    first, second = (each.ljust(11) for each in how)
    parted = [name for name in one if one[name] != other[name]]
    return "\n".join(f"{name}:\n    {first} {one[name]}\n    {second} {other[name]}" for name in parted)
