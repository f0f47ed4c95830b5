"""What the composition root tells the interface at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from qctui.ui.theme.themes import DEFAULT_THEME


@dataclass(frozen=True, slots=True)
class UiOptions:
    """How one run of the interface looks and what it may do."""

    profile: str = "default"
    """Whose account this is, as the person named it."""
    demo: bool = False
    """The API is the simulator."""
    read_only: bool = False
    """Keys that act are gone from footer, help and palette."""
    theme: str = DEFAULT_THEME
    """A shipped theme's name, or one of the user's folder."""
    themes_dir: Path | None = None
    """The user's theme files; they win by name."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Command id to keys, as the user wrote them. Checked with `keymap.check_keymap` before they come here."""
    ascii: bool = False
    """7-bit characters only."""
    project_id: int | None = None
    """The project to begin with."""
    pinned: tuple[int, ...] = ()
    """Projects whose optimizations are shown together, instead of the current project's."""
    zone: tzinfo | None = None
    """What times are shown in; None is the machine's zone."""
