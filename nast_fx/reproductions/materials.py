"""The sounds of the experiments, and how methods and measures see them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nast_fx.audio import Audio, resample
from nast_fx.errors import AudioFileError
from nast_fx.evaluate.features import Signal, judge_signal
from nast_fx.methods import LEVEL
from nast_fx.reproductions.base import Setup
from nast_fx.studies.instruments import hat, kick, plucked, snare
from nast_fx.studies.synthesis import Event, at_peak, filtered, finished, in_room, low_pass, mixed, panned

__all__ = ["groove", "mono_row", "seen", "typing", "user_sound"]

STEP_SECONDS = 60 / 112 / 4  # a sixteenth at 112 beats a minute
# Sixteenths of a bar; bass notes by MIDI number.
KICKS, SNARES, OPEN_HATS = (0, 6, 8), (4, 12), (14,)
BASS = {0: 33, 3: 33, 6: 36, 8: 33, 11: 40, 14: 31}


def groove(seconds: float, sample_rate: int, seed: int = 0) -> Audio:
    """Play a steady beat of drums and bass with three levels of rhythm: sixteenth, beat and bar."""
    generator = np.random.default_rng((seed, 11))
    events: list[Event] = []
    for step in range(int(seconds / STEP_SECONDS) + 1):
        place, start = step % 16, step * STEP_SECONDS
        force = generator.uniform(0.9, 1.0)
        if place % 2 == 0:
            ring = 0.22 if place in OPEN_HATS else 0.06
            events.append((start, panned(0.2 * force * hat(sample_rate, generator, seconds=ring), 0.0)))
        if place in KICKS:
            events.append((start, panned(force * kick(sample_rate), 0.0)))
        if place in SNARES:
            events.append((start, panned(0.6 * force * snare(sample_rate, generator), 0.0)))
        if place in BASS:
            tone = filtered(plucked(BASS[place], 0.4, sample_rate, generator), sample_rate, low_pass(900.0))
            events.append((start, panned(0.5 * at_peak(tone, 0.0), 0.0)))
    mix = mixed(events, round(seconds * sample_rate), sample_rate)
    return finished(in_room(mix, sample_rate, generator, seconds=0.3, wet=0.1), sample_rate)


def typing(seconds: float, sample_rate: int, seed: int = 0) -> Audio:
    """Type on a keyboard: short clicks of a few keys in bursts, like the first texture of the authors."""
    generator = np.random.default_rng((seed, 12))
    events: list[Event] = []
    now = 0.0
    while now < seconds:
        click = hat(sample_rate, generator, seconds=generator.uniform(0.008, 0.02))
        body = filtered(click, sample_rate, low_pass(generator.uniform(1500.0, 4000.0)))
        stroke = generator.uniform(0.4, 1.0) * (at_peak(body, 0.0) + 0.3 * at_peak(click, 0.0))
        events.append((now, panned(stroke, generator.uniform(-0.3, 0.3))))
        # Down and up of a key, then the next one; now and then a pause to think.
        events.append((now + 0.07, panned(0.35 * stroke, 0.0)))
        now += generator.uniform(0.09, 0.2) + (0.35 if generator.random() < 0.12 else 0.0)
    mix = mixed(events, round(seconds * sample_rate), sample_rate)
    return finished(in_room(mix, sample_rate, generator, seconds=0.3, wet=0.3), sample_rate)


def user_sound(setup: Setup, role: str, seconds: float, otherwise: Audio) -> Audio:
    """Give the first `seconds` of the user's file in a role, or what is taken without one."""
    given = setup.files.get(role)
    if given is None:
        return otherwise
    n_frames = round(seconds * given.sample_rate)
    return Audio(given.samples[:, :n_frames], given.sample_rate)


def mono_row(audio: Audio, sample_rate: int) -> Tensor:
    """Mix to a row (1, frame) at a rate and at `LEVEL`, as methods see a sound.

    Raises
    ------
    AudioFileError
        The sound is silent.
    """
    mono = resample(audio.samples.mean(axis=0, keepdims=True), audio.sample_rate, sample_rate)
    rms = float(np.sqrt(np.mean(np.square(mono, dtype=np.float64)))) if mono.size else 0.0
    if rms < 1e-7:
        raise AudioFileError("a sound of the reproduction is silent; choose another part")
    return torch.from_numpy(np.ascontiguousarray(mono * (LEVEL / rms), dtype=np.float32))


def seen(audio: Audio) -> Signal:
    """Bring a sound to the rate and level at which everything is measured; silence stays silence."""
    signal = judge_signal(audio)
    return np.zeros(22_050, dtype=np.float32) if signal is None else signal
