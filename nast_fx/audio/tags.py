"""Tags of FLAC, OGG, MP3, AIFF and WAV: read, carried over, written (mutagen).

There are two families: Vorbis comments (FLAC, OGG) and ID3 (MP3, AIFF, WAV). Within a family all
tags are carried over; between them those of `COMMON` and the pictures. Tags that describe the
samples themselves (ReplayGain, encoder, gapless playback, MP3 chapters) are left behind, since the
result's samples are others.
"""

# mutagen says that it is typed, but most of it is not.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mutagen
from mutagen import aiff, flac, id3, mp3, oggopus, oggvorbis

from nast_fx.audio.names import clean_text

__all__ = ["COMMON", "Picture", "Tags", "id3_bytes", "read_id3", "read_tags", "write_tags"]

# name: Vorbis comment, ID3 frame, RIFF INFO chunk
COMMON: dict[str, tuple[str, str, bytes]] = {
    "title": ("TITLE", "TIT2", b"INAM"),
    "artist": ("ARTIST", "TPE1", b"IART"),
    "album": ("ALBUM", "TALB", b"IPRD"),
    "date": ("DATE", "TDRC", b"ICRD"),
    "genre": ("GENRE", "TCON", b"IGNR"),
    "comment": ("COMMENT", "COMM", b"ICMT"),
    "track": ("TRACKNUMBER", "TRCK", b"ITRK"),
}

_DROPPED_VORBIS = ("REPLAYGAIN_", "R128_", "ENCODER", "ITUNSMPB", "METADATA_BLOCK_PICTURE")
_DROPPED_ID3 = ("RVA2", "RVAD", "RGAD", "TLEN", "TSSE", "TSIZ", "MLLT", "SEEK", "ASPI", "CHAP", "CTOC")
_DROPPED_TEXTS = ("replaygain", "itunsmpb", "itunnorm")
_MAX_FLAC_PICTURE = 2**24 - 4096  # bytes: a FLAC block has a size of 24 bits


@dataclass(frozen=True)
class Picture:
    """A picture: type as ID3 counts them (3 is the front cover), and the file's bytes."""

    data: bytes
    mime: str
    kind: int = 3
    description: str = ""


@dataclass(frozen=True)
class Tags:
    """Tags of a file.

    Attributes
    ----------
    common : Mapping of str to tuple of str
        Values by the names of `COMMON`.
    pictures : tuple of Picture
    vorbis : tuple of (str, str)
        All Vorbis comments, if the file was of that family.
    id3 : bytes
        The whole ID3 tag, if the file was of that family.
    """

    common: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    vorbis: tuple[tuple[str, str], ...] = ()
    id3: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.common or self.pictures or self.vorbis or self.id3)


def read_tags(path: Path, container: str) -> Tags:
    """Read the tags of a FLAC, OGG, MP3 or AIFF file; empty for other containers.

    Raises
    ------
    mutagen.MutagenError
        If they are broken.
    """
    if container == "FLAC":
        file: Any = flac.FLAC(path)
        return _from_vorbis(file.tags or [], [_from_flac(picture) for picture in file.pictures])
    if container == "OGG":
        loaded: Any = mutagen.File(path, [oggvorbis.OggVorbis, oggopus.OggOpus])
        comments = list((loaded and loaded.tags) or [])
        return _from_vorbis(comments, list(_embedded_pictures(comments)))
    if container == "MP3":
        with contextlib.suppress(id3.ID3NoHeaderError):
            return _from_id3(id3.ID3(path))
    if container == "AIFF" and (found := aiff.AIFF(path).tags):
        return _from_id3(found)
    return Tags()


def read_id3(data: bytes) -> Tags:
    """Read an ID3 tag that stands alone, as in a chunk of a WAV."""
    return _from_id3(id3.ID3(io.BytesIO(data)))


def write_tags(path: Path, container: str, tags: Tags) -> None:
    """Write `tags` into a FLAC, OGG (Vorbis), MP3 or AIFF file that has none.

    Raises
    ------
    mutagen.MutagenError
        If that fails.
    """
    if container in ("FLAC", "OGG"):
        file: Any = flac.FLAC(path) if container == "FLAC" else oggvorbis.OggVorbis(path)
        if file.tags is None:
            file.add_tags()
        file.tags.extend(_vorbis_comments(tags))
        pictures = [_to_flac(p) for p in tags.pictures if len(p.data) < _MAX_FLAC_PICTURE]
        for picture in pictures:
            if container == "FLAC":
                file.add_picture(picture)
            else:
                encoded = base64.b64encode(picture.write()).decode("ascii")
                file.tags.append(("METADATA_BLOCK_PICTURE", encoded))
        file.save()
    else:
        holder: Any = mp3.MP3(path) if container == "MP3" else aiff.AIFF(path)
        if holder.tags is None:
            holder.add_tags()
        tag, version = _id3_tag(tags)
        for frame in tag.values():
            holder.tags.add(frame)
        holder.tags.save(path, v2_version=version)


