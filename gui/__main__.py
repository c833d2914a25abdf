"""``python -m nast_fx_gui [FILE]``."""

import sys

from .app import main

sys.exit(main())
