"""``FILE[@START:LENGTH][=WEIGHT]``: a reference recording as a person writes it."""

from __future__ import annotations

import re
from pathlib import Path

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting, validated

__all__ = ["StyleReference", "parse_snippet", "parse_style"]

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_SNIPPET = re.compile(rf"(?P<start>{_NUMBER}):(?P<length>{_NUMBER})?")
_WEIGHT = re.compile(rf"{_NUMBER}")


class StyleReference(Settings):
    """A recording, or a part of it, and its weight among several."""

    path: Path = setting(..., "File of the reference recording.")
    start_seconds: float = setting(0.0, "Where the used part begins.", unit="s", ge=0)
    length_seconds: float | None = setting(
        None, "Length of the used part; empty is to the end.", unit="s", gt=0
    )
    weight: float = setting(1.0, "Share among several styles.", gt=0, le=1e6)


def parse_style(text: str) -> StyleReference:
    """Read ``FILE[@START:LENGTH][=WEIGHT]``, seconds and a positive number.

    A file of that very name wins: ``mix=0.5`` is a file if there is one.
    """
    name, start, length, weight = text, 0.0, None, 1.0
    if not _is_there(name):
        head, equals, tail = name.rpartition("=")
        if equals and _WEIGHT.fullmatch(tail):
            name, weight = head, float(tail)
    if not _is_there(name):
        head, at, tail = name.rpartition("@")
        if at and _SNIPPET.fullmatch(tail):
            name = head
            start, length = parse_snippet(tail)
    values = {"path": Path(name), "start_seconds": start, "length_seconds": length, "weight": weight}
    return validated(StyleReference, values)


def _is_there(name: str) -> bool:
    """Whether there is such a file; no name that no disk takes (too long, NUL) is one."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def parse_snippet(text: str) -> tuple[float, float | None]:
    """Read ``START:LENGTH`` in seconds; without LENGTH it is to the end."""
    match = _SNIPPET.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"'{text}' must be START:LENGTH in seconds, as in 30:10")
    length = float(match["length"]) if match["length"] else None
    if length == 0:
        raise UsageError(f"'{text}': the length must be above 0")
    return float(match["start"]), length
