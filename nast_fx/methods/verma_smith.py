"""Verma & Smith 2018: style transfer on spectrograms through a network that knows instruments.

    alpha Lc + beta Ls + gamma Le + delta Lt

Lc compares a layer's feature maps with the content's, Ls normalized Gram matrices with the style's; Le and Lt
compare the energy over frequency and over time with the style's. The variable is the log spectrogram, from
Gaussian noise; Griffin-Lim finds its phase. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.losses import ContentTerm, EnvelopeTerm, GramTerm, Objective, Term, spec_energy
from nast_fx.methods.base import Method, Segment, StyleSound, Targets, style_view
from nast_fx.methods.image_eye import INSTRUMENTS_EYE, ImageEye, image_eye
from nast_fx.methods.spectrum import n_columns, noise_spec, repeated, style_spectrum, whole_windows
from nast_fx.models import VermaSmithSettings
from nast_fx.networks.image_network import ImageNetwork
from nast_fx.optimize import Solution, adam, lbfgs
from nast_fx.optimize.solvers import Search
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["VermaSmith"]


START_LEVEL = 1e-3  # standard deviation of the start, on the log spectrogram


class VermaSmith(Method[VermaSmithSettings]):
    """Content, style and two energy envelopes."""

    name: ClassVar[str] = "verma-smith"
    stages: ClassVar[Mapping[str, tuple[float, float]]] = {"transfer": (0.0, 0.9), "griffin-lim": (0.9, 1.0)}

    @cached_property
    def eye(self) -> ImageEye:
        """The network's shape, its weights where they are not drawn, and what it was trained on."""
        return image_eye(self.settings.weights, INSTRUMENTS_EYE)

    @property
    def content_layer(self) -> int:
        """Index of the layer that the content is compared at."""
        return self.eye.layer(self.settings.content_layer, "content_layer")

    @property
    def style_layers(self) -> tuple[int, ...]:
        """Indices of the layers that the style is compared at."""
        return self.eye.layers(self.settings.style_layers, "style_layers")

    @property
    def n_layers(self) -> int:
        """How many layers are computed."""
        return max(self.content_layer, *self.style_layers) + 1

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as a position of the last layer sees."""
        n_fft, hop_length = self.eye.geometry(sample_rate, self.settings)
        return max(self.eye.n_seen(self.n_layers) * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Compute the style's Grams and energies."""
        representation = self.eye.view(sample_rate, self.settings)
        network = ImageNetwork(
            self.eye.stack(seed, device),
            n_layers=self.n_layers,
            normalized=self.settings.gram == "energy",
        )
        view = style_view(style, representation, network)
        return Targets(representation, {"style": view}, facts=_energies(style, representation))

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize on the spectrogram and find its phase."""
        s, representation = self.settings, targets.representation
        whole = whole_windows(segment, representation.hop_length)
        if whole.content is not None and s.start == "content":
            start = representation.forward(whole.content)
        else:
            start = START_LEVEL * noise_spec(whole, representation, targets.device)
        wrap = min(self.eye.n_seen(self.n_layers), start.shape[3])
        return (
            yield from style_spectrum(
                whole,
                representation,
                start,
                Objective(self._terms(whole, targets, wrap), strength=segment.strength),
                self._search,
                max_iterations=s.max_iterations,
                griffin_lim_iterations=s.griffin_lim_iterations,
                wrap=wrap,
                n_frames=segment.n_frames,
            )
        )

    def _search(self, start: Tensor, scale: float) -> Search:
        if self.settings.solver == "adam":
            return adam(start, learning_rate=self.settings.learning_rate, step_scale=scale)
        return lbfgs(start, history=self.settings.history, step_scale=scale)

    def _terms(self, segment: Segment, targets: Targets[LogMagnitude], wrap: int) -> list[Term]:
        s, view, representation = self.settings, targets.views["style"], targets.representation
        layers, n_frames = self.style_layers, n_columns(segment, representation)
        over_frequency = targets.facts["energy over frequency"]
        over_time = repeated(targets.facts["energy over time"], n_frames, loop=segment.loop)
        terms: list[Term] = [
            GramTerm("style", representation, s.style_weight / len(layers), view.network, view.style, layers)
        ]
        if segment.content is not None:
            spec = representation.forward(segment.content)
            fixed, layer = view.network.target(spec), (self.content_layer,)
            terms.append(ContentTerm("content", representation, s.content_weight, view.network, fixed, layer))
            if s.envelope_from == "content":
                energy = spec_energy(spec)
                over_frequency, over_time = energy.mean(dim=2), energy.sum(dim=1)
        if segment.loop:
            n_frames += 2 * wrap
            over_time = torch.cat([over_time[:, -wrap:], over_time, over_time[:, :wrap]], dim=1)
        spectral, temporal = torch.log1p(over_frequency * n_frames), torch.log1p(over_time)
        envelopes = [
            EnvelopeTerm("spectral envelope", representation, s.spectral_weight, spectral, "frequency"),
            EnvelopeTerm("temporal envelope", representation, s.temporal_weight, temporal, "time"),
        ]
        if segment.content is None or s.envelope_from == "style":
            envelopes = [replace(term, source="style") for term in envelopes]
        return [*terms, *envelopes]


def _energies(style: StyleSound, representation: LogMagnitude) -> dict[str, Tensor]:
    """Give the style's mean energy of a frame by bin (row, bin), and its energy by frame (row, frame)."""
    energies = [spec_energy(representation.forward(excerpt)) for excerpt in style.excerpts]
    total = sum(style.weights)
    means = [
        weight / total * energy.mean(dim=2) for weight, energy in zip(style.weights, energies, strict=True)
    ]
    return {
        "energy over frequency": torch.stack(means).sum(dim=0),
        "energy over time": torch.cat([energy.sum(dim=1) for energy in energies], dim=1),
    }
