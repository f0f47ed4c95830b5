"""The hands at the terminals of a session: they bring up dialogs, start commands, confirm, and disturb."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from tests.campaign.disks import limit_files
from tests.campaign.evidence import Confirmed
from tests.campaign.plans import DESKS, ENDS, PAPER_FROM, Step, Trouble
from tests.campaign.running import Programs, Running, StuckError
from tests.campaign.troubles import FIRST_ID, Troubles, name_of

_ANSWER = re.compile(r"Type \w+ to |Press y to |DISARMED|Can't ")
"""How the console answers the key of an action."""

_LOCKED = "a liquidation of this deployment is not verified"

_QUESTION = re.compile(r"Type (\w+) to \w+, then Enter|Press y to ")
"""How a command asks."""

KEY = {"liquidate": "L", "stop": "S", "abort": "A"}
TAKEN = ("stop", "stall", "quit")
"""What may happen to a process without a confirmation being lost: what was typed is read all the same."""


class Hands:
    """Confirms on the consoles and by commands."""

    def __init__(self, programs: Programs, troubles: Troubles) -> None:
        self._liquidated: set[int] = set()
        """Desks that a liquidation was ever asked of."""
        self.confirmed: list[Confirmed] = []
        """In this round."""
        self.confirmations = 0
        """Since the beginning: a panic is one."""
        self._programs = programs
        self._troubles = troubles
        self._consoles: dict[str, Running] = {}
        self._deploy_ids: dict[int, str] = {}
        self._sweeps: dict[int, str] = {}

    def begin(self) -> None:
        """A round: what runs now is what is aimed at, and the console knows it."""
        self.confirmed = []
        for project in self._troubles.truth():
            desk = project["projectId"] - FIRST_ID
            self._deploy_ids[desk] = next(one["deployId"] for one in project["deployments"] if one["alive"])
            self._sweeps[desk] = next(iter(project["optimizations"]), "")
        one = self.console()
        one.console.send("dr")
        asked_at = time.monotonic()

        def known() -> bool:
            nonlocal asked_at
            if time.monotonic() - asked_at > 2.0:
                asked_at = time.monotonic()
                one.console.send("r")
            return f"{DESKS} running" in one.text

        self._programs.must(known, "all deployments on the screen", one)

    def console(self, way: str = "console") -> Running:
        """The one that runs, or a new one, for which nothing goes wrong but that the disk may be read-only."""
        found = self._consoles.get(way)
        if found is not None and found.alive:
            return found
        if found in self._programs.running:
            self._programs.end(found)
        if self._troubles.damage != "read-only":
            self._troubles.clear()
        found = self._consoles[way] = self._programs.start(way)
        self._programs.must(lambda: "API ok" in found.text, "the first data", found)
        return found

    def quit_all(self) -> None:
        """End all consoles in order, once the commands have ended."""
        self._programs.until(lambda: not any(each.alive for each in self._commands()), 15.0)
        for each in self._programs.running:
            if each.alive and each.program.way != "command":
                self._programs.disturb(each, "quit")
                self._programs.end(each)

    def _commands(self) -> list[Running]:
        return [each for each in self._programs.running if each.program.way == "command"]

    def take_all(self, steps: Sequence[Step], around: Trouble | None) -> None:
        """Carry out the steps of a round, those first that are to come together."""
        self._together([step for step in steps if step.together], around)
        for step in steps:
            if not step.together:
                for desk, fault in zip(step.desks, step.faults, strict=True):
                    self._troubles.arm(desk, step.action, fault)
                if step.way == "command":
                    self._command(step, around)
                elif (dialog := self._dialog(step)) is not None:
                    self._answer(step, around, *dialog)

    def _together(self, steps: Sequence[Step], around: Trouble | None) -> None:
        """Both dialogs are open when the command starts; it needs a while to its first byte."""
        dialogs = [(step, self._dialog(step)) for step in steps if step.way != "command"]
        for step in steps:
            if step.way == "command":
                self._command(step, around)
                self._programs.pass_time(0.5)
        for step, dialog in dialogs:
            if dialog is not None and dialog[0].alive:
                self._answer(step, around, *dialog)

    def _confirm(self, step: Step, around: Trouble | None, *, sure: bool) -> list[Confirmed]:
        """Note down what is confirmed, right before the key that does it."""
        also = [each for each in self.confirmed if each.project_id - FIRST_ID in step.desks]
        shared = "at once" if also or step.together else ""
        for each in also:
            each.sure, each.troubles = False, (*each.troubles, shared)
        kinds = (around.kind if around else "", shared, "dropped" if self._troubles.hung else "")
        made = [
            Confirmed(
                way=step.way,
                action=step.action,
                project_id=FIRST_ID + desk,
                identity=self._sweeps[desk] if step.action == "abort" else self._deploy_ids[desk],
                at=time.time(),
                troubles=tuple(filter(None, (step.end, fault.kind if fault else "", *kinds))),
                sure=sure and not shared,
            )
            for desk, fault in zip(step.desks, step.faults, strict=True)
        ]
        self.confirmed += made
        self._liquidated.update(step.desks if step.action == "liquidate" else ())
        self.confirmations += 1
        return made

    def _command(self, step: Step, around: Trouble | None) -> None:
        desk = step.desks[0]
        identity = self._sweeps[desk] if step.action == "abort" else str(FIRST_ID + desk)
        one = self._programs.start("command", step.action, identity, *step.arguments)
        if self._troubles.damage == "limit":
            limit_files(one.console.process.pid, limited=True)
        asks = "--yes" not in step.arguments
        if asks:
            self._programs.until(lambda: _QUESTION.search(one.text) is not None or not one.alive, 20.0)
        question = _QUESTION.search(one.text)
        sure = (not asks or question is not None) and (not step.end or step.end in TAKEN)
        one.program.confirmed = self._confirm(step, around, sure=sure)
        if question is not None and one.alive:
            # Where its target could not be read it asks for something else than the console would.
            one.console.send(f"{question[1] or 'y'}\r")
        if step.end:
            self._programs.later(step.after_s, lambda: self._programs.disturb(one, step.end))

    def _dialog(self, step: Step) -> tuple[Running, str, str] | None:
        """An open dialog, what answers it, and what it asks; None if its target has ended, can't be selected yet, or
        is locked."""
        one, desk = self.console(step.way), step.desks[0]
        if step.action == "abort" and self._troubles.around:
            self._troubles.clear()  # it has to be on the screen first
        keys, prompt = self._question(step)
        answers: list[str] = []
        for _ in range(10):
            self._point_at(one, step)
            self._programs.until(lambda: _ANSWER.search(one.text) is not None, 20.0)
            if prompt in one.text:
                return one, keys, prompt
            # A list of optimizations may have to wait for the budget of reads, which several consoles share.
            unread = step.action == "abort" and "no optimization is selected" in one.text
            # Stop is locked as long as a liquidation of that deployment is not verified.
            locked = step.action == "stop" and _LOCKED in one.text and not self._liquidated.isdisjoint(step.desks)
            if unread or locked or (step.action != "abort" and len(step.desks) == 1 and not self._lives(desk)):
                one.console.send("\x1b")
                return None
            answers += [line.strip("┃│ ") for line in one.text.splitlines() if _ANSWER.search(line)][:1] or ["nothing"]
            # It knows an older world: what goes wrong keeps it from reading.
            self._troubles.clear()
            for key in ("\x1b", "\x1b", "r"):
                one.console.send(key)
                self._programs.pass_time(0.5)
        raise StuckError(f"no dialog for {step}; its answers: {'; '.join(answers)}; on the screen:\n{one.text}")

    def _question(self, step: Step) -> tuple[str, str]:
        """The keys that confirm, and the words that ask for them."""
        many, desk = len(step.desks), step.desks[0]
        if many > 1:
            return f"{many}\r", f"Type {many} to {step.action} {many} deployments, then Enter."
        if step.action == "abort" or (step.action == "stop" and desk >= PAPER_FROM):
            return "y", f"Press y to {step.action}."
        code = self._deploy_ids[desk][-4:]
        return f"{code}\r", f"Type {code} to {step.action}, then Enter."

    def _point_at(self, one: Running, step: Step) -> None:
        """Select, or mark, and press the key."""
        picks = [f"p{name_of(desk).lower()}\r" for desk in step.desks]
        if len(step.desks) == DESKS:
            one.console.send("1X")
        elif step.action == "abort":
            one.console.send(f"1{picks[0]}2")
            name = f"2 Optimizations {name_of(step.desks[0])}"
            self._programs.until(lambda: name in one.text and "Sweep" in one.text, 10.0)
            one.console.send("A")
        else:
            one.console.send("1" + (" ".join(picks) + " " if len(picks) > 1 else picks[0]) + KEY[step.action])

    def _lives(self, desk: int) -> bool:
        deployments = next(each for each in self._troubles.truth() if each["projectId"] == FIRST_ID + desk)
        return any(one["deployId"] == self._deploy_ids[desk] and one["alive"] for one in deployments["deployments"])

    def _answer(self, step: Step, around: Trouble | None, one: Running, keys: str, prompt: str) -> None:
        confirmed = self._confirm(step, around, sure=not step.end or step.end in TAKEN)
        one.program.confirmed += confirmed
        # What presses keys comes behind the answer: of a dialog `q` is no key, and Escape cancels it.
        first = step.after_s < 0 and step.end not in ("", "quit", "stall")
        if first:
            self._programs.disturb(one, step.end)
        if one.alive and not one.program.closed:
            one.console.send(keys)
        if step.end and not first:
            self._programs.pass_time(step.after_s)
            self._programs.disturb(one, step.end)
        if step.end in (*ENDS, "close", "quit"):
            if not self._programs.until(lambda: not one.alive, 4.0):
                self._troubles.clear()
            self._programs.end(one)
            return
        self._programs.until(lambda: prompt not in one.text or "DISARMED" in one.text or not one.alive, 20.0)
        if prompt in one.text:
            for each in confirmed:
                each.sure = False
            one.console.send("\x1b")
        if self._troubles.damage:
            # That the disk takes no lines is to be seen on the screen.
            self._programs.until(lambda: one.program.said_no_journal or not one.alive, 10.0)
