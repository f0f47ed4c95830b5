"""The pictures of the program, made by the program: `python -m tests.screenshots` writes `screenshots/`.

Each picture is the real application on a store of fixed data, as SVG and as the text on its screen. Equal content gives
equal files, so a test can tell whether they are current.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import optimizations_key, portfolio_key
from qctui.model.playback import PLAYBACK, Playback
from qctui.ui.app import QctuiApp
from qctui.ui.replay_app import ReplayApp
from qctui.value import replace
from tests.ui.detail_scene import PROJECT
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import NOW, StillEngine, deploy_id, outage, projects
from tests.ui.showcase import fill_showcase, liquidating, noticing

FOLDER = Path(__file__).parent.parent / "screenshots"

CLEARED = ("NO_COLOR", "COLORTERM", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "TEXTUAL_FPS")
"""Environment that would change a picture."""


def controller(engine: StillEngine) -> None:
    """Three actions under way: one accepted, one verified, one unknown."""
    began = engine.clock.monotonic() - 42.0

    def step(rung: Rung, after_s: float, detail: str = "") -> Step:
        return Step(rung, NOW - 42.0 + after_s, began + after_s, detail)

    sent = (step(Rung.SENDING, 0.0), step(Rung.SENT, 0.004))
    ladders = (
        (*sent, step(Rung.ACCEPTED, 0.2)),
        (*sent, step(Rung.ACCEPTED, 0.2), step(Rung.STOPPED, 6.1), step(Rung.FLAT, 21.4), step(Rung.VERIFIED, 21.4)),
        (*sent, step(Rung.UNKNOWN, 20.0, "no answer within 20 s")),
    )
    records = tuple(
        ActionRecord(
            f"a{number}",
            "b",
            Target("liquidate", project.name, project.project_id, deploy_id(project.project_id)),
            "console",
            NOW - 42.0,
            began,
            ladder,
            tries=1,
        )
        for number, (ladder, project) in enumerate(zip(ladders, projects(), strict=False))
    )
    engine.put(ACTIONS, records)


def replayed(engine: StillEngine) -> None:
    """A place on a tape. What nobody had on screen for a while is as old as it was then."""
    noticing(engine)
    engine.put(optimizations_key(PROJECT), engine.store.get(optimizations_key(PROJECT)).value, age_s=1_500.0)
    engine.put(portfolio_key(PROJECT), engine.store.get(portfolio_key(PROJECT)).value, age_s=1_500.0)
    marks = ((NOW - 15_000, "alert"), (NOW - 9_000, "ended"), (NOW - 42, "action"), (NOW + 5_000, "alert"))
    engine.put(PLAYBACK, Playback(NOW, NOW - 21_000, NOW + 12_000, marks=marks))


def sought(engine: StillEngine) -> None:
    """Two liquidations stand as they stood 42 s after they were confirmed."""
    liquidating(engine)
    playback = engine.store.get(PLAYBACK).value
    engine.put(PLAYBACK, playback and replace(playback, note="liquidate Momentum/ES intraday: VERIFIED"))


@dataclass(frozen=True)
class Picture:
    """One picture: what was in the store, what was pressed."""

    name: str
    size: Size
    keys: tuple[str, ...] = ()
    prepare: Callable[[StillEngine], object] = fill_showcase
    after: Callable[[StillEngine], object] | None = None
    """What happens to the store once the program runs."""
    theme: str = "qctui-dark"
    ascii: bool = False
    demo: bool = True
    read_only: bool = False
    replay: bool = False


PICTURES = (
    Picture("main-80x24", (80, 24)),
    Picture("main-120x40", (120, 40)),
    Picture("main-200x60", (200, 60)),
    Picture("liquidate-80x24", (80, 24), ("L", "1", "a"), demo=False),
    Picture("panic-120x40", (120, 40), ("X",), demo=False),
    Picture("ladder-80x24", (80, 24), after=controller, demo=False),
    Picture("ladder-120x40", (120, 40), ("v",), after=controller, demo=False),
    Picture("acting-120x40", (120, 40), after=liquidating, demo=False),
    Picture("deployment-80x24", (80, 24), ("enter", "2")),
    Picture("orders-120x40", (120, 40), ("enter", "4")),
    Picture("heat-map-120x40", (120, 40), ("2", "enter", "m")),
    Picture("slices-80x24", (80, 24), ("2", "enter", "3")),
    Picture("pareto-120x40", (120, 40), ("2", "enter", "6")),
    Picture("compare-120x40", (120, 40), ("2", "enter", "space", "j", "j", "j", "space", "j", "space", "C")),
    Picture("chart-120x40", (120, 40), ("4", "enter")),
    Picture("insights-80x24", (80, 24), ("3", "j", "j")),
    Picture("noticed-80x24", (80, 24), prepare=noticing, demo=False),
    Picture("alerts-120x40", (120, 40), ("N",), prepare=noticing, demo=False),
    Picture("outage-80x24", (80, 24), after=outage, demo=False),
    Picture("outage-120x40", (120, 40), after=outage, demo=False),
    Picture("replay-80x24", (80, 24), prepare=replayed, after=sought, replay=True),
    Picture("replay-120x40", (120, 40), prepare=replayed, after=sought, replay=True),
    Picture("replay-deployment-80x24", (80, 24), ("enter", "2"), prepare=replayed, replay=True),
    Picture("reading-80x24", (80, 24), prepare=lambda engine: None),
    Picture("help-120x40", (120, 40), ("question_mark",)),
    Picture("picker-80x24", (80, 24), ("p", "r", "e", "s")),
    Picture("filter-80x24", (80, 24), ("slash", "r", "e", "s")),
    Picture("ascii-80x24", (80, 24), ascii=True, read_only=True),
    Picture("clear-120x40", (120, 40), theme="qctui-clear", demo=False),
)


async def draw(picture: Picture) -> tuple[str, str]:
    """The picture as SVG and as text."""
    replay = picture.replay
    demo = picture.demo and not replay
    options = replace(OPTIONS, theme=picture.theme, ascii=picture.ascii, demo=demo, replay=replay)
    app_of, read_only = ReplayApp if replay else QctuiApp, picture.read_only or replay
    async with console(
        picture.size, options=options, prepare=picture.prepare, read_only=read_only, app_of=app_of
    ) as page:
        if picture.after is not None:
            picture.after(page.engine)
            await page.settle()
        if picture.keys:
            await page.press(*picture.keys)
        await still(page)
        return page.app.export_screenshot(title=f"qctui {picture.name}"), page.text + "\n"


async def still(page: Page) -> None:
    """Until two looks in a row show the same screen: what was loaded late is there."""
    await page.drawn()
    before = ""
    while before != (now := page.text):
        before = now
        await page.settle()


def tidy(svg: str) -> str:
    """The picture without white space at line ends, which checkers of sources dislike."""
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def main() -> int:
    """Write every picture."""
    for name in CLEARED:
        os.environ.pop(name, None)
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        svg, text = asyncio.run(draw(picture))
        (FOLDER / f"{picture.name}.svg").write_text(tidy(svg), "utf-8")
        (FOLDER / f"{picture.name}.txt").write_text(text, "utf-8")
        sys.stdout.write(f"{picture.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
