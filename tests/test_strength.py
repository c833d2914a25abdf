"""How far toward the style: a weight against the content, the same for every method."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
import torch

from nast_fx.audio import ArraySource, Audio, check_samples
from nast_fx.losses import ContentTerm, GramTerm, Objective, SparsityTerm
from nast_fx.methods import METHODS, build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.networks import Architecture, build_network
from nast_fx.progress import drain
from nast_fx.render import Reference, References, style_source
from nast_fx.representations import LogMagnitude

RATE = 8_000


def terms() -> list[object]:
    representation = LogMagnitude(RATE, 256, 64)
    network = build_network(Architecture(kernel_width=3), representation.n_bins, seed=0)
    target = network.target(representation.forward(torch.randn(1, 4000) * 0.1))
    return [
        GramTerm("style", representation, 2.0, network, target),
        ContentTerm("content", representation, 0.1, network, target),
        SparsityTerm("sparsity", representation, 0.01),
    ]


def weights(objective: Objective) -> dict[str, float]:
    return {term.name: term.weight for term in objective.terms}


def test_strength_weakens_the_style_alone() -> None:
    assert weights(Objective(terms())) == {"style": 2.0, "content": 0.1, "sparsity": 0.01}
    half = weights(Objective(terms(), strength=0.5))
    assert half == {"style": pytest.approx(2 * 10**-1.5), "content": 0.1, "sparsity": 0.01}
    assert weights(Objective(terms(), strength=0.0)) == {"content": 0.1, "sparsity": 0.01}


def test_without_a_content_there_is_nothing_to_stay_at() -> None:
    style, _, sparsity = terms()
    assert weights(Objective([style, sparsity], strength=0.2)) == {"style": 2.0, "sparsity": 0.01}


def styled(method: str, strength: float, settings: dict[str, object]) -> float:
    """Distance of the result's log spectrogram from the content's, relative to the content's."""
    time = np.arange(2 * RATE) / RATE
    tune = 0.2 * np.sin(2 * np.pi * 330 * time) * (1 + np.sin(2 * np.pi * 3 * time)) / 2
    content = ArraySource(Audio(tune[None].astype(np.float32), RATE))
    hiss = 0.1 * np.random.default_rng(0).standard_normal((1, 2 * RATE)).astype(np.float32)
    references = References((Reference(ArraySource(Audio(hiss, RATE)), "hiss", 1.0),), 30.0)
    plan = RenderPlan(strength=strength, follow=0.0)
    with ExitStack() as stack:
        steps = style_source(
            content,
            check_samples(content, "content"),
            references,
            build_method(method, settings),
            plan,
            stack,
            tracking=Tracking(key="off", loudness_follow=0.0),
        )
        result = drain(steps).source.read(0, content.n_frames)
    view = LogMagnitude(RATE, 512, 128)  # a method with Griffin-Lim finds phases of its own
    made, own = (view.forward(torch.from_numpy(10 * x.astype(np.float32))) for x in (result, tune[None]))
    return float((made - own).norm() / own.norm())


def test_more_strength_goes_farther_and_none_stays() -> None:
    far = [styled("infinite", strength, {"max_iterations": 30}) for strength in (0.0, 0.4, 0.7, 1.0)]
    assert far[0] < 0.01
    assert far[0] < far[1] < far[2] < far[3]


OTHERS = {
    "ulyanov-lebedev": {"n_filters": 64, "max_iterations": 8, "start": "content"},
    "mital": {"n_filters": 32, "max_iterations": 8, "start": "content"},
    "barry-kim": {"start": "content", "max_iterations": 8, "stft_filters": 64},
    "verma-smith": {"start": "content", "max_iterations": 8},
    "vedak-bhatia": {"start": "content", "max_iterations": 8},
}


@pytest.mark.parametrize("method", OTHERS)
def test_every_method_knows_strength(method: str) -> None:
    assert styled(method, 0.0, OTHERS[method]) < 0.7 * styled(method, 1.0, OTHERS[method])


def test_all_methods_are_tried_above() -> None:
    assert set(METHODS) == {"infinite", *OTHERS}
