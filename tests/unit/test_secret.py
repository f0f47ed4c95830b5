"""A text that must not be seen is not seen, however it is looked at."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable

import msgspec
import pytest
from rich.pretty import pretty_repr

from qctui.secret import SecretStr
from qctui.value import Value, fields_of


class Holder(Value):
    token: SecretStr


SECRET = SecretStr("hunter2")
HOLDERS = [SECRET, [SECRET], {"token": SECRET}, Holder(SECRET)]


def shown_in_a_crash(value: object) -> str:
    try:
        raise RuntimeError(value)
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def logged(value: object) -> str:
    return logging.Formatter().format(logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (value, value), None))


@pytest.mark.parametrize("value", HOLDERS, ids=str)
@pytest.mark.parametrize("show", [str, repr, "{}".format, pprint.pformat, pretty_repr, shown_in_a_crash, logged])
def test_it_is_shown_by_nothing(show: Callable[[object], str], value: object) -> None:
    assert "hunter2" not in show(value)
    assert "**********" in show(value)


def test_it_is_shown_in_no_form() -> None:
    assert f"{SECRET:>12}|{SECRET!r}|{SECRET}" == "  **********|SecretStr('**********')|**********"
    assert str(fields_of(Holder(SECRET))) == "{'token': SecretStr('**********')}"


@pytest.mark.parametrize("value", HOLDERS, ids=str)
@pytest.mark.parametrize(
    "write",
    [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, copy.deepcopy, pickle.dumps],
)
def test_it_is_written_by_nothing(write: Callable[[object], object], value: object) -> None:
    with pytest.raises(TypeError) as caught:
        write(value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_pickled_by_no_protocol(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(SECRET, protocol)
    with pytest.raises(TypeError):
        vars(SECRET)


def test_it_equals_another_one_and_no_text() -> None:
    assert SecretStr("hunter2") == SECRET
    assert len({SECRET, SecretStr("hunter2"), SecretStr("other")}) == 2
    assert SecretStr("other") != SECRET
    assert SECRET != "hunter2"
    assert hash(SECRET) != hash("hunter2")
    assert SECRET.get_secret_value() == "hunter2"
