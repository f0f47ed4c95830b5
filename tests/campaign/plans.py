"""What a seed asks for: who is confirmed on which way, and what goes wrong meanwhile. Drawn before anything is started,
so that one seed is one plan, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from qctui.simulator.config import BEHAVIOURS
from qctui.simulator.faults import KINDS

DESKS = 24
"""Projects with something that runs; from the last third on it is no real money."""
PAPER_FROM = 16
SWEEPS = 10
"""Projects that have an optimization under way, which is aborted once at most."""

TRIGGER_FAULTS = tuple(kind for kind in KINDS if kind != "oversize")
"""Of one target; an answer without end is met by reads."""
TRIGGER_BEHAVIOURS = tuple(name for name in BEHAVIOURS if not name.startswith(("hang", "reset", "build")))
READS = ("live/read", "live/list", "live/portfolio/read", "live/orders/read", "optimizations/read", None)
"""What a fault of reads is on; None is everything, triggers included."""
READ_FAULTS = tuple(kind for kind in KINDS if kind not in ("oversize", "http-401"))
ENDS = ("SIGTERM", "SIGHUP", "SIGINT", "SIGKILL")
MOMENTS = (-1.0, 0.0, 0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Seconds from the confirming key to what happens to its process; below zero it comes first."""
COMMAND_MOMENTS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.6, 2.5, 4.0)
"""Seconds from the start of a command; its request leaves after some 0.6."""


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong."""

    kind: str
    value: float | None = None
    endpoint: str | None = None
    times: int | None = None

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True)
class Step:
    """One confirmation, of one target or of several at once."""

    way: str
    """`console`, `other console` or `command`."""
    action: str
    desks: tuple[int, ...]
    """Whom it hits; more than one are marked. All of them: a panic."""
    faults: tuple[Trouble | None, ...] = ()
    """What its request meets, for each of them."""
    end: str = ""
    """What happens to its process: a signal, `stop` (SIGSTOP, then SIGCONT), `close` or `stall` of its terminal,
    `quit`."""
    after_s: float = 0.0
    arguments: tuple[str, ...] = ()
    """Of a command."""
    together: bool = False
    """At the same moment as those beside it that say so."""


@dataclass(frozen=True)
class Round:
    """Some confirmations with one world around them."""

    world: Trouble | None
    """Goes wrong for everybody: faults of reads, `refuse`, `freeze`, `latency`, `credentials`, and of the disk `full`,
    `read-only`, `limit`."""
    steps: tuple[Step, ...]
    linger_s: float
    """How long it all goes on after the last confirmation."""


@dataclass(frozen=True)
class Surroundings:
    """What stays the same for a whole session."""

    size: tuple[int, int]
    lags: tuple[str, ...]
    shapes: str
    auth_failure: str
    rounds: int


def surroundings(seed: int) -> Surroundings:
    """Those of one session."""
    chance = Random(f"{seed}")
    slow = chance.random() < 0.2
    order, stop, flat = ("0.4", "1.5", "1.5") if slow else ("0.2", "0.4", "0.4")
    lags = ("--order-lag", order, "--stop-lag", stop, "--flat-lag", flat, "--abort-lag", stop, "--snapshot", "0.5")
    return Surroundings(
        chance.choice(((80, 24), (80, 24), (120, 40))),
        lags,
        chance.choice(("modern", "modern", "legacy", "ugly")),
        chance.choice(("401", "hash", "userid", "500", "mixed")),
        chance.randint(4, 6),
    )


def rounds(seed: int) -> Iterator[Round]:
    """Those of one session."""
    fresh = list(range(SWEEPS))
    Random(f"{seed} sweeps").shuffle(fresh)
    for number in range(surroundings(seed).rounds):
        chance = Random(f"{seed} {number}")
        world = _world(chance)
        steps = tuple(_steps(chance, world, fresh))
        yield Round(world, steps, chance.choice((0.0, 0.0, 0.5, 1.5, 3.0)))


def _world(chance: Random) -> Trouble | None:
    drawn = chance.random()
    if drawn < 0.35:
        return None
    if drawn < 0.60:
        times = chance.choice((1, 2, 5, 20, None))
        return Trouble(chance.choice(READ_FAULTS), chance.choice((0.3, 1.0, 2.0)), chance.choice(READS), times)
    if drawn < 0.70:
        return Trouble("refuse", chance.choice((0.05, 0.3, 1.0, 3.0, 6.0)))
    if drawn < 0.76:
        return Trouble("freeze", chance.choice((0.2, 1.0, 3.0)))
    if drawn < 0.80:
        return Trouble("latency", chance.choice((0.05, 0.3, 1.0)))
    if drawn < 0.84:
        return Trouble("credentials")
    return Trouble(chance.choice(("full", "full", "limit", "read-only")))


def _steps(chance: Random, world: Trouble | None, fresh: list[int]) -> Iterator[Step]:
    desks = list(range(DESKS))
    chance.shuffle(desks)
    drawn = chance.random()
    if world is not None and world.kind == "read-only":
        # Nobody may have a file open there: commands, and a console that is started for it.
        yield from (_command(chance, desks.pop()) for _ in range(6))
        yield _console(chance, desks.pop(), calm=True)
    elif drawn < 0.06:
        hit = tuple(range(DESKS))
        yield _ended(chance, Step("console", "liquidate", hit, tuple(_fault(chance, 0.3) for _ in hit)))
    elif drawn < 0.20:
        yield from (_command(chance, desks.pop()) for _ in range(7))
        hit = tuple(desks.pop() for _ in range(chance.randint(2, 6)))
        action = chance.choice(("liquidate", "liquidate", "stop"))
        yield _ended(chance, Step("console", action, hit, tuple(_fault(chance) for _ in hit)))
        yield from (_console(chance, desks.pop()) for _ in range(2))
    elif drawn < 0.35:
        yield from _at_once(chance, desks.pop())
        yield from (_command(chance, desks.pop()) for _ in range(7))
        yield from (_console(chance, desks.pop()) for _ in range(2))
    else:
        yield from (_command(chance, desks.pop()) for _ in range(chance.randint(6, 9)))
        for calm in (True, *[False] * chance.randint(2, 4)):
            yield _console(chance, desks.pop(), calm=calm)
        if fresh and chance.random() < 0.6:
            aborts = Step("command", "abort", (fresh.pop(),), (_fault(chance),), arguments=("--yes",))
            yield _ended(chance, aborts)
        if fresh and chance.random() < 0.4:
            yield _ended(chance, Step("console", "abort", (fresh.pop(),), (_fault(chance),)))


def _at_once(chance: Random, desk: int) -> Iterator[Step]:
    """Two consoles and a command on one target at the same moment."""
    first = _ended(chance, Step("console", "liquidate", (desk,), (None,)))
    yield replace(first, together=True)
    yield Step("other console", chance.choice(("liquidate", "stop")), (desk,), (None,), together=True)
    yield Step("command", chance.choice(("liquidate", "stop")), (desk,), (None,), arguments=("--yes",), together=True)


def _fault(chance: Random, often: float = 0.55) -> Trouble | None:
    drawn = chance.random()
    if drawn > often:
        return None
    if drawn < often * 0.3:
        return Trouble(chance.choice(TRIGGER_BEHAVIOURS))
    return Trouble(chance.choice(TRIGGER_FAULTS), chance.choice((0.3, 1.0, 2.0)), times=chance.choice((1, 1, 2, None)))


def _console(chance: Random, desk: int, *, calm: bool = False) -> Step:
    action = chance.choice(("liquidate", "liquidate", "stop"))
    step = Step("console", action, (desk,), (None if calm else _fault(chance),))
    return step if calm else _ended(chance, step)


def _command(chance: Random, desk: int) -> Step:
    action = chance.choice(("liquidate", "liquidate", "stop"))
    arguments = chance.choice((("--yes",), ("--yes",), ("--yes", "--no-wait"), ("--yes", "--json"), ()))
    return _ended(chance, Step("command", action, (desk,), (_fault(chance),), arguments=arguments))


def _ended(chance: Random, step: Step) -> Step:
    """With what happens to its process."""
    if chance.random() < 0.5:
        return step
    moments = COMMAND_MOMENTS if step.way == "command" else MOMENTS
    end = chance.choice((*ENDS, *ENDS, "stop", "stop", "close", "stall", "stall" if step.way == "command" else "quit"))
    return replace(step, end=end, after_s=chance.choice(moments))
