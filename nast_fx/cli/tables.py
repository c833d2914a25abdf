"""Tables: aligned columns that wrap on a terminal and stay greppable in a pipe."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence

from nast_fx.cli.console import write_out

__all__ = ["write_table"]

GAP = "  "
NARROWEST = 24  # characters of the last column


def write_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, write: Callable[[str], None] = write_out
) -> None:
    """Write rows under their heads; on a terminal the last column is wrapped to its width."""
    cells = [tuple(heads), *(tuple(row) for row in rows)] if any(heads) else [tuple(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]) - 1)]
    indent = sum(widths) + len(GAP) * len(widths)
    room = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else sys.maxsize
    for row in cells:
        *fixed, last = row
        start = "".join(f"{cell:<{width}}{GAP}" for cell, width in zip(fixed, widths, strict=True))
        lines = textwrap.wrap(last, max(room, NARROWEST)) or [""]
        for number, line in enumerate(lines):
            write(((start if number == 0 else " " * indent) + line).rstrip())
