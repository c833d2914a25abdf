"""The project's own song: a content with what real music has.

Chords, bass, melody and drums, a build of about 10 dB, a break of one beat of near silence, and a place in
the stereo picture for everything.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nast_fx.audio.block import Audio
from nast_fx.studies.instruments import electric_piano, hat, kick, plucked, snare
from nast_fx.studies.synthesis import (
    Event,
    Signal,
    at_peak,
    filtered,
    finished,
    frames_of,
    glued,
    high_pass,
    in_room,
    low_pass,
    mixed,
    panned,
)

__all__ = ["song"]

BEAT_SECONDS = 0.6
BAR_SECONDS = 4 * BEAT_SECONDS
# Bass and voicing of each bar, as MIDI notes: Am9, Fmaj9, C6/9, G13, and round again.
CHORDS = (
    (33, (55, 59, 60, 64)),
    (29, (55, 57, 60, 64)),
    (36, (52, 57, 62, 67)),
    (31, (53, 59, 64, 69)),
)
MELODY_SCALE = (69, 72, 74, 76, 79, 81, 84)
BREAK_DB = -66.0


def song(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render a short song that builds bar by bar, breaks off for a beat, and comes back.

    Parameters
    ----------
    seconds : float
        Length; at 12 it is five bars of 100 beats a minute, with the break from 9.0 to 9.6. A song of
        one bar has none.
    sample_rate : int
        In Hz.
    seed : int
        Draws melody, touch and noise.

    Returns
    -------
    Audio
        Stereo, peak -3 dBFS.
    """
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 1))
    n_bars = max(1, round(seconds / BAR_SECONDS))
    keys = mixed(_keys(n_bars, sample_rate, generator), n_frames, sample_rate)
    tune = mixed(_tune(n_bars, sample_rate, generator), n_frames, sample_rate)
    bass = mixed(_bass(n_bars, sample_rate, generator), n_frames, sample_rate)
    drums = mixed(_drums(n_bars, sample_rate, generator), n_frames, sample_rate)
    hall = in_room(at_peak(keys, -7.0) + at_peak(tune, -9.0), sample_rate, generator, seconds=1.4, wet=0.3)
    booth = in_room(at_peak(drums, -3.0), sample_rate, generator, seconds=0.4, wet=0.12)
    mix = glued(hall + at_peak(bass, -7.0) + booth, 1.0)
    # The rounding leaves a little offset, which would be heard as a click at the break.
    mix = filtered(mix, sample_rate, high_pass(20.0))
    mix *= _break_gain(n_frames, n_bars, sample_rate)
    return finished(mix, sample_rate)


def _break_gain(n_frames: int, n_bars: int, sample_rate: int) -> Signal:
    """Gain (frame,) that all but closes for the last beat before the final bar."""
    time = np.arange(n_frames) / sample_rate
    end = (n_bars - 1) * BAR_SECONDS
    edges = [end - BEAT_SECONDS, end - BEAT_SECONDS + 0.02, end - 0.006, end]
    return np.asarray(10.0 ** (np.interp(time, edges, [0.0, BREAK_DB, BREAK_DB, 0.0]) / 20.0))


def _build_gain(bar: int, n_bars: int) -> float:
    """Force of a bar: from -15 dB in the first to 0 dB at the break and after."""
    return float(10.0 ** (-15.0 * max(0.0, 1.0 - bar / max(1, n_bars - 2)) / 20.0))


def _keys(n_bars: int, sample_rate: int, generator: np.random.Generator) -> Iterator[Event]:
    """Electric piano: the chord on the first beat, lightly broken, and again off the beat."""
    for bar in range(n_bars):
        voicing = CHORDS[bar % len(CHORDS)][1]
        for beat, length in ((0.0, 1.6), (2.5, 1.1)):
            for order, note in enumerate(voicing):
                start = bar * BAR_SECONDS + beat * BEAT_SECONDS + 0.012 * order
                force = (0.25 + 0.6 * _build_gain(bar, n_bars)) * generator.uniform(0.85, 1.0)
                tone = electric_piano(note, length, sample_rate, force=force)
                yield start, panned(tone, -0.5 + 0.35 * order)


def _tune(n_bars: int, sample_rate: int, generator: np.random.Generator) -> Iterator[Event]:
    """Plucked strings: a pentatonic walk in quavers from the second bar on, with rests."""
    step = 2
    for quaver in range(8, 8 * n_bars):
        step = int(np.clip(step + generator.integers(-2, 3), 0, len(MELODY_SCALE) - 1))
        if generator.random() < 0.7:
            start = quaver * BEAT_SECONDS / 2 + 0.006 * generator.uniform(-1.0, 1.0)
            tone = plucked(MELODY_SCALE[step], 1.3, sample_rate, generator)
            gain = _build_gain(quaver // 8, n_bars) * generator.uniform(0.6, 1.0)
            yield start, panned(gain * tone, 0.6 if quaver % 2 else 0.25)


def _bass(n_bars: int, sample_rate: int, generator: np.random.Generator) -> Iterator[Event]:
    """Plucked bass: root, fifth and octave around the beat, from the second bar on."""
    for bar in range(1, n_bars):
        root = CHORDS[bar % len(CHORDS)][0]
        for beat, note, length in (
            (0.0, root, 0.85),
            (1.5, root + 7, 0.5),
            (2.5, root, 0.6),
            (3.5, root + 12, 0.3),
        ):
            tone = filtered(plucked(note, length, sample_rate, generator), sample_rate, low_pass(700.0))
            gain = _build_gain(bar, n_bars) * generator.uniform(0.85, 1.0)
            yield (bar * 4 + beat) * BEAT_SECONDS, panned(gain * at_peak(tone, 0.0), 0.0)


def _drums(n_bars: int, sample_rate: int, generator: np.random.Generator) -> Iterator[Event]:
    """Hats from the second bar on, kick and brushed snare from the third, all swung a little."""
    for quaver in range(8, 8 * n_bars):
        bar, place = divmod(quaver, 8)
        gain = _build_gain(bar, n_bars) * generator.uniform(0.8, 1.0)
        start = (quaver * 0.5 + (0.06 if quaver % 2 else 0.0)) * BEAT_SECONDS
        length = 0.25 if place == 7 else 0.07
        yield start, panned(0.14 * gain * hat(sample_rate, generator, seconds=length), 0.45)
        if bar >= 2 and place in (0, 3, 4):
            yield start, panned(0.9 * gain * kick(sample_rate), 0.0)
        if bar >= 2 and place in (2, 6):
            yield start, panned(0.5 * gain * snare(sample_rate, generator), -0.15)
