"""Our own method: the infinite-width limit of random networks, optimized on the waveform.

    0.1 content / mean K_cc[t, t]  +  max(0, r - goal)^2,      r = sqrt(gram / gram of the content)

under one ReLU layer of width 11 over log1p magnitudes. The goal is a style residual: 1 - strength
(1 - floor), where the floor is the distance between the style's own halves, so that one strength goes as
far on all material. Afterwards the band envelopes follow (`nast_fx.methods.envelopes`). With
``balance="scale"`` the style's term is ``gram / mean K_ss^2``, as in the papers. With a finite `n_filters`
the very same objective runs on random filters, which is what the limit is compared with.
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
    GoalTerm,
    GramTerm,
    Objective,
    SparsityTerm,
    Term,
    energy_envelope,
    gradient_norms,
)
from nast_fx.methods.bands import Bands
from nast_fx.methods.base import (
    LEVEL,
    Method,
    Segment,
    StyleSound,
    Targets,
    View,
    random_rows,
    solution,
    style_view,
)
from nast_fx.methods.envelopes import N_STEPS, StyleEnvelopes, follow_envelopes, style_envelopes
from nast_fx.models import InfiniteSettings
from nast_fx.networks import INFINITE, Architecture, build_network
from nast_fx.optimize import Solution, WaveformCanvas, minimize
from nast_fx.optimize.solvers import Search, adam, lbfgs
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["Infinite"]

GOAL_PULL = 2.0  # of a style's term with a goal, so that the content does not hold it far above
ENVELOPE_STEPS = 2.5  # of the envelope stage, for one of the optimizer ...
FEWEST_STEPS = 30  # ... and so many at least, in which it settles
LARGEST_FLOOR = 0.5  # a style whose halves differ by more says too little of itself to stop there


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
        view = style_view(style, representation, network)
        targets = Targets(representation, {"style": view}, facts=self._facts(style, view))
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
            self._objective(segment, targets),
            self._solver(),
            max_iterations=self.settings.max_iterations,
        )
        waveform = self._with_envelopes(canvas.waveform(minimum.variable).detach(), segment, targets)
        return solution(waveform if segment.pinned is None else segment.pinned.hold(waveform), minimum)

    def _objective(self, segment: Segment, targets: Targets[LogMagnitude]) -> Objective:
        """Aim for the residual that the strength asks for, or weaken the style's terms by it."""
        terms = self._terms(segment.content, targets)
        if self.settings.balance != "goal" or segment.content is None:
            return Objective(terms, strength=segment.strength)
        style = next(term for term in terms if isinstance(term, GramTerm))
        with torch.no_grad():
            _, at_content = Objective([replace(style, weight=1.0)])(
                WaveformCanvas(segment.content), segment.content
            )
        unit = at_content[style.name].clamp_min(1e-12)
        floor = (targets.facts["halves"] / unit).sqrt().clamp_max(LARGEST_FLOOR)
        goal = 1 - segment.strength * (1 - floor)
        aimed = GoalTerm(
            style.name,
            style.representation,
            GOAL_PULL * style.weight,
            network=style.network,
            target=style.target,
            unit=unit,
            goal=goal,
        )
        return Objective([aimed if term is style else term for term in terms])

    def _with_envelopes(self, waveform: Tensor, segment: Segment, targets: Targets[LogMagnitude]) -> Tensor:
        """Let the band envelopes follow, where there is a content to hold them."""
        s, content = self.settings, segment.content
        texture = s.texture * segment.strength
        if content is None or segment.loop or not segment.strength or (texture == 0 and s.tone == 1):
            return waveform
        facts = targets.facts
        style = StyleEnvelopes(facts["quantiles"], facts["correlations"]) if texture > 0 else None
        bands = Bands(targets.representation.sample_rate, waveform.device)
        n_steps = min(N_STEPS, max(FEWEST_STEPS, round(ENVELOPE_STEPS * s.max_iterations)))
        return follow_envelopes(
            waveform, content, style, bands, texture=texture, tone=s.tone, n_steps=n_steps
        )

    def _facts(self, style: StyleSound, view: View) -> dict[str, Tensor]:
        """Measure what the goal and the envelope stage compare with."""
        rate, facts = view.representation.sample_rate, {}
        if self.settings.balance == "goal":
            facts["halves"] = _half_distance(style, view, self.min_frames(rate))
        if self.settings.texture > 0:
            bands = Bands(rate, style.excerpts[0].device)
            envelopes = style_envelopes(style.excerpts, style.weights, bands)
            facts |= {"quantiles": envelopes.quantiles, "correlations": envelopes.correlations}
        return facts

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


def _half_distance(style: StyleSound, view: View, least_frames: int) -> Tensor:
    """Gram distance between the halves of a style (row,): mean over its excerpts, by their weights.

    Excerpts that are too short for that, such as the runs of a learnt style, are taken by turns; a style of
    a single short one has no halves, and a distance of 0.
    """
    long = [
        (e, w) for e, w in zip(style.excerpts, style.weights, strict=True) if e.shape[1] >= 2 * least_frames
    ]
    if long:
        halves = [(_distance(e[:, : e.shape[1] // 2], e[:, e.shape[1] // 2 :], view), w) for e, w in long]
        return torch.stack([d * w for d, w in halves]).sum(dim=0) / sum(w for _, w in halves)
    if len(style.excerpts) == 1:
        return torch.zeros(len(style.excerpts[0]), device=style.excerpts[0].device)
    return _distance(torch.cat(style.excerpts[::2], dim=1), torch.cat(style.excerpts[1::2], dim=1), view)


def _distance(first: Tensor, second: Tensor, view: View) -> Tensor:
    """Gram distance of two sounds (row, frame), in the unit of a style's term (row,)."""
    network, forward = view.network, view.representation.forward
    with torch.no_grad():
        distance = network.gram_distance(network.embed(forward(first)), network.target(forward(second)))
    return (distance / view.style.gram_energy.clamp_min(1e-30)).sum(dim=0).clamp_min(0)
