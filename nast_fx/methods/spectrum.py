"""What the methods share that optimize a spectrogram: its canvas, and the phase afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from nast_fx.dsp import Stft, griffin_lim, n_spectrum_frames
from nast_fx.losses import Objective
from nast_fx.methods.base import Segment, random_rows, solution
from nast_fx.optimize import Solution, SpectrumCanvas, minimize
from nast_fx.optimize.solvers import Search
from nast_fx.progress import Steps
from nast_fx.representations import LogMagnitude

__all__ = ["n_columns", "noise_spec", "repeated", "stretch_circle", "style_spectrum", "whole_windows"]

MakeSearch = Callable[[Tensor, float], Search]


def style_spectrum(
    segment: Segment,
    representation: LogMagnitude,
    start: Tensor,
    objective: Objective,
    make_search: MakeSearch,
    *,
    max_iterations: int,
    griffin_lim_iterations: int,
    wrap: int,
    n_frames: int,
) -> Steps[Solution]:
    """Minimize on the spectrogram, then find its phase.

    Parameters
    ----------
    segment : Segment
        A circle has whole hops (`whole_windows`).
    start : Tensor (batch, 1, bin, frame)
    wrap : int
        For a loop: frames of the other end that the network must see beyond either end.
    n_frames : int
        Samples of the result; a circle is brought to them.
    """
    canvas = SpectrumCanvas(start, pinned=_held(segment, representation), wrap=wrap if segment.loop else 0)
    minimum = yield from minimize(canvas, objective, make_search, max_iterations=max_iterations)
    spec = canvas.final_spec(minimum.variable)
    waveform = yield from _find_phase(spec, segment, representation, griffin_lim_iterations)
    return solution(stretch_circle(waveform, n_frames), minimum)


def n_columns(segment: Segment, representation: LogMagnitude) -> int:
    """Count the frames of a segment's spectrogram."""
    return n_spectrum_frames(segment.n_frames, representation.hop_length, loop=segment.loop)


def noise_spec(segment: Segment, representation: LogMagnitude, device: torch.device) -> Tensor:
    """Draw N(0, 1) in the shape of a segment's spec (batch, 1, bin, frame)."""
    shape = 1, representation.n_bins, n_columns(segment, representation)
    return random_rows(segment.keys, *shape, device=device)


def repeated(course: Tensor, n_frames: int, *, loop: bool) -> Tensor:
    """Bring what lies along frames (..., frame) to a length by playing it again, at its own speed.

    On a circle a whole number of turns is stretched to fit, so that the end meets the beginning.
    """
    n_own = course.shape[-1]
    if not loop:
        return course[..., torch.arange(n_frames, device=course.device) % n_own]
    n_turns = max(1, round(n_frames / n_own))
    places = torch.arange(n_frames, device=course.device) * (n_turns * n_own / n_frames)
    before, share = places.floor().long(), places.frac().to(course.dtype)
    return torch.lerp(course[..., before % n_own], course[..., (before + 1) % n_own], share)


def whole_windows(segment: Segment, hop_length: int) -> Segment:
    """Round a circle's length to whole hops: a spectrogram cannot hold any other."""
    if not segment.loop:
        return segment
    return replace(segment, n_frames=max(1, round(segment.n_frames / hop_length)) * hop_length)


def stretch_circle(waveform: Tensor, n_frames: int) -> Tensor:
    """Bring a circle to its exact length: exact for a periodic signal, by at most half a hop."""
    if waveform.shape[1] == n_frames:
        return waveform
    ratio = n_frames / waveform.shape[1]
    stretched: Tensor = torch.fft.irfft(torch.fft.rfft(waveform), n=n_frames)
    return stretched * ratio


def _held(segment: Segment, representation: LogMagnitude) -> tuple[Tensor, Tensor] | None:
    """Give what is pinned as a spec, and the share of each of its frames."""
    if segment.pinned is None:
        return None
    centers = torch.arange(n_columns(segment, representation)) * representation.hop_length
    share = segment.pinned.share[centers.clamp_max(segment.n_frames - 1)]
    return representation.forward(segment.pinned.waveform), share


def _find_phase(
    spec: Tensor, segment: Segment, representation: LogMagnitude, n_iterations: int
) -> Steps[Tensor]:
    """Griffin-Lim from a random phase, held at what is pinned."""
    pinned, magnitude = segment.pinned, representation.magnitude(spec)
    turns = random_rows(segment.keys, *magnitude.shape[1:], device=spec.device, uniform=True)
    return (
        yield from griffin_lim(
            Stft(representation.n_fft, representation.hop_length, loop=segment.loop),
            magnitude,
            2 * math.pi * turns,
            n_frames=segment.n_frames,
            n_iterations=n_iterations,
            pinned=None if pinned is None else (pinned.waveform, pinned.share),
        )
    )
