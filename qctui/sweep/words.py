"""Runs in words: how one did, how its neighbours did, and which runs are not in a figure."""

from __future__ import annotations

from qctui.sweep.judging import Sweep
from qctui.sweep.neighbours import Ground
from qctui.sweep.ranking import RankedRun, RunState, statistic_text

GROUND_WORDS = {
    Ground.PLATEAU: "on a plateau: its neighbours do as well",
    Ground.SLOPE: "on a slope: not level with its neighbours, and not far from them",
    Ground.SPIKE: "a spike: its neighbours do much worse, a small change may lose it",
    Ground.DIP: "a dip: its neighbours do much better",
    Ground.APART: "far from its neighbours",
    Ground.UNKNOWN: "too few neighbours with a value to say more",
}


def run_reading(sweep: Sweep, each: RankedRun) -> str:
    """One run in words: its parameters, its value, its rank, and how its neighbours did."""
    values = ", ".join(f"{name} {each.run.parameters.get(name, '?')}" for name in sweep.ranking.varying)
    return f"{values or each.name}: {outcome(sweep, each)}"


def outcome(sweep: Sweep, each: RankedRun) -> str:
    """How a run did, and how its neighbours did."""
    if each.state is RunState.FAILED:
        return f"failed, exit code {each.run.exit_code}"
    if each.state is not RunState.DONE:
        return each.state.value
    if each.final is None:
        return f"ended without a {sweep.target}"
    rank = f", rank {each.rank} of {sweep.ranking.ranked:,}" if each.rank is not None else ""
    return f"{sweep.target} {statistic_text(each.final, sweep.target)}{rank}; {near_words(sweep, each.key)}"


def near_words(sweep: Sweep, key: str) -> str:
    """How the neighbours of a run did, and what that says of the run."""
    near = sweep.neighbours(key)
    if near.mean is None:
        if near.without == 1:
            return "its one neighbour has no value"
        if near.without:
            return f"none of its {near.without} neighbours has a value"
        return f"it has no neighbours{yet(over=sweep.over)}"
    mean = statistic_text(near.mean, sweep.target)
    spread = f" +- {statistic_text(near.spread, sweep.target)}" if near.spread is not None else ""
    without = f" ({near.without} more without a value)" if near.without else ""
    return f"{count_text(near.count, 'neighbour')}{without} {mean}{spread}, {GROUND_WORDS[near.ground]}"


def count_text(count: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def done_text(fraction: float) -> str:
    """A progress in whole percent, 100 only when it is done."""
    return f"{int(min(1.0, max(0.0, fraction)) * 100)}%"


def progress_words(each: RankedRun) -> str:
    """How far a run is that has not ended: `43% done`, or `cut off at 43%`."""
    share = done_text(each.run.progress)
    return f"{each.state.value} at {share}" if each.state is RunState.CUT_OFF else f"{share} done"


def yet(*, over: bool) -> str:
    """What ends a sentence about something missing that may still come: nothing does once all is `over`."""
    return "" if over else " yet"


def counts_words(sweep: Sweep) -> str:
    """What is not in a figure, and why; empty where everything is."""
    counts, without = sweep.counts, f"without a {sweep.target}"
    told = (
        (counts.failed, RunState.FAILED.value),
        (counts.running, RunState.RUNNING.value),
        (counts.cut_off, RunState.CUT_OFF.value),
        (counts.valueless, without),
    )
    said = ", ".join(f"{count:,} {word}" for count, word in told if count)
    return f" Not in it: {said}." if said else ""
