"""The waveform itself as WaveNet and NSynth hear it: 16 kHz, companded by the mu-law (Mital 2017, 5.1).

A signal at another rate is resampled inside, differentiably: its spectrum is cut, or filled with zeros, to
that of the new rate, which is sinc interpolation on a circle. The circle is closed through zeros, so that
the ends do not meet, and the last tenth below the lower Nyquist frequency fades out, so that an onset does
not ring for longer than a few milliseconds.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.mu_law import compand
from nast_fx.errors import UsageError
from nast_fx.representations.base import Representation

__all__ = ["NETWORK_RATE", "Waveform", "resample_band_limited"]

NETWORK_RATE = 16_000  # Hz
FADE = 0.1  # of the band, at its upper end
RINGING_SECONDS = 0.02  # after which the fade's response is below -100 dB
WINDOW_SECONDS = 0.032


class Waveform(Representation):
    """Waveform (batch, frame) to spec (batch, 1, 1, frame): a frame is a companded sample at 16 kHz.

    `n_fft` and `hop_length` say what other views' do: how many samples must be there for anything to be
    heard, 32 ms, and how many lie between two frames, rounded down to a whole one.

    Parameters
    ----------
    sample_rate : int
        Of the waveform, in Hz.
    network_rate : int
        Of the spec's frames, in Hz.
    mu_law : bool
        Compand the samples; encoders that were trained on linear samples want them as they are.
    """

    n_bins = 1

    def __init__(self, sample_rate: int, *, network_rate: int = NETWORK_RATE, mu_law: bool = True) -> None:
        for name, rate in (("sample_rate", sample_rate), ("network_rate", network_rate)):
            if rate <= 0:
                raise UsageError(f"{name}={rate} must be above 0")
        self.sample_rate = sample_rate
        self.network_rate = network_rate
        self.mu_law = mu_law
        self.hop_length = max(1, sample_rate // network_rate)
        self.n_fft = max(2, round(WINDOW_SECONDS * sample_rate))

    def forward(self, waveform: Tensor) -> Tensor:
        """Resample and compand."""
        samples = resample_band_limited(waveform, self.sample_rate, self.network_rate)
        return (compand(samples) if self.mu_law else samples)[:, None, None]

    def n_frames(self, n_samples: int) -> int:
        """Frames that the spec of `n_samples` has: as long, rounded, and at least one."""
        return max(1, (2 * n_samples * self.network_rate + self.sample_rate) // (2 * self.sample_rate))

    def n_samples(self, n_frames: int) -> int:
        """Samples that a spec of at least `n_frames` needs."""
        return math.ceil(n_frames * self.sample_rate / self.network_rate)


def resample_band_limited(waveform: Tensor, from_rate: int, to_rate: int) -> Tensor:
    """Resample a waveform, differentiably and without a time shift.

    Parameters
    ----------
    waveform : Tensor (batch, frame)
        Zero outside.
    from_rate, to_rate : int
        Hz.

    Returns
    -------
    Tensor (batch, round(frame * to_rate / from_rate))
    """
    if from_rate == to_rate:
        return waveform
    divisor = math.gcd(from_rate, to_rate)
    old, new = from_rate // divisor, to_rate // divisor
    n_frames = waveform.shape[1]
    # A circle of whole periods: then both rates have whole lengths on it.
    n_periods = math.ceil((n_frames + RINGING_SECONDS * from_rate) / old)
    spectrum = torch.fft.rfft(functional.pad(waveform, (0, n_periods * old - n_frames)))
    n_kept = min(n_periods * old, n_periods * new) // 2 + 1
    gain = _fade(n_kept, waveform.dtype, waveform.device) * (new / old)
    resampled: Tensor = torch.fft.irfft(spectrum[:, :n_kept] * gain, n=n_periods * new)
    return resampled[:, : max(1, (2 * n_frames * to_rate + from_rate) // (2 * from_rate))]


@lru_cache(maxsize=8)
def _fade(n_bins: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Gain (bin,) of a low-pass filter: 1, then half a cosine down to 0 at the last bin."""
    place = torch.linspace(0, 1, n_bins, dtype=torch.float64)
    into = ((place - (1 - FADE)) / FADE).clamp(0, 1)
    return (0.5 + 0.5 * torch.cos(math.pi * into)).to(device, dtype)
