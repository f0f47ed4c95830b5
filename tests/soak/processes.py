"""The installed program, with a simulator whose answers go wrong now and then."""

from __future__ import annotations

import json
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from qctui.simulator.faults import KINDS
from tests.bench.bench_console import cpu_s, memory_mib
from tests.e2e.api import Api, simulator
from tests.e2e.console import QCTUI, Console
from tests.e2e.desk import LIQUIDATE, journal

WALK = "\r\x1b4\r\x1bE\x1bN\x1bJ\x1b?\x1b2\r23\x1b1j"
"""Through the screens and back, key by key."""

HEAVY = {"oversize": 40.0, "slow": 20.0, "slow-body": 20.0}
"""What these faults take, in megabytes and seconds."""


@dataclass
class Use:
    """What one process uses at one moment."""

    cpu_s: float
    memory_mib: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Use:
        """The process with this id."""
        counted = (sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir()) for what in ("fd", "task"))
        return cls(cpu_s(pid), memory_mib(pid), *counted)


@dataclass
class Look:
    """What was used up to one moment."""

    minutes: float
    used: Mapping[str, Use]
    sent: int
    """Bytes to the terminal."""
    requests: int
    faults: int
    files: Mapping[str, int]
    """Bytes in the state folder, by kind of file."""


@dataclass
class Trouble:
    """Lets so many of a hundred requests go wrong, each in its own way."""

    api: Api
    log: Path
    percent: float
    luck: random.Random = field(default_factory=lambda: random.Random(14))
    read: int = 0
    requests: int = 0
    made: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        """For each request since the last look one of the next may fail."""
        with self.log.open("rb") as lines:
            lines.seek(self.read)
            new = lines.read()
        self.read += len(new)
        self.requests += new.count(b"\n")
        for _ in range(new.count(b"\n")):
            if self.luck.random() * 100.0 < self.percent:
                kind = self.luck.choice([each for each in KINDS if each != "held"])
                self.api.fault(kind, times=1, value=HEAVY.get(kind))
                self.made[kind] += 1


def files_of(home: Path) -> dict[str, int]:
    """Bytes in the state folder, by kind of file."""
    sizes: Counter[str] = Counter()
    folder = home / "state" / "qctui"
    for path in folder.rglob("*"):
        kind = path.relative_to(folder).parts[0].partition(".")[0]
        if path.is_file():
            sizes[kind] += path.stat().st_size
    return dict(sizes)


def walk(console: Console, number: int) -> None:
    """Look at everything once, in another size of the terminal each time."""
    console.resize(*((80, 24), (120, 40), (200, 60))[number % 3])
    for key in WALK:
        console.send(key)
        console.draw_for(1.0)


def liquidate(console: Console, api: Api) -> bool:
    """As a person does it, where there is something to do it to. Returns whether it was confirmed."""
    console.send("L")
    console.draw_for(5.0)
    asked = re.search(r"Type (\w{4}) to liquidate", console.text)
    console.send(f"{asked[1]}\r" if asked else "\x1b")
    console.draw_for(45.0)
    console.send("d")
    for project in api.control("GET", "projects")["projects"]:
        if project["deployments"] and all(each["status"] != "Running" for each in project["deployments"]):
            api.control("POST", "redeploy", projectId=project["projectId"])
    return asked is not None


def soak(home: Path, hours: float, percent: float, every_s: float) -> Iterator[Look | str]:
    """Yield what is used every ten minutes; at the end the words of the actions."""
    log, said = home / "requests.jsonl", home / "watch.out"
    begun, confirmed = time.monotonic(), 0
    with simulator("--request-log", str(log), "--snapshot", "5") as api:
        environment = api.environment(home)
        with (
            started(str(QCTUI), "watch", "--base-url", api.base_url, env=environment, out=said) as watcher,
            Console("--base-url", api.base_url, env=environment, columns=80, rows=24) as console,
        ):
            console.wait_for("API ok")
            trouble = Trouble(api, log, percent)
            looks = walks = sent = 0
            while (gone_s := time.monotonic() - begun) < hours * 3600.0:
                console.draw_for(1.0)
                trouble.look()
                if gone_s >= walks * every_s:
                    walks += 1
                    walk(console, walks)
                    confirmed += liquidate(console, api)
                sent += len(console.raw)
                console.raw.clear()
                if gone_s >= looks * min(600.0, hours * 300.0):
                    looks += 1
                    used = {"console": Use.of(console.process.pid), "watch": Use.of(watcher.pid)}
                    yield Look(gone_s / 60.0, used, sent, trouble.requests, trouble.made.total(), files_of(home))
            api.no_faults()
            console.draw_for(60.0)
            console.send("q")
            console.draw_for(5.0)
            yield f"console ends with {console.process.poll()}, terminal as found: {console.terminal_as_found()}"
            watcher.terminate()
            yield f"watch ends with {watcher.wait(30)} after {len(said.read_bytes().splitlines())} lines"
    last = {entry["id"]: entry["event"] for entry in journal(home)}
    posts = sum(json.loads(line)["path"] == LIQUIDATE for line in log.read_text().splitlines())
    yield f"confirmed {confirmed}, requests to liquidate {posts}, last words {dict(Counter(last.values()))}"
    yield f"faults {dict(trouble.made.most_common())}"
    text = (home / "state" / "qctui" / "qctui.log").read_text(errors="replace")
    broken = f"{text.count(' ERROR ')} errors, {text.count('Traceback')} tracebacks"
    yield f"lines of the log: {len(text.splitlines())}, of them {broken}"


def line(before: Look, now: Look) -> str:
    """What was used from one look to the next."""
    seconds = (now.minutes - before.minutes) * 60.0
    words = [f"{now.minutes:5.0f} min", f"{(now.sent - before.sent) / seconds:6.1f} B/s"]
    for name, use in now.used.items():
        percent = 100.0 * (use.cpu_s - before.used[name].cpu_s) / seconds
        words.append(f"{name} {percent:.2f} % {use.memory_mib:.1f} MiB {use.descriptors} fd {use.threads} threads")
    words.append(f"{now.requests} requests, {now.faults} faults")
    words.append(", ".join(f"{name} {size / 1024:.0f} KiB" for name, size in sorted(now.files.items())))
    return "; ".join(words)


def growth(looks: list[Look]) -> Iterator[str]:
    """What is used in the last quarter, beside the first."""
    quarter = max(1, len(looks) // 4)
    for name in looks[0].used:
        for what in ("memory_mib", "descriptors", "threads"):
            first, last = (
                median(getattr(each.used[name], what) for each in part)
                for part in (looks[1:][:quarter], looks[-quarter:])
            )
            yield f"{name} {what}: {first:.1f} in the first quarter, {last:.1f} in the last"


@contextmanager
def started(*arguments: str, env: Mapping[str, str], out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program without a terminal, that ends with the `with`."""
    with out.open("wb") as lines, subprocess.Popen(arguments, env=env, stdout=lines) as process:
        try:
            yield process
        finally:
            process.terminate()
