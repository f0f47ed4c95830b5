"""Chart names as the API spells them, behind the cleaned ones that people see."""

from __future__ import annotations

from qctui.text import clean

_PROJECTS = 2_000


class ChartNames:
    """Finds the exact name to ask for.

    A chart name is an identifier that goes back to the API, and cleaning may change it (a blank at its end, a control
    character). Leaving such charts out would hide them, so their raw names are kept, only theirs, per project.
    """

    def __init__(self) -> None:
        self._raw: dict[int, dict[str, str]] = {}

    def remember(self, project_id: int, raw_names: list[str]) -> tuple[str, ...]:
        """The cleaned names, in order, of the charts a project reports; empty and repeated ones left out."""
        shown: dict[str, str] = {}
        for raw in raw_names:
            name = clean(raw)
            if name and (name not in shown or raw == name):
                shown[name] = raw
        odd = {name: raw for name, raw in shown.items() if name != raw}
        self._raw.pop(project_id, None)
        if odd:
            self._raw[project_id] = odd
            if len(self._raw) > _PROJECTS:
                self._raw.pop(next(iter(self._raw)))
        return tuple(shown)

    def raw(self, project_id: int, name: str) -> str:
        """What to send for a name that was shown."""
        return self._raw.get(project_id, {}).get(name, name)
