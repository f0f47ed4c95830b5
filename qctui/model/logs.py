"""Log lines of a deployment (REFERENCE.md 6.5)."""

from dataclasses import dataclass

LOG_WINDOW = 200
"""Lines per request: the smaller of the limits told (REFERENCE.md 9, row 9)."""

TAIL_SLACK = 10
"""Rows of a window at the end of a list left free for new ones, so that most polls cost one request."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """A window of lines: of all there are, or of those that contain a text. Times in them are in the algorithm's own
    zone, not UTC."""

    lines: tuple[str, ...]
    start_line: int
    length: int | None
    """Rows over all deployments of the project; of a search those that match."""
    deployment_offset: int
    """Rows before this deployment, those that do not match a search included."""
