"""How many examples a generated test tries: 200 for a push, 5,000 with `HYPOTHESIS_PROFILE=long`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILES = {"push": 200, "long": 5_000}


def install() -> None:
    """Choose the profile, before any test is read."""
    for name, count in PROFILES.items():
        settings.register_profile(
            name,
            max_examples=count,
            deadline=None,  # never judged by the clock of a busy machine
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            # The same commit gets the same verdict in CI; at a desk every run looks somewhere new.
            derandomize=name == "push" and "CI" in os.environ,
        )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "push"))


def fewer(part: float) -> settings:
    """For what takes long to try: this part of the examples."""
    return settings(max_examples=max(1, round(settings().max_examples * part)))
