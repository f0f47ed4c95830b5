"""The package as its source says it: which modules there are, what each imports, defines and uses."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import qctui

FOLDER = Path(qctui.__file__).parent

_BY_NAME = {"getattr", "hasattr", "attrgetter", "methodcaller"}
"""Calls whose text arguments are names of attributes."""

Def = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Defined:
    """A function, class, constant or method."""

    module: str
    owner: str
    """The class of a method, else empty."""
    name: str
    node: ast.AST

    def __str__(self) -> str:
        return ".".join(part for part in (self.module, self.owner, self.name) if part)


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its dotted name."""
    found: dict[str, ast.Module] = {}
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


@cache
def nodes(tree: ast.AST) -> list[ast.AST]:
    """Everything in a piece of source, walked once."""
    return list(ast.walk(tree))


def imports(tree: ast.AST) -> set[str]:
    """The modules of the package that are imported, at the top, in a function or for a type checker alone."""
    known = modules()
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return found & known.keys()


def circles(graph: dict[str, set[str]]) -> set[tuple[str, ...]]:
    """The largest groups in which each module reaches each other one."""
    reached = {name: _reachable(graph, name) for name in graph}
    return {
        tuple(sorted({name, *(other for other in reached[name] if name in reached[other])}))
        for name in graph
        if name in reached[name]
    }


def _reachable(graph: dict[str, set[str]], begin: str) -> set[str]:
    seen: set[str] = set()
    waiting = [begin]
    while waiting:
        for name in graph[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def definitions() -> Iterator[Defined]:
    """Everything with a name of its own, except what Python itself gives a meaning."""
    for module, tree in modules().items():
        for node in tree.body:
            for name in _names(node):
                if not name.startswith("__"):
                    yield Defined(module, "", name, node)
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, Def) and not member.name.startswith("__"):
                        yield Defined(module, node.name, member.name, member)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, Def):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def used_names(tree: ast.AST) -> Counter[str]:
    """How often each name is read. That it is imported, or listed in `__all__`, is no use."""
    found: Counter[str] = Counter()
    for node in nodes(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            found[node.id if isinstance(node, ast.Name) else node.attr] += 1
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names if alias.asname is not None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BY_NAME:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            found.update(text for text in texts if isinstance(text, str))
    return found


def resolved_names(module: str, tree: ast.AST) -> Counter[tuple[str, str]]:
    """How often each name of the top of a module is read here, by the module that it was imported from."""
    known = modules()
    came: dict[str, tuple[str, str]] = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                came[alias.asname or alias.name] = (inner, "") if inner in known else (node.module, alias.name)
    found: Counter[tuple[str, str]] = Counter()
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found[came.get(node.id, (module, node.id))] += 1
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner, name = came.get(node.value.id, ("", ""))
            if owner and not name:
                found[owner, node.attr] += 1
    return found


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in the source."""
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
