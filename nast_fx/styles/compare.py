"""Runs of recordings under the closed-form network: products of all pairs, and distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nast_fx.networks import Architecture, InfiniteNetwork
from nast_fx.progress import Progress, Steps, within
from nast_fx.styles.candidates import Geometry, Run
from nast_fx.styles.landmarks import relative_error
from nast_fx.styles.sound import find_phases
from nast_fx.styles.style import LearntStyle

__all__ = ["Comparison", "compare", "phase_errors"]

Matrix = npt.NDArray[np.float64]

BLOCK = 8  # runs that are compared with all others at once


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs, the recordings they are of, and their products.

    Attributes
    ----------
    runs : sequence of Run
    parts : tuple of str
    geometry : Geometry
    shares : ndarray, (run,)
        Of the recordings.
    kernel : ndarray, (run, run)
        Mean kappa^2 over all pairs of positions, over that of the recordings with themselves; the mean of
        the parts.
    energies : tuple of float
        What each part's products were divided by.
    """

    runs: Sequence[Run]
    parts: tuple[str, ...]
    geometry: Geometry
    shares: Matrix
    kernel: Matrix
    energies: tuple[float, ...]

    def error(self, indices: Sequence[int], weights: Matrix) -> float:
        """How far some runs are from the recordings."""
        some = list(indices)
        return relative_error(weights, self.kernel[np.ix_(some, some)], (self.kernel @ self.shares)[some])

    @property
    def halves(self) -> float | None:
        """How far the recordings' halves are from each other; None of less than four runs."""
        count = len(self.runs)
        if count < 4:
            return None
        is_first = np.arange(count) < count // 2
        between = np.where(is_first, self.shares, 0) / self.shares[is_first].sum()
        between -= np.where(is_first, 0, self.shares) / self.shares[~is_first].sum()
        return float(np.sqrt(max(0.0, between @ self.kernel @ between)))

    def error_of(self, waveforms: Sequence[Tensor], weights: Matrix) -> float:
        """How far other runs (part, frame) with `weights` are from the recordings."""
        count = len(waveforms)
        own, cross = np.zeros((count, count)), np.zeros(count)
        for index, (part, energy) in enumerate(zip(self.parts, self.energies, strict=True)):
            scale = 1 / (energy * len(self.parts))
            found = _log_spectra([waveform[index : index + 1] for waveform in waveforms], self.geometry)
            own += scale * _products(found, found)
            for start in range(0, len(self.runs), BLOCK):
                block = self.runs[start : start + BLOCK]
                spectra = _log_spectra([run.waveform(part) for run in block], self.geometry)
                cross += scale * _products(found, spectra) @ self.shares[start : start + BLOCK]
        return relative_error(weights, own, cross)


def compare(runs: Sequence[Run], parts: tuple[str, ...], geometry: Geometry) -> Steps[Comparison]:
    """Compute the products of all pairs of runs."""
    lengths = np.array([run.n_frames for run in runs], dtype=np.float64)
    shares = lengths / lengths.sum()
    kernel, energies = np.zeros((len(runs), len(runs))), []
    for index, part in enumerate(parts):
        spectra = _log_spectra([run.waveform(part) for run in runs], geometry)
        steps = _square(spectra)
        products = yield from within(steps, index / len(parts), (index + 1) / len(parts))
        energies.append(float(shares @ products @ shares))
        kernel += products / (energies[-1] * len(parts))
    return Comparison(runs, parts, geometry, shares, kernel, tuple(energies))


def phase_errors(style: LearntStyle, iterations: Sequence[int]) -> list[float]:
    """How far a style's first part with phases found is from its own magnitudes, by the number of steps."""
    facts = style.facts
    geometry, weights = Geometry(facts.sample_rate), np.array(facts.weights)
    kept = [torch.log1p(torch.from_numpy(run[0].astype(np.float32))) for run in style.runs]
    energy = float(weights @ _products(kept, kept) @ weights)
    errors = []
    for count in iterations:
        found = _log_spectra([waveform[:1] for waveform in find_phases(style, count)], geometry)
        own, cross = _products(found, found) / energy, _products(found, kept) @ weights / energy
        errors.append(relative_error(weights, own, cross))
    return errors


def _log_spectra(waveforms: Sequence[Tensor], geometry: Geometry) -> list[Tensor]:
    """What the closed form sees of waveforms (1, frame): (bin, frame) each."""
    return [torch.log1p(geometry.stft.forward(waveform)[0].abs()) for waveform in waveforms]


def _square(runs: Sequence[Tensor]) -> Steps[Matrix]:
    """Compare runs (bin, frame) with each other; gives (run, run)."""
    found = np.zeros((len(runs), len(runs)))
    for start in range(0, len(runs), BLOCK):
        stop = min(start + BLOCK, len(runs))
        yield Progress("compare", step=start, n_steps=len(runs), share=start / len(runs))
        found[start:stop, start:] = _products(runs[start:stop], runs[start:])
        found[start:, start:stop] = found[start:stop, start:].T
    return found


def _products(x: Sequence[Tensor], y: Sequence[Tensor]) -> Matrix:
    """Compare runs (bin, frame) of any lengths with others; gives (run x, run y)."""
    network, found = InfiniteNetwork(Architecture()), np.zeros((len(x), len(y)))
    for rows, left in _by_length(network, x):
        for columns, right in _by_length(network, y):
            found[np.ix_(rows, columns)] = network.run_products(left, right)[0].double().numpy()
    return found


def _by_length(network: InfiniteNetwork, runs: Sequence[Tensor]) -> list[tuple[list[int], Any]]:
    """Stack the runs of each length; gives their places, and what the network makes of them."""
    lengths: dict[int, list[int]] = {}
    for index, run in enumerate(runs):
        lengths.setdefault(run.shape[1], []).append(index)
    return [
        (places, network.embed(torch.stack([runs[index] for index in places])[:, None]))
        for places in lengths.values()
    ]
