"""The honest baseline: a plain match-EQ, which any musician can apply without a neural method.

    H(f) = smooth(mean over t of |S(f, t)|) / smooth(mean over t of |C(f, t)|)

The long-term average magnitude spectra are smoothed over 9 bins; H becomes a linear-phase FIR whose
delay is taken out, is the same for all channels, and the result is brought to the content's RMS.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio, resample
from nast_fx.errors import AudioFileError
from nast_fx.evaluate.features import magnitude_chunks

__all__ = ["match_eq"]

Array = NDArray[np.float64]

WINDOW_SECONDS = 2048 / 22_050
SMOOTHING_BINS = 9
LARGEST_GAP_DB = 100.0
"""Below its own peak by more than this a spectrum counts as this much: no endless gain."""
BLOCK = 1 << 16


def match_eq(content: Audio, style: Audio) -> Audio:
    """Filter the content so that its long-term average spectrum becomes the style's.

    Returns
    -------
    Audio
        Of the content's channels, length, rate and RMS (over all channels).

    Raises
    ------
    AudioFileError
        One of the two is silent, or has samples that are not numbers.
    """
    for name, audio in (("content", content), ("style", style)):
        if not (np.isfinite(audio.samples).all() and audio.samples.any()):
            raise AudioFileError(f"the {name} has no spectrum to match: it is silent or broken")
    n_fft = 2 ** round(np.log2(WINDOW_SECONDS * content.sample_rate))
    wanted = resample(style.samples, style.sample_rate, content.sample_rate)
    impulse = _impulse(_average_spectrum(content.samples, n_fft), _average_spectrum(wanted, n_fft))
    filtered = np.stack([_convolve(channel, impulse) for channel in content.samples])
    gain = _rms(content.samples) / max(_rms(filtered), 1e-30)
    return Audio((filtered * np.float32(gain)).astype(np.float32, copy=False), content.sample_rate)


def _average_spectrum(samples: NDArray[np.float32], n_fft: int) -> Array:
    """Smoothed mean magnitude (bin,) over the frames and channels of samples (channel, frame)."""
    total, n_columns = np.zeros(n_fft // 2 + 1), 0
    for channel in samples:
        padded = np.pad(channel, (0, max(0, n_fft - channel.size)))
        for magnitude in magnitude_chunks(padded, n_fft=n_fft, hop_length=n_fft // 4):
            total += magnitude.double().sum(dim=1).numpy()
            n_columns += magnitude.shape[1]
    half = SMOOTHING_BINS // 2
    mean = np.pad(total / n_columns, half, mode="edge")
    smooth = np.convolve(mean, np.full(SMOOTHING_BINS, 1 / SMOOTHING_BINS), mode="valid")
    return np.asarray(np.maximum(smooth, smooth.max() * 10 ** (-LARGEST_GAP_DB / 20)))


def _impulse(content: Array, style: Array) -> Array:
    """Linear-phase impulse response (n_fft,), centered on n_fft / 2, of the ratio of two spectra."""
    zero_phase = np.fft.irfft(style / content)
    return np.asarray(np.fft.fftshift(zero_phase) * np.hanning(zero_phase.size + 1)[:-1])


def _convolve(channel: NDArray[np.float32], impulse: Array) -> NDArray[np.float32]:
    """Convolve (frame,) with a centered impulse, block by block, and cut to the same frames."""
    n_fft = BLOCK + impulse.size
    response = np.fft.rfft(impulse, n_fft)
    result = np.zeros(channel.size + n_fft, dtype=np.float32)
    for start in range(0, channel.size, BLOCK):
        block = np.fft.rfft(channel[start : start + BLOCK].astype(np.float64), n_fft)
        result[start : start + n_fft] += np.fft.irfft(block * response, n_fft).astype(np.float32)
    delay = impulse.size // 2
    return result[delay : delay + channel.size]


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
