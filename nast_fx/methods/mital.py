"""Mital 2017: style transfer on the signal itself, by the components of its frames' transform.

    alpha (sum (Z_x - Z_c)^2 + sum over layers (X - C)^2)
        + sum (G_|x| - G_|s|)^2 + sum over layers (G_x - G_s)^2

Z are the stacked components before any layer, |x| the magnitudes alone, X the features of a random ReLU
layer, and each Gram is over frames. The variable is a matrix of overlapping frames, from N(0, 1) 1e-3,
that is added up at the end and played through a limiter. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from nast_fx.dsp import Frames, limit
from nast_fx.losses import ContentTerm, GramTerm, Objective, Term
from nast_fx.methods.base import (
    Method,
    Segment,
    StyleSound,
    Targets,
    View,
    random_rows,
    solution,
    style_view,
)
from nast_fx.methods.spectrum import stretch_circle, whole_windows
from nast_fx.methods.waveform_eye import least_samples, prepare_features, terms_of_features
from nast_fx.models import MitalSettings
from nast_fx.networks import INFINITE, Architecture, IdentityNetwork, build_network
from nast_fx.optimize import FramesCanvas, Solution, WaveformCanvas, adam, lbfgs, minimize
from nast_fx.optimize.solvers import Search
from nast_fx.progress import Steps
from nast_fx.representations import Components
from nast_fx.representations.waveform import Waveform

__all__ = ["Mital"]

START_LEVEL = 1e-3  # standard deviation of the start
PUBLISHED_FILTERS = 4096  # whose sums weigh the closed form's means


class Mital(Method[MitalSettings]):
    """Frames of the signal under a random network on their components."""

    name: ClassVar[str] = "mital"

    @property
    def architecture(self) -> Architecture:
        """Describe the random network."""
        s = self.settings
        return Architecture(
            n_filters=INFINITE if s.n_filters == "inf" else s.n_filters,
            kernel_width=s.kernel_width,
            n_layers=s.n_layers,
            parts="channels" if s.kernel_height == "all" else "rows",
        )

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many frames as a filter of the last layer sees."""
        if self.settings.features != "dft":
            return least_samples(self.settings, sample_rate)
        frame_size, hop_length = self.settings.geometry(sample_rate)
        return max(self.architecture.min_frames * hop_length, frame_size)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[Any]:
        """Draw the filters; compute the Grams of the style's magnitudes and features."""
        if self.settings.features != "dft":
            return prepare_features(self.settings, style, sample_rate, device)
        parts = self.settings.components.split("+")
        representation = self._components(sample_rate, parts)
        magnitudes = self._components(sample_rate, ["magnitude"])
        n_channels = representation.n_bins * (len(parts) if self.settings.kernel_height == "all" else 1)
        network = build_network(self.architecture, n_channels, seed=seed, device=device)
        views = {
            "style": style_view(style, representation, network),
            "style magnitude": style_view(style, magnitudes, IdentityNetwork()),
        }
        return Targets(representation, views)

    def transfer(self, segment: Segment, targets: Targets[Any]) -> Steps[Solution]:
        """Minimize the published sums, or the distances of a trained network."""
        s, n_frames = self.settings, segment.n_frames
        if s.features != "dft":
            return (yield from self._through_network(segment, targets))
        segment = whole_windows(segment, targets.representation.hop_length)
        canvas = self._canvas(segment, targets)
        objective = Objective(self._terms(segment, targets), strength=segment.strength)
        minimum = yield from minimize(canvas, objective, self._search, max_iterations=s.max_iterations)
        waveform = canvas.waveform(minimum.variable.detach())
        if s.limiter:
            gain = self._published_gain(targets.representation)
            # A circle goes round once before it counts, so that the gain at its seam is that of a circle.
            before = waveform if segment.loop else waveform[:, :0]
            waveform = limit(torch.cat([before, waveform], dim=1) * gain)[:, before.shape[1] :] / gain
        if segment.pinned is not None:
            waveform = segment.pinned.hold(waveform)
        return solution(stretch_circle(waveform, n_frames), minimum)

    def _through_network(self, segment: Segment, targets: Targets[Waveform]) -> Steps[Solution]:
        s, content = self.settings, segment.content
        start = content if s.start == "content" else None
        if start is None:
            start = self._noise(segment, targets, segment.n_frames)
        sight = self.min_frames(targets.representation.sample_rate)
        wrap = min(sight, segment.n_frames) if segment.loop else 0
        canvas = WaveformCanvas(start, pinned=segment.pinned, wrap=wrap)
        objective = Objective(terms_of_features(s, segment, targets), strength=segment.strength)
        minimum = yield from minimize(canvas, objective, self._search, max_iterations=s.max_iterations)
        return solution(canvas.waveform(minimum.variable), minimum)

    def _components(self, sample_rate: int, parts: list[str]) -> Components:
        frame_size, hop_length = self.settings.geometry(sample_rate)
        n_dft = 2 * frame_size if self.settings.dft == "double" else frame_size // 2
        return Components(sample_rate, frame_size, hop_length, n_dft, parts)

    @staticmethod
    def _published_gain(representation: Components) -> float:
        """Gain of adding windowed frames up undivided, as published: the sum of the windows."""
        return representation.n_fft / (2 * representation.hop_length)

    def _canvas(self, segment: Segment, targets: Targets[Components]) -> FramesCanvas | WaveformCanvas:
        representation = targets.representation
        n_wrapped = self.architecture.min_frames - 1 if segment.loop else 0
        content = segment.content if self.settings.start == "content" else None
        if self.settings.canvas == "waveform":
            reach = n_wrapped * representation.hop_length + representation.n_fft
            wrap = min(reach, segment.n_frames) if segment.loop else 0
            start = self._noise(segment, targets, segment.n_frames) if content is None else content
            return WaveformCanvas(start, pinned=segment.pinned, wrap=wrap)
        frames = _frames(segment, representation)
        shape = frames.count(segment.n_frames), frames.size
        start = self._noise(segment, targets, *shape) if content is None else frames.split(content)
        return FramesCanvas(start, frames, segment.n_frames, pinned=segment.pinned, wrap=n_wrapped)

    @staticmethod
    def _noise(segment: Segment, targets: Targets[Any], *shape: int) -> Tensor:
        return START_LEVEL * random_rows(segment.keys, *shape, device=targets.device)

    def _search(self, start: Tensor, scale: float) -> Search:
        if self.settings.solver == "adam":
            return adam(start, learning_rate=self.settings.learning_rate, step_scale=scale)
        return lbfgs(start, history=self.settings.history, step_scale=scale)

    def _terms(self, segment: Segment, targets: Targets[Components]) -> list[Term]:
        """Weigh our means as the published sums do.

        Ours are sqrt(2) relu with weights of variance 1 / k, theirs relu with variance
        4 / ((bins + N) k); from the second layer on, 2 / (N k) keeps that ratio.
        """
        s, representation = self.settings, targets.representation
        view, magnitude = targets.views["style"], targets.views["style magnitude"]
        n_frames = _frames(segment, representation).count(segment.n_frames)
        per_position = self._features_scale(representation)
        weight = s.style_weight * representation.n_bins**2
        terms: list[Term] = [_gram("style magnitude", weight, magnitude)]
        for layer in range(s.n_layers):
            n_positions = self._n_positions(layer, n_frames)
            weight = s.style_weight * (per_position * n_positions / n_frames) ** 2
            terms.append(_gram(f"style {layer + 1}", weight, view, layer))
        if segment.content is None:
            return terms
        spec, raw = representation.forward(segment.content), IdentityNetwork()
        fixed, fixed_raw = view.network.target(spec), raw.target(spec)
        weight = s.content_weight * len(representation.parts) * representation.n_bins * n_frames
        content = ContentTerm("content spectrum", representation, weight, raw, fixed_raw, relative=False)
        terms.append(content)
        for layer in range(s.n_layers):
            weight = s.content_weight * per_position * self._n_positions(layer, n_frames)
            name, net = f"content {layer + 1}", view.network
            terms.append(ContentTerm(name, representation, weight, net, fixed, (layer,), relative=False))
        return terms

    def _features_scale(self, representation: Components) -> float:
        """Give the square of their features over ours, times the number of filters."""
        count = self.settings.n_filters
        n_filters = PUBLISHED_FILTERS if count == "inf" else int(count)
        return 2 * n_filters / (representation.n_bins + n_filters)

    def _n_positions(self, layer: int, n_frames: int) -> int:
        n_rows = len(self.settings.components.split("+")) if self.settings.kernel_height == "one" else 1
        return n_rows * (n_frames - self.architecture.field(layer).n_lost)


def _frames(segment: Segment, representation: Components) -> Frames:
    return Frames(representation.n_fft, representation.hop_length, loop=segment.loop)


def _gram(name: str, weight: float, view: View, layer: int = 0) -> Term:
    return GramTerm(name, view.representation, weight, view.network, view.style, (layer,), relative=False)
