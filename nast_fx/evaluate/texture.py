"""Texture statistics of band envelopes, after McDermott & Simoncelli 2011.

Twenty log-spaced bands between 80 and 9000 Hz are read from an STFT of 512 samples every 128; an
envelope is the root of the band's power, raised to 0.3 as the ear compresses. Six groups follow:

    log mean, log deviation, skewness and excess kurtosis (both as sign(m) log(1 + |m|)),
    correlations between bands, and the share of each envelope's variance in eight modulation bands

    texture_residual = mean over groups of  ‖out - style‖ / ‖reference - style‖

The paper's bands are half-cosines on an ERB scale and its modulation filters overlap; here they are
triangles on a log scale (never narrower than an STFT bin) and disjoint bands of one periodogram.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nast_fx.evaluate.features import SAMPLE_RATE, Signal, magnitude_chunks

__all__ = ["band_envelopes", "texture_residual", "texture_statistics"]

Array = NDArray[np.float64]

N_FFT = 512
HOP_LENGTH = 128
ENVELOPE_RATE = SAMPLE_RATE / HOP_LENGTH
N_BANDS = 20
F_MIN, F_MAX = 80.0, 9000.0
COMPRESSION = 0.3
MODULATION_EDGES_HZ = np.geomspace(0.5, 80.0, 9)
FLOOR = 0.05
"""Keeps the logarithms finite in an empty band; 80 to 90 dB under a typical envelope."""


def texture_residual(
    output: Mapping[str, Array], style: Mapping[str, Array], reference: Mapping[str, Array]
) -> float | None:
    """Mean over the groups of the output's distance from the style, the reference's being 1.

    A group in which the reference equals the style is left out; None where all are.
    """
    shares = []
    for group, wanted in style.items():
        divisor = float(np.linalg.norm(reference[group] - wanted))
        if divisor > 1e-6:
            shares.append(float(np.linalg.norm(output[group] - wanted)) / divisor)
    return float(np.mean(shares)) if shares else None


def texture_statistics(signal: Signal) -> dict[str, Array]:
    """Compute the six groups of statistics of waveform (frame,), each a flat array."""
    envelopes = band_envelopes(signal)
    mean = envelopes.mean(axis=1, keepdims=True)
    centered = envelopes - mean
    deviation = np.sqrt(np.mean(centered**2, axis=1, keepdims=True))
    # A band that never moves has no shape: its standardized envelope is 0 throughout.
    moves = deviation > 1e-6
    z = np.divide(centered, deviation, out=np.zeros_like(centered), where=moves)
    correlations = z @ z.T / z.shape[1]
    return {
        "log mean": np.log(mean[:, 0] + FLOOR),
        "log deviation": np.log(deviation[:, 0] + FLOOR),
        "skewness": _squash(np.mean(z**3, axis=1)),
        "kurtosis": _squash(np.mean(z**4, axis=1) - 3 * moves[:, 0]),
        "correlation": correlations[np.triu_indices(N_BANDS, 1)],
        "modulation": _modulation_shares(z).ravel(),
    }


def band_envelopes(signal: Signal) -> Array:
    """Compressed envelopes (band, frame) of waveform (frame,), 172 frames a second."""
    bands = _bands()
    powers = [
        bands @ magnitude.square().double().numpy()
        for magnitude in magnitude_chunks(signal, n_fft=N_FFT, hop_length=HOP_LENGTH, chunk=4096)
    ]
    return np.asarray(np.concatenate(powers, axis=1) ** (COMPRESSION / 2))


def _squash(moment: Array) -> Array:
    """Keep a heavy tail's moment from drowning the others: sign(m) log(1 + |m|)."""
    return np.asarray(np.sign(moment) * np.log1p(np.abs(moment)))


def _modulation_shares(z: Array) -> Array:
    """Root of the share of variance in each modulation band (band, 8) of standardized envelopes."""
    n_frames = z.shape[1]
    power = np.abs(np.fft.rfft(z, axis=1)) ** 2 * (2 / n_frames**2)
    rates = np.fft.rfftfreq(n_frames, 1 / ENVELOPE_RATE)
    places = np.searchsorted(rates, MODULATION_EDGES_HZ)
    summed = np.concatenate([np.zeros((len(z), 1)), np.cumsum(power, axis=1)], axis=1)
    return np.asarray(np.sqrt(np.diff(summed[:, places], axis=1)))


@lru_cache(maxsize=1)
def _bands() -> Array:
    """Triangles (band, bin) around log-spaced centers, at least one bin wide to either side."""
    edges = np.geomspace(F_MIN, F_MAX, N_BANDS + 2)
    frequencies = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)
    narrowest = SAMPLE_RATE / N_FFT
    rows = []
    for low, center, high in zip(edges, edges[1:], edges[2:], strict=False):
        below = (center - frequencies) / max(center - low, narrowest)
        above = (frequencies - center) / max(high - center, narrowest)
        rows.append(np.clip(1 - np.maximum(below, above), 0, None))
    return np.stack(rows)
