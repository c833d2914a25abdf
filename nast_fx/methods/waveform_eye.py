"""`mital` through a network on the waveform: a trained autoencoder, or an encoder of the user's.

    alpha content / mean K_cc[t, t]  +  gram / mean K_ss^2,   summed over the chosen layers

A trained network's features have a scale of their own, so both distances are relative.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.losses import ContentTerm, GramTerm, Term
from nast_fx.methods.base import Segment, StyleSound, Targets, style_view
from nast_fx.models import MitalSettings
from nast_fx.networks.user_encoder import UserEncoder
from nast_fx.networks.waveform_features import WaveformFeatures, waveform_features
from nast_fx.representations.waveform import Waveform

__all__ = ["eye", "least_samples", "prepare_features", "terms_of_features"]


@lru_cache(maxsize=4)
def eye(
    source: str, layers: str, sample_rate: int, device: torch.device
) -> tuple[Waveform, WaveformFeatures | UserEncoder]:
    """Load the network of the settings `features` and `layers` once.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    """
    if source != "wavenet" and not Path(source).is_file():
        near = did_you_mean(source, ("dft", "wavenet"))
        raise UsageError(f"features={source} must be dft, wavenet, or a file of weights or an encoder{near}")
    chosen = tuple(name.strip() for name in layers.split("+")) if layers else None
    return waveform_features(source, sample_rate=sample_rate, layers=chosen, device=device)


def least_samples(settings: MitalSettings, sample_rate: int) -> int:
    """Give the samples that the widest of the features sees."""
    view, network = eye(settings.features, settings.layers, sample_rate, torch.device("cpu"))
    return max(view.n_samples(network.min_frames), view.n_fft)


def prepare_features(
    settings: MitalSettings, style: StyleSound, sample_rate: int, device: torch.device
) -> Targets[Waveform]:
    """Compute the style's Grams."""
    view, network = eye(settings.features, settings.layers, sample_rate, device)
    return Targets(view, {"style": style_view(style, view, network)})


def terms_of_features(settings: MitalSettings, segment: Segment, targets: Targets[Waveform]) -> list[Term]:
    """Give both distances."""
    view = targets.views["style"]
    terms: list[Term] = [
        GramTerm("style", view.representation, settings.style_weight, view.network, view.style)
    ]
    if segment.content is not None:
        fixed = view.network.target(view.representation.forward(segment.content))
        weight = settings.content_weight
        terms.append(ContentTerm("content", view.representation, weight, view.network, fixed))
    return terms
