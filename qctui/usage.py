"""The error of whoever called the program, which it ends with in a line."""


class UsageError(Exception):
    """The command line, the configuration or the credentials are wrong: one line for stderr, exit 2."""
