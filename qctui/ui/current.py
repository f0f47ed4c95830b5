"""What the person is looking at: one value that decides what every other pane shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Current:
    """The current project and deployment. Captured as ids: rows move, ids do not."""

    project_id: int | None = None
    """None until the live list or a picked project is there."""
    deploy_id: str = ""
    """Empty for a project that was never deployed, and where the service does not tell it."""
    name: str = ""
    """The project's name as it is on screen."""
    deployed: bool = False
    """Whether the live list has a deployment of the project."""
