"""``python -m nast_fx`` is the command line."""

import sys

from nast_fx.cli import main

if __name__ == "__main__":
    sys.exit(main())
