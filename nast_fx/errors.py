"""The error family: one sentence that a musician can act on, and the exit code that it means.

Every failure that a user can cause is one of these; anything else that escapes is a defect.
The exit codes are those of the command line (see the README).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AudioFileError",
    "CancelledError",
    "DeviceError",
    "NastFxError",
    "NoSpaceError",
    "NothingToDoError",
    "SomeFailedError",
    "UsageError",
    "did_you_mean",
]


class NastFxError(Exception):
    """Base of all errors of this package; the message is shown to the user as it is."""

    exit_code = 1


class AudioFileError(NastFxError):
    """A file that cannot be read or written: missing, broken, empty, silent, no space, no right."""


class NoSpaceError(AudioFileError):
    """A disk or a quota is full: the same may go well later."""


class UsageError(NastFxError):
    """A request that makes no sense: an unknown name, a value out of its range."""

    exit_code = 2


class SomeFailedError(NastFxError):
    """Of several results some were made, and some were not."""

    exit_code = 3


class NothingToDoError(NastFxError):
    """Everything that was asked for exists already."""

    exit_code = 4


class DeviceError(NastFxError):
    """No such device, or not enough memory on it."""

    exit_code = 5


class CancelledError(NastFxError):
    """The user stopped the work."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give ``"; did you mean 'x'?"`` for the nearest known name, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""
