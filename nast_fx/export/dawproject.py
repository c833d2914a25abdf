"""Write a song as a DAWproject: a zip of ``project.xml``, ``metadata.xml`` and the audio, byte for byte.

The audio is stored, not compressed: a DAW reads it at once, and recordings hardly shrink. The archive names
no time, so the same song gives the same bytes.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from nast_fx.audio.atomic import AtomicFile, check_place, free_space_shortfall
from nast_fx.audio.names import clean_text, file_error, shown
from nast_fx.errors import AudioFileError, NoSpaceError
from nast_fx.export.daw_song import Song
from nast_fx.export.dawproject_xml import metadata_xml, project_xml
from nast_fx.progress import Progress, Steps

__all__ = ["write_dawproject"]

BLOCK = 2**22  # bytes
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can name
LONGEST_STEM = 80  # characters of a name in the archive
FORBIDDEN = '<>:"/\\|?*'  # in names on Windows


def write_dawproject(path: str | Path, song: Song, *, replace: bool = False) -> Steps[None]:
    """Write a project, whole or not at all.

    Parameters
    ----------
    path : path
    song : Song
        At least one track.
    replace : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        The place cannot be written, there is no space, or a recording cannot be read or was changed
        meanwhile.
    """
    check_place(path, overwrite=replace)
    files = archive_names(track.clip.file.path for track in song.tracks)
    sizes = {file: file.stat().st_size for file in map(Path, files)}
    if short := free_space_shortfall(path, sum(sizes.values())):
        raise NoSpaceError(f"{shown(path)}: no space left: {short / 2**20:.0f} MiB are missing")
    project, metadata = project_xml(song, files), metadata_xml(song)
    done = 0
    with AtomicFile(path, overwrite=replace) as partial, zipfile.ZipFile(partial.file, "w") as archive:
        archive.writestr(_entry("metadata.xml", zipfile.ZIP_DEFLATED), metadata)
        archive.writestr(_entry("project.xml", zipfile.ZIP_DEFLATED), project)
        for source, name in files.items():
            entry = _entry(name, zipfile.ZIP_STORED)
            entry.file_size = sizes[Path(source)]  # so that the archive knows whether it needs 64 bits
            with _opened(source) as file, archive.open(entry, "w") as member:
                for block in _blocks(file, source, entry.file_size):
                    member.write(block)
                    done += len(block)
                    yield Progress("write", share=done / max(1, sum(sizes.values())), note=Path(source).name)


def archive_names(paths: Iterable[Path]) -> dict[str, str]:
    """Give each file its place in the archive: of its own name, fit for every system, and its own only."""
    places: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        if str(path) in places:
            continue
        stem, suffix = _fit(path.stem)[:LONGEST_STEM].rstrip(" ."), _fit(path.suffix)
        name, number = f"{stem}{suffix}", 2
        while unicodedata.normalize("NFC", name).casefold() in taken:
            name, number = f"{stem}-{number}{suffix}", number + 1
        taken.add(unicodedata.normalize("NFC", name).casefold())
        places[str(path)] = f"audio/{name}"
    return places


def _fit(text: str) -> str:
    return "".join("_" if ord(c) < 32 or ord(c) == 127 or c in FORBIDDEN else c for c in clean_text(text))


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry


def _opened(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error


def _blocks(file: IO[bytes], path: str, size: int) -> Iterator[bytes]:
    """Read a file that must be as long as it was."""
    left = size
    while left:
        try:
            block = file.read(min(BLOCK, left))
        except OSError as error:
            raise file_error(path, "cannot be read", error) from error
        if not block:
            raise AudioFileError(f"{shown(path)}: was cut short while it was read")
        left -= len(block)
        yield block
