"""Metadata that goes from the content's file to the result's: chunks of a WAV, and tags.

From WAV or RF64 to WAV: ``bext``, ``cue ``, ``smpl``, ``LIST`` (INFO and adtl), ``iXML``, ``inst``,
``acid`` and ``id3 ``, byte for byte except for what says when or how loud (see
`nast_fx.audio.markers`). Between other containers: tags (see `nast_fx.audio.tags`), the INFO list
of a WAV among them. Of an AIFF the tags are kept (its ID3 chunk, or else its NAME, AUTH and ANNO);
markers (MARK), COMT, INST and the like are not. Of CAF, W64, AU and others nothing is read.

Broken metadata never stops a render: what cannot be read or written is left out, with a line in
the log.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import mutagen

from nast_fx.audio import riff
from nast_fx.audio.markers import list_items, made_bext, move_chunks, move_head_chunk, set_time
from nast_fx.audio.names import clean_text, file_error, shown
from nast_fx.audio.tags import COMMON, Tags, id3_bytes, read_id3, read_tags, write_tags

__all__ = ["Metadata", "apply_metadata", "head_chunks", "read_metadata", "write_metadata"]

logger = logging.getLogger(__name__)

_KEPT = (b"bext", b"iXML", b"cue ", b"smpl", b"inst", b"acid", b"id3 ", b"ID3 ")
_KEPT_LISTS = (b"INFO", b"adtl")
_BEFORE_SAMPLES = (b"bext", b"iXML")
_AIFF_TEXTS = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment"}
# What a broken tag makes mutagen raise beside its own error.
_BROKEN = (mutagen.MutagenError, ValueError, KeyError, IndexError, TypeError, EOFError, struct.error)


@dataclass(frozen=True)
class Metadata:
    """What `read_metadata` found.

    Attributes
    ----------
    chunks : tuple of (bytes, bytes)
        Names and data of the chunks of a WAV, in their order.
    tags : Tags
        Tags of any container.
    n_frames : int
        Length of the content, of a WAV; else 0.
    speakers : (int, int)
        Channels and speaker mask of a WAV that says it.
    time_reference : int or None
        Frames from midnight to the content's beginning, in place of what its chunks say; only a WAV holds it.
    """

    chunks: tuple[tuple[bytes, bytes], ...] = ()
    tags: Tags = field(default_factory=Tags)
    n_frames: int = 0
    speakers: tuple[int, int] = (0, 0)
    time_reference: int | None = None

    def channel_mask(self, n_channels: int) -> int:
        """Speakers of a result with `n_channels` channels; 0 if unknown."""
        return self.speakers[1] if self.speakers[0] == n_channels else 0


def read_metadata(path: str | Path) -> Metadata:
    """Read what is worth keeping from an audio file; empty where there is nothing.

    Raises
    ------
    AudioFileError
        If the file cannot be opened.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            container = _container(file)
            if container == "WAV":
                return _read_wav(path, file)
            tags = Tags(_aiff_texts(file)) if container == "AIFF" else Tags()
        return Metadata(tags=read_tags(path, container) or tags)
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except _BROKEN as error:
        logger.warning("%s: its tags cannot be read and are not kept (%s)", shown(path), error)
        return Metadata()


def head_chunks(metadata: Metadata, offset_frames: int = 0) -> list[tuple[bytes, bytes]]:
    """Give the chunks that stand before the samples of a WAV (``bext``, ``iXML``), moved by the offset."""
    # After one of odd size libsndfile loses its way in an RF64: those go behind the samples.
    chunks = [(n, d) for n, d in metadata.chunks if n in _BEFORE_SAMPLES and len(d) % 2 == 0]
    moved = _timed([(n, move_head_chunk(n, d, offset_frames)) for n, d in chunks], metadata, offset_frames)
    if metadata.time_reference is None or any(name == b"bext" for name, _ in metadata.chunks):
        return moved
    return [(b"bext", made_bext(metadata.time_reference + offset_frames)), *moved]


def write_metadata(path: str | Path, metadata: Metadata, *, offset_frames: int = 0, n_frames: int) -> None:
    """Write `metadata` into a finished audio file that has none of its own.

    Parameters
    ----------
    path : path
        A WAV, RF64, FLAC, AIFF, OGG Vorbis or MP3 file; it is changed in place.
    metadata : Metadata
    offset_frames : int
        Frame of the content at which the file begins: the ``bext`` time reference moves by it, cue
        points and loops move the other way, and those that fall outside are dropped.
    n_frames : int
        Length of the file.

    Raises
    ------
    AudioFileError
        If the file cannot be written, or there is no space left.
    """
    try:
        apply_metadata(Path(path), metadata, offset_frames, n_frames, name=shown(path))
    except OSError as error:
        raise file_error(path, "its metadata cannot be written", error) from error


def apply_metadata(path: Path, metadata: Metadata, offset_frames: int, n_frames: int, *, name: str) -> None:
    """Do what `write_metadata` says, for a file that the log calls `name`; raises `OSError`."""
    try:
        with open(path, "r+b") as file:
            container = _container(file)
            if container == "WAV":
                riff.replace_chunks(file, _wav_chunks(metadata, offset_frames, n_frames))
        if metadata.tags and container not in ("", "WAV"):
            write_tags(path, container, metadata.tags)
    except _BROKEN as error:
        # mutagen wraps the errors of the disk into its own.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        logger.warning("%s: the content's tags cannot be written (%s)", name, error)


