"""What an emergency command does not wait for before its request leaves."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.api import Api

SEARCHES = """
import gc, sys
from qctui.cli import main

def look(phase, info):
    if phase == "start":
        searched.append(sum(len(gc.get_objects(each)) for each in range(info["generation"] + 1)))

gc.disable()
searched = []
gc.callbacks.append(look)
main(sys.argv[1:])
print(max(searched, default=0))
"""


def test_no_request_waits_for_a_search_for_garbage_in_everything_imported(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    arguments = ["--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait"]
    done = subprocess.run(
        [sys.executable, "-c", SEARCHES, *arguments], env=signed_in, capture_output=True, text=True, check=True
    )
    assert "ACCEPTED" in done.stdout
    assert int(done.stdout.split()[-1]) < 10_000
