"""The command palette's entries: the same registry as the keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from qctui.ui.keymap import COMMANDS, Command, format_key, keys_of

if TYPE_CHECKING:
    from qctui.ui.app import QctuiApp


class KeyCommands(Provider):
    """Everything that works right now, by name. In read-only mode what acts is not among it."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(
                _title(command, self._console), partial(self._console.run_command, command.id), help=command.tooltip
            )

    async def search(self, query: str) -> Hits:
        """What matches by name or by what it does."""
        matcher = self.matcher(query)
        for command in self._commands():
            title = _title(command, self._console)
            score = max(matcher.match(title), matcher.match(command.tooltip) * 0.9)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(title),
                    partial(self._console.run_command, command.id),
                    text=title,
                    help=command.tooltip,
                )

    @property
    def _console(self) -> QctuiApp:
        return cast("QctuiApp", self.app)

    def _commands(self) -> list[Command]:
        # The palette covers the screen it was opened on: what works is asked of that one.
        ids = {active.binding.id for active in self.screen.active_bindings.values() if active.enabled}
        return [command for command in COMMANDS if command.palette and command.id in ids]


def _title(command: Command, console: QctuiApp) -> str:
    keys = ", ".join(format_key(key) for key in keys_of(command, console.options.keymap))
    return f"{command.label.capitalize()} ({keys})"
