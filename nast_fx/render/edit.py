"""A file styled in place, as an external editor of a DAW does: same length, rate, depth and metadata.

The render goes to a temporary file. Its samples are then written into a copy of the original beside it, the
copy is read back, the original gets a second name as its backup, and the copy is renamed onto it. So whoever
looks, at any moment, sees the old file or the new one, and a process that is killed leaves one of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile, check_place, free_space_shortfall
from nast_fx.audio.backup import backup_name, drop_backup, keep_backup
from nast_fx.audio.in_place import SamplePlace, check_samples_written, find_samples, replace_samples
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.stale import remove_stale
from nast_fx.errors import AudioFileError, NoSpaceError, UsageError
from nast_fx.models import RenderRequest
from nast_fx.progress import Progress, Steps
from nast_fx.render.job import Rendered, render_file
from nast_fx.render.preview import Preview, preview_render
from nast_fx.render.store import SegmentStore

__all__ = ["Edited", "edit_file", "preview_edit"]

_COPY_BYTES = 2**20
_FIXED = (
    *("output", "format", "bits", "variation", "mix", "time_reference_seconds"),
    *("start_seconds", "length_seconds", "tail_seconds"),
)


@dataclass(frozen=True)
class Edited:
    """What a finished edit is; `backup` is None where none was wanted."""

    rendered: Rendered
    backup: Path | None


@dataclass(frozen=True)
class _Original:
    """A file as it was when it was read."""

    path: Path
    place: SamplePlace
    state: tuple[int, int, int, int]
    digest: bytes

    @property
    def is_as_it_was(self) -> bool:
        return _state(self.path) == self.state


def edit_file(
    request: RenderRequest, store: SegmentStore | None = None, *, backup_folder: Path | None
) -> Steps[Edited]:
    """Style the content of a request and replace its file; a link is followed.

    Parameters
    ----------
    request : RenderRequest
        Without what the file itself decides: output, format, bits, part, tail.
    store : SegmentStore, optional
        As for `render_file`.
    backup_folder : Path or None
        Where the old file is kept, under a free name; None keeps none.

    Raises
    ------
    UsageError
        The request says what an edit cannot change.
    AudioFileError
        The file is write-protected, of a format that could not be written back exactly, or was changed
        meanwhile; then it is left as it is.
    """
    _check_request(request)
    target = Path(os.path.realpath(request.content))
    _check_target(target, backup_folder, shown(request.content))
    remove_stale(target.parent)  # what an edit that was killed has left
    yield Progress("read", note=f"reading {target.name}")
    original = _Original(target, find_samples(request.content), _state(target), _digest(target))
    with tempfile.TemporaryDirectory(prefix="nast-fx-edit-") as folder:
        inner = _inner(request, target, Path(folder))
        rendered = yield from render_file(inner, store)
        yield Progress("write", share=1.0, note=f"replacing {target.name}")
        backup = _replace(original, rendered.output, backup_folder, shown(request.content))
    return Edited(replace(rendered, output=request.content), backup)


def preview_edit(request: RenderRequest, *, backup_folder: Path | None) -> Preview:
    """Check an edit as `edit_file` does, and say what it would do.

    Raises
    ------
    NastFxError
        What `edit_file` would raise before its work.
    """
    _check_request(request)
    target = Path(os.path.realpath(request.content))
    _check_target(target, backup_folder, shown(request.content))
    find_samples(request.content)
    with tempfile.TemporaryDirectory(prefix="nast-fx-edit-") as folder:
        preview = preview_render(_inner(request, target, Path(folder)))
    return replace(preview, output=request.content, replaces=True)


def _check_request(request: RenderRequest) -> None:
    for name in _FIXED:
        if (value := getattr(request, name)) != RenderRequest.model_fields[name].default:
            raise UsageError(f"{name}={value}: an edit changes the sound of a file, nothing else")


def _inner(request: RenderRequest, target: Path, folder: Path) -> RenderRequest:
    """Give the request whose result has the samples, bit for bit, that the file will hold."""
    return request.model_copy(update={"content": target, "output": folder / f"{target.stem}.wav"})


def _check_target(target: Path, backup_folder: Path | None, name: str) -> None:
    """Raise where the file could not be replaced after the work."""
    try:
        found = target.stat()
    except FileNotFoundError:
        raise AudioFileError(f"{name}: there is no such file") from None
    except OSError as error:
        raise file_error(name, "cannot be read", error) from error
    check_place(target, overwrite=True)
    if not os.access(target, os.W_OK):
        raise AudioFileError(f"{name}: cannot be written: no permission")
    if sys.platform != "win32" and os.geteuid() not in (0, found.st_uid):
        raise AudioFileError(f"{name}: belongs to another user; to replace it would make it yours")
    _check_space(target, found.st_size, name)
    if backup_folder is not None:
        check_place(backup_name(target, backup_folder), overwrite=False)
        if backup_folder.stat().st_dev != found.st_dev:  # then it is a copy
            _check_space(backup_folder, found.st_size, name)


def _check_space(place: Path, n_bytes: int, name: str) -> None:
    if missing := free_space_shortfall(place, n_bytes):
        raise NoSpaceError(f"{name}: no space left on the disk; {missing / 2**20:.0f} MiB are missing")


def _replace(original: _Original, made: Path, backup_folder: Path | None, name: str) -> Path | None:
    """Put the samples of `made` into the original's place; gives the backup."""
    target, backup = original.path, None
    try:
        with AtomicFile(target, overwrite=True) as atomic:
            if _copy(target, atomic) != original.digest:
                raise _changed(name)
            replace_samples(atomic.file, original.place, made)
            atomic.file.flush()
            os.fsync(atomic.file.fileno())  # long, and before the backup: both names are then together
            atomic.file.close()
            check_samples_written(atomic.temporary, made, name=name)
            _keep_owner(target, atomic.temporary, name)
            if backup_folder is not None:
                backup = keep_backup(target, backup_folder)
            if not original.is_as_it_was:
                raise _changed(name)
    except BaseException:
        if backup is not None:
            drop_backup(backup, target, original.state[0])
        raise
    return backup


def _copy(path: Path, atomic: AtomicFile) -> bytes:
    """Copy a file into the one that is made, and give the sum of what was read."""
    digest = hashlib.sha256()
    with open(path, "rb") as source:
        while block := source.read(_COPY_BYTES):
            digest.update(block)
            atomic.file.write(block)
    return digest.digest()


def _digest(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error


def _state(path: Path) -> tuple[int, int, int, int]:
    """What of a file changes when another program writes it: which one it is, its size and its time."""
    try:
        found = path.stat()
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    return found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns


def _keep_owner(path: Path, copy: Path, name: str) -> None:
    """Give a copy the owner, the group and the extended attributes (access lists too) of a file."""
    if sys.platform == "win32":
        return
    found, made = path.stat(), copy.stat()
    if (found.st_uid, found.st_gid) != (made.st_uid, made.st_gid):
        try:
            os.chown(copy, found.st_uid, found.st_gid)
        except OSError:
            raise AudioFileError(f"{name}: belongs to a group that you cannot give a file to") from None
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a disk without them
            for attribute in os.listxattr(path):
                with contextlib.suppress(OSError):
                    os.setxattr(copy, attribute, os.getxattr(path, attribute))


def _changed(name: str) -> AudioFileError:
    return AudioFileError(f"{name}: was changed by another program meanwhile; it is left as it is now")
