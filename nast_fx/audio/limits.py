"""What the containers can hold; asked before any work is done."""

from __future__ import annotations

from pathlib import Path

from nast_fx.audio.atomic import check_place, free_space_shortfall
from nast_fx.audio.names import shown
from nast_fx.errors import NoSpaceError, UsageError
from nast_fx.models.output import Container, OutputFormat

__all__ = ["check_writable", "estimated_bytes"]

MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz
MAX_RATE: dict[Container, int] = {"ogg": 200_000, "flac": 655_350}  # Hz; above it libvorbis crashes
MAX_CHANNELS: dict[Container, int] = {"mp3": 2, "flac": 8, "ogg": 255}
MAX_AIFF_BYTES = 2**32 - 2**20  # its sizes have 32 bits; room is left for tags
_ANY_CHANNELS = 1024  # what libsndfile reads at most

_BYTES = {"16": 2.0, "24": 3.0, "32f": 4.0}
_SECOND_BYTES = {"mp3": 40_000, "ogg": 64_000}  # at most, of a pair of channels


def check_writable(
    path: str | Path,
    output: OutputFormat,
    sample_rate: int,
    n_channels: int,
    *,
    n_frames: int | None = None,
    overwrite: bool = True,
) -> None:
    """Check all that can be checked before a result of this kind is worked out.

    Parameters
    ----------
    path : path
        Where it shall be written.
    output : OutputFormat
    sample_rate : int
        Hz.
    n_channels : int
    n_frames : int, optional
        Length of the result; if given, the space on the disk is checked too.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        If the container cannot hold that rate or that many channels.
    AudioFileError
        If the place cannot be written; `NoSpaceError` if the space does not suffice.
    """
    _check_container(output.container, sample_rate, n_channels)
    check_place(path, overwrite=overwrite)
    if n_frames is not None:
        _check_size(path, output, estimated_bytes(output, sample_rate, n_channels, n_frames))


def estimated_bytes(output: OutputFormat, sample_rate: int, n_channels: int, n_frames: int) -> int:
    """How large a result becomes at most, in bytes, without its tags and pictures."""
    if output.bits is not None:
        return round(n_frames * n_channels * _BYTES[output.bits]) + 4096
    return round(n_frames / sample_rate * _SECOND_BYTES[output.container] * (n_channels + 1) / 2) + 65_536


def _check_container(container: Container, sample_rate: int, n_channels: int) -> None:
    most = MAX_CHANNELS.get(container, _ANY_CHANNELS)
    if not 1 <= n_channels <= most:
        raise UsageError(f"{container} holds at most {most} channels, not {n_channels}; use wav")
    if container == "mp3" and sample_rate not in MP3_RATES:
        rates = ", ".join(f"{rate / 1000:g}" for rate in MP3_RATES)
        raise UsageError(f"mp3 cannot hold {sample_rate} Hz, only {rates} kHz; use wav or flac")
    if not 1 <= sample_rate <= MAX_RATE.get(container, 2**31 - 1):
        raise UsageError(f"{container} cannot hold {sample_rate} Hz; use wav")


def _check_size(path: str | Path, output: OutputFormat, n_bytes: int) -> None:
    if output.container == "aiff" and n_bytes > MAX_AIFF_BYTES:
        raise UsageError("aiff holds at most 4 GiB; use wav or flac")
    missing = free_space_shortfall(path, n_bytes)
    if missing and output.container != "flac":  # how small a FLAC becomes is not known
        raise NoSpaceError(f"{shown(path)}: no space left on the disk; {missing / 2**20:.0f} MiB are missing")
