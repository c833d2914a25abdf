"""The envelope stage: band gains that bring a transfer's texture to the style's, and hold its content.

A Gram matrix of 93 ms windows says little of how bands move within them, and it blurs what is sudden. This
stage solves for a slowly changing gain a band, by Adam on the band powers alone (no transform in the loop):

    texture     distance of each band's sorted envelope from the style's: the 1-D Wasserstein distance of
                their distributions, and of the bands' correlation matrices
    onsets      1 - cosine of the rises of the log spectrum with the content's
    level       squared difference in dB from the content's level, 93 ms at a time
    harmony     1 - cosine of the pitch classes with the content's
    smoothness  squared change of the gain from frame to frame

Envelopes are powers to the 0.15, as the ear compresses (McDermott & Simoncelli 2011). Where the content
pauses, nothing is solved: the gain brings the result down to the content's own level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.methods.bands import Bands, long_frames

__all__ = ["N_STEPS", "StyleEnvelopes", "follow_envelopes", "style_envelopes"]

COMPRESSION = 0.15  # of powers
N_QUANTILES = 512
N_STEPS = 100
LEARNING_RATE = 0.08
EPSILON = 1.0  # of Adam, of a gradient that begins near 10: where nothing is to be gained, nothing moves
WEIGHTS = {
    "texture": 2.0,
    "correlation": 7.0,
    "onsets": 20.0,
    "level": 1 / 16,
    "harmony": 45.0,
    "smoothness": 30.0,
}
LONGEST_GAIN = 24 / 8.686  # +-24 dB
FOLLOW_SECONDS = 0.2
FOLLOW_BOOST = 12 / 8.686
PAUSE_DB = 36.0  # so far below the content's 95th percentile its pauses begin ...
KNEE_DB = 6.0  # ... and over so much they become deeper
SILENT = 1e-12


@dataclass(frozen=True)
class StyleEnvelopes:
    """What of a style's band envelopes is aimed for.

    Attributes
    ----------
    quantiles : Tensor (row, band, quantile)
        Of each band's envelope.
    correlations : Tensor (row, band, band)
    """

    quantiles: Tensor
    correlations: Tensor


def style_envelopes(excerpts: tuple[Tensor, ...], weights: tuple[float, ...], bands: Bands) -> StyleEnvelopes:
    """Measure excerpts (row, frame), each with its share."""
    parts = [bands.power(bands.spectrum(excerpt)) ** COMPRESSION for excerpt in excerpts]
    shares = [weight / part.shape[2] for weight, part in zip(weights, parts, strict=True)]
    envelopes = torch.cat(parts, dim=2)
    share = torch.cat([torch.full_like(p[0, 0], s) for p, s in zip(parts, shares, strict=True)])
    share = share / share.sum()
    sorted_envelopes, order = envelopes.sort(dim=2)
    reached = share[order].cumsum(dim=2) - share[order] / 2
    wanted = (torch.arange(N_QUANTILES, device=share.device) + 0.5) / N_QUANTILES
    after = torch.searchsorted(reached, wanted.expand(*reached.shape[:2], -1).contiguous())
    ends = (after - 1).clamp_min(0), after.clamp_max(envelopes.shape[2] - 1)
    (low, high), (begin, end) = (
        [values.gather(2, e) for e in ends] for values in (sorted_envelopes, reached)
    )
    way = ((wanted - begin) / (end - begin).clamp_min(1e-12)).clamp(0, 1)
    return StyleEnvelopes(torch.lerp(low, high, way), _correlations(envelopes, share))


def follow_envelopes(
    result: Tensor,
    content: Tensor,
    style: StyleEnvelopes | None,
    bands: Bands,
    *,
    texture: float,
    tone: float,
    n_steps: int = N_STEPS,
) -> Tensor:
    """Bring a result's band envelopes toward the style's, with the content's onsets, level and harmony.

    Parameters
    ----------
    result, content : Tensor (row, frame)
    style : StyleEnvelopes or None
        None leaves the texture alone.
    texture : float
        How far the envelopes go from the content's to the style's, 0 ... 1.
    tone : float
        How far the long-term spectrum does, 0 ... 1.
    n_steps : int
        Of the solver.

    Returns
    -------
    Tensor (row, frame)
        At the result's own RMS.
    """
    spectrum, own = bands.spectrum(result), bands.spectrum(content)
    power, wanted = bands.power(spectrum), bands.power(own)
    follow = _follow_gains(power, wanted, bands)
    gains = follow.expand_as(power)
    if style is not None and texture > 0:
        target = _between(wanted, style, texture)
        solver = _Solver(bands, target, result, content, wanted)
        gains = (gains + solver.solve(power * (2 * follow).exp(), n_steps)).clamp_max(LONGEST_GAIN)
    gains = gains + (1 - tone) * _tone_gains(power * (2 * gains).exp(), wanted)
    styled = bands.apply(spectrum, gains)
    made = bands.waveform(styled * _pause_gains(styled, own, bands)[:, None], result.shape[1])
    rms = (tensor.square().mean(dim=1, keepdim=True).sqrt() for tensor in (result, made))
    return made * (next(rms) / next(rms).clamp_min(SILENT))


def _between(content: Tensor, style: StyleEnvelopes, texture: float) -> StyleEnvelopes:
    """Aim between the content's own envelopes and the style's."""
    if texture == 1:
        return style
    envelopes = content**COMPRESSION
    own = _resampled(envelopes.sort(dim=2)[0], N_QUANTILES)
    share = torch.full_like(content[0, 0], 1 / content.shape[2])
    return StyleEnvelopes(
        torch.lerp(own, style.quantiles, texture),
        torch.lerp(_correlations(envelopes, share), style.correlations, texture),
    )


class _Solver:
    """Finds the gains of one batch; rows do not see each other."""

    def __init__(
        self, bands: Bands, target: StyleEnvelopes, result: Tensor, content: Tensor, power: Tensor
    ) -> None:
        self._bands = bands
        self._total = power.sum(dim=(1, 2), keepdim=True)
        self._quantiles = _resampled(target.quantiles, power.shape[2])
        deviation, mean = self._quantiles.std(dim=2, keepdim=True), self._quantiles.mean(dim=2, keepdim=True)
        self._scale = deviation + 0.1 * mean + 0.02
        self._correlations = target.correlations
        self._share = torch.full_like(power[0, 0], 1 / power.shape[2])
        self._active = _activity(power)
        self._rises = _rises(power)
        self._floor = _quantile(long_frames(power).sum(dim=1), 0.95) * 10**-4.5
        self._level = self._levels(power)
        self._magnitude = bands.pitched(result)
        self._pitches = functional.normalize(self._chroma(bands.pitched(content)), dim=1)

    def solve(self, power: Tensor, n_steps: int) -> Tensor:
        """Give gains (row, band, column) for powers, as natural logarithms of amplitudes."""
        gains = torch.zeros_like(power, requires_grad=True)
        steps = torch.optim.Adam([gains], lr=LEARNING_RATE, eps=EPSILON)
        for _ in range(n_steps):
            steps.zero_grad()
            loss = self._loss(power, gains * self._active).sum() * power[0].numel()
            loss.backward()  # type: ignore[no-untyped-call]
            steps.step()
        return gains.detach().clamp(-LONGEST_GAIN, LONGEST_GAIN) * self._active

    def _loss(self, power: Tensor, gains: Tensor) -> Tensor:
        changed = power * (2 * gains).exp()
        level = self._total / changed.sum(dim=(1, 2), keepdim=True)
        changed = changed * level
        envelopes = changed**COMPRESSION
        texture = ((envelopes.sort(dim=2)[0] - self._quantiles) / self._scale).square().mean(dim=(1, 2))
        bonds = (_correlations(envelopes, self._share) - self._correlations).square().mean(dim=(1, 2))
        onsets = 1 - functional.cosine_similarity(_rises(changed), self._rises, dim=1)
        levels = (self._levels(changed) - self._level).square().mean(dim=1)
        smoothness = gains.diff(dim=2).square().mean(dim=(1, 2))
        gained = self._magnitude * (self._bands.pitched_gains(gains) + 0.5 * level.detach().log()).exp()
        harmony = 1 - functional.cosine_similarity(self._chroma(gained), self._pitches, dim=1).mean(dim=1)
        w = WEIGHTS
        return (
            w["texture"] * texture
            + w["correlation"] * bonds
            + w["onsets"] * onsets
            + w["level"] * levels
            + w["harmony"] * harmony
            + w["smoothness"] * smoothness
        )

    def _levels(self, power: Tensor) -> Tensor:
        return 10 * (long_frames(power).sum(dim=1) + self._floor).log10()

    def _chroma(self, magnitude: Tensor) -> Tensor:
        return self._bands.classes @ torch.log1p(magnitude)


def _rises(power: Tensor) -> Tensor:
    """Sum over the bands of the rises of the log magnitude from long frame to long frame (row, step)."""
    return torch.log1p(2 * long_frames(power).sqrt()).diff(dim=2).relu().sum(dim=1)


def _correlations(envelopes: Tensor, share: Tensor) -> Tensor:
    """Correlation of the bands' envelopes (row, band, band); `share` (column,) weighs the columns."""
    centered = envelopes - (envelopes * share).sum(dim=2, keepdim=True)
    z = functional.normalize(centered * share.sqrt(), dim=2, eps=1e-6)
    return z @ z.mT


