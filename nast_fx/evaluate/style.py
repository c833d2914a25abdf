"""Distance in style: Gram matrices of the judge's features, Gatys et al. 2016 and Ulyanov 2016.

    G_x = Phi_x Phi_x^T / P_x                     second moments of the filters over P positions
    distance(x, s) = min over g of ‖G_{g x} - G_s‖_F,    g = -3, -1.5, 0, 1.5, 3 dB
    style_residual = distance(output, style) / distance(untouched, style)
    style_floor    = distance(style's first half, style's second half) / the same divisor

The gain is free since the logarithm makes the Gram depend on level, and a result's level is not its
style. It is free in numerator and divisor alike, so that an untouched output has exactly 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nast_fx.evaluate.features import (
    HOP_LENGTH,
    LEVEL,
    N_FILTERS,
    SAMPLE_RATE,
    SHORTEST,
    WIDTH,
    Signal,
    at_level,
    features,
    magnitude_chunks,
)

__all__ = ["GAINS_DB", "StyleScale", "grams", "style_distance", "style_scale", "white_noise"]

GAINS_DB = (-3.0, -1.5, 0.0, 1.5, 3.0)
N_POSITIONS_TO_CHOOSE = 60 * SAMPLE_RATE // HOP_LENGTH
"""A longer signal's best gain is found on evenly spread pieces of this many positions in all."""
ALIKE = 1e-4
"""Grams that differ by less than this share of the style's norm are one style."""
NOISE_SEED = 0x4E4F_4953


@dataclass(frozen=True)
class StyleScale:
    """A style's Gram and the unit in which distances from it are told.

    Attributes
    ----------
    target : Tensor
        Gram (filter, filter) of the style.
    divisor : float or None
        Distance of the reference; None where the reference has this very style.
    floor : float or None
        Distance between the style's halves in the same unit; None where a half is silent or shorter
        than the judge's filters.
    """

    target: Tensor
    divisor: float | None
    floor: float | None

    def residual(self, signal: Signal) -> float | None:
        """Tell how far waveform (frame,) is from the style: 0 is the style, 1 the reference."""
        return None if self.divisor is None else style_distance(signal, self.target) / self.divisor


def style_scale(style: Signal, reference: Signal) -> StyleScale:
    """Measure the style (frame,) and the distance of a reference (frame,) that counts as 1."""
    target = grams(style)[0]
    divisor = style_distance(reference, target)
    if divisor <= ALIKE * float(torch.linalg.norm(target)):
        return StyleScale(target, None, None)
    halves = _half_distance(style)
    return StyleScale(target, divisor, None if halves is None else halves / divisor)


def style_distance(signal: Signal, target: Tensor) -> float:
    """Frobenius norm between the Gram of waveform (frame,) and a target Gram, at the best gain.

    Up to a minute every gain is measured on the whole signal; beyond, the gain is chosen on pieces
    spread over the signal, and the distance then measured on all of it.
    """
    n_positions = signal.size // HOP_LENGTH + 2 - WIDTH
    every = -(-n_positions // N_POSITIONS_TO_CHOOSE)
    distances = [float(torch.dist(found, target)) for found in grams(signal, GAINS_DB, every=every)]
    if every == 1:
        return min(distances)
    best = GAINS_DB[distances.index(min(distances))]
    return float(torch.dist(grams(signal, (best,))[0], target))


def grams(signal: Signal, gains_db: Sequence[float] = (0.0,), *, every: int = 1) -> Tensor:
    """Mean outer products (gain, filter, filter) of the judge's features of a waveform.

    Only every so manieth chunk of waveform (frame,) is seen; the gains share its spectrum.
    """
    gains = torch.tensor([10 ** (gain / 20) for gain in gains_db])[:, None, None]
    total, n_positions = torch.zeros(len(gains), N_FILTERS, N_FILTERS), 0
    for magnitude in magnitude_chunks(signal, overlap=WIDTH - 1, every=every):
        phi = features(gains * magnitude)
        total.baddbmm_(phi, phi.mT)
        n_positions += phi.shape[2]
    return total.div_(n_positions)


def white_noise(n_frames: int) -> Signal:
    """Gaussian noise (n_frames,) at the judge's level: the reference where there is no content."""
    noise = np.random.default_rng(NOISE_SEED).standard_normal(n_frames, dtype=np.float32)
    return noise * np.float32(LEVEL)


def _half_distance(style: Signal) -> float | None:
    """Distance between the style's two halves, each leveled; None where a half says nothing."""
    middle = style.size // 2
    first, second = at_level(style[:middle]), at_level(style[middle:])
    if first is None or second is None or middle < SHORTEST:
        return None
    return style_distance(first, grams(second)[0])
