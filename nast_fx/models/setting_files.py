"""Settings of methods that name a file: own weights, an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["named_file"]

# They name a file, unless they are one of these words.
_SETTING_FILES = {
    "mital": ("features", ("dft", "wavenet")),
    "verma-smith": ("weights", ("instruments", "sounds", "random")),
    "vedak-bhatia": ("weights", ("instruments", "sounds", "random")),
}


def named_file(method: str, settings: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the setting of a method that names a file, and the name; None where none does."""
    key, words = _SETTING_FILES.get(method, ("", ()))
    value = settings.get(key)
    return (key, str(value)) if value and value not in words else None
