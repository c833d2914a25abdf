"""Locks on open files, which the system itself ends with the process that holds them, however that ends."""

from __future__ import annotations

import errno
import sys

__all__ = ["try_lock"]

_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


def try_lock(handle: int) -> bool | None:
    """Lock an open file until `handle` is closed.

    Returns
    -------
    bool or None
        Whether it is locked now; False if somebody else holds it, None on a disk that has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True
