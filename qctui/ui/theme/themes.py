"""Themes: TOML files that a user can edit, checked before they reach the screen.

A file has `name`, `dark`, `ansi`, `[colors]`, `[roles]` and `[chart]`; everything but `name` and `colors.primary` may
be left out. The files shipped come first; a file in the user's folder wins by name. Colours only: layout is not themed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from qctui.text import clean

if TYPE_CHECKING:
    from textual.app import App

DEFAULT_THEME = "qctui-dark"

COLORS: Mapping[str, str] = {
    "primary": "#5aa9e6",
    "secondary": "#7d8896",
    "warning": "#e5b567",
    "error": "#f2777a",
    "success": "#4cc38a",
    "accent": "#c792ea",
    "foreground": "#c9d1d9",
    "background": "#10141a",
    "surface": "#10141a",
    "panel": "#18202a",
    "boost": "#24303f",
}
"""Keys of `[colors]`: Textual's eleven, each with the colour that stands in for one that a file leaves out."""

ROLES: Mapping[str, str] = {
    "pnl-up": "success",
    "pnl-down": "error",
    "live": "warning",
    "paper": "primary",
    "demo": "accent",
    "read-only": "secondary",
    "stale": "warning",
    "danger": "error",
    "ok": "success",
    "muted": "secondary",
    "title": "foreground",
    "focus": "primary",
    "rule": "boost",
    "mark": "warning",
    "key": "accent",
    "cursor": "boost",
    "cursor-blurred": "panel",
}
"""Keys of `[roles]`, each with the colour it takes when a file does not set it."""

CHART: Mapping[str, str] = {
    "chart-up": "success",
    "chart-down": "error",
    "chart-axis": "secondary",
    "chart-grid": "boost",
    "chart-crosshair": "foreground",
    "chart-mark": "warning",
    "chart-1": "primary",
    "chart-2": "warning",
    "chart-3": "success",
    "chart-4": "accent",
    "chart-5": "error",
    "chart-6": "secondary",
}
"""Keys of `[chart]` (there without `chart-`), each with the colour it takes when a file does not set it."""

_TABLES = {
    "colors": tuple(COLORS),
    "roles": tuple(ROLES),
    "chart": tuple(name.removeprefix("chart-") for name in CHART),
}


class ThemeError(Exception):
    """A theme file that can't be used. The message is one line: file, key, what is allowed."""


def role_defaults(theme: Theme) -> dict[str, str]:
    """The value of every role and chart colour a theme leaves unset: the colour of the theme it stands nearest to."""
    base = {name: getattr(theme, name) or instead for name, instead in COLORS.items()}
    return {role: base[source] for role, source in (*ROLES.items(), *CHART.items())}


def read_theme(path: Path) -> Theme:
    """The theme in one file, checked: every colour in it can be shown.

    Raises:
        ThemeError: it can't be read, has an unknown key, or a value that isn't allowed.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"{path}: {clean(error, 200)}") from None
    allowed = ("name", "dark", "ansi", *_TABLES)
    for key in data:
        if key not in allowed:
            raise ThemeError(f"{path}: unknown key {clean(key, 60)!r}; allowed: {', '.join(allowed)}")
    name = data.get("name")
    if not isinstance(name, str) or not name or clean(name, 60) != name:
        raise ThemeError(f"{path}: 'name' must be a short text in one line")
    dark, ansi = data.get("dark", True), data.get("ansi", False)
    for key, value in (("dark", dark), ("ansi", ansi)):
        if not isinstance(value, bool):
            raise ThemeError(f"{path}: {key!r} must be true or false")
    tables = {key: _colors(path, key, data.get(key, {})) for key in _TABLES}
    if "primary" not in tables["colors"]:
        raise ThemeError(f"{path}: 'colors.primary' is missing")
    # Textual's own sheets use names its generator leaves out for a theme of terminal colours.
    base = BUILTIN_THEMES[f"ansi-{'dark' if dark else 'light'}"].variables if ansi else {}
    variables = base | tables["roles"] | {f"chart-{key}": value for key, value in tables["chart"].items()}
    colors: dict[str, Any] = tables["colors"]
    return Theme(name, dark=dark, ansi=ansi, variables=variables, **colors)


def load_themes(folders: Iterable[Path]) -> tuple[dict[str, Theme], tuple[str, ...]]:
    """Every usable theme of these folders, later ones winning by name, and one message per file that is not usable."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for path in _files(folders):
        try:
            theme = read_theme(path)
        except ThemeError as error:
            problems.append(str(error))
        else:
            themes[theme.name] = theme
    return themes, tuple(problems)


