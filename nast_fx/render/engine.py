"""From a content source and references to a styled source; no files are written here.

    content -> working rate -> segments -> level follows -> back to the content's rate -> mix -> ceiling

Everything after the segments is computed where it is read, in blocks. What lies above the working
rate's band stays the content's: the styled change is what is resampled, and added.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from nast_fx.audio import AudioSource, SampleStats, ScratchFile, check_samples, resample_source
from nast_fx.errors import UsageError
from nast_fx.methods import Method
from nast_fx.models import RenderPlan
from nast_fx.optimize import SEVERITY, Outcome
from nast_fx.progress import Progress, Steps
from nast_fx.render.device import choose_device, device_errors
from nast_fx.render.limits import content_rate, texture_rate, window_seconds
from nast_fx.render.sources import Difference, Follower, Mixed, Rows
from nast_fx.render.stereo import StereoLayout
from nast_fx.render.style import References
from nast_fx.render.track import Journey, SegmentRecord, style_texture, style_track

__all__ = [
    "Styled",
    "content_notes",
    "make_texture",
    "style_source",
]

MAX_WORKING_RATE = 48_000  # Hz
SAME_BAND = 0.9  # of the rate: a 44.1 kHz style has all that is heard of a 48 kHz content
CEILING = 10 ** (-1 / 20)  # -1 dBFS, sample peak


@dataclass(frozen=True)
class Styled:
    """A finished result, before it is written.

    Attributes
    ----------
    source : AudioSource
        The result; reads from temporary files that the caller's `ExitStack` closes.
    records : tuple of SegmentRecord
    notes : tuple of str
        What the user should know, a sentence each.
    device : str
        Where it was computed, and why.
    working_rate : int
        Hz.
    """

    source: AudioSource
    records: tuple[SegmentRecord, ...]
    notes: tuple[str, ...]
    device: str
    working_rate: int

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all segments."""
        outcomes = (outcome for record in self.records for outcome in record.outcomes)
        return max(outcomes, key=SEVERITY.index, default=Outcome.UNTOUCHED)

    @property
    def losses(self) -> dict[str, float]:
        """Mean of the segments' final losses, by name."""
        finals = [record.history[-1] for record in self.records if record.history]
        return {name: sum(f[name] for f in finals) / len(finals) for name in (finals[0] if finals else {})}


def style_source(
    content: AudioSource,
    stats: SampleStats,
    references: References,
    method: Method[Any],
    plan: RenderPlan,
    stack: ExitStack,
) -> Steps[Styled]:
    """Style a source.

    Parameters
    ----------
    content : AudioSource
        Of 8 to 192 kHz.
    stats : SampleStats
        Of the content (`check_samples`).
    stack : ExitStack
        Closes the temporary files.

    Raises
    ------
    UsageError, DeviceError
        The rate or the device cannot be used.
    """
    rate = content.sample_rate
    working_rate = content_rate(content, references)
    if plan.loop:
        raise UsageError("loop=True is for textures: a content has its own end")
    least = window_seconds(method, working_rate, plan, content.n_frames / rate)
    device, reason = choose_device(plan.device)
    layout = StereoLayout(content.n_channels, plan.channels)
    notes = [*content_notes(content, stats, layout, working_rate, least), *references.notes(least)]
    low: AudioSource = content
    if working_rate != rate:
        yield Progress("read", note=f"resampling to {working_rate} Hz")
        low = stack.enter_context(resample_source(content, working_rate))
    yield Progress("read", note="preparing the style")
    with device_errors():
        sound = references.sound(layout.rows, working_rate, method.min_frames(working_rate)).to(device)
        targets = method.prepare(sound, sample_rate=working_rate, seed=plan.seed, device=device)
    result = stack.enter_context(ScratchFile(working_rate, content.n_channels, low.n_frames))
    journey = Journey(method, targets, plan, layout, result, device)
    yield from style_track(journey, low)
    change = _change(content, low, result, stats, layout, plan, stack)
    gain = _gain_under_ceiling(Mixed(content, change, amount=plan.amount, gain=1.0), stats)
    if gain < 1:
        notes.append(f"Turned down by {-20 * math.log10(gain):.1f} dB to keep the peak under the ceiling.")
    final = Mixed(content, change, amount=plan.amount, gain=gain)
    return Styled(final, tuple(journey.records), tuple(notes), reason, working_rate)


