"""A file kept under another name before it is replaced; an older backup is never written over."""

from __future__ import annotations

import contextlib
import os
import shutil
from itertools import count
from pathlib import Path

from nast_fx.audio.atomic import copy_exact

__all__ = ["BACKUP_SUFFIX", "backup_name", "drop_backup", "keep_backup"]

BACKUP_SUFFIX = ".bak"


def backup_name(path: Path, folder: Path) -> Path:
    """Give the first free name in `folder`: ``song.wav.bak``, ``song.wav.2.bak``, and so on."""
    return next(name for number in count(1) if not os.path.lexists(name := _numbered(path, folder, number)))


def keep_backup(path: Path, folder: Path) -> Path:
    """Keep the file `path` in `folder` under a free name, with its times and rights.

    It is a second name of the same file, which costs neither time nor space and becomes the only one as soon
    as another file is renamed onto `path`; between disks, and where a disk has no such names, it is a copy.

    Returns
    -------
    Path
        The backup.

    Raises
    ------
    AudioFileError
        There is no space, or the folder cannot be written.
    """
    while True:
        name = backup_name(path, folder)
        try:
            os.link(path, name)
        except FileExistsError:
            continue  # taken in between
        except OSError:
            copy_exact(path, name)
            with contextlib.suppress(OSError):
                shutil.copystat(path, name)
        return name


def drop_backup(backup: Path, path: Path, inode: int) -> None:
    """Remove a backup that is not needed, since `path` is still the file of that `inode`."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_ino == inode:
            backup.unlink()


def _numbered(path: Path, folder: Path, number: int) -> Path:
    return folder / f"{path.name}{'' if number == 1 else f'.{number}'}{BACKUP_SUFFIX}"
