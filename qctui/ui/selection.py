"""What a person has selected: one value, and what every change makes of it. Pure; `selection_owner` holds it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from qctui.value import Value, replace

_NONE: Mapping[int, str] = MappingProxyType({})

NO_ROW = -1
"""The index of what is selected and has no row: a project that was never deployed."""


class Place(Value):
    """What is selected in one list."""

    key: Hashable | None = None
    """Of the highlighted row; None: nothing is selected."""
    chosen: Hashable | None = None
    """What was chosen last. It is selected again as soon as the filter that hides it is gone."""
    index: int = 0
    """Where `key` stands among the rows shown, or `NO_ROW`: that is also said of a held project, whose list is covered,
    and shown anew when it is seen again."""

    @property
    def meant(self) -> Place:
        """The same, where what a filter has selected is what was meant."""
        return self if self.key is None else replace(self, chosen=self.key)


class Rows(Value):
    """What a list shows now. Keys are unique."""

    shown: Sequence[Hashable]
    """The keys of its rows, in their order on screen."""
    listed: Sequence[Hashable] = ()
    """The keys of all its rows, those that the filter hides included. Only looked at while there is a filter."""
    filtered: bool = False
    """Only the rows that contain a text are shown."""
    refiltered: bool = False
    """That text is another one than the last time."""
    first_stays: bool = False
    """A cursor on the first row stays on the first row when others come above it."""
    keeps: bool = False
    """What was chosen stays selected when its row goes: nothing slides under the keys in its place."""


class Mark(Value):
    """A deployment that was marked. A later deployment of the same project is another one."""

    project_id: int
    deploy_id: str


class Pane(Enum):
    """The lists whose place is a part of the selection. The value is the field of `Selection`."""

    DEPLOYMENTS = "project"
    OPTIMIZATIONS = "optimization"
    INSIGHTS = "insight"


class Selection(Value):
    """The one selection: what is highlighted, what the panes show, and what the keys act on."""

    project: Place = Place()
    """Its keys are project ids."""
    deploy_id: str = ""
    """The project's deployment that matters. Empty without one, and where the service does not say."""
    deployed: bool = False
    """The live list has a deployment of the project."""
    marks: tuple[Mark, ...] = ()
    """In the order they were made."""
    optimization: Place = Place()
    insight: Place = Place()
    held: bool = False
    """Something above the main screen shows what is selected: until that closes no list may select anything else."""

    @property
    def project_id(self) -> int | None:
        """The selected project; None while nothing is selected."""
        return self.project.key if isinstance(self.project.key, int) else None

    @property
    def optimization_id(self) -> str:
        """The selected optimization; empty while there is none."""
        return self.optimization.key if isinstance(self.optimization.key, str) else ""


# What can happen to it.


class Listed(Value):
    """A list shows other rows: newer ones, filtered, or in another order."""

    pane: Pane
    rows: Rows


class Chose(Value):
    """A person went to a row."""

    pane: Pane
    key: Hashable
    index: int


class Took(Value):
    """A person kept the filter: what it has selected is what was meant."""

    pane: Pane


class Picked(Value):
    """A person named a project, or went to its chart: it may have no row."""

    project_id: int


class Marked(Value):
    """A person marked a deployment, or unmarked it."""

    mark: Mark


class Unmarked(Value):
    """The marks are not wanted any more; all of them, or these."""

    marks: tuple[Mark, ...] | None = None


class Covered(Value):
    """Something above the main screen shows the selected thing in full, or no longer does."""

    held: bool


Change = Listed | Chose | Took | Picked | Marked | Unmarked | Covered


