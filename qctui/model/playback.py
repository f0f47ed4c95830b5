"""Where a replay is: the place on the tape, whether it plays, and what there is to seek for."""

from __future__ import annotations

from qctui.model.keys import Key
from qctui.value import Value

NOTHING_SENT = "this is a replay of a tape: nothing can be sent from here"
NOTHING_CHANGED = "this is a replay of a tape: nothing can be changed from here"

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0)
"""Those that the keys choose among."""


class Playback(Value):
    """The state of a replay. Replaced at each move."""

    at: float
    """The time on the tape, Unix seconds."""
    first_at: float
    last_at: float
    """Its two ends."""
    playing: bool = False
    speed: float = 1.0
    """Seconds of the tape in one of ours."""
    jumps: int = 0
    """Grows whenever the time does anything but pass: every age on screen is another one then."""
    note: str = ""
    """What is to be said of the place, or of how it was reached."""
    gap: tuple[float, float | None] | None = None
    """Nothing was recorded here: since when, and until when if anything follows."""
    outage: str = ""
    """Why the API did not answer then; empty if it did."""
    marks: tuple[tuple[float, str], ...] = ()
    """What there is to seek for: when, and the kind (`action`, `alert`, `ended`)."""

    @property
    def place(self) -> float:
        """0..1, from one end to the other."""
        length = self.last_at - self.first_at
        return min(1.0, max(0.0, (self.at - self.first_at) / length)) if length > 0 else 1.0


PLAYBACK: Key[Playback] = Key("playback")
