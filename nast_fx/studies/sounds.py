"""The project's own recordings: one short song and four styles, synthesized, so that nothing is borrowed.

`song` is a content; the styles are textures that stay alike from second to second: `bells`, `rain`,
`strings`, `metal`, `breath`, `tape_hum`.

Each sound is a function of (seconds, sample_rate, seed) alone, stereo, and peaks at -3 dBFS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nast_fx.audio.block import Audio
from nast_fx.studies.instruments import bell, bowed, breath_noise, droplet, scrape
from nast_fx.studies.song import song
from nast_fx.studies.synthesis import (
    Event,
    at_rms,
    band,
    filtered,
    finished,
    frames_of,
    glued,
    high_pass,
    in_room,
    low_pass,
    mixed,
    panned,
    resonances,
    slow_noise,
)

__all__ = ["SOUNDS", "bells", "breath", "metal", "rain", "song", "strings", "tape_hum"]


def bells(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render a cloud of inharmonic bells of all sizes (parameters as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 2))
    events: list[Event] = []
    # Strikes begin before the sound does, so that the cloud is there from the first sample.
    for start in np.arange(-3.0, seconds, 0.28):
        note = generator.choice((62, 69, 74, 76, 81, 83, 86, 88, 93, 98))
        ring = 4.5 * 2.0 ** ((69 - note) / 30)
        tone = bell(note, ring, sample_rate, generator) * 10.0 ** (generator.uniform(-12.0, 0.0) / 20.0)
        events.append(
            (3.0 + start + generator.uniform(0.0, 0.25), panned(tone, generator.uniform(-0.9, 0.9)))
        )
    n_before = round(3.0 * sample_rate)
    cloud = mixed(events, n_before + n_frames, sample_rate)
    return finished(in_room(cloud, sample_rate, generator, seconds=2.5, wet=0.35)[:, n_before:], sample_rate)


def rain(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render rain: a hiss that breathes, a crackle of small drops, the notes of large ones (as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 3))
    hiss = filtered(generator.normal(size=(2, n_frames)), sample_rate, band(900.0, 6000.0, order=1))
    gusts = 10.0 ** (6.0 * slow_noise(n_frames, round(0.8 * seconds), generator) / 20.0)
    crackle = np.zeros((2, n_frames))
    for low_hz, drops_per_second in ((700.0, 30.0), (1500.0, 80.0), (3000.0, 160.0), (5500.0, 220.0)):
        # Few drops are loud and many are soft: log-normal sizes at Poisson times.
        is_drop = generator.random((2, n_frames)) < drops_per_second / sample_rate
        clicks = is_drop * generator.lognormal(0.0, 0.5, (2, n_frames))
        grains = filtered(clicks, sample_rate, band(low_hz, 2.2 * low_hz, order=2))
        crackle += at_rms(grains)
    droplets = mixed(_droplets(seconds, sample_rate, generator), n_frames, sample_rate)
    ground = filtered(generator.normal(size=(2, n_frames)), sample_rate, band(60.0, 250.0))
    near = 0.6 * gusts * at_rms(hiss) + at_rms(crackle) + 0.9 * at_rms(droplets) + 0.25 * at_rms(ground)
    wet = in_room(near, sample_rate, generator, seconds=0.9, wet=0.2)
    return finished(glued(wet, 7.0 * float(np.std(wet))), sample_rate)


def strings(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render an ensemble of bowed players, detuned, swelling one after the other (as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 4))
    events: list[Event] = []
    for note, loudness in ((38, 0.9), (45, 0.9), (53, 0.8), (57, 0.8), (64, 0.65), (69, 0.45), (76, 0.25)):
        swell = 10.0 ** (8.0 * slow_noise(n_frames, round(0.7 * seconds) + 2, generator) / 20.0)
        for place in (-0.75, 0.05, 0.7):
            tone = bowed(note, n_frames / sample_rate, sample_rate, generator)
            events.append((0.0, panned(loudness * swell * tone, place)))
    # Wood: three broad resonances over a dark slope.
    wood = resonances((290.0, 480.0, 1900.0), (0.012, 0.01, 0.004), (1.6, 1.2, 0.9))
    slope = low_pass(2600.0, order=1)
    body = filtered(mixed(events, n_frames, sample_rate), sample_rate, lambda hz: slope(hz) + wood(hz))
    clean = filtered(body, sample_rate, high_pass(55.0))
    return finished(at_rms(in_room(clean, sample_rate, generator, seconds=2.2, wet=0.4)), sample_rate)


def metal(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render scrapes along resonant plates, one beginning before the last has died (as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 5))
    events = []
    for start in np.arange(-1.0, seconds, 0.7):
        tone = scrape(generator.uniform(0.8, 1.8), sample_rate, generator)
        events.append((1.0 + start + generator.uniform(0.0, 0.4), panned(tone, generator.uniform(-0.8, 0.8))))
    n_before = sample_rate
    hall = in_room(
        mixed(events, n_before + n_frames, sample_rate), sample_rate, generator, seconds=2.8, wet=0.5
    )
    return finished(hall[:, n_before:], sample_rate)


def breath(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render several people breathing, in and out, close to the microphones (as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 6))
    events = []
    for start in np.arange(-2.0, seconds, 0.55):
        tone = breath_noise(generator.uniform(0.9, 1.9), sample_rate, generator)
        events.append((2.0 + start + generator.uniform(0.0, 0.3), panned(tone, generator.uniform(-0.9, 0.9))))
    n_before = 2 * sample_rate
    near = mixed(events, n_before + n_frames, sample_rate)
    return finished(in_room(near, sample_rate, generator, seconds=0.5, wet=0.15)[:, n_before:], sample_rate)


def tape_hum(seconds: float = 12.0, sample_rate: int = 44100, seed: int = 0) -> Audio:
    """Render an idle tape machine: hum that wavers, hiss of two tracks, dropouts, crackle (as `song`)."""
    n_frames = frames_of(seconds, sample_rate)
    generator = np.random.default_rng((seed, 7))
    wow = np.cumsum(1.0 + 0.004 * slow_noise(n_frames, round(6.0 * seconds), generator)) / sample_rate
    tracks = []
    for _ in range(2):
        harmonics = (
            generator.uniform(0.6, 1.0)
            / order**1.1
            * np.sin(2.0 * np.pi * (50.0 * order * wow + generator.random()))
            for order in (1, 2, 3, 4, 6, 8, 10, 14, 18)
        )
        hiss = filtered(generator.normal(size=n_frames), sample_rate, band(500.0, 9000.0, order=1))
        dropouts = 10.0 ** (4.0 * slow_noise(n_frames, round(5.0 * seconds), generator) / 20.0)
        clicks = (generator.random(n_frames) < 6.0 / sample_rate) * generator.lognormal(0.0, 0.6, n_frames)
        crackle = filtered(clicks, sample_rate, band(900.0, 4000.0))
        tracks.append(
            at_rms(np.sum(list(harmonics), axis=0)) + 0.3 * dropouts * at_rms(hiss) + 0.15 * at_rms(crackle)
        )
    return finished(np.stack(tracks), sample_rate)


SOUNDS: dict[str, Callable[..., Audio]] = {
    "song": song,
    "bells": bells,
    "rain": rain,
    "strings": strings,
    "metal": metal,
    "breath": breath,
    "tape-hum": tape_hum,
}


def _droplets(seconds: float, sample_rate: int, generator: np.random.Generator) -> Iterator[Event]:
    """About seven audible drops a second, at Poisson times, anywhere in the picture."""
    for start in generator.uniform(0.0, seconds, generator.poisson(7.0 * seconds)):
        tone = droplet(sample_rate, generator) * generator.lognormal(-1.6, 0.6)
        yield start, panned(tone, generator.uniform(-0.95, 0.95))
