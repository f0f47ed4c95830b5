"""The simulated world of a session, and what goes wrong in it: faults, refused connections, a service that stands
still, other credentials, a disk that takes nothing."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time

from tests.campaign.disks import Disk, limit_files
from tests.campaign.evidence import ENDPOINT, Json
from tests.campaign.plans import DESKS, PAPER_FROM, SWEEPS, TRIGGER_BEHAVIOURS, Trouble
from tests.campaign.running import PATIENCE_S, Programs, StuckError
from tests.e2e.api import Api

FIRST_ID = 1_000
OF_DISK = ("full", "limit", "read-only")
HANGS = ("hang-before", "hang-after")

DESK = """
[[projects]]
id = {id}
name = "{name}"
symbols = ["SPY", "BTCUSD"]
{brokerage}
[[projects.deployments]]
launched = "9d"
positions = [{{symbol = "SPY", quantity = {quantity}, average-price = 500.5}}]
"""
SWEEP = """
[[projects.optimizations]]
name = "Sweep"
requested = "1m"
nodes = 1
node = "O2-8"
parameters = [{name = "a", min = 1, max = 500, step = 1}, {name = "b", min = 1, max = 20, step = 1}]
"""


def name_of(desk: int) -> str:
    """Of its project: a word that is part of no other's, nor of an id."""
    return f"Desk {chr(ord('A') + desk) * 3}"


def world() -> str:
    """The world file."""
    live, parts = 'brokerage = "InteractiveBrokersBrokerage"', []
    for desk in range(DESKS):
        brokerage = live if desk < PAPER_FROM else ""
        parts.append(DESK.format(id=FIRST_ID + desk, name=name_of(desk), brokerage=brokerage, quantity=20 + desk))
        parts.append(SWEEP if desk < SWEEPS else "")
    return "".join(parts)


class Troubles:
    """What goes wrong now, and the end of it."""

    def __init__(self, api: Api, disk: Disk, programs: Programs) -> None:
        self.damage = ""
        """What keeps, or kept, the disk from taking lines in this round."""
        self.hung = False
        """Requests may wait for an answer that never comes."""
        self.around = False
        """Something goes wrong for everybody."""
        self._api = api
        self._disk = disk
        self._programs = programs

    def control(self, method: str, what: str, **fields: object) -> Json:
        """Ask the simulator, which may be refusing or standing still."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._api.control(method, what, **fields)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > give_up:
                    raise
                self._programs.pass_time(0.05)

    def truth(self) -> list[Json]:
        """The projects as they really are."""
        found: list[Json] = self.control("GET", "projects")["projects"]
        return found

    def begin(self, trouble: Trouble | None) -> None:
        """From now on this goes wrong for everybody. For a disk that is to be read-only all programs have ended."""
        self.around, self.hung = trouble is not None, False
        self.damage = ""
        if trouble is None:
            return
        kind, value = trouble.kind, trouble.value
        self.hung = kind in HANGS
        if kind == "refuse":
            self.control("POST", "refuse", seconds=value)
        elif kind == "freeze":
            os.kill(self._api.process_id, signal.SIGSTOP)
            # On a thread of its own: whoever asks the simulator meanwhile waits for it.
            threading.Timer(value or 0.0, os.kill, (self._api.process_id, signal.SIGCONT)).start()
        elif kind == "latency":
            self.control("POST", "latency", seconds=value)
        elif kind == "credentials":
            self.control("POST", "credentials", token="0" * 64)
        elif kind in OF_DISK:
            self._spoil(self._disk.possible(kind))
        else:
            self.control("POST", "faults", kind=kind, value=value, endpoint=trouble.endpoint, times=trouble.times)

    def _spoil(self, kind: str) -> None:
        self.damage = kind
        if kind == "full":
            self._disk.fill()
        elif kind == "limit":
            for each in self._programs.running:
                limit_files(each.console.process.pid, limited=True)
        elif not self._programs.until(self._disk.make_read_only, 5.0):
            raise StuckError("the disk could not be made read-only")

    def arm(self, desk: int, action: str, fault: Trouble | None) -> None:
        """What the next request about this one meets."""
        if fault is None:
            return
        self.hung = self.hung or fault.kind in HANGS
        if fault.kind in TRIGGER_BEHAVIOURS:
            self.control("POST", "behaviours", projectId=FIRST_ID + desk, behaviour=fault.kind)
        else:
            given = {"kind": fault.kind, "value": fault.value, "endpoint": ENDPOINT[action], "times": fault.times}
            self.control("POST", "faults", projectId=FIRST_ID + desk, **given)

    def clear(self) -> None:
        """Nothing goes wrong any more but what triggers do, and what hangs ends."""
        self.around = False
        self.control("DELETE", "faults")
        self.control("POST", "latency", seconds=0)
        self.control("POST", "credentials", token=self._api.token)
        self._disk.mend()
        for each in self._programs.running:
            if each.alive:
                limit_files(each.console.process.pid, limited=False)
        if self.hung:
            self.control("POST", "refuse", seconds=0.05)
            self.hung = False

    def renew(self) -> None:
        """Everything runs, and triggers do what they should."""
        for project in self.truth():
            if not any(one["alive"] for one in project["deployments"]):
                self.control("POST", "redeploy", projectId=project["projectId"])
            self.control("POST", "behaviours", projectId=project["projectId"], behaviour="")

    def help(self, action: str, aim: int | str) -> bool:
        """Let the target of an action that gets nowhere change once more, so that it comes to an end. False if it gets
        there by itself."""
        if action == "abort":
            found = next(each["optimizations"][aim] for each in self.truth() if aim in each["optimizations"])
            if found in ("aborted", "completed"):
                return False
            self.control("POST", "optimization", optimizationId=aim, becomes="completed")
            return True
        self.control("POST", "behaviours", projectId=aim, behaviour="")
        deployment = next(each for each in self.truth() if each["projectId"] == aim)["deployments"][-1]
        reached_at = deployment["stoppedAt" if action == "stop" else "flatAt"]
        # Orders that wait for a market are filled when it opens.
        if reached_at is not None and reached_at < time.time() + PATIENCE_S:
            return False
        self.control("POST", "redeploy", projectId=aim)
        return True
