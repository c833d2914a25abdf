"""Vedak & Bhatia: the style transfer of Gatys et al. on spectrograms, through three networks.

    content weight * ||X_1 - C_1||^2  +  style weight * mean over layers of ||G_x - G_s||^2

The base model is three random 1-D convolutions; the shallow one is one random layer over columns, or two
over the image; the trained one four 3x3 convolutions that learned to tell sounds apart. The variable is the
log spectrogram, moved by Adam; Griffin-Lim finds its phase. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.losses import ContentTerm, GramTerm, Objective, Term
from nast_fx.methods.base import Method, Segment, StyleSound, Targets, style_view
from nast_fx.methods.image_eye import SOUNDS_EYE, ImageEye, image_eye
from nast_fx.methods.spectrum import n_columns, noise_spec, repeated, style_spectrum, whole_windows
from nast_fx.models import VedakBhatiaSettings
from nast_fx.networks import Architecture, ExplicitNetwork, FiniteNetwork
from nast_fx.networks.columns import ColumnNetwork
from nast_fx.networks.image import ImageArchitecture, ImageLayer
from nast_fx.networks.image_network import ImageNetwork
from nast_fx.optimize import Solution, adam
from nast_fx.optimize.solvers import Search
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["VedakBhatia"]

START_LEVEL = 1e-3  # standard deviation of the noise start, on the log spectrogram
BASE_FILTERS = 128, 256, 512
SHALLOW_IMAGE = ImageArchitecture((ImageLayer(5), ImageLayer(10)))


class VedakBhatia(Method[VedakBhatiaSettings]):
    """The report's three models."""

    name: ClassVar[str] = "vedak-bhatia"
    stages: ClassVar[Mapping[str, tuple[float, float]]] = {"transfer": (0.0, 0.9), "griffin-lim": (0.9, 1.0)}

    @cached_property
    def eye(self) -> ImageEye:
        """The image network of the trained model, or of the shallow one; and the view of all models."""
        if self.settings.model == "trained":
            return image_eye(self.settings.weights, SOUNDS_EYE)
        return replace(SOUNDS_EYE, architecture=SHALLOW_IMAGE)

    @property
    def n_seen(self) -> int:
        """Frames in which a position of the last layer sees nothing but the spec."""
        s = self.settings
        if s.model == "base":
            return len(BASE_FILTERS) * (s.kernel_width - 1) + 1
        if s.model == "shallow" and s.shallow == "columns":
            return s.kernel_width
        return self.eye.n_seen(self.eye.architecture.n_layers)

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as a position of the last layer sees."""
        n_fft, hop_length = self.eye.geometry(sample_rate, self.settings)
        return max(self.n_seen * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Load or draw the filters, and compute the style's Grams."""
        representation = self.eye.view(sample_rate, self.settings)
        network = self._network(representation.n_bins, seed, device)
        facts = {}
        if self.settings.start == "style":
            specs = [representation.forward(excerpt) for excerpt in style.excerpts]
            facts["spec"] = torch.cat(specs, dim=-1)
        return Targets(representation, {"style": style_view(style, representation, network)}, facts=facts)

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize on the spectrogram and find its phase."""
        s, representation = self.settings, targets.representation
        whole = whole_windows(segment, representation.hop_length)
        start = self._start(whole, targets)
        return (
            yield from style_spectrum(
                whole,
                representation,
                start,
                Objective(self._terms(whole, targets), strength=segment.strength),
                self._search,
                max_iterations=s.max_iterations,
                griffin_lim_iterations=s.griffin_lim_iterations,
                wrap=min(self.n_seen, start.shape[3]),
                n_frames=segment.n_frames,
            )
        )

    def _network(self, n_bins: int, seed: int, device: torch.device) -> ExplicitNetwork:
        s = self.settings
        if s.model == "base":
            return ColumnNetwork(BASE_FILTERS, s.kernel_width, n_bins, seed=seed, device=device)
        if s.model == "shallow" and s.shallow == "columns":
            return FiniteNetwork(Architecture(s.n_filters, s.kernel_width), n_bins, seed=seed, device=device)
        return ImageNetwork(self.eye.stack(seed, device))

    def _start(self, segment: Segment, targets: Targets[LogMagnitude]) -> Tensor:
        s, representation = self.settings, targets.representation
        if s.start == "style":
            n_frames = n_columns(segment, representation)
            return repeated(targets.facts["spec"], n_frames, loop=segment.loop)
        if s.start == "content" and segment.content is not None:
            return representation.forward(segment.content)
        return START_LEVEL * noise_spec(segment, representation, targets.device)

    def _search(self, start: Tensor, scale: float) -> Search:
        return adam(start, learning_rate=self.settings.learning_rate, step_scale=scale)

    def _terms(self, segment: Segment, targets: Targets[LogMagnitude]) -> list[Term]:
        s, view, representation = self.settings, targets.views["style"], targets.representation
        # Distances are relative to the target's size, so that each layer has a say in their mean.
        weight = s.style_weight / view.network.n_layers
        terms: list[Term] = [GramTerm("style", representation, weight, view.network, view.style)]
        if segment.content is not None:
            fixed = view.network.target(representation.forward(segment.content))
            terms.append(ContentTerm("content", representation, s.content_weight, view.network, fixed, (0,)))
        return terms