def shipped_folder() -> Path:
    """The themes that come with the program: in the installed package, or beside it in a checkout."""
    package = Path(str(resources.files("qctui")))
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def stamp(folders: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files in these folders: another value means that one has changed."""
    seen: list[tuple[str, int, int]] = []
    for path in _files(folders):
        with suppress(OSError):
            status = path.stat()
            seen.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(seen)


class Palette(dict[str, Style]):
    """The roles of the theme in force as styles for text. Made anew when the theme changes."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """`variables` are the theme's CSS variables by name."""
        super().__init__({"": Style.null()})
        self.variables = variables
        """What it was made of: another theme has others."""

    def __missing__(self, role: str) -> Style:
        """The style of a role. A word may follow its role: `live badge` (filled), `title bold`, `muted italic`.

        An unknown role is plain text: a missing colour must not take the value with it.
        """
        style = self[role] = self._make(role)
        return style

    def background(self, role: str) -> Style:
        """A role as background, for the cursor row. The terminal's default colour means reversed: no background of the
        terminal's sixteen suits every text of theirs. A transparent one is none."""
        color = self._color(role)
        if color is None or color.a == 0:
            return Style.null()
        return Style(reverse=True) if color.ansi == -1 else Style(bgcolor=color.rich_color)

    def _make(self, role: str) -> Style:
        name, *words = role.split()
        color = self._color(name)
        foreground = None if color is None else color.rich_color
        if "badge" in words:
            # Reverse rather than a background of its own: it stays legible on sixteen colours, and without any.
            return Style(color=foreground, bold=True, reverse=True)
        bold = True if "bold" in words else None
        return Style(color=foreground, bold=bold, italic=True if "italic" in words else None)

    def _color(self, name: str) -> Color | None:
        return color_of(self.variables, name)


class ThemeFiles:
    """The theme files of an app: those shipped, the user's, and what is saved later. Registers the themes with the app
    and puts one on; returns in words what is wrong with a file."""

    def __init__(self, app: App[Any], users: Path | None) -> None:
        """`users` is the folder of the user's own; they win by name."""
        self._app = app
        self._folders = [shipped_folder(), *([users] if users else [])]
        self._stamp = stamp(self._folders)

    def load(self, wanted: str) -> Sequence[str]:
        """Read all files and put on the wanted one, or the default."""
        themes, problems = load_themes(self._folders)
        said = list(problems)
        for theme in themes.values():
            self._app.register_theme(theme)
        if wanted not in self._app.available_themes:
            known = ", ".join(sorted(themes))
            said.append(f"theme {wanted!r} is not known; allowed: {known}. Using {DEFAULT_THEME!r}")
            wanted = DEFAULT_THEME
        if wanted in self._app.available_themes:
            self._app.theme = wanted
        return said

    def reload(self) -> Sequence[str]:
        """Show files that were saved since the last look."""
        now = stamp(self._folders)
        if now == self._stamp:
            return ()
        self._stamp = now
        problems = self.load(self._app.theme)
        # The name is the same: Textual does not notice that the colours behind it changed.
        self._app.mutate_reactive(type(self._app).theme)
        return problems


def color_of(variables: Mapping[str, str], name: str) -> Color | None:
    """The colour of a theme's variable; None where there is none that can be shown."""
    try:
        return Color.parse(variables[name])
    except (KeyError, ColorParseError):
        return None


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        with suppress(OSError):
            yield from sorted(path for path in folder.iterdir() if path.suffix == ".toml")


def _colors(path: Path, table: str, values: object) -> dict[str, str]:
    if not isinstance(values, dict):
        raise ThemeError(f"{path}: [{table}] must be a table of colours")
    checked: dict[str, str] = {}
    for key, value in values.items():
        if key not in _TABLES[table]:
            allowed = ", ".join(_TABLES[table])
            raise ThemeError(f"{path}: unknown key '{table}.{clean(key, 60)}'; allowed: {allowed}")
        if not isinstance(value, str) or color_of({key: value}, key) is None:
            raise ThemeError(
                f"{path}: '{table}.{key}' is not a colour: {clean(value, 60)!r}; "
                "allowed: #rgb, #rrggbb, a CSS colour name, ansi_red and its like"
            )
        checked[key] = value
    return checked
