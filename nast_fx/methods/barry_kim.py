"""Barry & Kim 2018: an ensemble of networks on three spectrograms, optimized on the waveform.

    sum over terms of Gamma L / ||dL/dx||,   content and style of the STFT, mel and constant-Q networks

with the gradients' norms (equation 7) taken once a render, at a fixed noise. Each term is relative to its
target's energy first, so that a stand-in may measure the content's norm. Departures are listed in
docs/methods.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from nast_fx.errors import UsageError
from nast_fx.losses import ContentTerm, GramTerm, Objective, SparsityTerm, Term, gradient_norms
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
from nast_fx.models import BarryKimSettings
from nast_fx.networks import INFINITE, Architecture, FiniteNetwork, Network, build_network
from nast_fx.optimize import Solution, WaveformCanvas, lbfgs, minimize
from nast_fx.progress import Steps
from nast_fx.representations import LogConstantQ, LogMagnitude, LogMel, Representation

__all__ = ["BarryKim"]

START_LEVEL = 1e-3  # standard deviation of the start
NORM_SECONDS = 10.0  # of the style, that measure them
TERMS = ("content-stft", "content-mel", "content-cqt", "style-stft", "style-mel", "style-cqt")


class BarryKim(Method[BarryKimSettings]):
    """The published ensemble; its six configurations are presets of the settings."""

    name: ClassVar[str] = "barry-kim"

    def architecture(self, term: str) -> Architecture:
        """Describe the network of a term, ``content-stft`` ... ``style-cqt``."""
        s, (source, net) = self.settings, term.split("-")
        if net == "cqt":
            n_blocks = s.style_blocks(net) if source == "style" else 0
            described = self._stack(s.cqt_filters, s.cqt_width, s.cqt_width, n_blocks)
            pooling = s.pooling if source == "content" else 1
            return replace(described, kernel_height=s.cqt_height, content_pooling=pooling)
        finite = s.width == "finite"
        if net == "mel":
            n_blocks = s.style_blocks(net) if source == "style" else 0
            n_filters = s.mel_filters if finite else INFINITE
            return self._stack(n_filters, s.mel_width, s.mel_branch_width, n_blocks)
        return self._stack(s.stft_filters if finite else INFINITE, s.stft_width, s.stft_width, 0)

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as the longest filter sees."""
        n_fft, hop_length = self.settings.geometry(sample_rate)
        n_windows = max((self.architecture(term).min_frames for term in self.settings.gammas()), default=1)
        return max(n_windows * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Draw the filters, compute the style's Grams, and measure the gradients at a fixed noise."""
        magnitude = LogMagnitude(sample_rate, *self.settings.geometry(sample_rate))
        terms = self.settings.gammas().keys()
        shared = {"content-stft", "style-stft"} <= terms  # one network, and one pass, for both
        views = {
            term: style_view(style, *self._eye(term, magnitude, seed + index, device))
            for index, term in enumerate(TERMS)
            if term in terms and not (shared and term == "content-stft")
        }
        if shared:
            views["content-stft"] = views["style-stft"]
        targets = Targets(magnitude, views)
        return replace(targets, norms=self._norms(style.excerpts[0], targets))

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize the objective from noise, or from the content."""
        noise = START_LEVEL * random_rows(segment.keys, segment.n_frames, device=targets.device)
        from_noise = segment.content is None or self.settings.start == "noise"
        start = noise if from_noise or segment.content is None else segment.content
        wrap = min(self._sight(targets), segment.n_frames) if segment.loop else 0
        canvas = WaveformCanvas(start, pinned=segment.pinned, wrap=wrap)
        minimum = yield from minimize(
            canvas,
            Objective(self._terms(segment.content, targets), strength=segment.strength),
            lambda start, scale: lbfgs(start, history=self.settings.history, step_scale=scale),
            max_iterations=self.settings.max_iterations,
        )
        return solution(canvas.waveform(minimum.variable), minimum)

    def _stack(self, n_filters: float, width: int, branch_width: int, n_blocks: int) -> Architecture:
        s = self.settings
        first_step = 2 if s.dilation == "paper" and n_blocks > 1 else 1
        usual: Literal["before", "after"] = "before" if s.width == "infinite" else "after"
        return Architecture(
            n_filters,
            width,
            n_layers=1 + n_blocks,
            residual=n_blocks > 0,
            branch_width=branch_width,
            branch_steps=tuple(first_step * 2**block for block in range(n_blocks)),
            residual_start=s.residual_start or usual if n_blocks else "before",
            activation=s.activation,
            normalized=s.normalized,
        )

    def _eye(
        self, term: str, magnitude: LogMagnitude, seed: int, device: torch.device
    ) -> tuple[Representation, Network]:
        """Make a term's view of sound and its network."""
        s, described = self.settings, self.architecture(term)
        geometry = magnitude.sample_rate, magnitude.n_fft, magnitude.hop_length
        source, net = term.split("-")
        if net == "cqt":
            notes = LogConstantQ(*geometry)
            most = notes.n_bins - (s.pooling - 1 if source == "content" else 0)
            if s.cqt_height > most:
                raise UsageError(
                    f"cqt_height={s.cqt_height} must be at most {most}: a rate of {notes.sample_rate} Hz"
                    f" holds {notes.n_bins} notes, and pooling={s.pooling} needs as many places"
                )
            return notes, FiniteNetwork(described, 1, seed=seed, device=device)
        view: Representation = magnitude
        if net == "mel" and source == "style":
            view = LogMel(*geometry, n_bands=s.style_bands)
        elif net == "mel":
            view = LogMel(*geometry, n_bands=s.content_bands, f_max=s.content_f_max)
        return view, build_network(described, view.n_bins, seed=seed, device=device)

    def _norms(self, excerpt: Tensor, targets: Targets[LogMagnitude]) -> dict[str, Tensor]:
        """Measure the gradients once for all segments, with a style's excerpt in the content's place."""
        rate = targets.representation.sample_rate
        n_frames = max(round(NORM_SECONDS * rate), self.min_frames(rate))
        stand_in = excerpt[:, :n_frames]
        level = LEVEL if self.settings.balance_at == "level" else START_LEVEL
        noise = level * random_rows([0] * len(excerpt), stand_in.shape[1], device=excerpt.device)
        return gradient_norms(Objective(self._terms(stand_in, targets)), WaveformCanvas(noise), noise)

    def _terms(self, content: Tensor | None, targets: Targets[LogMagnitude]) -> list[Term]:
        gammas = self.settings.gammas()
        terms: list[Term] = []
        for name, view in targets.views.items():
            network = view.network
            if name.startswith("style"):
                terms.append(GramTerm(name, view.representation, gammas[name], network, view.style))
            elif content is not None:
                fixed, last = network.target(view.representation.forward(content)), (network.n_layers - 1,)
                terms.append(ContentTerm(name, view.representation, gammas[name], network, fixed, last))
        terms.append(SparsityTerm("sparsity", targets.representation, self.settings.sparsity_weight))
        return [replace(term, norm=targets.norms.get(term.name)) for term in terms]

    def _sight(self, targets: Targets[LogMagnitude]) -> int:
        """Samples that the deepest network sees around a position."""
        sights = [targets.representation.n_fft]
        for name, view in targets.views.items():
            stack = self.architecture(name)
            reach = stack.reach(stack.n_layers - 1) * view.representation.hop_length
            window = getattr(view.representation, "longest_window", view.representation.n_fft)
            sights.append(reach + window)
        return max(sights)
