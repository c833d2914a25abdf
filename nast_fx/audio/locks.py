"""Locks on open files, which the system itself ends with the process that holds them, however that ends."""

from __future__ import annotations

import errno
import sys

__all__ = ["is_locked", "try_lock"]

_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


def try_lock(handle: int) -> bool | None:
    """Lock an open file until `handle` is closed.

    Returns
    -------
    bool or None
        Whether it is locked now; False if somebody else holds it, None on a disk that has no locks.
    """
    return _try(handle, is_shared=False)


def is_locked(handle: int) -> bool | None:
    """Whether somebody else has locked an open file with `try_lock`; None on a disk that has no locks.

    If it is free, `handle` shares it until it is closed: any number may ask at a time and hear the same, and
    `try_lock` gets it only after them. Windows has no such locks; there two that ask disturb each other.
    """
    got = _try(handle, is_shared=True)
    return None if got is None else not got


def _try(handle: int, *, is_shared: bool) -> bool | None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True
