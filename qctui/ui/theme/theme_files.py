"""The theme files of an app: those shipped, the user's, and what was saved since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from qctui.ui.theme.themes import DEFAULT_THEME, load_themes, shipped_folder, stamp


class ThemeFiles:
    """Registers themes with their app and puts one on. What is wrong with a file is returned in words."""

    def __init__(self, app: App[Any], users: Path | None) -> None:
        """`users` is the folder of the user's own; they win by name."""
        self._app = app
        self._folders = [shipped_folder(), *([users] if users else [])]
        self._stamp = stamp(self._folders)

    def load(self, wanted: str) -> Sequence[str]:
        """Read all files and put on the wanted one, or the default."""
        specs, problems = load_themes(self._folders)
        told = list(problems)
        for spec in specs.values():
            self._app.register_theme(spec.build())
        if wanted not in self._app.available_themes:
            known = ", ".join(sorted(specs))
            told.append(f"theme {wanted!r} is not known; allowed: {known}. Using {DEFAULT_THEME!r}")
            wanted = DEFAULT_THEME
        if wanted in self._app.available_themes:
            self._app.theme = wanted
        return told

    def reload(self) -> Sequence[str]:
        """Show files that were saved since the last look."""
        now = stamp(self._folders)
        if now == self._stamp:
            return ()
        self._stamp = now
        problems = self.load(self._app.theme)
        # The name is the same: Textual does not notice that the colours behind it changed.
        self._app._watch_theme(self._app.theme)
        return problems
