"""Style files: safetensors with the facts as one JSON text in the header, as weights have it; never code."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
from pydantic import ValidationError
from safetensors.numpy import save

from nast_fx.audio import shown
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError
from nast_fx.models.portable_style import STYLE_FORMAT, StyleFacts
from nast_fx.styles.style import MAX_PICTURE_BYTES, MAX_STYLE_BYTES, LearntStyle

__all__ = ["read_style", "style_bytes", "write_style"]

KEY = "nast_fx_style"
Tensors = dict[str, npt.NDArray[Any]]

PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
MAX_PICTURE_SIDE = 2048  # pixels


def write_style(path: str | Path, style: LearntStyle, *, overwrite: bool = False) -> None:
    """Write a style; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        The place cannot be written, a file is there and `overwrite` is False, or the style is too large.
    """
    data = style_bytes(style)
    if len(data) > MAX_STYLE_BYTES:
        raise AudioFileError(
            f"{shown(path)}: would have {_megabytes(len(data))}; a style file has at most "
            f"{_megabytes(MAX_STYLE_BYTES)}: learn fewer seconds"
        )
    with AtomicFile(path, overwrite=overwrite) as atomic:
        try:
            atomic.file.write(data)
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


def style_bytes(style: LearntStyle) -> bytes:
    """Give a style as the bytes of its file: equal styles are equal files."""
    tensors: Tensors = {
        "magnitudes": np.ascontiguousarray(style.magnitudes),
        "picture": np.frombuffer(style.picture, dtype=np.uint8),
    }
    facts = {"facts": style.facts.model_dump(mode="json"), "sum": _sum(tensors)}
    return save(tensors, metadata={KEY: json.dumps(facts, sort_keys=True)})


def read_style(path: str | Path) -> LearntStyle:
    """Read a style file.

    Raises
    ------
    AudioFileError
        It is not there, cannot be read, is none of `write_style`, is of a newer version, or is damaged.
    """
    path = Path(path)
    try:
        if not path.is_file():
            what = "is no regular file" if path.exists() else "there is no such file"
            raise AudioFileError(f"{shown(path)}: {what}")
        if (size := os.stat(path).st_size) > MAX_STYLE_BYTES:
            raise AudioFileError(
                f"{shown(path)}: has {_megabytes(size)}; a style file has at most "
                f"{_megabytes(MAX_STYLE_BYTES)}"
            )
        with safetensors.safe_open(path, "np") as file:
            header = json.loads((file.metadata() or {})[KEY])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_style(path) from error
    return _checked(path, header, tensors)


def _checked(path: Path, header: Any, tensors: Tensors) -> LearntStyle:
    """Put the parts of a file together, once each of them is what it must be."""
    try:
        if header["facts"]["format"] != STYLE_FORMAT:
            raise AudioFileError(
                f"{shown(path)}: is a style of format {header['facts']['format']}; this version reads "
                f"format {STYLE_FORMAT}"
            )
        facts = StyleFacts.model_validate(header["facts"], strict=False)
        magnitudes, picture = tensors.pop("magnitudes"), tensors.pop("picture")
        known_sum = header["sum"]
    except (KeyError, TypeError, ValidationError, RecursionError) as error:
        raise _no_style(path) from error
    shape = (len(facts.parts), facts.n_fft // 2 + 1, sum(facts.run_frames))
    if tensors or magnitudes.dtype != np.float16 or magnitudes.shape != shape or not _is_picture(picture):
        raise _no_style(path)
    if not np.isfinite(magnitudes).all() or (magnitudes < 0).any():
        raise AudioFileError(f"{shown(path)}: is damaged; a magnitude is negative or no number")
    if not magnitudes.any(axis=(1, 2)).all():
        raise AudioFileError(f"{shown(path)}: the style is silent; there is nothing to take from it")
    if _sum({"magnitudes": magnitudes, "picture": picture}) != known_sum:
        raise AudioFileError(f"{shown(path)}: is damaged; its frames do not give their own sum")
    return LearntStyle(facts, magnitudes, picture.tobytes())


def _is_picture(picture: npt.NDArray[Any]) -> bool:
    """Whether it begins as a small PNG does."""
    if picture.dtype != np.uint8 or picture.ndim != 1 or not 33 <= picture.size <= MAX_PICTURE_BYTES:
        return False
    start = picture[:24].tobytes()
    return start.startswith(PNG_START) and all(
        0 < side <= MAX_PICTURE_SIDE for side in struct.unpack(">II", start[16:])
    )


def _sum(tensors: Tensors) -> str:
    """SHA-256 of the tensors in the order of their names, as little-endian bytes."""
    digest = hashlib.sha256()
    for _, tensor in sorted(tensors.items()):
        digest.update(tensor.astype(tensor.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _no_style(path: Path) -> AudioFileError:
    return AudioFileError(f"{shown(path)}: is no style made by nast-fx style learn")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
