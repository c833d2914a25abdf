"""Zip archives from strangers: looked at name by name before a byte of them is unpacked."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nast_fx.audio.names import file_error, shown
from nast_fx.audio.table_file import MAX_BYTES
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.presets.file import SUFFIX
from nast_fx.presets.folders import RESERVED

__all__ = ["KINDS", "MAX_UNPACKED", "Unzipped", "open_zip"]

RECORDINGS = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp3"),
)
KINDS = frozenset((*RECORDINGS, ".naststyle", ".safetensors"))  # nothing among them is run
MAX_MEMBERS = 1000
MAX_UNPACKED = 2**28  # bytes
MAX_RATIO = 200  # sound shrinks to a half, silence to a thousandth
LEAST_SUSPECT = 2**20  # bytes; small files may shrink as they like
_ODD_NAME = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]|(^|/)\.*(/|$)|[. ](/|$)')
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, ValueError)


class Unzipped:
    """The files of an archive by name; they are read one by one, each as far as it says it goes."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self.path = path
        self.members = members
        self._archive = archive

    def preset_name(self) -> str:
        """Give the one preset file at the top."""
        names = [name for name in self.members if "/" not in name and name.lower().endswith(SUFFIX)]
        if len(names) != 1:
            found = "no preset" if not names else f"{len(names)} presets"
            raise UsageError(f"{shown(self.path)}: holds {found}; it must hold one, at the top")
        if self.members[names[0]].file_size > MAX_BYTES:
            raise UsageError(f"{shown(self.path)}: {names[0]} is larger than {MAX_BYTES >> 20} MiB")
        return names[0]

    def check_total(self, names: list[str]) -> None:
        """Check what would be unpacked, before it is."""
        n_bytes = sum(self.members[name].file_size for name in names)
        if n_bytes > MAX_UNPACKED:
            raise UsageError(f"{shown(self.path)}: would unpack to more than {MAX_UNPACKED >> 20} MiB")

    def blocks(self, name: str) -> Iterator[bytes]:
        """Read a file in blocks of at most 1 MiB."""
        with _readable(self.path), self._archive.open(self.members[name]) as file:
            while block := file.read(2**20):
                yield block


@contextmanager
def open_zip(path: Path) -> Iterator[Unzipped]:
    """Open an archive and look at every name in it.

    Raises
    ------
    AudioFileError
        It cannot be read.
    UsageError
        It is damaged, encrypted or endless, or a name would leave its folder.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise AudioFileError(f"{shown(path)}: is no file")
        if path.stat().st_size > MAX_UNPACKED:
            raise AudioFileError(f"{shown(path)}: is larger than {MAX_UNPACKED >> 20} MiB")
    except FileNotFoundError:
        raise AudioFileError(f"{shown(path)}: there is no such file") from None
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    with _readable(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield Unzipped(path, archive, _checked(path, archive.infolist()))


def _checked(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > MAX_MEMBERS:
        raise UsageError(f"{shown(path)}: holds more than {MAX_MEMBERS} files")
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in infos:
        name, is_folder = info.filename.removesuffix("/"), info.filename.endswith("/")
        if fault := _fault(info, name):
            raise UsageError(f"{shown(path)}: {shown(info.orig_filename)} in it {fault}; it is not opened")
        if is_folder:
            continue
        if name.casefold() in seen:
            raise UsageError(f"{shown(path)}: {shown(name)} is in it twice; it is not opened")
        seen.add(name.casefold())
        members[name] = info
    return members


def _fault(info: zipfile.ZipInfo, name: str) -> str:
    """Say what is wrong with a member; empty where nothing is."""
    if "\\" in info.orig_filename or "\0" in info.orig_filename or _ODD_NAME.search(name):
        return "has a name that leads out of its folder or that not every system takes"
    if any(RESERVED.fullmatch(part.partition(".")[0].casefold()) for part in name.split("/")):
        return "has a name that not every system takes"
    if PurePosixPath(name).is_absolute() or len(name) > 200:
        return "has an absolute or endless name"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in an unusual way"
    if info.file_size > max(LEAST_SUSPECT, MAX_RATIO * info.compress_size):
        return f"would unpack to {info.file_size / 2**20:.0f} MiB of next to nothing"
    return ""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what a damaged archive raises into one sentence."""
    try:
        yield
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except _DAMAGED as error:
        raise UsageError(f"{shown(path)}: is no zip archive that can be read") from error
