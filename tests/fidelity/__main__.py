"""The simulator, asked by clients that others wrote. Run by hand: python -m tests.fidelity [--clients DIR] [--mcp DIR]

The clients go into a virtual environment of their own, which is no part of the project and may be deleted. `--mcp` is a
clone of QuantConnect's mcp-server, which no package index has. Prints a table; ends with 1 if something did not finish,
or finished otherwise than it has to.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from qctui.simulator.cast import organization_id
from tests.e2e.api import Api, simulator
from tests.e2e.console import clean_environment
from tests.simulator.support import BASIS, CARRY, CRYPTO, KELLY, MOMENTUM, PAIRS, UNTESTED

LEAN = "lean==1.0.230"
PORT = 5612
"""Where lean looks for an API of this machine (`QC_API=local`)."""
LONGEST_S = 60.0
"""A command that takes longer did not finish."""
HERE = Path(__file__).parent

Row = tuple[str, int | None, str, bool]
"""A command, its exit code (None: it did not finish), what it said last, whether that is as it has to be."""

COMMANDS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("whoami",), 0),
    (("cloud", "status", str(MOMENTUM)), 0),
    (("cloud", "status", "Momentum/Crossover Live"), 0),
    # It has no answer for a project that was never deployed but the words of the API.
    (("cloud", "status", str(UNTESTED)), 1),
    (("cloud", "status", "1"), 1),
    (("cloud", "live", "command", str(PAIRS), "--data", '{"text": "hello"}'), 0),
    (("cloud", "live", "stop", str(CRYPTO)), 0),
    (("cloud", "live", "liquidate", str(MOMENTUM)), 0),
    (("cloud", "live", "liquidate", str(UNTESTED)), 1),
)
"""What lean is told after its login, and the exit code it has to end with."""


def main() -> int:
    """Returns 1 if something did not finish, or not as it has to."""
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--clients", type=Path, help="folder for the clients (a temporary one that is deleted)")
    parser.add_argument("--mcp", type=Path, metavar="DIR", help="a clone of QuantConnect/mcp-server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fidelity-") as folder:
        more = () if options.mcp is None else ("mcp[cli]>=1.9.3,<2", "httpx", "python-dotenv", "requests")
        clients = install(options.clients or Path(folder) / "clients", *more)
        home = Path(folder)
        with simulator("--calm", "--port", str(PORT), "--stop-lag", "1", "--flat-lag", "1", "--abort-lag", "1") as api:
            rows = [*lean_commands(clients, home, api), *calls(clients, home, api, "lean_calls.py")]
            if options.mcp is not None:
                rows += calls(clients, home, api, "mcp_calls.py", options.mcp.resolve())
    width = max(len(what) for what, *_ in rows)
    for what, code, said, good in rows:
        ended = "never" if code is None else str(code)
        print(f"{'  ' if good else '! '}{what:<{width}}  {ended:>5}  {said}")
    wrong = sum(not good for *_, good in rows)
    print(f"{len(rows)} commands and calls, {sum(code is not None for _, code, *_ in rows)} finished, {wrong} wrong")
    return 1 if wrong else 0


def install(folder: Path, *more: str) -> Path:
    """Make the environment of lean and of `more` packages where there is none. Returns its programs' folder."""
    programs = folder / "bin"
    if not (programs / "lean").exists():
        venv.create(folder, with_pip=True)
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", LEAN, *more], check=True)
    (package,) = folder.glob("lib/python*/site-packages/lean")
    # What it downloads at its first start: a list of brokerages' modules, none of which is used here.
    (package / "modules-1.14.json").write_text('{"modules": []}', encoding="utf-8")
    return programs


def lean_commands(programs: Path, home: Path, api: Api) -> Iterator[Row]:
    """lean's commands, one after the other."""
    workspace = lean_workspace(home)
    login = ("login", "--user-id", api.user_id, "--api-token")
    for arguments, due in (((*login, "wrong"), 1), ((*login, api.token), 0), *COMMANDS):
        code, lines = run([str(programs / "lean"), *arguments], workspace, home)
        shown = " ".join("***" if each == api.token else each for each in arguments)
        yield f"lean {shown}", code, lines[-1] if lines else "", code == due


def lean_workspace(home: Path) -> Path:
    """Make lean's workspace, whose organization is the user's own. Returns its folder."""
    workspace = home / "workspace"
    workspace.mkdir()
    config = {"organization-id": organization_id(""), "data-folder": "data"}
    (workspace / "lean.json").write_text(json.dumps(config), encoding="utf-8")
    (home / ".lean").mkdir()
    # It looks for news of itself once a day, and fails with the command where there is no network.
    looked = dict.fromkeys(("last-update-check-cli", "last-update-check-announcements"), time.time())
    (home / ".lean" / "cache").write_text(json.dumps(looked), encoding="utf-8")
    return workspace


def calls(programs: Path, home: Path, api: Api, script: str, *arguments: Path) -> Iterator[Row]:
    """What a script of this folder calls with the clients' own Python; it prints one JSON list a call."""
    sweeps = {each["projectId"]: list(each["optimizations"]) for each in api.control("GET", "projects")["projects"]}
    told = {
        "base_url": api.base_url,
        "organization": organization_id(""),
        "live": PAIRS,
        "paper": KELLY,
        "untested": UNTESTED,
        "to_stop": CARRY,
        "to_liquidate": BASIS,
        "optimizations": sweeps[MOMENTUM] + sweeps[PAIRS],
    }
    command = [str(programs / "python"), str(HERE / script), json.dumps(told), *map(str, arguments)]
    code, lines = run(command, arguments[0] if arguments else home, home, api)
    for line in lines:
        if line.startswith('["'):
            what, good, said = json.loads(line)
            yield what, 0 if good else 1, said, good
    yield script, code, lines[-1] if code and lines else "", code == 0


def run(command: list[str], folder: Path, home: Path, api: Api | None = None) -> tuple[int | None, list[str]]:
    """Returns the exit code, None if it did not finish, and the lines it printed."""
    environment = {**clean_environment(home), "QC_API": "local", "NO_COLOR": "1", "COLUMNS": "200"}
    if api is not None:
        environment |= {"QUANTCONNECT_USER_ID": api.user_id, "QUANTCONNECT_API_TOKEN": api.token}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None, []
    return done.returncode, [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main())
