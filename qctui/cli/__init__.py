"""The command line and the composition root: parse, dispatch, turn every end into a line and an exit code.

Nothing heavy is imported here: `qctui liquidate` in an emergency must not wait for a user interface it never shows.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import resource
import sys
from collections.abc import Sequence

from qctui.cli.parser import TRIGGERS, Exit, Options, completion_script, parse
from qctui.usage import UsageError

_ENOUGH_FILES = 256
"""Files the program may have open if it can choose: a panic over a hundred deployments has a connection for each."""

_NEEDED = {
    "journal": 1,
    "alerts": 1,
    "bundle": 10,
    "watch": 20,
    **dict.fromkeys(TRIGGERS, 6),
    "status": 7,
    "optimizations": 10,
    "optimization": 7,
    "doctor": 7,
}
"""Files that a command needs at the same time: the loop's three, the log, a connection, and what is read or written."""

_NEEDED_BY_CONSOLE = 20
"""The loops of engine and interface, the pipes of the demo, and a few connections."""

_NO_ROOM = (errno.EMFILE, errno.ENFILE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code (`Exit`, or 128 and the signal's number)."""
    code = _guarded(argv)
    try:
        sys.stdout.flush()  # here, where what goes wrong can still be said
    except BrokenPipeError:
        _drop_unwritten()  # Python would say a word at exit when it flushes
    except OSError as error:
        return _no_output(error)
    return code


def _guarded(argv: Sequence[str] | None) -> int:
    """Run the program; whatever goes wrong ends in an exit code, and in a line."""
    _fill_standard_streams()
    # Collections among thousands of fresh module objects find nothing and cost a tenth of the start. What lives long
    # (console, simulator, a trigger being verified) switches them on again.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name must not end the program on an ASCII terminal
    options: Options | None = None
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        if words := _too_few_files(options.command):
            return _no_room(options, words)
        return int(run(options))
    except SystemExit as end:  # argparse: help, version, wrong usage
        return end.code if isinstance(end.code, int) else Exit.USAGE
    except UsageError as error:
        print(f"qctui: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:  # the reader of our output went away (`qctui status | head -1`): not worth a word
        return Exit.DONE
    except OSError as error:
        if error.errno in _NO_ROOM:
            return _no_room(options, f"no more files can be opened ({error.strerror}): raise the limit (ulimit -n)")
        return _no_output(error) if _output_fails() else _unexpected(error)
    except Exception as error:  # the last resort: whatever it was, one line, and never the values around it
        # Python 3.11 makes a RuntimeError of a Ctrl+C that comes while an import makes a class.
        return _interrupted() if isinstance(error.__cause__, KeyboardInterrupt) else _unexpected(error)


def _output_fails() -> bool:
    """Whether nothing can be written to the output now: a large one is lost with the error, so this tries an empty
    line."""
    try:
        print(flush=True)
    except OSError:
        return True
    return False


def _no_output(error: OSError) -> int:
    with contextlib.suppress(OSError):  # where both go to the same place
        print(f"qctui: the output could not be written: {error.strerror}", file=sys.stderr)
    _drop_unwritten()
    return Exit.USAGE


def _drop_unwritten() -> None:
    from qctui.cli.terminal import drop_unwritten

    drop_unwritten()


def run(options: Options) -> int:
    """Carry out one command. Each is imported on its own, with what it needs and nothing else."""
    match options.command:
        case None:
            return _open_console(options)
        case "status":
            from qctui.cli.status import run_status

            return run_status(options)
        case command if command in TRIGGERS:
            from qctui.cli.trigger import run_trigger

            return run_trigger(options)
        case "watch":
            from qctui.cli.watch_command import run_watch

            return run_watch(options)
        case "alerts":
            from qctui.cli.alerts_command import run_alerts

            return run_alerts(options)
        case "replay":
            from qctui.cli.replay_command import run_replay

            return run_replay(options)
        case "optimizations":
            from qctui.cli.optimizations_command import run_optimizations

            return run_optimizations(options)
        case "optimization":
            from qctui.cli.optimizations_command import run_optimization

            return run_optimization(options)
        case "journal":
            from qctui.cli.journal_command import run_journal

            return run_journal(options)
        case "bundle":
            from qctui.cli.bundle_command import run_bundle

            return run_bundle(options)
        case "doctor":
            from qctui.cli.doctor import run_doctor

            return run_doctor(options)
        case "completion":
            print(completion_script(options.shell))
            return Exit.DONE
        case _:
            from qctui.simulator.command_line import run as run_simulator

            gc.enable()
            return run_simulator(options)


def _open_console(options: Options) -> int:
    """Start the simulator if there is to be one, before anything slow is imported: it is another process on another
    core, and what it needs to start runs beside what happens here."""
    from contextlib import ExitStack, closing

    from qctui.cli.demo import Demo
    from qctui.cli.terminal import open_terminal

    terminal = open_terminal()
    with ExitStack() as stack:
        demo = stack.enter_context(closing(Demo())) if options.demo else None
        from qctui.cli.console import run_console

        return run_console(options, terminal, demo)


def _fill_standard_streams() -> None:
    """Put /dev/null in the place of every standard stream that is closed (`>&-`).

    Python has None for it then, and the next file to be opened gets its number: a line printed there would go into the
    API's socket or into the journal. To be called before anything is opened.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        # The lowest number that is free: the stream's own. If something has it already, the stream gets another one.
        opened = os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(opened, opened == number)
        stream = os.fdopen(opened, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _too_few_files(command: str | None) -> str:
    """Why `command` (None: the console) can't do its work for want of open files; empty if it can.

    Takes what the system lets it have: the limit a person meets (`ulimit -n`) is usually not the highest allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _ENOUGH_FILES:
        soft = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    opened: list[int] = []
    try:
        for _ in range(_NEEDED.get(command, 0) if command else _NEEDED_BY_CONSOLE):
            opened.append(os.dup(0))
    except OSError:
        return f"too few files may be open (ulimit -n is {soft}): raise the limit, e.g. ulimit -n {_ENOUGH_FILES}"
    finally:
        for number in opened:
            os.close(number)
    return ""


def _no_room(options: Options | None, words: str) -> int:
    """Too few files may be open. What got as far as sending has an exit code of its own (`run_trigger`)."""
    acts = options is not None and options.command in TRIGGERS
    print(f"qctui: {'nothing was sent: ' if acts else ''}{words}", file=sys.stderr)
    return Exit.NOT_SENT if acts else Exit.USAGE


def _interrupted() -> int:
    print("qctui: interrupted", file=sys.stderr)
    return Exit.INTERRUPTED


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
