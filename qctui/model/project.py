"""Projects: the names of what trades."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """One row of projects/read (REFERENCE.md 4.2)."""

    project_id: int
    name: str
    """Folders are separated by `/`."""
    language: str = ""
    modified_at: float | None = None
    live_control: bool | None = None
    """Whether the signed-in user may stop or liquidate; None when the API does not say."""

    @property
    def deleted(self) -> bool:
        """In the recycle bin (REFERENCE.md 4.2): not shown."""
        return self.name.startswith("Recycle Bin/")
