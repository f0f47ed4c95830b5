from __future__ import annotations

from pathlib import Path

import pytest

from qctui.cli.terminal import given_locale, speaks_unicode


@pytest.mark.parametrize(
    ("variables", "unicode"),
    [
        ({}, True),
        ({"LANG": ""}, True),
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
    ],
)
def test_the_first_variable_that_is_set_decides(variables: dict[str, str], unicode: bool) -> None:
    assert speaks_unicode(variables) is unicode


def test_what_python_put_there_itself_does_not_count(tmp_path: Path) -> None:
    block = tmp_path / "environ"
    block.write_bytes(b"PATH=/bin\0LANG=C\0")
    environment = {"LANG": "C", "LC_CTYPE": "C.UTF-8"}
    assert given_locale(environment, block) == {"LANG": "C"}
    block.write_bytes(b"LC_CTYPE=C.UTF-8\0LANG=C\0")
    assert given_locale(environment, block) == environment
    assert given_locale(environment, tmp_path / "none") == {"LANG": "C"}
