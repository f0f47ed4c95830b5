"""One session of a campaign: one seed, one simulator, one state folder, and rounds of confirmations that are judged."""

from __future__ import annotations

import ctypes
import json
import secrets
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qctui.actions.journal import FINAL_EVENTS
from tests.campaign.checks import violations
from tests.campaign.disks import Disk, state_disk
from tests.campaign.evidence import ENDPOINT, Evidence, Json, aim_of, last_word
from tests.campaign.hands import Hands
from tests.campaign.plans import Round, rounds, surroundings
from tests.campaign.running import PATIENCE_S, Programs, StuckError
from tests.campaign.troubles import Troubles, world
from tests.e2e.api import Api, simulator

LET_BE_S = 1.5
"""How long actions are left alone before the world is changed for those that get nowhere."""
AGAIN_S = 20.0
"""After a change of the world that has ended nothing, until another: an action that was confirmed without a deploy id
takes what it sees first for its own."""

LATE_S = 20.0
"""After which lines that were not written are not waited for: they are missed when they are judged."""
_PR_SET_PDEATHSIG = 1


@dataclass
class Report:
    """What came of a session."""

    seed: int
    confirmations: int = 0
    targets: int = 0
    words: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By way, what went wrong, and last word."""
    violations: list[str] = field(default_factory=list)


@contextmanager
def session(seed: int, plan: Iterable[Round] | None = None) -> Iterator[Session]:
    """Everything that a session needs, and its end. `plan` is carried out in place of what the seed asks for."""
    around = surroundings(seed)
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        home = Path(folder)
        file = home / "world.toml"
        file.write_text(world())
        access = ("--token", secrets.token_hex(32), "--auth-failure", around.auth_failure)
        shapes = ("--shapes", around.shapes, "--loading", "0")
        with (
            state_disk(home / "state") as disk,
            simulator("--calm", "--world", str(file), *access, *shapes, *around.lags) as api,
        ):
            made = Session(Report(seed), rounds(seed) if plan is None else plan, api, home, disk)
            try:
                yield made
            finally:
                made.programs.close()


def run_session(seed: int, most: int, until_mono: float) -> Report:
    """One session, in a process of its own: it ends with the one that started it, and takes with it what it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    with session(seed) as made:
        # Between two looks at the terminals, and not while a process is being started.
        signal.signal(signal.SIGTERM, lambda *_: made.programs.give_up())
        return made.run(most, until_mono)


