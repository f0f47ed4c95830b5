"""Texts that must not be seen, wrapped from where they are read to where they are used."""

from __future__ import annotations

from typing import NoReturn

_SHOWN = "**********"


class SecretStr:
    """A text that is not shown where it is printed, logged or among the variables of a crash, and never written.

    It equals another one of the same text, and no text.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def get_secret_value(self) -> str:
        """The text, for use. A test names the few that may ask for it (`tests/architecture/test_package.py`)."""
        return self.__text

    def __repr__(self) -> str:
        return f"SecretStr('{_SHOWN}')"

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, form: str) -> str:
        return format(_SHOWN, form)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self.__text == other.__text

    def __hash__(self) -> int:
        return hash((SecretStr, self.__text))

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is not written")  # by pickle and copy
