"""No name of a file twice, no circle of imports, nothing that is used nowhere: read from the source."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from collections import Counter
from collections.abc import Iterator

from qctui.value import Value
from tests.architecture.package import (
    FOLDER,
    Defined,
    circles,
    definitions,
    imports,
    modules,
    nodes,
    resolved_names,
    texts,
    used_names,
)

# What is called without its name standing anywhere, and by whom.

BY_CONVENTION = {
    "on_": "Textual, when a message of that name arrives",
    "watch_": "Textual, when a reactive value changes",
    "handle_async_request": "httpx, with each request",
}
BY_TESTS = {
    "qctui.engine.host.EngineHost.wait_ready": "an end of starting that a test can wait for without a clock",
}
BY_DECORATOR = {"on": "Textual, when the message arrives that it names"}


UNWRAPS_A_SECRET = {
    "qctui.api.auth.signer": "signs a request",
    "qctui.api.auth.Scrubber": "takes it out of what servers say",
    "qctui.api.auth.BodyScrubber": "takes it out of what is recorded, and of bundles",
    "qctui.alerts.hook.CommandHook": "takes it out of what a command says",
    "qctui.alerts.hook.clean_environment": "keeps it out of a command's environment",
    "qctui.cli.credentials.known_credentials": "looks whether there is one",
    "qctui.cli.log_file.RedactingFormatter": "takes it out of the log",
}


def test_no_file_name_stands_twice() -> None:
    counted = Counter(path.name for path in FOLDER.rglob("*.py"))
    assert {name for name in counted if counted[name] > 1} <= {"__init__.py", "__main__.py"}


def test_no_module_imports_itself_over_others() -> None:
    assert circles({name: imports(tree) - {name} for name, tree in modules().items()}) == set()


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert circles(graph) == {("a", "b", "c"), ("d", "e")}


def test_every_name_is_used() -> None:
    used = sum((used_names(tree) for tree in modules().values()), Counter[str]())
    resolved = sum((resolved_names(name, tree) for name, tree in modules().items()), Counter[tuple[str, str]]())

    def is_used(each: Defined) -> bool:
        # A function that calls itself is not used by that.
        if each.owner:
            return used[each.name] > used_names(each.node)[each.name]
        return resolved[each.module, each.name] > resolved_names(each.module, each.node)[each.module, each.name]

    actions = {text.rpartition(".")[2].partition("(")[0] for tree in modules().values() for text in texts(tree)}
    unused = {
        str(each)
        for each in definitions()
        if not is_used(each)
        and not (each.name.startswith("action_") and each.name.removeprefix("action_") in actions)
        and not each.name.startswith(tuple(BY_CONVENTION))
        and not decorators(each.node) & BY_DECORATOR.keys()
        and not is_a_librarys(each)
    }
    assert unused == BY_TESTS.keys()


def test_a_secret_is_unwrapped_where_it_is_known_why_and_nowhere_else() -> None:
    def unwraps(statement: ast.stmt) -> bool:
        words = {*used_names(statement), *texts(statement)}
        return "get_secret_value" in words or any("SecretStr__" in word for word in words)

    found = {
        f"{name}.{getattr(statement, 'name', statement.lineno)}"
        for name, tree in modules().items()
        for statement in tree.body
        if unwraps(statement)
    }
    assert found == UNWRAPS_A_SECRET.keys()


def imports_private(node: ast.AST) -> bool:
    if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] not in {"textual", "rich"}:
        return False
    return any(part.startswith("_") for part in [*str(node.module).split("."), *(each.name for each in node.names)])


def test_private_names_of_the_libraries_stand_in_one_file() -> None:
    ours = {"_exit", "_SubParsersAction"}  # of os and argparse
    for node in (node for tree in modules().values() for node in nodes(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            ours.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            ours.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            ours.add(node.id)
    elsewhere = [
        f"{name}: {ast.unparse(node)}"
        for name, tree in modules().items()
        if re.match(r"qctui\.(ui|cli)\b", name) and name != "qctui.ui.textual_patches"
        for node in nodes(tree)
        if imports_private(node)
        or (isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr) and node.attr not in ours)
    ]
    assert elsewhere == []


def test_uses_are_counted_and_imports_are_not() -> None:
    source = "from a import b, c as d\n__all__ = ['b']\ndef f(): return f() + x.y + getattr(x, 'z')\nx.v = 1"
    assert used_names(ast.parse(source)) == {"c": 1, "f": 1, "x": 3, "y": 1, "getattr": 1, "z": 1}


def test_a_name_is_used_where_it_was_imported_from() -> None:
    source = "from qctui.text import cut as c\nfrom qctui.plot import grid\nlog = 1\nc(grid.cut(log))"
    assert resolved_names("a", ast.parse(source)) == {
        ("qctui.text", "cut"): 1, ("qctui.plot.grid", "cut"): 1, ("qctui.plot.grid", ""): 1, ("a", "log"): 1,
    }  # fmt: skip


def kinds_of(value: type[Value]) -> Iterator[type[Value]]:
    for each in value.__subclasses__():
        yield each
        yield from kinds_of(each)


def test_no_value_has_the_field_of_a_dataclass_for_a_default() -> None:
    """mypy takes one for what it makes; a `Value` has a `field` of its own."""
    for name in modules():
        importlib.import_module(name)
    kinds = list(kinds_of(Value))
    assert len(kinds) > 100
    assert [kind for kind in kinds for default in kind.__struct_defaults__ if type(default) is dataclasses.Field] == []


def decorators(node: ast.AST) -> set[str]:
    calls = [each.func if isinstance(each, ast.Call) else each for each in getattr(node, "decorator_list", [])]
    return {each.id for each in calls if isinstance(each, ast.Name)}


def is_a_librarys(each: Defined) -> bool:
    """Whether a class of a library, which may call it, defines it too."""
    if not each.owner:
        return False
    owner = getattr(importlib.import_module(each.module), each.owner)
    return any(each.name in vars(base) for base in owner.__mro__ if base.__module__.partition(".")[0] != "qctui")
