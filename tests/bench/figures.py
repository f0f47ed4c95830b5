"""Figures as benchmarks print them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def print_figures(
    what: str, seconds: Sequence[float], target_median_ms: float, target_p99_ms: float | None = None
) -> None:
    """Median, 99th percentile and worst in milliseconds, beside the targets."""
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]
    wanted = f"target {target_median_ms:g}" + (f", p99 {target_p99_ms:g}" if target_p99_ms is not None else "")
    print(
        f"{what}: median {statistics.median(ordered) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
        f"worst {ordered[-1] * 1000:.1f} ms ({len(ordered)} times; {wanted})",
        flush=True,
    )
