"""Log lines of a deployment (REFERENCE.md 6.5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogPage:
    """A window of lines. Times in the lines are in the algorithm's own zone, not UTC."""

    lines: tuple[str, ...]
    start_line: int
    length: int | None
    """Rows over all deployments of the project."""
    deployment_offset: int
    """Rows before this deployment."""
