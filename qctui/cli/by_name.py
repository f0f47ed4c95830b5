"""From a project's name to its id, if exactly one project of that name has something alive in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qctui.actions.wording import format_unreadable
from qctui.api.ports import ApiError, ReadApi
from qctui.cli.tables import align
from qctui.model.deployment import Deployment, DeploymentList, Project, names_of
from qctui.usage import UsageError

LOOKUP_S = 30.0
"""How long the two lists may take. Naming a project costs them; with its id nothing is listed."""

MOST_CANDIDATES = 12
"""Projects listed when the name is not the name of exactly one."""


ID_HINT = "give the project's id"


class LookupFailedError(Exception):
    """The lists could not be read, or not whole: which project is meant is not certain. One sentence."""


async def find_project(api: ReadApi, name: str) -> int:
    """The id of the one project with this exact name in which something is alive.

    Raises:
        UsageError: none has it, or several have; the message lists the candidates.
        LookupFailedError: the lists can't be read, or miss entries that may be another project of this name.
    """
    try:
        async with asyncio.timeout(LOOKUP_S):
            listed, projects = await asyncio.gather(api.fetch_deployments(), api.fetch_projects())
    except TimeoutError:
        raise LookupFailedError(f"the projects could not be listed within {LOOKUP_S:.0f} s; {ID_HINT}") from None
    except ApiError as error:
        hint = error.kind.advice or ID_HINT
        raise LookupFailedError(f"the projects could not be listed: {error.message}; {hint}") from None
    return choose_project(listed, projects, name)


def choose_project(listed: DeploymentList, projects: Sequence[Project], name: str) -> int:
    """As `find_project`, from lists that have been read."""
    names = names_of(projects)
    alive = {each.project_id: each for each in listed.deployments if each.alive}
    found = [project_id for project_id in alive if names.get(project_id) == name]
    if len(found) > 1:
        rows = _rows([alive[each] for each in found], names)
        raise UsageError(f"{name!r} is the name of {len(found)} projects in which something runs; {ID_HINT}\n{rows}")
    # A deployment without a project, or a project without a name, may be another one of this name.
    if listed.unreadable:
        raise LookupFailedError(f"{format_unreadable(listed.unreadable)}, so {name!r} may not be unique; {ID_HINT}")
    if nameless := sorted(project_id for project_id in alive if not names.get(project_id)):
        which = f"the name of project {nameless[0]}, where something runs, is not known"
        raise LookupFailedError(f"{which}, so {name!r} may not be unique; {ID_HINT}")
    if not found:
        raise UsageError(_none(name, list(alive.values()), names))
    return found[0]


def _none(name: str, alive: list[Deployment], names: dict[int, str]) -> str:
    exists = name in names.values()
    words = f"nothing runs in {name!r}" if exists else f"no project that runs is named {name!r} (names are exact)"
    if not alive:
        return f"{words}; nothing runs in this account"
    similar = [each for each in alive if name.casefold() in names[each.project_id].casefold()]
    return f"{words}; {'similar' if similar else 'what runs'}:\n{_rows(similar or alive, names)}"


def _rows(alive: Sequence[Deployment], names: dict[int, str]) -> str:
    ordered = sorted(alive, key=lambda each: (names[each.project_id].casefold(), each.project_id))
    table = [
        (f"  {each.environment.value}", names[each.project_id], str(each.project_id), each.deploy_id)
        for each in ordered[:MOST_CANDIDATES]
    ]
    more = len(ordered) - len(table)
    return "\n".join([*align(table, right=frozenset({2})), *([f"  and {more} more: qctui status"] if more else [])])
