"""Figures as benchmarks print them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def print_figures(
    what: str, seconds: Sequence[float], target_median_ms: float, target_p99_ms: float | None = None
) -> None:
    """Median, 99th percentile and worst in milliseconds, beside the targets."""
    median, p99, worst = milliseconds(seconds)
    wanted = f"target {target_median_ms:g}" + (f", p99 {target_p99_ms:g}" if target_p99_ms is not None else "")
    print(
        f"{what}: median {median:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms ({len(seconds)} times; {wanted})",
        flush=True,
    )


def milliseconds(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and worst."""
    ordered = sorted(1000 * each for each in seconds)
    return statistics.median(ordered), ordered[round(0.99 * (len(ordered) - 1))], ordered[-1]
