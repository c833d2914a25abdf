"""Our own method: the infinite-width limit of random networks, optimized on the waveform.

    0.1 content / mean K_cc[t, t]  +  1 gram / mean K_ss^2

under one ReLU layer of width 11 over log1p magnitudes. With a finite `n_filters` the very same
objective runs on random filters, which is what the limit is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.losses import (
    ContentTerm,
    EnvelopeTerm,
    GramTerm,
    Objective,
    SparsityTerm,
    Term,
    energy_envelope,
    gradient_norms,
)
from nast_fx.methods.base import (
    LEVEL,
    Method,
    Segment,
    StyleSound,
    Targets,
    random_rows,
    solution,
    style_view,
)
from nast_fx.models import InfiniteSettings
from nast_fx.networks import INFINITE, Architecture, build_network
from nast_fx.optimize import Solution, WaveformCanvas, minimize
from nast_fx.optimize.solvers import Search, adam, lbfgs
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["Infinite"]


class Infinite(Method[InfiniteSettings]):
    """Waveform L-BFGS from the content, under the closed-form kernel."""

    name: ClassVar[str] = "infinite"

    @property
    def architecture(self) -> Architecture:
        """Describe the network."""
        s = self.settings
        return Architecture(
            n_filters=INFINITE if s.n_filters == "inf" else s.n_filters,
            kernel_width=s.kernel_width,
            n_layers=s.n_layers,
            dilation=s.dilation,
            residual=s.residual,
        )

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as a filter sees."""
        n_fft, hop_length = self.settings.geometry(sample_rate)
        return max(self.architecture.min_frames * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Compute the style's columns; at finite width, draw the filters."""
        representation = LogMagnitude(sample_rate, *self.settings.geometry(sample_rate))
        network = build_network(self.architecture, representation.n_bins, seed=seed, device=device)
        targets = Targets(representation, {"style": style_view(style, representation, network)})
        if self.settings.balance == "gradient":
            return replace(targets, norms=self._norms(style.excerpts[0], targets))
        return targets

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize the objective from the content, or from noise."""
        representation = targets.representation
        noise = LEVEL * random_rows(segment.keys, segment.n_frames, device=targets.device)
        wrap = self.min_frames(representation.sample_rate) + representation.n_fft if segment.loop else 0
        start = self._start(segment.content, noise)
        canvas = WaveformCanvas(start, pinned=segment.pinned, wrap=min(wrap, segment.n_frames))
        minimum = yield from minimize(
            canvas,
            Objective(self._terms(segment.content, targets), strength=segment.strength),
            self._solver(),
            max_iterations=self.settings.max_iterations,
        )
        return solution(canvas.waveform(minimum.variable), minimum)

    def _norms(self, excerpt: Tensor, targets: Targets[LogMagnitude]) -> dict[str, Tensor]:
        """Measure the gradients once for all segments, with a style's excerpt in the content's place."""
        noise = LEVEL * random_rows([0] * len(excerpt), excerpt.shape[1], device=excerpt.device)
        return gradient_norms(Objective(self._terms(excerpt, targets)), WaveformCanvas(noise), noise)

    def _start(self, content: Tensor | None, noise: Tensor) -> Tensor:
        if content is None or self.settings.start == "noise":
            return noise
        level = content.square().mean(dim=1, keepdim=True).sqrt() / LEVEL
        return content + self.settings.start_noise * level * noise

    def _solver(self) -> Callable[[Tensor, float], Search]:
        if self.settings.solver == "adam":
            rate = self.settings.learning_rate
            return lambda start, scale: adam(start, learning_rate=rate, step_scale=scale)
        return lambda start, scale: lbfgs(start, history=self.settings.history, step_scale=scale)

    def _terms(self, content: Tensor | None, targets: Targets[LogMagnitude]) -> list[Term]:
        s, view, representation = self.settings, targets.views["style"], targets.representation
        network = view.network
        terms: list[Term] = [
            GramTerm("style", representation, s.style_weight, network, view.style),
            SparsityTerm("sparsity", representation, s.sparsity_weight),
        ]
        if content is not None:
            spec = representation.forward(content)
            fixed, envelope = network.target(spec), energy_envelope(spec, "time")
            # The content is followed at the deepest layer, as in Gatys et al.
            last = (network.n_layers - 1,)
            terms += [
                ContentTerm("content", representation, s.content_weight, network, fixed, last),
                EnvelopeTerm("envelope", representation, s.envelope_weight, envelope),
            ]
        return [replace(term, norm=targets.norms.get(term.name)) for term in terms]
