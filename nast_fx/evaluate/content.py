"""What is left of the content: features, onsets, chroma, dynamics, pauses; and copies of the style.

All compare frame by frame, so both signals are cut to their common length and leveled first.

    content_error     ‖Phi_x - Phi_c‖_F / ‖Phi_c‖_F under the judge of `features`
    onset_agreement   cosine of the onset curves: the rise of a 32-band log-mel, summed over bands
    chroma_agreement  mean over frames of the cosine of 12-class chroma, 110 ... 3000 Hz
    dynamics_db       95th less 5th percentile of the frame level (mean magnitude in dB)
    silence_noise_db  mean magnitude in the content's pauses over the mean magnitude, in dB
    copy              max over lags of |sum of x[n] s[n + lag]| / shorter length, at RMS 1
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nast_fx.evaluate.features import LEVEL, N_FFT, SAMPLE_RATE, WIDTH, Signal, features, magnitude_chunks

__all__ = [
    "FrameView",
    "chroma_agreement",
    "content_error",
    "copy_share",
    "dynamics_db",
    "frame_view",
    "onset_agreement",
    "silence_noise_db",
]

Array = NDArray[np.float64]

N_MELS = 32
CHROMA_RANGE_HZ = (110.0, 3000.0)
PAUSE_DB = 45.0
"""A frame this far under the content's own 95th percentile is a pause."""
LEVEL_RANGE_DB = 100.0
"""A frame's level is told down to this far under the loudest frame; digital silence ends there."""
SILENCE_FLOOR_DB = -120.0
"""What `silence_noise_db` says of digital silence."""


@dataclass(frozen=True)
class FrameView:
    """What a signal looks like frame by frame.

    Attributes
    ----------
    onset : ndarray
        Onset curve (frame - 1,), at least 0.
    chroma : ndarray
        Mean log magnitude of each pitch class (12, frame), from C on.
    level : ndarray
        Mean linear magnitude over the bins (frame,).
    """

    onset: Array
    chroma: Array
    level: Array


def frame_view(signal: Signal) -> FrameView:
    """Summarize waveform (frame,) in one pass over its spectrum."""
    mels, chromas, levels = [], [], []
    for magnitude in magnitude_chunks(signal):
        mels.append(torch.log1p(_mel_filters() @ magnitude))
        chromas.append(_pitch_classes() @ torch.log1p(magnitude))
        levels.append(magnitude.mean(dim=0))
    mel = torch.cat(mels, dim=1)
    rise = mel.diff(dim=1).clamp_min(0).sum(dim=0)
    return FrameView(_to_array(rise), _to_array(torch.cat(chromas, dim=1)), _to_array(torch.cat(levels)))


def content_error(output: Signal, content: Signal) -> float | None:
    """Relative Euclidean distance of the judge's features of two waveforms of one length."""
    difference, norm = 0.0, 0.0
    pieces = zip(
        magnitude_chunks(output, overlap=WIDTH - 1),
        magnitude_chunks(content, overlap=WIDTH - 1),
        strict=True,
    )
    for pair in pieces:
        phi, wanted = features(torch.stack(pair))
        difference += float((phi - wanted).square().sum())
        norm += float(wanted.square().sum())
    return (difference / norm) ** 0.5 if norm > 0 else None


def onset_agreement(output: FrameView, content: FrameView) -> float | None:
    """Cosine of the two onset curves, 0 ... 1; None where one never rises."""
    norm = float(np.linalg.norm(output.onset) * np.linalg.norm(content.onset))
    return float(output.onset @ content.onset) / norm if norm > 0 else None


def chroma_agreement(output: FrameView, content: FrameView) -> float | None:
    """Mean cosine of chroma, 0 ... 1, over the frames in which the content has any.

    A frame in which only the output is empty counts 0.
    """
    norms = np.linalg.norm(output.chroma, axis=0) * np.linalg.norm(content.chroma, axis=0)
    dots = (output.chroma * content.chroma).sum(axis=0)
    cosines = np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)
    heard = content.chroma.any(axis=0)
    return float(cosines[heard].mean()) if heard.any() else None


def dynamics_db(view: FrameView) -> float:
    """95th less 5th percentile of the frame level, in dB."""
    low, high = np.percentile(_level_db(view), (5, 95))
    return float(high - low)


def silence_noise_db(view: FrameView, content: FrameView) -> float | None:
    """Level of a signal in the content's pauses, in dB relative to the signal's mean level.

    Levels are means of the magnitude, not of decibels, so digital silence cannot sway them. None
    where no frame of the content is 45 dB under its own 95th percentile.
    """
    content_db = _level_db(content)
    pause = content_db < np.percentile(content_db, 95) - PAUSE_DB
    if not pause.any():
        return None
    share = float(view.level[pause].mean() / view.level.mean())
    return 20 * float(np.log10(max(share, 10 ** (SILENCE_FLOOR_DB / 20))))


def copy_share(output: Signal, style: Signal) -> float:
    """Largest absolute correlation of two leveled waveforms over all lags; 1 is a verbatim copy.

    It may exceed 1 a little when a short output repeats a part of the style that is louder than the rest.
    """
    n_fft = 1 << (output.size + style.size - 2).bit_length()
    spectrum = torch.fft.rfft(torch.from_numpy(output), n_fft)
    spectrum *= torch.fft.rfft(torch.from_numpy(style), n_fft).conj()
    correlation = torch.fft.irfft(spectrum, n_fft)
    return float(correlation.abs_().max()) / (LEVEL**2 * min(output.size, style.size))


def _level_db(view: FrameView) -> Array:
    floor = float(view.level.max()) * 10 ** (-LEVEL_RANGE_DB / 20)
    return np.asarray(20 * np.log10(np.maximum(view.level, floor)))


def _to_array(tensor: Tensor) -> Array:
    return np.asarray(tensor.double().numpy())


@lru_cache(maxsize=1)
def _mel_filters() -> Tensor:
    """Triangles of height 1 (mel, bin) between 0 and 11 025 Hz on the scale 2595 log10(1 + f/700)."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, N_MELS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)[None]
    low, center, high = (edges[start : start + N_MELS, None] for start in range(3))
    rising = (frequencies - low) / (center - low)
    falling = (high - frequencies) / (high - center)
    return torch.from_numpy(np.clip(np.minimum(rising, falling), 0, None)).float()


@lru_cache(maxsize=1)
def _pitch_classes() -> Tensor:
    """Averages (12, bin) over the bins whose nearest semitone (A = 440 Hz) is of each class."""
    frequencies = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)
    low, high = CHROMA_RANGE_HZ
    heard = np.flatnonzero((frequencies >= low) & (frequencies <= high))
    classes = np.zeros((12, frequencies.size))
    classes[(np.round(12 * np.log2(frequencies[heard] / 440)).astype(int) + 9) % 12, heard] = 1
    return torch.from_numpy(classes / classes.sum(axis=1, keepdims=True)).float()
