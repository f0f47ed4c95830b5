from __future__ import annotations

import os
from pathlib import Path

import pytest

from qctui.ui.theme.themes import COLORS, ROLES, Palette, ThemeError, load_themes, read_theme, shipped_folder, stamp
from qctui.value import replace
from tests.ui.page import OPTIONS, console

pytestmark = pytest.mark.anyio

SHIPPED = ("qctui-ansi", "qctui-clear", "qctui-dark")


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_themes_are_complete_and_free_of_problems() -> None:
    themes, problems = load_themes([shipped_folder()])
    assert problems == ()
    assert tuple(sorted(themes)) == SHIPPED
    for theme in themes.values():
        assert all(getattr(theme, name) for name in COLORS)
        assert theme.variables.keys() >= set(ROLES)


def test_a_short_file_is_a_valid_file(tmp_path: Path) -> None:
    theme = read_theme(write(tmp_path, 'name = "mine"\n[colors]\nprimary = "#ff0000"\n'))
    assert theme.name == "mine"
    assert theme.dark
    assert theme.primary == "#ff0000"


def test_the_users_file_wins_by_name(tmp_path: Path) -> None:
    write(tmp_path, 'name = "qctui-dark"\n[colors]\nprimary = "#123456"\n')
    themes, _ = load_themes([shipped_folder(), tmp_path])
    assert themes["qctui-dark"].primary == "#123456"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 'x'\n[colors]\nprimary = 'nocolor'", "'colors.primary' is not a colour: 'nocolor'; allowed: #rgb"),
        ("name = 'x'\n[colors]\nprimary = 3", "'colors.primary' is not a colour: '3'"),
        ("name = 'x'\n[colors]\nprimary = '#fff'\n[roles]\nliv = '#fff'", "unknown key 'roles.liv'; allowed: pnl-up"),
        ("name = 'x'\ncolours = 3\n[colors]\nprimary = '#fff'", "unknown key 'colours'; allowed: name, dark, ansi"),
        ("name = 'x'\ncolors = 3", "[colors] must be a table"),
        ("[colors]\nprimary = '#fff'", "'name' must be"),
        ("name = 'x'\ndark = 'yes'\n[colors]\nprimary = '#fff'", "'dark' must be true or false"),
        ("name = 'x'\n[colors]\n", "'colors.primary' is missing"),
        ("name = ", "mine.toml: "),
        ("\x1b]0;x\x07", "mine.toml: "),
    ],
)
def test_what_can_not_be_used_names_file_key_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ThemeError) as caught:
        read_theme(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_bad_file_leaves_the_others_usable(tmp_path: Path) -> None:
    write(tmp_path, "name = ", "bad.toml")
    write(tmp_path, 'name = "good"\n[colors]\nprimary = "red"\n', "good.toml")
    specs, problems = load_themes([tmp_path, tmp_path / "absent"])
    assert list(specs) == ["good"]
    assert len(problems) == 1


def test_the_stamp_tells_a_changed_file_without_opening_it(tmp_path: Path) -> None:
    path = write(tmp_path, "name = 'x'")
    before = stamp([tmp_path])
    assert stamp([tmp_path]) == before
    os.utime(path, (1.0, 2.0))
    assert stamp([tmp_path]) != before


def test_an_unknown_role_is_plain_text_and_a_badge_is_reversed() -> None:
    palette = Palette({"live": "#ff0000"})
    assert palette["nonsense"].color is None
    assert palette["live badge"].reverse
    assert palette["live"].color is not None


async def test_an_unknown_theme_is_said_and_the_default_used() -> None:
    async with console(options=replace(OPTIONS, theme="nope")) as page:
        assert page.app.theme == "qctui-dark"
        assert page.said == [
            "theme 'nope' is not known; allowed: qctui-ansi, qctui-clear, qctui-dark. Using 'qctui-dark'"
        ]


@pytest.mark.parametrize("name", SHIPPED)
async def test_every_shipped_theme_shows_the_same_words(name: str) -> None:
    async with console(options=replace(OPTIONS, theme=name)) as page:
        dark = page.text
    async with console() as page:
        assert page.text == dark


async def test_a_saved_theme_file_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "mine"\n[colors]\nprimary = "#ff0000"\nsuccess = "#00ff00"\n')
    async with console(options=replace(OPTIONS, theme="mine", themes_dir=tmp_path)) as page:
        assert page.app.palette["ok"].color == Palette({"ok": "#00ff00"})["ok"].color
        path.write_text('name = "mine"\n[colors]\nprimary = "#ff0000"\nsuccess = "#0000ff"\n', "utf-8")
        os.utime(path, (1.0, 2.0))
        page.app.reload_themes()
        await page.settle()
        assert page.app.palette["ok"].color == Palette({"ok": "#0000ff"})["ok"].color


async def test_a_theme_file_that_breaks_is_said_and_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "mine"\n[colors]\nprimary = "#ff0000"\n')
    async with console(options=replace(OPTIONS, theme="mine", themes_dir=tmp_path)) as page:
        path.write_text('name = "mine"\n[colors]\nprimary = "#ff00"\nbackground = "bluish"\n', "utf-8")
        page.app.reload_themes()
        await page.settle()
        assert page.app.theme == "mine"
        assert "'colors.background' is not a colour: 'bluish'" in page.said[-1]
