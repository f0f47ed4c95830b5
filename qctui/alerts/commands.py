"""Which command is run for which alert, by this process, and what one is still owed for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Protocol

from qctui.alerts.rules import AlertSettings, Rule
from qctui.clock import Clock
from qctui.model.alert import Alert
from qctui.text import clean

MAX_NAME = 80
"""Characters of a program's path that are shown."""

LEFT_S = 3_600.0
"""What this process has no command for is left to another one for so long. Then it is no news any more."""


class Coverage(IntEnum):
    """How much of what fires a process has a command for. Whoever has more leads."""

    NONE = 0
    SOME = 1
    ALL = 2


class Hook(Protocol):
    """Runs a command of the user's for an alert (`hook.CommandHook`)."""

    @property
    def idle(self) -> bool:
        """No command runs or waits."""
        ...

    def deliver(self, rule: Rule, command: tuple[str, ...], alert: Alert, profile: str) -> None:
        """Run it, once those before it have ended. Returns at once."""
        ...

    async def aclose(self) -> list[Alert]:
        """End what still runs. Returns what it was killed for before its time."""
        ...


OpenHook = Callable[[Callable[[str], None], Callable[[Alert], None]], Hook]
"""Makes what runs commands. It calls the first with a reason when one fails, the second with each alert whose command
has begun."""


class Commands:
    """Used on the engine's loop."""

    def __init__(
        self,
        settings: AlertSettings,
        clock: Clock,
        open_hook: OpenHook | None,
        trouble: Callable[[str], None],
        changed: Callable[[], None],
        *,
        shared: bool,
    ) -> None:
        """`open_hook` is called once there is a command to run; None: none is ever run. `trouble` is called with the
        reason when one fails, and with an empty text once none does any more; `changed` when less is owed. `shared`:
        there may be another process that has a command."""
        self.settings = settings
        self.owed: dict[str, Alert] = {}
        """Of each alert the newest delivery whose command has not begun. Kept on disk: whoever leads next runs it."""
        self._clock, self._open_hook, self._trouble, self._changed = clock, open_hook, trouble, changed
        self._shared = shared
        self._hook: Hook | None = None
        self._left: dict[str, float] = {}
        """Of what is owed and has no command here: since when, by the monotonic clock."""

    @property
    def idle(self) -> bool:
        """No command runs or waits: another process may run what is owed."""
        return self._hook is None or self._hook.idle

    @property
    def coverage(self) -> Coverage:
        """How much of what fires there is a command for here."""
        have = {bool(self._command(rule)) for rule in self.settings.rules if rule.enabled}
        return Coverage.NONE if True not in have else Coverage.SOME if False in have else Coverage.ALL

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that are run here."""
        return programs_of(self.settings) if self._open_hook is not None else ()

    def adopt(self, owed: Iterable[Alert]) -> None:
        """Another process has left these."""
        self.owed = {alert.alert_id: alert for alert in owed}
        self._left.clear()

    def owe(self, alerts: Iterable[Alert]) -> None:
        """These are to be delivered: a command is owed, if there is one, here or elsewhere."""
        for alert in alerts:
            rule = self._rule(alert)
            if rule is not None and (self._shared or self._command(rule)):
                self.owed[alert.alert_id] = alert
                self._left.pop(alert.alert_id, None)

    def drop_old(self, alerts: Iterable[Alert]) -> None:
        """Of what is left to another process: no longer owe what was left long ago, nor what no longer stands among
        `alerts` as it was to be told (a person has seen it)."""
        mono, states = self._clock.monotonic(), {alert.alert_id: alert.state for alert in alerts}
        for alert_id, since in list(self._left.items()):
            if mono - since > LEFT_S or states.get(alert_id) is not self.owed[alert_id].state:
                del self.owed[alert_id], self._left[alert_id]

    def run(self, alerts: Iterable[Alert]) -> None:
        """Run the command of each, after those before it; leave to another process what has none here."""
        for alert in alerts:
            rule = self._rule(alert)
            command = self._command(rule) if rule is not None else ()
            if self._hook is None and command and self._open_hook is not None:
                self._hook = self._open_hook(self._trouble, self.note_begun)
            if rule is not None and command and self._hook is not None:
                self._left.pop(alert.alert_id, None)
                self._hook.deliver(rule, command, alert, self.settings.profile)
            elif rule is None:
                self.note_begun(alert)
            elif alert.alert_id in self.owed:
                self._left.setdefault(alert.alert_id, self._clock.monotonic())

    def run_left(self) -> None:
        """Run what was left and has a command now."""
        self.run([self.owed[alert_id] for alert_id in self._left])

    def note_begun(self, alert: Alert) -> None:
        """The command has been started, or never will be: a process that takes over must not run it again."""
        if self.owed.get(alert.alert_id) == alert:
            del self.owed[alert.alert_id]
            self._left.pop(alert.alert_id, None)
            self._changed()

    async def aclose(self) -> None:
        """Run nothing more. What is killed before its time is owed again."""
        if self._hook is not None:
            self.owed = {alert.alert_id: alert for alert in await self._hook.aclose()} | self.owed

    def words_of_others(self, leader: str, programs: tuple[str, ...]) -> str:
        """What to say beside a `leader` that runs `programs`: that these are not the ones of here. Empty for nothing;
        of one that has none too, since it gives way."""
        ours = self.programs
        if not ours or not programs or ours == programs:
            return ""
        return f"{leader} tells the alerts and runs {', '.join(programs)}, not {', '.join(ours)}"

    def _rule(self, alert: Alert) -> Rule | None:
        return next((rule for rule in self.settings.rules if rule.name == alert.rule), None)

    def _command(self, rule: Rule) -> tuple[str, ...]:
        return () if self._open_hook is None else command_of(rule, self.settings)


def command_of(rule: Rule, settings: AlertSettings) -> tuple[str, ...]:
    """What is run for what a rule finds; empty for nothing."""
    return rule.command or settings.delivery.command


def programs_of(settings: AlertSettings) -> tuple[str, ...]:
    """The programs that these settings run, without their arguments, which may hold secrets."""
    commands = [command_of(rule, settings) for rule in settings.rules if rule.enabled]
    return tuple(sorted({clean(command[0], MAX_NAME) for command in commands if command}))
