"""Ulyanov & Lebedev 2016: one layer of 4096 random filters over the log spectrogram.

    alpha sum (X - C)^2 + sum (G_x - G_s)^2,   G = Phi Phi^T / frames,  X, C after the ReLU

with weights of standard deviation sqrt(2) sqrt(2 / ((F + N) k)), from N(0, 1) 1e-3 on the log
spectrogram, by L-BFGS; then Griffin-Lim from a random phase. Their sums are our means times
constants, which are the weights below. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.losses import ContentTerm, GramTerm, Objective, Term
from nast_fx.methods.base import Method, Segment, StyleSound, Targets, random_rows, solution, style_view
from nast_fx.methods.spectrum import n_columns, noise_spec, style_spectrum, whole_windows
from nast_fx.models import UlyanovLebedevSettings
from nast_fx.networks import Architecture, FiniteNetwork
from nast_fx.optimize import Solution, WaveformCanvas, lbfgs, minimize
from nast_fx.optimize.solvers import Search
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["UlyanovLebedev"]

START_LEVEL = 1e-3  # standard deviation of the start, on the log spectrogram or the waveform


class UlyanovLebedev(Method[UlyanovLebedevSettings]):
    """The published system, and the switch to optimize the waveform instead."""

    name: ClassVar[str] = "ulyanov-lebedev"
    stages: ClassVar[Mapping[str, tuple[float, float]]] = {"transfer": (0.0, 0.9), "griffin-lim": (0.9, 1.0)}

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as a filter sees."""
        n_fft, hop_length = self.settings.geometry(sample_rate)
        return max(self.settings.kernel_width * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Draw the filters and compute the style's Gram."""
        representation = LogMagnitude(sample_rate, *self.settings.geometry(sample_rate))
        architecture = Architecture(self.settings.n_filters, self.settings.kernel_width)
        network = FiniteNetwork(architecture, representation.n_bins, seed=seed, device=device)
        return Targets(representation, {"style": style_view(style, representation, network)})

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize on the spectrogram and find its phase, or minimize on the waveform."""
        if self.settings.canvas == "waveform":
            return (yield from self._on_waveform(segment, targets))
        s, representation = self.settings, targets.representation
        whole = whole_windows(segment, representation.hop_length)
        if whole.content is not None and s.start == "content":
            start = representation.forward(whole.content)
        else:
            start = START_LEVEL * noise_spec(whole, representation, targets.device)
        return (
            yield from style_spectrum(
                whole,
                representation,
                start,
                Objective(self._terms(whole, targets), strength=segment.strength),
                self._search,
                max_iterations=s.max_iterations,
                griffin_lim_iterations=s.griffin_lim_iterations,
                wrap=s.kernel_width - 1,
                n_frames=segment.n_frames,
            )
        )

    def _on_waveform(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        start = segment.content
        if start is None or self.settings.start != "content":
            start = START_LEVEL * random_rows(segment.keys, segment.n_frames, device=targets.device)
        representation = targets.representation
        wrap = self.min_frames(representation.sample_rate) + representation.n_fft if segment.loop else 0
        canvas = WaveformCanvas(start, pinned=segment.pinned, wrap=min(wrap, segment.n_frames))
        objective = Objective(self._terms(segment, targets), strength=segment.strength)
        limit = self.settings.max_iterations
        minimum = yield from minimize(canvas, objective, self._search, max_iterations=limit)
        return solution(canvas.waveform(minimum.variable), minimum)

    def _search(self, start: Tensor, scale: float) -> Search:
        return lbfgs(start, history=self.settings.history, step_scale=scale)

    def _terms(self, segment: Segment, targets: Targets[LogMagnitude]) -> list[Term]:
        s, view, representation = self.settings, targets.views["style"], targets.representation
        n_frames = n_columns(segment, representation)
        n_positions = n_frames - s.kernel_width + 1
        # Their weights against ours, squared: ours are sqrt(2) relu with variance 1 / k.
        variance = 4 / ((representation.n_bins + s.n_filters) * s.kernel_width)
        ratio = variance * s.kernel_width / 2
        style_weight = s.style_weight * (ratio * s.n_filters * n_positions / n_frames) ** 2
        terms: list[Term] = [
            GramTerm("style", representation, style_weight, view.network, view.style, relative=False)
        ]
        if segment.content is not None:
            fixed = view.network.target(representation.forward(segment.content))
            weight = s.content_weight * ratio * s.n_filters * n_positions
            terms.append(ContentTerm("content", representation, weight, view.network, fixed, relative=False))
        return terms