def id3_bytes(tags: Tags) -> bytes:
    """Make an ID3 tag that stands alone, for a chunk of a WAV; empty if there is nothing to say."""
    tag, version = _id3_tag(tags)
    if not tag:
        return b""
    file = io.BytesIO()
    tag.save(file, v2_version=version, padding=lambda info: 0)
    return file.getvalue()


def _from_vorbis(comments: list[tuple[str, str]], pictures: list[Picture]) -> Tags:
    kept = [(key, value) for key, value in comments if not key.upper().startswith(_DROPPED_VORBIS)]
    common: dict[str, tuple[str, ...]] = {}
    for name, (key, _, _) in COMMON.items():
        wanted = (key, "DESCRIPTION") if name == "comment" else (key,)
        if values := tuple(value for k, value in kept if k.upper() in wanted):
            common[name] = values
    return Tags(common, tuple(pictures), vorbis=tuple(kept))


def _from_id3(tag: Any) -> Tags:
    for frame in list(tag.values()):
        about = f"{getattr(frame, 'desc', '')}".lower()
        if frame.FrameID in _DROPPED_ID3 or any(text in about for text in _DROPPED_TEXTS):
            del tag[frame.HashKey]
    common = {}
    for name, (_, key, _) in COMMON.items():
        frames = tag.getall(key)
        texts = [str(text) for f in frames for text in (f.genres if key == "TCON" else f.text)]
        if texts:
            common[name] = tuple(texts)
    pictures = [Picture(p.data, p.mime, int(p.type), p.desc) for p in tag.getall("APIC")]
    return Tags(common, tuple(pictures), id3=_save_id3(tag))


def _save_id3(tag: Any) -> bytes:
    plain: Any = id3.ID3()  # that of an AIFF would save itself as a chunk
    for frame in tag.values():
        plain.add(frame)
    version = 3 if tag.version[:2] == (2, 3) else 4
    if version == 3:
        plain.update_to_v23()
    file = io.BytesIO()
    if plain:
        plain.save(file, v2_version=version, padding=lambda info: 0)
    return file.getvalue()


def _id3_tag(tags: Tags) -> tuple[Any, int]:
    """Make a mutagen ID3 tag of `tags`, and the minor version to save it as."""
    if tags.id3:
        # Untranslated, so that what was read is written.
        tag: Any = id3.ID3(io.BytesIO(tags.id3), translate=False)
        return tag, 3 if tag.version[:2] == (2, 3) else 4
    tag = id3.ID3()
    for name, values in tags.common.items():
        key = COMMON[name][1]
        texts = [clean_text(value) for value in values]
        extra = {"lang": "XXX", "desc": ""} if key == "COMM" else {}
        tag.add(getattr(id3, key)(encoding=id3.Encoding.UTF8, text=texts, **extra))
    for p in tags.pictures:
        desc = clean_text(p.description)
        tag.add(id3.APIC(encoding=id3.Encoding.UTF8, mime=p.mime, type=p.kind, desc=desc, data=p.data))
    return tag, 4


def _vorbis_comments(tags: Tags) -> list[tuple[str, str]]:
    pairs = list(tags.vorbis) or [(COMMON[n][0], v) for n, values in tags.common.items() for v in values]
    return [(key, clean_text(value)) for key, value in pairs if key and all(" " <= c <= "}" for c in key)]


def _embedded_pictures(comments: list[tuple[str, str]]) -> Iterator[Picture]:
    for key, value in comments:
        if key.upper() == "METADATA_BLOCK_PICTURE":
            with contextlib.suppress(ValueError, mutagen.MutagenError):
                yield _from_flac(flac.Picture(base64.b64decode(value)))


def _from_flac(picture: Any) -> Picture:
    return Picture(picture.data, picture.mime, picture.type, picture.desc)


def _to_flac(picture: Picture) -> Any:
    made: Any = flac.Picture()
    made.data, made.mime, made.type = picture.data, picture.mime, picture.kind
    made.desc = clean_text(picture.description)
    return made