def _resampled(ordered: Tensor, count: int) -> Tensor:
    """Bring sorted values (row, band, n) to `count` of them, evenly spread."""
    return functional.interpolate(ordered, size=count, mode="linear", align_corners=False)


def _activity(power: Tensor) -> Tensor:
    """Where a content sounds, 1, and where it pauses, 0 (row, 1, column)."""
    level = 10 * functional.avg_pool1d(power.sum(dim=1, keepdim=True), 9, 1, 4).clamp_min(SILENT).log10()
    loud = _quantile(level[:, 0], 0.95)[:, None]
    return ((level - loud + PAUSE_DB + KNEE_DB) / KNEE_DB).clamp(0, 1)


def _follow_gains(power: Tensor, wanted: Tensor, bands: Bands) -> Tensor:
    """Gains (row, 1, column) that bring the level, over 0.2 s, to the content's."""
    size = 2 * round(FOLLOW_SECONDS / 2 / bands.seconds) + 1
    window = torch.hann_window(size + 2, periodic=False, device=power.device)[1:-1]
    kernel = (window / window.sum())[None, None]
    made, own = (
        functional.conv1d(p.sum(dim=1, keepdim=True), kernel, padding=size // 2) for p in (power, wanted)
    )
    return (0.5 * (own.clamp_min(SILENT) / made.clamp_min(SILENT)).log()).clamp_max(FOLLOW_BOOST)


def _tone_gains(power: Tensor, wanted: Tensor) -> Tensor:
    """Constant gains (row, band, 1) that bring the long-term spectrum to the content's."""
    made, own = (p.mean(dim=2, keepdim=True) for p in (power, wanted))
    return (0.5 * (own / made).log()).clamp(-2 * LONGEST_GAIN, 2 * LONGEST_GAIN)


def _pause_gains(styled: Tensor, content: Tensor, bands: Bands) -> Tensor:
    """Factors (row, column) that bring the pauses down to the content's mean magnitude."""
    made, own = bands.magnitude(styled), bands.magnitude(content)
    level = 20 * own.clamp_min(math.sqrt(SILENT)).log10()
    depth = ((_quantile(level, 0.95) - PAUSE_DB + KNEE_DB - level) / KNEE_DB).clamp(0, 1)
    return ((own + SILENT) / (made + SILENT)).clamp_max(1) ** depth


def _quantile(values: Tensor, share: float) -> Tensor:
    """Quantile of each row (row, 1)."""
    return torch.quantile(values, share, dim=1, keepdim=True)
