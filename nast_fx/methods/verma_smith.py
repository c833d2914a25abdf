"""Verma & Smith 2018: style transfer on spectrograms through a network that knows instruments.

    alpha Lc + beta Ls + gamma Le + delta Lt

Lc compares a layer's feature maps with the content's, Ls normalized Gram matrices with the style's; Le and Lt
compare the energy over frequency and over time with the style's. The variable is the log spectrogram, from
Gaussian noise; Griffin-Lim finds its phase. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.losses import ContentTerm, EnvelopeTerm, GramTerm, Objective, Term
from nast_fx.methods.base import Method, Segment, StyleSound, Targets, style_view
from nast_fx.methods.image_eye import INSTRUMENTS_EYE, ImageEye, chosen_layers, image_eye
from nast_fx.methods.spectrum import n_columns, noise_spec, style_spectrum, whole_windows
from nast_fx.models import VermaSmithSettings
from nast_fx.networks import ImageNetwork
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

    def min_frames(self, sample_rate: int) -> int:
        """Give the samples of as many windows as a position of the last layer sees."""
        n_fft, hop_length = self.eye.geometry(sample_rate, self.settings)
        network = self._network(ImageStack(self.eye.architecture, ()))
        return max(network.min_frames * hop_length, n_fft)

    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[LogMagnitude]:
        """Compute the style's Grams and energies."""
        representation = self.eye.view(sample_rate, self.settings)
        view = style_view(style, representation, self._network(self.eye.stack(seed, device)))
        energies = [spec_energy(representation.forward(excerpt)) for excerpt in style.excerpts]
        shares = [weight / sum(style.weights) for weight in style.weights]
        means = [share * energy.mean(dim=2) for share, energy in zip(shares, energies, strict=True)]
        facts = {
            "energy over frequency": torch.stack(means).sum(dim=0),  # (row, bin), mean of a frame
            "energy over time": torch.cat([energy.sum(dim=1) for energy in energies], dim=1),  # (row, frame)
        }
        return Targets(representation, {"style": view}, facts=facts)

    def transfer(self, segment: Segment, targets: Targets[LogMagnitude]) -> Steps[Solution]:
        """Minimize on the spectrogram and find its phase."""
        s, representation = self.settings, targets.representation
        whole = whole_windows(segment, representation.hop_length)
        if whole.content is not None and s.start == "content":
            start = representation.forward(whole.content)
        else:
            start = START_LEVEL * noise_spec(whole, representation, targets.device)
        wrap = min(self._network(ImageStack(self.eye.architecture, ())).min_frames, start.shape[-1])
        return (
            yield from style_spectrum(
                whole,
                representation,
                start,
                Objective(self._terms(whole, targets, wrap if whole.loop else 0)),
                self._search,
                max_iterations=s.max_iterations,
                griffin_lim_iterations=s.griffin_lim_iterations,
                wrap=wrap,
                n_frames=segment.n_frames,
            )
        )
