from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from qctui.api.answer import check
from qctui.api.auth import Credentials, Scrubber
from qctui.api.client import Client
from qctui.api.endpoints import LIVE_READ
from qctui.api.ports import ApiError
from qctui.model.resource import FailureKind
from tests.actions.fakes import PLAN
from tests.api.support import CREDENTIALS, ask, client_for, failure, failure_of, payload, reply, run

NO_WORDS = "deployment: the API refused without saying why"
UNCLEAR = "deployment: the answer does not say clearly whether it succeeded"
NO_LOGIN = "deployment: credentials not accepted "
UNREADABLE = "deployment: the answer cannot be read "
AMBIGUOUS = "stop: server error (could also be rejected credentials)"


def told(body: object) -> ApiError:
    return failure(lambda: ask(body, lambda client: client.triggers.fetch_detail(1)))


def test_credentials_that_are_not_accepted_are_named_by_their_source() -> None:
    credentials = Credentials("1", CREDENTIALS.token, "profile main in config.toml")
    body = {"success": False, "errors": ["UserID not valid"]}
    with pytest.raises(ApiError) as caught:
        check(LIVE_READ, 200, body, Scrubber(credentials))
    words = "credentials from profile main in config.toml not accepted (UserID not valid)"
    assert caught.value.message == f"deployment: {words}"


@pytest.mark.parametrize(
    ("ask_for", "name", "success"),
    [
        (lambda client: client.triggers.create(PLAN, "c1"), b"optimizations", b"true"),
        (lambda client: client.triggers.create(PLAN, "c1"), b"optimizations", b"false"),
        (lambda client: client.triggers.fetch_orders(1, 0, 100), b"orders", b"false"),
    ],
)
def test_a_long_answer_that_is_no_json_is_neither_a_certain_yes_nor_a_certain_no(
    ask_for: Callable[[Client], Awaitable[object]], name: bytes, success: bytes
) -> None:
    """What is wrong stands in a list that is so long that it is not read as a whole."""
    damaged = b'{"%s": [' % name + b'{"id": 1}, ' * 10_000 + b'{"a": "20-b": false}], "success": %s}' % success
    client, _ = client_for(reply(raw=damaged))
    error = run(failure_of(ask_for(client)))
    assert (error.answered, error.may_have_acted) == (False, True)


@pytest.mark.parametrize(
    "body",
    [
        {"success": True},
        {"success": True, "errors": []},
        {},
        {"errors": None},
        {"success": True, "errors": {}},
        {"Success": True, "success": True},
    ],
)
def test_success(body: object) -> None:
    ask(body, lambda client: client.reads.authenticate())


@pytest.mark.parametrize(
    ("body", "kind", "answered", "message"),
    [
        (payload("error__bare_false"), FailureKind.REJECTED, True, NO_WORDS),
        (payload("error__errors_empty_list"), FailureKind.REJECTED, True, NO_WORDS),
        (payload("error__messages_key"), FailureKind.REJECTED, True, "deployment: Project not found; No permission"),
        (payload("error__capital_message_key"), FailureKind.REJECTED, True, "deployment: Internal Error 21"),
        (payload("error__invalid_argument"), FailureKind.REJECTED, True, "deployment: Invalid argument"),
        ({"success": False, "error": "Broken"}, FailureKind.REJECTED, True, "deployment: Broken"),
        ({"success": False, "errors": "Just text"}, FailureKind.REJECTED, True, "deployment: Just text"),
        ({"success": False, "errors": {"0": "In a map"}}, FailureKind.REJECTED, True, "deployment: In a map"),
        ({"success": False, "errors": [{"a": 1}]}, FailureKind.REJECTED, True, "deployment: an error without text"),
        ({"success": True, "errors": ["But no"]}, FailureKind.REJECTED, False, "deployment: But no"),
        ({"errors": ["No success key"]}, FailureKind.REJECTED, False, "deployment: No success key"),
        ({"error": "No success key"}, FailureKind.REJECTED, False, "deployment: No success key"),
        ({"success": None}, FailureKind.REJECTED, False, UNCLEAR),
        ({"success": "true"}, FailureKind.REJECTED, False, UNCLEAR),
        ({"success": 1}, FailureKind.REJECTED, False, UNCLEAR),
        ({"success": True, "Success": False}, FailureKind.REJECTED, False, UNCLEAR),
        ({"success": True, "suc-cess": False}, FailureKind.REJECTED, False, UNCLEAR),
        ({"success_": 1}, FailureKind.REJECTED, False, UNCLEAR),
        (
            payload("error__hash_mismatch"),
            FailureKind.AUTH,
            True,
            NO_LOGIN + "(Hash doesn't match. UID: *** Hash: *** Timestamp: ***)",
        ),
        (payload("error__userid_invalid"), FailureKind.AUTH, True, NO_LOGIN + "(UserID not valid)"),
        (
            payload("error__slow_down"),
            FailureKind.RATE_LIMITED,
            True,
            "deployment: Too many backtest requests; please slow down.",
        ),
        (
            payload("error__transient_backend"),
            FailureKind.SERVER,
            True,
            "deployment: Failed to process request data, please try again shortly.",
        ),
        ([], FailureKind.MALFORMED, False, "deployment: the answer is not a JSON object"),
        ("text", FailureKind.MALFORMED, False, "deployment: the answer is not a JSON object"),
        (None, FailureKind.MALFORMED, False, "deployment: the answer is not a JSON object"),
        (b"", FailureKind.MALFORMED, False, UNREADABLE + "(it is empty)"),
        (b'{"success": tr', FailureKind.MALFORMED, False, UNREADABLE + "(truncated or broken JSON)"),
        (b"\xff\xfe\x00", FailureKind.MALFORMED, False, UNREADABLE + "(not text)"),
        (
            b"<html><body>hello</body></html>",
            FailureKind.MALFORMED,
            False,
            UNREADABLE + "(an HTML page, as a proxy in between would send)",
        ),
    ],
)  # fmt: skip
def test_failure(body: object, kind: FailureKind, answered: bool, message: str) -> None:
    error = told(body)
    assert (error.kind, error.answered, error.message) == (kind, answered, message)
    assert error.may_have_acted


