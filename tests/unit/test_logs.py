from __future__ import annotations

import logging
import stat
import sys
from pathlib import Path

import pytest

from qctui.cli import log_file
from qctui.secret import SecretStr

HASH = "bd3c65e40382f265264d55f094fd93b4fc17091e094df758b8eb909bb0127b26"
HEADER = "Basic NDI6YmQzYzY1ZTQwMzgyZjI2NTI2NGQ1NWYwOTRmZDkzYjRmYzE3MDkxZTA5NGRmNzU4YjhlYjkwOWJiMDEyN2IyNg=="


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of its own for each test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "qctui"


def written(state: Path) -> str:
    return (state / "qctui.log").read_text()


def test_the_log_is_private_from_its_first_moment(state: Path) -> None:
    assert log_file.start_logging() is None
    assert stat.S_IMODE((state / "qctui.log").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_starting_twice_writes_every_line_once(state: Path) -> None:
    log_file.start_logging()
    log_file.start_logging()
    logging.getLogger("qctui").info("once")
    assert written(state).count("once") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"Hash doesn't match. UID: 42, hash {HASH}, 1700000000",
        f"headers: {{'Authorization': '{HEADER}'}}",
        f"headers: [(b'Authorization', b'{HEADER}')]",
        f"Authorization: {HEADER}",
        f"authorization={HEADER[6:]}",
        HEADER,
        "a token-of-mine b",
    ],
)
def test_nothing_that_could_sign_a_request_is_written(state: Path, text: str) -> None:
    log_file.start_logging()
    log_file.keep_out_of_logs(SecretStr("token-of-mine"))
    logger = logging.getLogger("qctui.test")
    logger.warning("said: %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("and raised")
    content = written(state)
    assert "***" in content
    for secret in (HASH, HEADER[6:], "token-of-mine"):
        assert secret not in content


def test_lines_of_http_libraries_are_not_kept(state: Path) -> None:
    log_file.start_logging()
    logging.getLogger("httpx").info("HTTP Request: POST https://example.org")
    logging.getLogger("httpcore.http11").debug("send_request_headers.started")
    assert written(state) == ""


def test_warnings_go_to_the_log_and_never_to_the_screen(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log_file.start_logging()
    logging.getLogger("py.warnings").warning("careful")
    logging.getLogger("qctui").warning("careful too")
    assert capfd.readouterr() == ("", "")
    assert "careful too" in written(state)


def test_without_a_place_to_write_the_program_goes_on_in_silence(
    state: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state.parent.mkdir(exist_ok=True)
    state.write_text("a file where the folder should be")
    message = log_file.start_logging()
    assert message is not None
    assert "no log is kept" in message
    logging.getLogger("qctui").error("nobody hears this")
    assert capfd.readouterr() == ("", "")


def test_a_full_log_rotates_and_stays_private(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 2_000)
    log_file.start_logging()
    for number in range(100):
        logging.getLogger("qctui").info("line %d of many", number)
    files = sorted(path.name for path in state.iterdir())
    assert files == ["qctui.log", "qctui.log.1", "qctui.log.2", "qctui.log.3"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}
    assert all(path.stat().st_size <= 2_000 for path in state.iterdir())


def test_a_log_that_another_console_rotated_is_left_for_the_new_one(state: Path) -> None:
    log_file.start_logging()
    logging.getLogger("qctui").info("before")
    (state / "qctui.log").rename(state / "qctui.log.1")
    logging.getLogger("qctui").info("after")
    assert "after" in written(state)
    assert "after" not in (state / "qctui.log.1").read_text()


def test_times_are_utc(state: Path) -> None:
    log_file.start_logging()
    logging.getLogger("qctui").info("now")
    assert written(state)[23:25] == "Z "


def test_a_traceback_has_no_local_variables(state: Path) -> None:
    log_file.start_logging()
    password = "in-a-local-variable"
    try:
        raise ValueError(str(len(password)))
    except ValueError:
        logging.getLogger("qctui").error("failed", exc_info=sys.exc_info())
    assert "ValueError" in written(state)
    assert "= 'in-a-local" not in written(state)
