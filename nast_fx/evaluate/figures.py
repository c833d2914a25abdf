"""The figures of a transfer, for the result and for two baselines, and the two ways to get them.

Baselines keep the numbers honest: `match_eq` is what an equalizer reaches without any network, and
`content` is what doing nothing reaches. All of it is defined in `style`, `texture` and `content`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio
from nast_fx.evaluate import content as against
from nast_fx.evaluate.features import Signal, judge_signal, trimmed_alike
from nast_fx.evaluate.match_eq import match_eq
from nast_fx.evaluate.style import StyleScale, style_scale, white_noise
from nast_fx.evaluate.texture import texture_residual, texture_statistics

__all__ = ["Evaluation", "Figures", "evaluate", "evaluate_texture"]


@dataclass(frozen=True)
class Figures:
    """Figures of one candidate; None is what has no value for it.

    Attributes
    ----------
    style_residual : float or None
        Distance of the Grams from the style; 0 is the style, 1 the reference.
    style_floor : float or None
        Distance between the style's own halves in the same unit.
    texture_residual : float or None
        The same of texture statistics; 0 is the style, 1 the reference.
    content_error : float or None
        Relative distance of the judge's features from the content; 0 is the content.
    onset_agreement, chroma_agreement : float or None
        Cosines with the content, 0 ... 1.
    dynamics_db, content_dynamics_db : float or None
        Spread of the frame level of the candidate and of the content, in dB.
    silence_noise_db : float or None
        Level in the content's pauses relative to the candidate's mean level, in dB.
    copy : float or None
        Largest correlation with the style over all lags; 1 is a verbatim copy.
    frames : int or None
        Length in samples at the file's own rate.
    peak : float or None
        Largest absolute sample, full scale 1; None where it is not finite.
    finite : bool or None
        Whether every sample is a number.
    """

    style_residual: float | None = None
    style_floor: float | None = None
    texture_residual: float | None = None
    content_error: float | None = None
    onset_agreement: float | None = None
    chroma_agreement: float | None = None
    dynamics_db: float | None = None
    content_dynamics_db: float | None = None
    silence_noise_db: float | None = None
    copy: float | None = None
    frames: int | None = None
    peak: float | None = None
    finite: bool | None = None

    def as_dict(self) -> dict[str, float | int | bool | None]:
        """Give the figures by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Evaluation:
    """Figures of the result, of the content through a match-EQ, and of the untouched content."""

    output: Figures
    match_eq: Figures
    content: Figures

    def as_dict(self) -> dict[str, dict[str, float | int | bool | None]]:
        """Give all figures by candidate and name, ready for JSON: no NaN, None for undefined."""
        return {
            "output": self.output.as_dict(),
            "match_eq": self.match_eq.as_dict(),
            "content": self.content.as_dict(),
        }


def evaluate(content: Audio, style: Audio, output: Audio) -> Evaluation:
    """Judge a transfer; 1 in the residuals is the untouched content.

    A figure is None where it has no meaning: those of a silent or broken candidate except `frames`,
    `peak` and `finite`, those against a silent content or style, residuals where content and style
    are one. A file shorter than 0.23 s is followed by silence to fill the judge's filters.
    """
    signals = judge_signal(content), judge_signal(style)
    judge = _Judge(content=signals[0], style=signals[1], reference=signals[0])
    has_both = signals[0] is not None and signals[1] is not None
    return Evaluation(
        output=judge.figures(output),
        match_eq=judge.figures(match_eq(content, style)) if has_both else Figures(),
        content=judge.figures(content),
    )


def evaluate_texture(style: Audio, output: Audio) -> Evaluation:
    """Judge a texture made from a style alone; 1 in the residuals is white noise.

    The divisor of `style_residual`, `style_floor` and `texture_residual` is the distance of white
    Gaussian noise of the style's length and level. Figures that need a content are None, and so are
    all of the candidates `match_eq` and `content`.
    """
    signal = judge_signal(style)
    noise = None if signal is None else white_noise(signal.size)
    judge = _Judge(content=None, style=signal, reference=noise)
    return Evaluation(output=judge.figures(output), match_eq=Figures(), content=Figures())


class _Judge:
    """Holds what all candidates are compared with, so that it is measured once.

    `reference` is the signal whose residuals are 1.
    """

    def __init__(self, content: Signal | None, style: Signal | None, reference: Signal | None) -> None:
        self.content = content
        self.style = style
        self.content_dynamics = None if content is None else against.dynamics_db(against.frame_view(content))
        self.scale: StyleScale | None = None
        self.textures: tuple[Mapping[str, NDArray[np.float64]], ...] = ()
        if style is not None and reference is not None:
            self.scale = style_scale(style, reference)
            self.textures = texture_statistics(style), texture_statistics(reference)

    def figures(self, audio: Audio) -> Figures:
        """Judge one candidate."""
        signal = judge_signal(audio)
        is_finite = bool(np.isfinite(audio.samples).all())
        facts: dict[str, float | None] = {
            "content_dynamics_db": self.content_dynamics,
            "peak": float(np.abs(audio.samples).max(initial=0)) if is_finite else None,
        }
        if signal is not None:
            facts |= self._against_style(signal) | self._against_content(signal)
        return Figures(frames=audio.samples.shape[1], finite=is_finite, **facts)

    def _against_style(self, signal: Signal) -> dict[str, float | None]:
        figures: dict[str, float | None] = {}
        if self.style is not None:
            figures["copy"] = against.copy_share(signal, self.style)
        if self.scale is not None and self.scale.divisor is not None:
            figures["style_residual"] = self.scale.residual(signal)
            figures["style_floor"] = self.scale.floor
            figures["texture_residual"] = texture_residual(texture_statistics(signal), *self.textures)
        return figures

    def _against_content(self, signal: Signal) -> dict[str, float | None]:
        figures: dict[str, float | None] = {"dynamics_db": against.dynamics_db(against.frame_view(signal))}
        pair = None if self.content is None else trimmed_alike(signal, self.content)
        if pair is None:
            return figures
        view, content_view = against.frame_view(pair[0]), against.frame_view(pair[1])
        return figures | {
            "content_error": against.content_error(*pair),
            "onset_agreement": against.onset_agreement(view, content_view),
            "chroma_agreement": against.chroma_agreement(view, content_view),
            "silence_noise_db": against.silence_noise_db(view, content_view),
        }