@pytest.mark.parametrize("depth", [5_000, 100_000])
def test_deep_nesting(depth: int) -> None:
    for opening in (b"[", b'{"success":'):
        error = told(opening * depth)
        assert error.kind is FailureKind.MALFORMED
        assert error.message.startswith(UNREADABLE)


def test_a_message_of_the_deployment_is_no_error() -> None:
    detail = ask({"success": True, "message": "Runtime Error: x"}, lambda client: client.reads.fetch_detail(1))
    assert detail.message == "Runtime Error: x"


def test_many_errors_make_one_line() -> None:
    error = told({"success": False, "errors": ["one\ntwo", "\x1b[31mthree", "four", "five"]})
    assert error.message == "deployment: one two; three; four"


@pytest.mark.parametrize("body", [{}, {"errors": []}, {"version": "2"}])
def test_a_trigger_wants_an_explicit_success(body: object) -> None:
    error = failure(lambda: ask(body, lambda client: client.triggers.liquidate(1)))
    assert (error.kind, error.answered, error.may_have_acted) == (FailureKind.MALFORMED, False, True)
    assert error.message == "liquidate: the answer does not say that it succeeded"


@pytest.mark.parametrize(
    ("status", "raw", "headers", "kind", "answered", "acted", "wait", "message"),
    [
        (401, b"", {"WWW-Authenticate": "x"}, FailureKind.AUTH, True, True, None, "stop: credentials not accepted"),
        (401, payload("error__hash_mismatch"), {}, FailureKind.AUTH, True, True, None,
         "stop: credentials not accepted: Hash doesn't match. UID: *** Hash: *** Timestamp: ***"),
        (429, b"", {}, FailureKind.RATE_LIMITED, False, False, None, "stop: too many requests"),
        (429, b"", {"Retry-After": "7"}, FailureKind.RATE_LIMITED, False, False, 7.0,
         "stop: too many requests; it asks to wait 7 s"),
        (429, payload("error__slow_down"), {"Retry-After": "soon"}, FailureKind.RATE_LIMITED, False, False, None,
         "stop: too many requests: Too many backtest requests; please slow down."),
        (429, b"", {"Retry-After": "Fri, 20 Nov 2026 14:30:10 GMT", "Date": "Fri, 20 Nov 2026 14:30:00 GMT"},
         FailureKind.RATE_LIMITED, False, False, 10.0, "stop: too many requests; it asks to wait 10 s"),
        (429, b"", {"Retry-After": "-3"}, FailureKind.RATE_LIMITED, False, False, 0.0,
         "stop: too many requests; it asks to wait 0 s"),
        (429, b"", {"Retry-After": "1e9"}, FailureKind.RATE_LIMITED, False, False, 86_400.0,
         "stop: too many requests; it asks to wait 86400 s"),
        (500, b"", {}, FailureKind.SERVER, False, True, None, AMBIGUOUS),
        (500, payload("error__capital_message_key"), {}, FailureKind.SERVER, False, True, None,
         AMBIGUOUS + ": Internal Error 21"),
        (502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}, FailureKind.SERVER, False, True, None,
         "stop: HTTP 502, server error: an HTML page, as a proxy in between would send"),
        (503, b'{"success": true}', {}, FailureKind.SERVER, False, True, None, "stop: HTTP 503, server error"),
        (302, b"", {"Location": "https://elsewhere.invalid/"}, FailureKind.MALFORMED, False, True, None,
         "stop: HTTP 302, a redirect, which the API never answers; is the base URL right?"),
        (404, b"<html></html>", {}, FailureKind.MALFORMED, False, True, None,
         "stop: HTTP 404: an HTML page, as a proxy in between would send"),
        (413, b"", {}, FailureKind.MALFORMED, False, True, None, "stop: HTTP 413"),
        (400, payload("error__invalid_argument"), {}, FailureKind.REJECTED, True, True, None,
         "stop: HTTP 400, Invalid argument"),
        (403, b'{"success": true}', {}, FailureKind.MALFORMED, False, True, None,
         "stop: HTTP 403, no reason is given"),
        (403, b'{"message": "Forbidden"}', {}, FailureKind.MALFORMED, False, True, None, "stop: HTTP 403, Forbidden"),
        (200, b"<html>", {}, FailureKind.MALFORMED, False, True, None,
         "stop: the answer cannot be read (an HTML page, as a proxy in between would send)"),
    ],
)  # fmt: skip
def test_http_statuses(
    status: int,
    raw: bytes,
    headers: dict[str, str],
    kind: FailureKind,
    answered: bool,
    acted: bool,
    wait: float | None,
    message: str,
) -> None:
    client, script = client_for(reply(status=status, raw=raw, headers=headers))
    error = run(failure_of(client.triggers.stop(1)))
    assert error.message == message
    assert (error.kind, error.answered, error.may_have_acted) == (kind, answered, acted)
    assert error.retry_after_s == wait
    assert error.status_code in (status, None)
    assert len(script.requests) == 1
