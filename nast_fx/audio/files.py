"""Whole files in one call, for signals that fit into memory."""

from __future__ import annotations

from pathlib import Path

from nast_fx.audio.block import Audio
from nast_fx.audio.sink import open_sink
from nast_fx.audio.source import open_source
from nast_fx.models.output import choose_format

__all__ = ["load_audio", "save_audio"]


def load_audio(path: str | Path, start_seconds: float = 0.0, length_seconds: float | None = None) -> Audio:
    """Read a sound file, or a part of it; see `open_source`.

    Returns
    -------
    Audio
        Samples (channel, frame) float32, full scale -1 ... 1.

    Raises
    ------
    AudioFileError
        If the file is missing, broken, cut short or shorter than the start.
    UsageError
        If the start is negative or the length not positive.
    """
    with open_source(path, start_seconds, length_seconds) as source:
        return Audio(source.read(0, source.n_frames), source.sample_rate)


def save_audio(
    path: str | Path, audio: Audio, *, bits: str | None = None, seed: int = 0, overwrite: bool = False
) -> None:
    """Write a sound file; its suffix decides the container.

    Parameters
    ----------
    path : path
    audio : Audio
    bits : str, optional
        ``16``, ``24`` or ``32f``; 24 by default where the container has a depth.
    seed : int
        Key of the dither to integers.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        If the suffix is unknown, or the container cannot hold that depth, rate or number of channels.
    AudioFileError
        If the place cannot be written.
    """
    output = choose_format(
        path_suffix=Path(path).suffix, format=None, bits=bits, like_container=None, like_subtype=None
    )
    with open_sink(path, output, audio.sample_rate, audio.n_channels, seed=seed, overwrite=overwrite) as sink:
        sink.write(audio.samples)