def reselect(place: Place, rows: Rows, *, held: bool = False) -> Place:
    """What is selected in a list that shows these rows now.

    What was chosen stays selected wherever its row went. While a filter hides it the first match is selected instead,
    and that one stays until the filter changes or the person goes elsewhere. If its row is gone for good, the one in
    its place is selected, unless the list `keeps`. What is `held` stays, with a row or without.
    """
    shown, chosen = rows.shown, place.chosen
    at = NO_ROW if rows.refiltered else _find(shown, place.key, place.index)
    if held and place.key is not None:
        return Place(place.key, chosen, at)
    if rows.first_stays and place.index == 0 and shown:
        return Place(shown[0], shown[0], 0)
    if rows.filtered and at != NO_ROW:
        # Nor does what was chosen come back of itself, by beginning to match.
        return Place(place.key, chosen if chosen in rows.listed or rows.keeps else place.key, at)
    found = _find(shown, chosen, place.index)
    if found != NO_ROW:
        return Place(chosen, chosen, found)
    if rows.filtered and chosen is not None and (rows.keeps or chosen in rows.listed):
        return Place(shown[0] if shown else None, chosen, 0)
    if rows.keeps and chosen is not None:
        return Place(chosen, chosen, NO_ROW)
    if at == NO_ROW:
        if not shown:
            return Place(None, chosen, place.index)
        at = min(max(place.index, 0), len(shown) - 1)
    return Place(shown[at], shown[at], at)


def after(
    selection: Selection, change: Change, deploy_ids: Mapping[int, str] = _NONE, *, pinned: bool = False
) -> Selection:
    """The selection after a change.

    `deploy_ids` has the deployment that matters of every project that was ever deployed, shown or not. `pinned`: the
    optimizations listed are not those of the selected project.
    """
    match change:
        case Listed(pane, rows):
            place = reselect(place_of(selection, pane), rows, held=selection.held)
        case Chose(pane, key, index):
            place = Place(key, key, index)
        case Took(pane):
            place = place_of(selection, pane).meant
        case Picked(project_id):
            pane, place = Pane.DEPLOYMENTS, Place(project_id, project_id, NO_ROW)
        case Marked(mark):
            others = tuple(each for each in selection.marks if each.project_id != mark.project_id)
            return replace(selection, marks=others if mark in selection.marks else (*others, mark))
        case Unmarked(marks):
            left = () if marks is None else tuple(each for each in selection.marks if each not in marks)
            return replace(selection, marks=left)
        case Covered(held):
            return _held(selection) if held else replace(selection, held=False)
    if pane is Pane.DEPLOYMENTS:
        return _on_project(selection, place, deploy_ids, pinned=pinned)
    if pane is Pane.OPTIMIZATIONS:
        return replace(selection, optimization=place)
    return replace(selection, insight=place)


def _held(selection: Selection) -> Selection:
    """What is opened is what was meant, also where a filter had selected it."""
    project = replace(selection.project.meant, index=NO_ROW)
    optimization, insight = selection.optimization.meant, selection.insight.meant
    return replace(selection, project=project, optimization=optimization, insight=insight, held=True)


def place_of(selection: Selection, pane: Pane) -> Place:
    """The place of one of its lists."""
    place: Place = getattr(selection, pane.value)
    return place


def _on_project(selection: Selection, place: Place, deploy_ids: Mapping[int, str], *, pinned: bool) -> Selection:
    """What belongs to another project, or to another deployment of it, is not selected any more."""
    if selection.held:
        place = replace(place, index=NO_ROW)
    deploy_id = deploy_ids.get(place.key, "") if isinstance(place.key, int) else ""
    other = place.key != selection.project.key
    return replace(
        selection,
        project=place,
        deploy_id=deploy_id,
        deployed=place.key in deploy_ids,
        optimization=Place() if other and not pinned else selection.optimization,
        insight=Place() if other or deploy_id != selection.deploy_id else selection.insight,
    )


def _find(keys: Sequence[Hashable], key: Hashable | None, near: int) -> int:
    """Where `key` is, looked for where it was first: ten thousand rows are seldom searched."""
    if key is None:
        return NO_ROW
    if 0 <= near < len(keys) and keys[near] == key:
        return near
    return next((at for at, each in enumerate(keys) if each == key), NO_ROW)
