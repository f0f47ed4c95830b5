"""`python -m qctui`."""

import sys

from qctui.cli import main

if __name__ == "__main__":
    sys.exit(main())
