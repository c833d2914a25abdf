"""Ulyanov & Lebedev 2016: one layer of 4096 random filters over the log spectrogram.

    alpha sum (X - C)^2 + sum (G_x - G_s)^2,   G = Phi Phi^T / frames,  X, C after the ReLU

with weights of standard deviation sqrt(2) sqrt(2 / ((F + N) k)), from N(0, 1) 1e-3 on the log
spectrogram, by L-BFGS; then Griffin-Lim from a random phase. Their sums are our means times
constants, which are the weights below. Departures are listed in docs/methods.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from nast_fx.dsp import Stft, griffin_lim, n_spectrum_frames
from nast_fx.losses import ContentTerm, GramTerm, Objective, Term
from nast_fx.methods.base import Method, Segment, StyleSound, Targets, random_rows, solution, style_target
from nast_fx.models import UlyanovLebedevSettings
from nast_fx.networks import Architecture, FiniteNetwork
from nast_fx.optimize import Solution, SpectrumCanvas, WaveformCanvas, lbfgs, minimize
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

    def prepare(self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device) -> Targets:
        """Draw the filters and compute the style's Gram."""
        representation = LogMagnitude(sample_rate, *self.settings.geometry(sample_rate))
        architecture = Architecture(self.settings.n_filters, self.settings.kernel_width)
        network = FiniteNetwork(architecture, representation.n_bins, seed=seed, device=device)
        return Targets(representation, network, style_target(style, representation, network))

    def transfer(self, segment: Segment, targets: Targets) -> Steps[Solution]:
        """Minimize on the spectrogram and find its phase, or minimize on the waveform."""
        on_waveform = self.settings.canvas == "waveform"
        n_frames = segment.n_frames
        if segment.loop and not on_waveform:
            segment = _whole_windows(segment, targets.representation.hop_length)
        make_canvas = self._waveform_canvas if on_waveform else self._spectrum_canvas
        canvas = make_canvas(segment, targets)
        minimum = yield from minimize(
            canvas,
            Objective(self._terms(segment, targets)),
            lambda start, scale: lbfgs(start, history=self.settings.history, step_scale=scale),
            max_iterations=self.settings.max_iterations,
        )
        if isinstance(canvas, WaveformCanvas):
            return solution(canvas.waveform(minimum.variable), minimum)
        waveform = yield from self._find_phase(canvas.final_spec(minimum.variable), segment, targets)
        return solution(_stretch_circle(waveform, n_frames), minimum)

    def _terms(self, segment: Segment, targets: Targets) -> list[Term]:
        s, representation, network = self.settings, targets.representation, targets.network
        n_columns = n_spectrum_frames(segment.n_frames, representation.hop_length, loop=segment.loop)
        n_positions = n_columns - s.kernel_width + 1
        # Their weights against ours, squared: ours are sqrt(2) relu with variance 1 / k.
        variance = 4 / ((representation.n_bins + s.n_filters) * s.kernel_width)
        ratio = variance * s.kernel_width / 2
        style_weight = s.style_weight * (ratio * s.n_filters * n_positions / n_columns) ** 2
        terms: list[Term] = [
            GramTerm("style", representation, style_weight, network, targets.style, relative=False)
        ]
        if segment.content is not None:
            fixed = network.target(representation.forward(segment.content))
            weight = s.content_weight * ratio * s.n_filters * n_positions
            terms.append(ContentTerm("content", representation, weight, network, fixed, relative=False))
        return terms

    def _waveform_canvas(self, segment: Segment, targets: Targets) -> WaveformCanvas:
        if segment.content is not None and self.settings.start == "content":
            start = segment.content
        else:
            device = targets.style.energy.device
            start = START_LEVEL * random_rows(segment.keys, segment.n_frames, device=device)
        representation = targets.representation
        wrap = self.min_frames(representation.sample_rate) + representation.n_fft if segment.loop else 0
        return WaveformCanvas(start, pinned=segment.pinned, wrap=min(wrap, segment.n_frames))

    def _spectrum_canvas(self, segment: Segment, targets: Targets) -> SpectrumCanvas:
        representation = targets.representation
        n_columns = n_spectrum_frames(segment.n_frames, representation.hop_length, loop=segment.loop)
        if segment.content is not None and self.settings.start == "content":
            start = representation.forward(segment.content)
        else:
            shape = 1, representation.n_bins, n_columns
            start = START_LEVEL * random_rows(segment.keys, *shape, device=targets.style.energy.device)
        held, pinned = None, segment.pinned
        if pinned is not None:
            centers = torch.arange(n_columns) * representation.hop_length
            share = pinned.share[centers.clamp_max(segment.n_frames - 1)]
            held = representation.forward(pinned.waveform), share
        wrap = self.settings.kernel_width - 1 if segment.loop else 0
        return SpectrumCanvas(start, pinned=held, wrap=wrap)

    def _find_phase(self, spec: Tensor, segment: Segment, targets: Targets) -> Steps[Tensor]:
        """Griffin-Lim from a random phase, held at what is pinned."""
        representation, pinned = targets.representation, segment.pinned
        magnitude = representation.magnitude(spec)
        turns = random_rows(segment.keys, *magnitude.shape[1:], device=spec.device, uniform=True)
        return (
            yield from griffin_lim(
                Stft(representation.n_fft, representation.hop_length, loop=segment.loop),
                magnitude,
                2 * math.pi * turns,
                n_frames=segment.n_frames,
                n_iterations=self.settings.griffin_lim_iterations,
                pinned=None if pinned is None else (pinned.waveform, pinned.share),
            )
        )


def _whole_windows(segment: Segment, hop_length: int) -> Segment:
    """Round a circle's length to whole hops: a spectrogram cannot hold any other."""
    return replace(segment, n_frames=max(1, round(segment.n_frames / hop_length)) * hop_length)


def _stretch_circle(waveform: Tensor, n_frames: int) -> Tensor:
    """Bring a circle to its exact length: exact for a periodic signal, by at most half a hop."""
    if waveform.shape[1] == n_frames:
        return waveform
    ratio = n_frames / waveform.shape[1]
    stretched: Tensor = torch.fft.irfft(torch.fft.rfft(waveform), n=n_frames)
    return stretched * ratio
