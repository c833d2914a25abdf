"""The linear part of a style as an impulse response: what a convolver can do of it in real time.

    |H(f)|^2 = D_style(f) / D_content(f)

with the long-term spectra of `nast_fx.evaluate.long_term`; without a content D is pink, -3 dB an octave. It
is the match-EQ of `nast_fx.evaluate.match_eq` on another scale of frequency, as a file. The phase is minimum
(by the folded cepstrum; Oppenheim & Schafer, Discrete-Time Signal Processing, ch. 13) or linear. The gain is
such that a sound of the content's spectrum keeps its power.
"""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio
from nast_fx.evaluate.long_term import BAND_POINTS, GRID, LongTerm, learnt_spectrum, long_term, pink
from nast_fx.models import StyleReference
from nast_fx.models.impulse import ImpulseSettings
from nast_fx.progress import Steps, within
from nast_fx.render.style import open_references
from nast_fx.styles.sound import StyleSource

__all__ = ["MOST_BOOST_DB", "impulse_response", "style_impulse"]

Array = NDArray[np.float64]

RATE = 48_000  # Hz, where no content says another
MOST_BOOST_DB = 40.0
"""Above a gain that keeps the power; more would only raise what the content does not have."""
MOST_CORRECTION_DB = 20.0  # of the plain ratio of both spectra
N_CORRECTIONS = 16
LEAST_FFT = 2**17  # of a spectrum that a cepstrum is made of, against its aliasing
FADED = 0.25  # end of a minimum-phase response that is faded out


def style_impulse(
    style: StyleReference, content: StyleReference | None, settings: ImpulseSettings
) -> Steps[Audio]:
    """Measure a style, and a content if there is one, and make the impulse response of the way between.

    Parameters
    ----------
    style : StyleReference
        A recording, or a learnt style; its weight does not count.
    content : StyleReference or None
        Likewise.
    settings : ImpulseSettings

    Raises
    ------
    AudioFileError, UsageError
        A file cannot be used, or is silent.
    """
    wanted, _ = yield from within(_measured(style), 0.0, 0.5)
    own, rate = (pink(), None) if content is None else (yield from within(_measured(content), 0.5, 1.0))
    return impulse_response(wanted, own, settings, settings.sample_rate or rate or RATE)


def impulse_response(
    style: LongTerm, content: LongTerm, settings: ImpulseSettings, sample_rate: int
) -> Audio:
    """Make an impulse response (1, frame).

    Below 20 Hz and above what both spectra cover, the gain is that of the edge. A response of that length
    cannot have every gain, and a content may have its lines where the style has none: what it would make of
    the content is compared with the style, and the gain corrected, several times (Richardson 1972, Lucy 1974:
    what blurs a spectrum into bands blurs the correction too, so that it does not oscillate).
    """
    n_taps = max(3, round(settings.length_seconds * sample_rate)) | 1  # odd: linear phase has a middle
    n_fft = max(LEAST_FFT, 2 * 2 ** int(np.ceil(np.log2(n_taps))))
    hertz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    covered = np.less_equal(GRID, min(style.highest_hz, content.highest_hz, sample_rate / 2))
    ratio = _decibels(style.density, content.density)
    # Both have their own scale: at the target's the content keeps its power.
    heard = (content.hertz >= GRID[0]) & (content.hertz <= GRID[covered][-1])
    level = _decibels(content.power[heard].sum(), _at(content, GRID[covered], ratio[covered])[heard].sum())
    plain = np.minimum(ratio[covered] + level, MOST_BOOST_DB)
    gain, taps = plain, np.zeros(n_taps)
    for _ in range(N_CORRECTIONS + 1):
        magnitude = 10 ** (np.interp(_octaves(hertz), _octaves(GRID[covered]), gain) / 20)
        taps = _linear(magnitude, n_taps) if settings.phase == "linear" else _minimum(magnitude, n_taps)
        power = np.interp(content.hertz, hertz, np.square(np.abs(np.fft.rfft(taps, n_fft))))
        made = content.smoothed(content.power * power)
        missing = _smooth(_decibels(style.density, made)[covered] + level)
        gain = np.clip(gain + missing, plain - MOST_CORRECTION_DB, plain + MOST_CORRECTION_DB)
        gain = np.minimum(gain, MOST_BOOST_DB)
    taps /= np.sqrt((content.power * power)[heard].sum() / content.power[heard].sum())
    return Audio(taps[None].astype(np.float32), sample_rate)


def _measured(reference: StyleReference) -> Steps[tuple[LongTerm, int | None]]:
    """Measure a recording or a learnt style; gives the rate of a recording too."""
    with ExitStack() as stack:
        (item,) = open_references([reference], stack, style_seconds=1.0).items
        if isinstance(item.source, StyleSource):
            return (yield from learnt_spectrum(item.source)), None
        return (yield from long_term(item.source)), item.source.sample_rate


def _decibels(power: Array, reference: Array) -> Array:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-300) / reference))


def _smooth(gain_db: Array) -> Array:
    """Mean of a power gain (point,) over a band around each point."""
    power = np.pad(10 ** (gain_db / 10), BAND_POINTS // 2, mode="edge")
    return np.asarray(10 * np.log10(np.convolve(power, np.full(BAND_POINTS, 1 / BAND_POINTS), mode="valid")))


def _octaves(hertz: Array) -> Array:
    return np.asarray(np.log2(np.maximum(hertz, GRID[0])))


def _at(content: LongTerm, hertz: Array, gain_db: Array) -> Array:
    """Power (bin,) of a content after a gain that is given at some frequencies."""
    gains = np.interp(_octaves(content.hertz), _octaves(hertz), gain_db)
    return np.asarray(content.power * 10 ** (gains / 10))


def _linear(magnitude: Array, n_taps: int) -> Array:
    """Symmetric response (n_taps,), windowed around its middle."""
    zero_phase = np.roll(np.fft.irfft(magnitude), n_taps // 2)[:n_taps]
    return np.asarray(zero_phase * np.hanning(n_taps + 2)[1:-1])


def _minimum(magnitude: Array, n_taps: int) -> Array:
    """Response (n_taps,) of minimum phase: its cepstrum is folded onto positive times."""
    cepstrum = np.fft.irfft(np.log(magnitude))
    half = cepstrum.size // 2
    cepstrum[1:half] *= 2
    cepstrum[half + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:n_taps].copy()
    n_faded = max(1, round(FADED * n_taps))
    taps[-n_faded:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(n_faded) + 0.5) / n_faded)
    return np.asarray(taps)