def make_texture(
    references: References, n_frames: int, method: Method[Any], plan: RenderPlan, stack: ExitStack
) -> Steps[Styled]:
    """Make `n_frames` of texture at `texture_rate` and the references' level."""
    rate = texture_rate(references)
    least = window_seconds(method, rate, plan, n_frames / rate)
    device, reason = choose_device(plan.device)
    layout = StereoLayout(references.n_channels, plan.channels)
    yield Progress("read", note="preparing the style")
    with device_errors():
        sound = references.sound(layout.rows, rate, method.min_frames(rate)).to(device)
        targets = method.prepare(sound, sample_rate=rate, seed=plan.seed, device=device)
    result = stack.enter_context(ScratchFile(rate, references.n_channels, n_frames))
    journey = Journey(method, targets, plan, layout, result, device)
    yield from style_texture(journey, references.levels(layout.rows, least))
    level = _texture_level(references, result, least)
    gain = level * _gain_under_ceiling(Mixed(result, result, amount=0.0, gain=level), None)
    final = Mixed(result, result, amount=0.0, gain=gain)
    return Styled(final, tuple(journey.records), tuple(references.notes(least)), reason, rate)


def content_notes(
    content: AudioSource, stats: SampleStats, layout: StereoLayout, working_rate: int, least_seconds: float
) -> list[str]:
    """Say what is special about a content, a sentence each; `least_seconds` is `window_seconds`."""
    notes = []
    if stats.peak.max() == 0:
        notes.append("The content is silent; it stays silent.")
    if working_rate < content.sample_rate:
        notes.append(
            f"Styled at {working_rate} Hz; what lies above {working_rate / 2000:g} kHz stays the content's."
        )
    if content.n_frames / content.sample_rate < least_seconds:
        notes.append("The content is shorter than the method's window; it was mirrored, and cut again.")
    return [*notes, *filter(None, [layout.describe()])]


def _change(
    content: AudioSource,
    low: AudioSource,
    result: ScratchFile,
    stats: SampleStats,
    layout: StereoLayout,
    plan: RenderPlan,
    stack: ExitStack,
) -> AudioSource:
    """What the transfer adds to the content, at the content's rate."""
    own, made = (check_samples(Rows(source, layout), "the rows").rms for source in (low, result))
    levels = np.where(made > 0, own / np.maximum(made, 1e-30), 1.0)
    peak = (stats if low is content else check_samples(low, "the content")).peak.max()
    ceiling = max(CEILING, float(peak))
    followed = Follower(low, result, layout, share=plan.follow, levels=levels, ceiling=ceiling)
    change = Difference(followed, low)
    if low.sample_rate == content.sample_rate:
        return change
    return stack.enter_context(resample_source(change, content.sample_rate, n_frames=content.n_frames))


def _texture_level(references: References, result: AudioSource, least_seconds: float) -> float:
    """Gain that brings a texture to the references' overall level."""
    channels = ("left", "right") if references.n_channels == 2 else ("mid",)
    wanted = references.levels(channels, least_seconds)
    found = check_samples(result, "the result").rms
    return float(np.sqrt(np.mean(wanted**2) / np.mean(found**2))) if found.any() else 1.0


def _gain_under_ceiling(source: AudioSource, stats: SampleStats | None) -> float:
    """Gain of at most 1 that brings the peak to -1 dBFS, or to the content's own if that is higher."""
    ceiling = max(CEILING, float(stats.peak.max()) if stats else 0.0)
    peak = float(check_samples(source, "the result").peak.max())
    return min(1.0, ceiling / peak) if peak > 0 else 1.0
