"""What a table of config.toml is made of, whichever part of the program it belongs to: keys, and what each may be."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

T = TypeVar("T")
N = TypeVar("N", int, float)

Check = Callable[[Any], T]
"""Makes of a value of the file what it means; ValueError says what is expected instead. A type takes only its own."""

REQUIRED: Any = object()
"""The default of a key that has to be there."""

_KINDS: dict[object, str] = {
    str: "string",
    bool: "boolean",
    int: "whole number",
    float: "number",
    list: "list",
    dict: "table",
}


class Unfit(ValueError):
    """A value can't be used. The value itself, which may be a token, is not in it."""

    def __init__(self, *problems: tuple[tuple[str, ...], str]) -> None:
        self.problems = problems
        """All that is wrong, each by the keys that lead to it and a sentence with `{}` in their place."""


class Key(Generic[T]):
    """One key of a table, and the attribute that holds it: the same with dashes, or `name`."""

    def __init__(self, check: Check[T], default: T, name: str = "") -> None:
        self._check, self._default, self.name, self.attribute = check, default, name, ""

    def __set_name__(self, owner: type[Section], attribute: str) -> None:
        self.name, self.attribute = self.name or attribute.replace("_", "-"), attribute

    def __get__(self, section: Section, owner: type[Section]) -> T:
        return cast("T", section.values[self.name])

    def take(self, table: Mapping[str, Any]) -> T:
        """What the table says, or the default."""
        if self.name in table:
            return _apply(self._check, table[self.name])
        if self._default is REQUIRED:
            raise Unfit(((), "{} is missing"))
        return self._default


class Section:
    """A table of the file: keys with dashes, nothing unknown, no value of another type taken for what it is not."""

    keys_by_name: ClassVar[dict[str, Key[Any]]]

    def __init_subclass__(cls) -> None:
        cls.keys_by_name = {each.name: each for each in vars(cls).values() if isinstance(each, Key)}

    def __init__(self, table: Any = None) -> None:
        """Raises Unfit if the table can't be used."""
        given = {} if table is None else exact(dict, table)
        parts: list[tuple[str, Check[Any], Any]] = [(name, key.take, given) for name, key in self.keys_by_name.items()]
        parts += [(name, self._refuse, given) for name in given if name not in self.keys_by_name]
        self.values = checked(parts)
        self.check_whole()

    def check_whole(self) -> None:
        """Whether the keys, each of which can be used, can be used together; ValueError if not."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Section) and type(other) is type(self) and other.values == self.values

    def _refuse(self, _: object) -> None:
        raise Unfit(((), f"unknown key {{}}; allowed here: {', '.join(sorted(self.keys_by_name))}"))


def checked(parts: Iterable[tuple[str, Check[T], Any]]) -> dict[str, T]:
    """The parts of a value by their names, each checked. Raises Unfit with all that is wrong."""
    fit: dict[str, T] = {}
    problems: list[tuple[tuple[str, ...], str]] = []
    for name, check, value in parts:
        try:
            fit[name] = _apply(check, value)
        except Unfit as error:
            problems += [((name, *place), words) for place, words in error.problems]
        except ValueError as error:
            problems.append(((name,), f"{{}}: {error}"))
    if problems:
        raise Unfit(*problems)
    return fit


def _apply(check: Check[T], value: Any) -> T:
    return exact(check, value) if check in _KINDS else check(value)


def exact(kind: Check[T], value: Any) -> T:
    """The value, if it is of this very type. A float may be written as an integer, and is finite."""
    if type(value) not in ((int, float) if kind is float else (kind,)):
        raise should(f"be a {_KINDS[kind]}")
    if kind is float and not abs(value) <= sys.float_info.max:
        raise should("be a finite number")
    return kind(value)


def should(words: str) -> Unfit:
    """The error that a value should be, or have, something else."""
    return Unfit(((), f"{{}} should {words}"))


def bounded(value: N, least: float, most: float) -> N:
    """The number, if it lies there."""
    if value < least:
        raise should(f"be greater than or equal to {least:g}")
    if value > most:
        raise should(f"be less than or equal to {most:g}")
    return value


def one_of(meanings: Mapping[str, T]) -> Check[T]:
    """What one of these words means."""
    *others, last = map(repr, meanings)

    def check(value: Any) -> T:
        if not isinstance(value, str) or value not in meanings:
            raise should(f"be {', '.join(others)} or {last}")
        return meanings[value]

    return check


def list_of(check: Check[T]) -> Check[tuple[T, ...]]:
    """A list of what `check` takes."""
    return lambda value: tuple(checked((str(i), check, each) for i, each in enumerate(exact(list, value))).values())


def table_of(check: Check[T]) -> Check[dict[str, T]]:
    """A table of any keys, with what `check` takes behind each."""
    return lambda value: checked((name, check, each) for name, each in exact(dict, value).items())


def command(value: Any) -> tuple[str, ...]:
    """Program and arguments. Written as one string, it is split as a shell would split it; no shell ever runs it."""
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError as error:
            raise ValueError(f"a command is expected ({error})") from error
    words = list_of(str)(value)
    if not words:
        raise should("have at least 1 item")
    return words
