"""Kills a process that records, at random moments. `python -m tests.tape.kill [--times N] [--seed N]`.

The process counts: each answer holds the next number, and every number is printed once it was handed over. After each
kill the tape must open, hold an unbroken row of numbers up to one that was handed over some seconds before, and go on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from qctui.clock import SystemClock
from qctui.model.recording import Exchange
from qctui.tape.recorder import Recorder
from qctui.tape.tape import Tape
from qctui.tape.tape_file import EMPTY, TapeError

GATHER_S = 0.02


def live_through_kills(folder: Path, times: int, seed: int) -> list[int]:
    """Kill as often. Returns how many answers were lost each time."""
    luck, path, lost, first = random.Random(seed), folder / "tape.sqlite", [], 0
    for _ in range(times):
        command = [sys.executable, "-m", "tests.tape.kill", "--write", str(path), "--first", str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            handed_over = first
            for _ in range(luck.randrange(1, 400)):
                handed_over = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            handed_over = int((writer.stdout.read().split() or [str(handed_over).encode()])[-1])
        numbers = _numbers(path)
        assert numbers == list(range(numbers[-1] + 1)) if numbers else first == 0, "a gap"
        with sqlite3.connect(path) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        file.close()
        assert len(numbers) >= first, "what was on the tape before is gone"
        lost.append(handed_over + 1 - len(numbers))
        first = len(numbers)
    return lost


def _numbers(path: Path) -> list[int]:
    try:
        tape = Tape(path)
    except TapeError as error:
        if str(error) not in (EMPTY, f"there is no tape at {path}"):
            raise
        return []
    try:
        if tape.first_at is None:
            return []
        changes = list(tape.changes(tape.seek(0), tape.seek(float("inf"))))
        opening = tape.known(tape.seek(0))["live/list", "{}"].good
        first = [opening] if opening is not None and opening.seq not in {each.seq for each in changes} else []
        return [json.loads(tape.body(each))["number"] for each in (*first, *changes)]
    finally:
        tape.close()


def _write(path: Path, first: int) -> None:
    luck = random.Random(first)
    recorder = Recorder(path, SystemClock(), lambda body: body, spare=0, gather_s=GATHER_S)
    recorder.start()
    for number in range(first, first + 100_000):
        body = json.dumps({"number": number, "pad": luck.randbytes(luck.randrange(3_000)).hex()}).encode()
        recorder.note(Exchange("live/list", {}, 200, body, None, 0.0))
        os.write(1, f"{number}\n".encode())
        while recorder._waiting.qsize() > 100:
            os.sched_yield()


def main() -> None:
    """Kill, or be the one that is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    if options.write is not None:
        _write(options.write, options.first)
        return
    with tempfile.TemporaryDirectory() as folder:
        lost = live_through_kills(Path(folder), options.times, options.seed)
    print(f"{len(lost)} kills; answers lost with one: median {sorted(lost)[len(lost) // 2]}, at most {max(lost)}")


if __name__ == "__main__":
    main()