class Session:
    """Carries out the rounds of one seed."""

    def __init__(self, report: Report, plan: Iterable[Round], api: Api, home: Path, disk: Disk) -> None:
        self.report = report
        self.programs = Programs(api.environment(home), api.base_url, surroundings(report.seed).size)
        self._troubles = Troubles(api, disk, self.programs)
        self._hands = Hands(self.programs, self._troubles)
        self._rounds = plan
        self._token = api.token
        self._folder = home / "state" / "qctui"
        self._journal = self._folder / "journal.jsonl"
        self._judged_requests = 0
        """Number of the last one."""
        self._judged_bytes = 0
        """Of the journal."""
        self._known: set[str] = set()
        """Ids of the actions of earlier rounds."""

    def run(self, most: int, until_mono: float) -> Report:
        """Rounds until all are done, or so many were confirmed, or it is late."""
        try:
            for each in self._rounds:
                if self.report.confirmations >= most or time.monotonic() > until_mono:
                    break
                self._round(each)
        except StuckError as stuck:
            self.report.violations.append(str(stuck))
        except Exception:  # the others of the campaign go on
            self.report.violations.append(f"the campaign itself failed: {traceback.format_exc()}")
        return self.report

    def _round(self, plan: Round) -> None:
        self._troubles.begin(None)
        self._troubles.renew()
        self._hands.begin()
        if plan.world is not None and plan.world.kind == "read-only":
            self._hands.quit_all()
        self._troubles.begin(plan.world)
        self._hands.take_all(plan.steps, plan.world)
        if self._troubles.damage == "read-only":
            self._hands.quit_all()
        self.programs.pass_time(plan.linger_s)
        self._troubles.clear()
        self._settle()
        self._judge()

    def _read(self) -> bytes:
        return self._journal.read_bytes() if self._journal.exists() else b""

    def _lines(self, journal: bytes) -> tuple[list[Json], list[str]]:
        """The lines of this round in `journal`, and those that are none."""
        lines, damaged = [], []
        for raw in journal[self._judged_bytes :].decode("utf-8", "replace").splitlines():
            try:
                lines.append(json.loads(raw))
            except ValueError:
                damaged.append(raw)
        return lines, damaged

    def _open(self) -> list[Json]:
        """The last lines of the actions that have no last word."""
        last = {line["id"]: line for line in self._lines(self._read())[0]}
        return [line for line in last.values() if line["event"] not in FINAL_EVENTS]

    def _unwritten(self) -> bool:
        """A console that goes on has lines that the disk did not take."""
        if not self._troubles.damage:
            return False
        written = {aim_of(line) for line in self._lines(self._read())[0]}
        going_on = [one for each in self.programs.running if each.alive for one in each.program.confirmed]
        return any(one.sure and one.aim not in written for one in going_on)

    def _settle(self) -> None:
        """Every action comes to an end: those that get nowhere by a world that changes once more."""
        self._hands.console()
        begun, helped = time.monotonic(), dict[int | str, float]()
        looked_at = begun

        def settled() -> bool:
            nonlocal looked_at
            if time.monotonic() - looked_at < 0.5:
                return False
            looked_at = time.monotonic()
            left = self._open()
            for line in left if looked_at - begun > LET_BE_S else []:
                aim = aim_of(line)[1]
                if line["event"] == "sending" or looked_at - helped.get(aim, -AGAIN_S) < AGAIN_S:
                    continue
                if self._troubles.help(line["action"], aim):
                    helped[aim] = looked_at
                    # On a machine this slow it may have come to its end by itself: it is over another way now.
                    for one in self._hands.confirmed:
                        one.troubles = (*one.troubles, *(["helped"] if one.aim[1] == aim else []))
            commands = any(each.alive and each.program.way == "command" for each in self.programs.running)
            late = looked_at - begun > LATE_S
            return not left and not commands and (late or not self._unwritten())

        self.programs.until(settled, 2 * PATIENCE_S)

    def _judge(self) -> None:
        journal = self._read()  # once: a console that goes on may write meanwhile
        lines, damaged = self._lines(journal)
        self._judged_bytes = len(journal)
        requests = self._troubles.control("GET", "requests")["requests"]
        new = [each for each in requests if each["number"] > self._judged_requests]
        self._judged_requests = max((each["number"] for each in requests), default=0)
        programs = []
        for each in list(self.programs.running):
            ended = not each.alive
            if not ended and each.program.way == "command":
                self.report.violations.append(f"a command does not end; on the screen:\n{each.text}")
                self.programs.drop(each)
                continue
            if ended:
                self.programs.end(each)
            programs.append(each.judge(ended=ended))
            if ended:
                self.programs.drop(each)
        logs = {each.name: each.read_bytes() for each in self._folder.glob("*.log*")}
        evidence = Evidence(
            confirmed=self._hands.confirmed,
            programs=programs,
            posts=[each for each in new if each["path"] in ENDPOINT.values()],
            journal=lines,
            truth=self._troubles.truth(),
            earlier=frozenset(self._known),
            damaged=damaged,
            disk=self._troubles.damage,
            files={**logs, "journal": journal},
            token=self._token,
        )
        self._known |= {line["id"] for line in lines}
        self.report.violations += violations(evidence)
        self.report.confirmations = self._hands.confirmations
        self.report.targets += len(evidence.confirmed)
        for one in evidence.confirmed:
            words = [last_word(each) for each in evidence.of(one)] or ["no line" if one.sure else "not taken"]
            self.report.words[one.way, one.troubles[0] if one.troubles else "nothing", words[0]] += 1
