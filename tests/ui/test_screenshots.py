from __future__ import annotations

import pytest

from tests.screenshots import CLEARED, FOLDER, PICTURES, Picture, draw, tidy

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("picture", PICTURES, ids=lambda each: each.name)
async def test_the_pictures_are_current(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    svg, text = await draw(picture)
    hint = "python -m tests.screenshots writes them again"
    assert (FOLDER / f"{picture.name}.txt").read_text("utf-8") == text, hint
    assert (FOLDER / f"{picture.name}.svg").read_text("utf-8") == tidy(svg), hint


def test_there_is_no_picture_of_something_that_is_gone() -> None:
    names = {picture.name for picture in PICTURES}
    assert {path.stem for path in FOLDER.iterdir()} == names
