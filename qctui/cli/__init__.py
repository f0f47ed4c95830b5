"""The command line and the composition root: parse, dispatch, turn every end into a line and an exit code.

Nothing heavy is imported here: `qctui liquidate` in an emergency must not wait for a user interface it never shows.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence

from qctui.cli.exits import Exit, UsageError
from qctui.cli.parser import TRIGGERS, Options, parse
from qctui.cli.streams import hold_standard_streams, is_for_want_of_files, too_few_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code (`Exit`, or 128 and the signal's number)."""
    hold_standard_streams()
    # Collections among thousands of fresh module objects find nothing and cost a tenth of the start. What lives long
    # (console, simulator, a trigger being verified) switches them on again.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name must not end the program on an ASCII terminal
    options: Options | None = None
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        if words := too_few_files(options.command):
            return _no_room(options, words)
        return int(run(options))
    except SystemExit as end:  # argparse: help, version, wrong usage
        return end.code if isinstance(end.code, int) else Exit.USAGE
    except UsageError as error:
        print(f"qctui: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        print("qctui: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _pipe_closed()
    except OSError as error:
        if is_for_want_of_files(error):
            return _no_room(options, f"no more files can be opened ({error.strerror}): raise the limit (ulimit -n)")
        return _unexpected(error)
    except Exception as error:  # the last resort: whatever it was, one line, and never the values around it
        return _unexpected(error)


def run(options: Options) -> int:
    """Carry out one command. Each is imported on its own, with what it needs and nothing else."""
    match options.command:
        case None:
            from qctui.cli.opening import open_console

            return open_console(options)
        case "status":
            from qctui.cli.status import run_status

            return run_status(options)
        case command if command in TRIGGERS:
            from qctui.cli.trigger import run_trigger

            return run_trigger(options)
        case "journal":
            from qctui.cli.journal_command import run_journal

            return run_journal(options)
        case "doctor":
            from qctui.cli.doctor import run_doctor

            return run_doctor(options)
        case "completion":
            from qctui.cli.completion import run_completion

            return run_completion(options)
        case _:
            from qctui.simulator.command_line import run as run_simulator

            gc.enable()
            return run_simulator(options)


def _pipe_closed() -> int:
    """The reader of our output went away (`qctui status | head -1`): not worth a word, but Python would say one at
    exit when it flushes."""
    from qctui.cli.terminal import drop_unwritten

    drop_unwritten()
    return Exit.DONE


def _no_room(options: Options | None, words: str) -> int:
    """Too few files may be open. What got as far as sending has an exit code of its own (`run_trigger`)."""
    acts = options is not None and options.command in TRIGGERS
    print(f"qctui: {'nothing was sent: ' if acts else ''}{words}", file=sys.stderr)
    return Exit.NOT_SENT if acts else Exit.USAGE


def _unexpected(error: Exception) -> int:
    import logging

    from qctui.cli.log_file import log_path, start_logging
    from qctui.paths import describe_path

    start_logging()  # if it came before anything else did
    logging.getLogger("qctui").error("unexpected error", exc_info=error)
    print(
        f"qctui: unexpected error ({type(error).__name__}); details are in {describe_path(log_path())}", file=sys.stderr
    )
    return Exit.INTERNAL
