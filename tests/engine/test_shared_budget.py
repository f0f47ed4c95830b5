"""Processes that read one account share its budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from qctui.engine.poller import LEAST_BUDGET, PollSettings
from qctui.engine.shared_budget import SharedBudget
from tests.engine.rig import Rig, on_rig

HOLD = """
import sys
from pathlib import Path
from qctui.engine.shared_budget import SharedBudget
budget = SharedBudget(Path(sys.argv[1]), "a")
print(budget.readers(), flush=True)
sys.stdin.read()
"""


def test_all_that_read_one_account_are_counted(tmp_path: Path) -> None:
    first, second, other = (SharedBudget(tmp_path, account) for account in "aab")
    assert first.readers() == 1
    assert second.readers() == 2
    assert (first.readers(), other.readers()) == (2, 1)
    first.close()
    assert second.readers() == 1
    second.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_one_that_was_killed_does_not_count(tmp_path: Path) -> None:
    mine = SharedBudget(tmp_path, "a")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "1"
        assert mine.readers() == 2
        process.kill()
        process.wait()
    assert mine.readers() == 1
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_where_the_disk_declines_it_reads_as_if_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert SharedBudget(tmp_path / "file", "a").readers() == 1


def test_each_reads_its_part() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(600)
        alone = len(rig.api.calls)
        rig.poller.share_budget(2)
        await rig.clock.advance(120)
        assert rig.link.budget == 30
        rig.poller.share_budget(100)
        await rig.clock.advance(120)
        assert rig.link.budget == LEAST_BUDGET
        rig.poller.share_budget(1)
        await rig.clock.advance(60)
        assert rig.link.budget == 60
        assert len(rig.api.calls) > alone

    on_rig(body, PollSettings(reads_per_minute=60))
