"""The program, as `qctui` and as `python -m qctui`: Ctrl+C ends it quietly from its first line on.

While it is being imported nothing is open that would have to be put in order, and the system ends it without a word.
Once the command line runs, Ctrl+C is an exception again, and later whatever the command makes of it.
"""

# A part of the interpreter: `signal` itself would be the first slow import.
import _signal  # type: ignore[import-not-found]  # mypy knows no types of it

_INTERRUPTIBLE = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler
"""An inherited "ignore" (a shell's background job) stays."""

if _INTERRUPTIBLE:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> int:
    """Run the program and return its exit code, as `qctui.cli.main` does."""
    from qctui.cli import main as run
    from qctui.cli.parser import Exit

    try:
        if _INTERRUPTIBLE:
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        return run()
    except KeyboardInterrupt:  # before or behind what the command line itself catches
        return Exit.INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
