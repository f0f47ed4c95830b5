"""What an optimization needs before it can be asked for: its project built as it is now, and what it will take."""

from __future__ import annotations

import logging
from collections.abc import Callable

from qctui.api.ports import ApiError, TriggerApi
from qctui.clock import Clock
from qctui.model.action import Preparation
from qctui.model.optimization import Compile, Estimate, OptimizationPlan

LOOK_S = 2.0
"""Between looks at a build."""

BUILD_S = 180.0
"""How long a build is waited for."""

_LOG = logging.getLogger(__name__)


async def prepare(
    api: TriggerApi, clock: Clock, plan: OptimizationPlan, tell: Callable[[Preparation], None]
) -> Preparation:
    """Compile the project and have the optimization estimated. `tell` hears how far that is; the last that it hears is
    returned. Never raises for a failure: it is told in words."""

    def told(
        words: str, compile_id: str = "", estimate: Estimate | None = None, *, failed: bool = False
    ) -> Preparation:
        preparation = Preparation(words, plan, compile_id, estimate, failed)
        tell(preparation)
        return preparation

    try:
        return await _prepare(api, clock, plan, told)
    except Exception as error:  # a defect must leave a form that says so, not one that waits for ever
        _LOG.exception("an optimization could not be made ready")
        return told(f"Internal error ({type(error).__name__}). The log has the details.", failed=True)


async def _prepare(
    api: TriggerApi, clock: Clock, plan: OptimizationPlan, told: Callable[..., Preparation]
) -> Preparation:
    told("Compiling the project as it is now.")
    try:
        build = await _build(api, clock, plan.project_id, told)
    except ApiError as error:
        return told(f"The project could not be compiled: {error.message}", failed=True)
    if not build.built:
        why = build.log[-1] if build.failed and build.log else f"{build.state or 'no state told'}"
        words = "does not build" if build.failed else f"was not built within {BUILD_S:g} s"
        return told(f"The project {words}: {why}", failed=True)
    told("Built. Asking what it will take.")
    try:
        estimate = await api.estimate(plan, build.compile_id)
    except ApiError as error:
        # It is worth a question less, not the optimization.
        return told(f"Built. What it will take could not be had: {error.message}", compile_id=build.compile_id)
    return told("Built.", compile_id=build.compile_id, estimate=estimate)


async def _build(api: TriggerApi, clock: Clock, project_id: int, told: Callable[[str], object]) -> Compile:
    """The build at its end, or as it was when it was waited for long enough. Raises ApiError if it never began."""
    build = await api.compile(project_id)
    until = clock.monotonic() + BUILD_S
    while not (build.built or build.failed) and clock.monotonic() < until:
        await clock.sleep(LOOK_S)
        try:
            build = await api.fetch_compile(project_id, build.compile_id)
        except ApiError as error:
            told(f"Compiling the project as it is now; how far that is can't be read: {error.message}")
    return build
