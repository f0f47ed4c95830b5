"""The map for newcomers names what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "qctui"
MAP = (PACKAGE / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"[`\s]((?:[a-z_]+/)*[a-z_]+\.py)\b", MAP)))
FOLDERS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())


def test_it_names_files() -> None:
    assert len(NAMED) > 30


@pytest.mark.parametrize("name", NAMED)
def test_every_file_it_names_exists(name: str) -> None:
    assert (PACKAGE / name).is_file() or (PACKAGE.parent / name).is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_has_its_place(folder: str) -> None:
    assert re.search(rf"(^    {folder} |`{folder}`)", MAP, flags=re.MULTILINE)


def test_it_is_one_page() -> None:
    assert len(MAP.splitlines()) < 100


ROOT = PACKAGE.parent
PROOF = (ROOT / "tests" / "PROOF.md").read_text(encoding="utf-8")


def test_the_readme_leads_to_what_is_proved() -> None:
    assert "(tests/PROOF.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PROOF))))
def test_every_test_that_proves_something_exists(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m (tests[\w.]+)", PROOF))))
def test_every_command_that_proves_something_exists(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
