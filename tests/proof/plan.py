"""What a seed decides: who confirms what and when, and everything that goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tests.proof.machine import Process
from tests.proof.people import Act, command, console, options
from tests.proof.truth import KINDS, Weather

if TYPE_CHECKING:
    from tests.proof.world import World

TROUBLES = ("full", "partly", "unsynced", "slow", "hangs")
BEHAVIOURS = ("rejected", "never-stops", "never-flat", "redeploys", "runtime-error")
JUMPS_S = (-90_000.0, -30.0, 2.0, 400.0, 4_000.0, 90_000.0)


class Plan:
    """What happens in a world, each at its time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.luck = world.luck
        self.last_at = 0.0
        """When something is to happen last, by the loop's time."""
        self.suspended_s = 0.0
        """How long the machine slept."""
        self.jumped = False
        """The wall clock was set forward, or the machine slept, by so much that what others began looks long over: the
        journal has wall times only, and a process that has gone silent must not lock Stop for ever."""
        self._kills: dict[Process, int] = {}
        """The turn of the loop at which a process is killed."""
        self._kills_confirming = self.luck.random() < 0.2
        self._redeploys_stopped = False
        """A project is deployed again soon after its deployment was seen to have stopped."""

    def draw(self) -> None:
        """Decide all of it."""
        luck, truth = self.luck, self.world.truth
        truth.weather = Weather(
            reads=luck.choice([0.0, 0.05, 0.2, 0.5]),
            triggers=luck.choice([0.0, 0.3, 0.7]),
            lies=luck.choice([0.0, 0.0, 0.2]),
            lag_s=luck.choice([0.0, 0.0, 0.0, 2.0, 15.0]),
            kinds=tuple(luck.sample(KINDS, luck.randint(3, len(KINDS)))),
        )
        consoles = luck.choice([0, 1, 1, 1, 2])
        for _ in range(consoles):
            self._at(luck.uniform(0.0, 2.0), partial(self.open_console, self._acts(), lists=luck.random() < 0.3))
        for _ in range(luck.choice([0, 0, 1]) if consoles else luck.choice([1, 2])):
            action, project = luck.choice(["liquidate", "liquidate", "stop"]), luck.choice(list(truth.world.projects))
            self._at(luck.uniform(0.0, 8.0), partial(self._open_command, action, project, luck.random() < 0.2))
        if luck.random() < 0.08:
            self._open_rivals()
        self._redeploys_stopped = luck.random() < 0.08
        self._sometimes(0.3, 12.0, self._kill)
        self._sometimes(0.05, 12.0, self._lose_power)
        self._sometimes(0.15, 12.0, self._signal)
        for project in truth.world.projects:
            self._sometimes(0.1, 15.0, partial(self._redeploy, project))
        self._sometimes(0.1, 10.0, self._end)
        self._sometimes(0.1, 0.0, self._behave)
        self._sometimes(0.3, 10.0, self._trouble)
        self._sometimes(0.15, 10.0, self._trouble)
        self._sometimes(0.2, 15.0, self._jump)
        self._sometimes(0.05, 15.0, self._suspend)
        self._at(luck.choice([6.0, 15.0, 15.0, 40.0]), self._calm)

    def _acts(self) -> list[Act]:
        """What a person confirms in a console."""
        luck, projects = self.luck, list(self.world.truth.world.projects)
        return [
            Act(
                luck.uniform(0.1, 5.0),
                luck.choice(["liquidate", "liquidate", "stop"]),
                luck.choice([[luck.choice(projects)], projects]),
                luck.choice([0.0, 0.3, 0.3, 2.5]),
            )
            for _ in range(luck.choice([1, 1, 2]))
        ]

    def _at(self, at: float, happen: Callable[[], object]) -> None:
        self.last_at = max(self.last_at, at)
        self.world.loop.call_at(at, happen)

    def _after(self, seconds: float, happen: Callable[[], object]) -> None:
        self._at(self.world.loop.time() + seconds, happen)

    def _sometimes(self, share: float, within_s: float, happen: Callable[[], object]) -> None:
        if self.luck.random() < share:
            self._at(self.luck.uniform(0.0, within_s), happen)

    # What happens.

    def open_console(self, acts: list[Act], *, lists: bool = False) -> None:
        """Somebody starts the program."""
        process = self.world.begin("console")
        process.start(console(self.world, process, acts, lists=lists))

    def _open_rivals(self) -> None:
        """A stop and a liquidation of one project are confirmed in two consoles at about the same time, on a disk that
        is heard of late: whichever decides first, the other has to know."""
        self.world.machine.heard_s = 0.03
        for action, after_s in (("stop", 1.0), ("liquidate", 1.0 + self.luck.uniform(0.0, 0.15))):
            self._at(0.0, partial(self.open_console, [Act(after_s, action, [1], 0.5)]))

    def _open_command(self, action: str, project: int, no_wait: bool) -> None:
        process = self.world.begin("command")
        process.start(command(self.world, process, options(action, project, no_wait)))

    def confirmed(self, process: Process) -> None:
        """Something was confirmed: a good moment for its process to be killed, at any of the steps that follow."""
        if self._kills_confirming:
            self._kills_confirming = False
            self._kill(process)

    def stopped(self, project: int) -> None:
        """A deployment of the project was seen to have stopped. Whoever did that may want another one at once."""
        if self._redeploys_stopped:
            self._redeploys_stopped = False
            self._after(self.luck.uniform(0.0, 8.0), partial(self._redeploy, project))

    def _kill(self, process: Process | None = None) -> None:
        """A process is killed some turns of the loop later, at whatever it is by then."""
        alive = self.world.alive
        if alive:
            self._kills[process or self.luck.choice(alive)] = self.world.loop.turns + self.luck.randrange(80)
            self._after(self.luck.choice([0.5, 4.0, 20.0]), partial(self.open_console, []))

    def kill_whose_turn_it_is(self) -> None:
        """Called at each turn of the loop."""
        for process, turn in tuple(self._kills.items()):
            if self.world.loop.turns >= turn:
                del self._kills[process]
                if not process.dead:
                    self._note("kill", process.name)
                    process.kill()

    def _lose_power(self) -> None:
        self._note("power")
        for process in self.world.alive:
            process.kill()
        self.world.judge.power_lost()
        self.world.machine.lose_power()
        self._after(self.luck.choice([1.0, 20.0]), partial(self.open_console, []))

    def _signal(self) -> None:
        alive = self.world.alive
        if alive:
            process, number = self.luck.choice(alive), self.luck.choice([1, 2, 15])
            self._note("signal", number, process.name)
            process.signal(number)

    def _redeploy(self, project: int) -> None:
        self._note("redeployed", project)
        self.world.truth.world.redeploy(project)

    def _end(self) -> None:
        self._note("ended")
        self.world.truth.world.end(1)

    def _behave(self) -> None:
        self.world.truth.world.behave(1, self.luck.choice(BEHAVIOURS))

    def _trouble(self) -> None:
        self._set_disk(self.luck.choice(TROUBLES))
        self._after(self.luck.choice([0.3, 1.5, 5.0]), partial(self._set_disk, ""))

    def _set_disk(self, trouble: str) -> None:
        self._note("disk", trouble)
        self.world.machine.note_trouble(trouble)
        for process in self.world.alive:
            process.disk.go_on()

    def _jump(self) -> None:
        seconds = self.luck.choice(JUMPS_S)
        self._note("jump", seconds)
        self.jumped = self.jumped or seconds > self.world.verify_s
        self.world.clock.jump_wall(seconds)

    def _suspend(self) -> None:
        seconds = self.luck.choice([40.0, 700.0, 30_000.0])
        self._note("suspend", seconds)
        self.suspended_s += seconds
        self.jumped = self.jumped or seconds > self.world.verify_s
        self.world.loop.suspend(seconds)
        # What the disk did not take just before, nobody could write again meanwhile.
        self.world.machine.troubled_at += seconds

    def _calm(self) -> None:
        """The worst is over: what is left is to find out how things stand."""
        weather = self.world.truth.weather
        weather.triggers = 0.0
        weather.reads = min(weather.reads, 0.05)

    def _note(self, *words: object) -> None:
        self.world.judge.note(*words)