def _container(file: BinaryIO) -> str:
    """Container by a file's first bytes; empty if it is none of ours."""
    table = riff.read_table(file)
    if table is not None:
        return "AIFF" if table.magic == b"FORM" else "WAV" if table.order == "<" else ""
    file.seek(0)
    head = file.read(4)
    if head[:3] == b"ID3" or head[:1] == b"\xff":
        return "MP3"
    return {b"fLaC": "FLAC", b"OggS": "OGG"}.get(head, "")


def _read_wav(path: Path, file: BinaryIO) -> Metadata:
    table = riff.read_table(file)
    assert table is not None  # by `_container`
    chunks, tags = [], Tags()
    for chunk in table.chunks:
        if chunk.name not in (*_KEPT, b"LIST") or not (data := riff.read_chunk(file, chunk)):
            continue
        if chunk.name != b"LIST" or data[:4] in _KEPT_LISTS:
            chunks.append((chunk.name, data))
        if chunk.name in (b"id3 ", b"ID3 "):
            tags = _read_id3_chunk(path, data)
    texts = _info_texts(chunks)
    tags = Tags({**texts, **tags.common}, tags.pictures, id3=tags.id3)
    n_frames, speakers = _read_format(file, table)
    return Metadata(tuple(chunks), tags, n_frames, speakers)


def _read_id3_chunk(path: Path, data: bytes) -> Tags:
    try:
        return read_id3(data)
    except _BROKEN as error:
        logger.warning("%s: its ID3 tag cannot be read (%s)", shown(path), error)
        return Tags()


def _read_format(file: BinaryIO, table: riff.ChunkTable) -> tuple[int, tuple[int, int]]:
    """Frames, and (channels, speaker mask) of an extensible format."""
    form, data = table.find(b"fmt "), table.find(b"data")
    facts = riff.read_chunk(file, form) if form else b""
    if len(facts) < 16 or data is None:
        return 0, (0, 0)
    tag, n_channels, align = struct.unpack("<HH8xH", facts[:14])
    mask = struct.unpack_from("<I", facts, 20)[0] if tag == 0xFFFE and len(facts) >= 24 else 0
    return data.size // max(align, 1), (n_channels, mask)


def _info_texts(chunks: list[tuple[bytes, bytes]]) -> dict[str, tuple[str, ...]]:
    """Read the INFO list of a WAV; its texts are UTF-8, or else Windows Latin."""
    names = {item: name for name, (_, _, item) in COMMON.items()} | {b"IPRT": "track"}
    texts: dict[str, tuple[str, ...]] = {}
    for _, data in (c for c in chunks if c[0] == b"LIST" and c[1][:4] == b"INFO"):
        for item, raw in list_items(data):
            if item in names and (text := _decode(raw)):
                texts[names[item]] = (text,)
    return texts


def _aiff_texts(file: BinaryIO) -> dict[str, tuple[str, ...]]:
    table = riff.read_table(file)
    found = [(c.name, _decode(riff.read_chunk(file, c))) for c in (table.chunks if table else ())]
    return {_AIFF_TEXTS[name]: (text,) for name, text in found if name in _AIFF_TEXTS and text}


def _decode(raw: bytes) -> str:
    raw = raw.split(b"\0")[0].strip()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _wav_chunks(metadata: Metadata, offset: int, n_frames: int) -> list[tuple[bytes, bytes]]:
    """Chunks for a WAV: those of a WAV moved, or an INFO list and an ID3 tag made of other tags."""
    if metadata.chunks:
        kept = [(n, d) for n, d in metadata.chunks if n not in (b"id3 ", b"ID3 ")]
        chunks = move_chunks(kept, offset=offset, n_frames=n_frames, n_source=metadata.n_frames)
        chunks = _timed(chunks, metadata, offset)
    else:
        chunks = [(b"LIST", data)] if (data := _info_list(metadata.tags.common)) else []
    # An INFO list holds no pictures and no other tags; a WAV that had no ID3 tag gets none.
    if (metadata.tags.id3 or not metadata.chunks) and (tag := id3_bytes(metadata.tags)):
        chunks.append((b"id3 ", tag))
    return chunks


def _timed(chunks: list[tuple[bytes, bytes]], metadata: Metadata, offset: int) -> list[tuple[bytes, bytes]]:
    """Let chunks say the time reference that the metadata is given."""
    time = metadata.time_reference
    return chunks if time is None else [(name, set_time(name, data, time + offset)) for name, data in chunks]


def _info_list(common: Mapping[str, tuple[str, ...]]) -> bytes:
    items = b""
    for name, values in common.items():
        text = clean_text("; ".join(values)).encode("utf-8") + b"\0"
        items += COMMON[name][2] + struct.pack("<I", len(text)) + text + b"\0" * (len(text) & 1)
    return b"INFO" + items if items else b""
