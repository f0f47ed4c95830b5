"""The tape in the program: what the client hands over, what never reaches the disk, and what is said of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from pathlib import Path

import pytest

from qctui.api.auth import BodyScrubber, signed_headers
from qctui.api.client import open_client
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError
from qctui.api.reader import RetryPolicy
from qctui.cli.doctor import CheckResult, check_tape
from qctui.clock import SystemClock
from qctui.model.recording import Exchange
from qctui.model.resource import FailureKind
from qctui.settings import SettingsError, load_settings
from qctui.tape.recorder import Recorder
from qctui.tape.tape import Tape
from tests.api.support import BASE_URL, CREDENTIALS, PAYLOADS, TOKEN, Script, payload
from tests.tape.shelf import AT, event, noted, write

HEADERS = signed_headers("123456", TOKEN, 1_795_185_000)
SIGNATURE = HEADERS["Authorization"].split()[1]
HASH = base64.b64decode(SIGNATURE).decode().split(":")[1]
SECRETS = (TOKEN, TOKEN.upper(), HASH, SIGNATURE)


def planted(secret: str) -> dict[str, object]:
    """A list of deployments with a secret wherever a server may put one."""
    return {
        "success": True,
        "live": [],
        "errors": [],
        "message": f"Hash doesn't match. UID: 123456 Hash: {secret} Timestamp: 17951",
        "url": f"https://api.invalid/live/list?authorization={secret}&hash={secret}&token={secret}#{secret}",
        "headers": [f"Authorization: Basic {secret}", f"authorization:{secret}"],
        "token": secret,
        "nested": json.dumps({"token": secret, "a": json.dumps({"api-token": secret})}),
        secret: [secret, {"hash": secret}],
        "long": "x" * 20_000 + secret + "y" * 20_000,
    }


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    """Planted in bodies good and bad, in their headers and in a request; every file and everything on the tape is
    looked through afterwards."""
    path = tmp_path / "state" / "tape.sqlite"
    recorder = Recorder(path, SystemClock(), BodyScrubber(CREDENTIALS.token), spare=0, gather_s=0.0)
    recorder.start()
    count = len(SECRETS) * 5 + 1
    headers = {"X-Echo": HEADERS["Authorization"], "Set-Cookie": TOKEN, "Location": f"https://a.invalid/?token={TOKEN}"}
    replies: list[httpx.Response | Exception] = []
    for secret in SECRETS:
        replies += [httpx.Response(200, headers=headers, json=planted(secret))]
        replies += [httpx.Response(status, headers=headers, json=planted(secret)) for status in (401, 500, 302)]
        replies += [httpx.Response(502, headers=headers, text=f"<html>{secret} {json.dumps(planted(secret))}</html>")]
    replies += [httpx.ConnectError(f"proxy http://me:{TOKEN}@proxy refused {HEADERS}")]

    async def read_all() -> None:
        script = Script(replies)
        client = open_client(
            CREDENTIALS,
            BASE_URL,
            read_only=True,
            clock=SystemClock(),
            record=recorder.note,
            transport=httpx.MockTransport(script.answer),
            policy=RetryPolicy(retries=0),
        )
        for number in range(count):
            with contextlib.suppress(ApiError):
                await client.reads.fetch_logs(number, "L-1", 0, 10, query=f"say {TOKEN}")
        await client.aclose()

    asyncio.run(read_all())
    assert recorder.close(20.0)
    tape = Tape(path)
    texts = [json.dumps(list(tape.known(tape.seek(float("inf"))))).encode()]
    everything = list(tape.changes(tape.seek(0), tape.seek(float("inf"))))
    assert len(everything) >= count - 1
    texts += [tape.body(each) for each in everything]
    texts += [file.read_bytes() for file in path.parent.iterdir()]
    tape.close()
    for text in texts:
        for secret in SECRETS:
            assert secret.encode().lower() not in text.lower()
    good = [json.loads(tape_text) for tape_text in texts[1:] if tape_text[:1] == b"{"]
    assert all(each["success"] is True and each["live"] == [] for each in good), "it is still the JSON it was"


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_what_holds_no_secret_is_recorded_as_it_came(path: Path) -> None:
    body = path.read_bytes()
    expected = body
    if path.stem == "error__hash_mismatch":
        expected = BodyScrubber(CREDENTIALS.token)(body)
        assert b"***" in expected
    assert BodyScrubber(CREDENTIALS.token)(body) == expected


def test_a_failure_is_recorded_as_what_it_was() -> None:
    seen: list[Exchange] = []

    async def read_all() -> None:
        replies: list[httpx.Response | Exception] = [
            httpx.Response(200, content=payload("live_list__ok")),
            httpx.ReadTimeout("slow"),
            httpx.Response(502, text="<html>"),
        ]
        client = open_client(
            CREDENTIALS,
            BASE_URL,
            read_only=True,
            clock=SystemClock(),
            record=seen.append,
            transport=httpx.MockTransport(Script(replies).answer),
            policy=RetryPolicy(retries=0),
        )
        await client.reads.fetch_deployments()
        for _ in range(2):
            with pytest.raises(ApiError):
                await client.reads.fetch_portfolio(7)
        await client.aclose()

    asyncio.run(read_all())
    assert [(each.endpoint, dict(each.request), each.status, each.failure) for each in seen] == [
        ("live/list", {}, 200, None),
        ("live/portfolio/read", {"projectId": 7}, None, FailureKind.TIMEOUT),
        ("live/portfolio/read", {"projectId": 7}, 502, FailureKind.SERVER),
    ]
    assert seen[0].body == payload("live_list__ok")
    assert seen[1].body == b"portfolio: no answer in time", "without an answer, why there is none"
    assert seen[2].body == b"<html>"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("record = 1", "`tape.record` should be a valid boolean"),
        ("keep = 7", '`tape.keep`: a duration from "1 hour" to "52 weeks" is expected, for example "7 days"'),
        ('keep = "7 moons"', "a duration from"),
        ('keep = "0 days"', "a duration from"),
        ('limit = "5 MB"', '`tape.limit`: a size from "10 MB" to "1000 GB" is expected, for example "500 MB"'),
        ("limit = 500", "a size from"),
        ('path = "here"', "`tape.path`: a folder is expected, as an absolute path or with ~"),
        ('size = "1 GB"', "unknown key `tape.size`; allowed here: keep, limit, path, record"),
    ],
)
def test_a_bad_value_is_said_with_what_is_allowed(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[tape]\n{line}\n")
    with pytest.raises(SettingsError) as error:
        load_settings(config=str(path))
    assert str(path) in str(error.value)
    assert words.replace("a valid ", "a ") in str(error.value)
    assert load_settings(config=str(path), emergency=True).config_exists, "it holds up no emergency"


def test_the_doctor_says_how_big_since_when_and_how_healthy(tmp_path: Path) -> None:
    path, settings = tmp_path / "tape.sqlite", load_settings(config=None)
    (nothing,) = check_tape(path, settings)
    assert (nothing.result, nothing.found) == (CheckResult.OK, f"{path}: nothing is recorded on it yet")
    write(path, *([noted(AT + each, {"a": "b" * each})] for each in range(500)))
    (fine,) = check_tape(path, settings)
    assert fine.result is CheckResult.OK
    assert fine.found == f"{path}, 0.1 MB, since 2026-11-20T15:30:00.000Z"
    write(path, [event(AT + 600.0, "missed", '{"answers": 7}'), event(AT + 660.0, "missed", '{"answers": 5}')])
    _, missed = check_tape(path, settings)
    assert missed.result is CheckResult.WARN
    assert missed.found.startswith("12 answers are not on it: ")
    assert missed.found.endswith(" last 2026-11-20T15:41:00.000Z")
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(9_000))
    path.with_name("tape.sqlite.damaged").write_bytes(b"")
    damaged, _, aside = check_tape(path, settings)
    assert (damaged.result, aside.result) == (CheckResult.WARN, CheckResult.WARN)
    assert "damaged in" in damaged.found
    path.write_text("something else altogether " * 99)
    (refused,) = check_tape(path, settings)
    assert (refused.result, "damaged" in refused.found) == (CheckResult.WARN, True)
