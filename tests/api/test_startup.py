from __future__ import annotations

import subprocess
import sys


def test_the_client_imports_nothing_that_an_emergency_need_not_wait_for() -> None:
    code = "import sys, qctui.api.client; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "qctui.api.client" in told.split()
    assert set(told.split()) & {"click", "rich", "pygments", "httpcore", "certifi"} == set()
