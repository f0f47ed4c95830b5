from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.auth import LIMIT, Credentials, Scrubber, signed_headers
from qctui.secret import SecretStr
from tests.api.support import CREDENTIALS, TOKEN

scrub = Scrubber(CREDENTIALS)
HEADERS = signed_headers("123456", TOKEN, 1_795_185_000)
HASH = base64.b64decode(HEADERS["Authorization"].split()[1]).decode().split(":")[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Hash doesn't match. UID: 123456 Hash: 5f3c00 Timestamp: '17951'",
            "Hash doesn't match. UID: *** Hash: *** Timestamp: ***",
        ),
        (f"token {TOKEN} is wrong", "token *** is wrong"),
        (f"TOKEN={TOKEN.upper()}", "TOKEN=***"),
        (f"got {HASH}.", "got ***."),
        (HEADERS["Authorization"], "Basic ***"),
        (f"Authorization: {HEADERS['Authorization']}", "Authorization: ***"),
        (HEADERS["Authorization"].split()[1], "***"),
        ("user id = 123456, try again", "user id = ***, try again"),
        ("Project 123456 not found", "Project 123456 not found"),
        ("L-a1b2c3d4e5f60718293a4b5c6d7e8f90 is gone", "L-a1b2c3d4e5f60718293a4b5c6d7e8f90 is gone"),
        (
            "no such class QuantConnect/Algorithm/Framework/Alphas/Models",
            "no such class QuantConnect/Algorithm/Framework/Alphas/Models",
        ),
        ("\x1b[31mred\x1b[0m\nnext\u202e", "red next"),
        (None, ""),
    ],
)
def test_what_is_shown(text: object, shown: str) -> None:
    assert scrub(text) == shown


@given(
    st.text(max_size=300), st.text(max_size=300), st.sampled_from([TOKEN, HASH, HEADERS["Authorization"].split()[1]])
)
def test_no_secret_survives_any_surrounding(before: str, after: str, secret: str) -> None:
    assert secret not in scrub(before + secret + after)


@given(st.integers(0, 5_000))
def test_no_part_of_a_secret_survives_a_cut(padding: int) -> None:
    text = "x" * 7 + " " + "y" * padding + " " + TOKEN + HASH
    assert TOKEN[:16] not in scrub(text)
    assert HASH[:16] not in scrub(text)


def test_length_is_bounded() -> None:
    assert len(scrub("word " * 10_000)) <= LIMIT


def test_a_short_token_is_masked_only_as_a_word() -> None:
    short = Scrubber(Credentials("1", SecretStr("abc")))
    assert short("abc is not abcdef") == "*** is not abcdef"
    assert repr(short) == "Scrubber()"
    assert Scrubber(Credentials("1", SecretStr("")))("nothing to hide") == "nothing to hide"
