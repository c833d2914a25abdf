"""Instruments of the project's own sounds, each one note or one hit as (frame,).

The plucked string is Karplus & Strong 1983 with the loop written as its transfer function, which tunes it
exactly; the bell is Risset's (1969), the electric piano is frequency modulation (Chowning 1973).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nast_fx.studies.synthesis import (
    Signal,
    band,
    faded,
    fall,
    filtered,
    high_pass,
    hz_of,
    low_pass,
    resonances,
    slow_noise,
    times,
)

__all__ = [
    "bell",
    "bowed",
    "breath_noise",
    "droplet",
    "electric_piano",
    "hat",
    "kick",
    "plucked",
    "scrape",
    "snare",
]

# Risset's bell: ratio to the strike note, amplitude, length relative to the longest partial.
BELL_PARTIALS = (
    (0.56, 1.0, 1.0),
    (0.563, 0.67, 0.9),
    (0.92, 1.0, 0.65),
    (0.925, 1.8, 0.55),
    (1.19, 2.67, 0.325),
    (1.7, 1.67, 0.35),
    (2.0, 1.46, 0.25),
    (2.74, 1.33, 0.2),
    (3.0, 1.33, 0.15),
    (3.76, 1.0, 0.1),
    (4.07, 1.33, 0.075),
)


def plucked(midi_note: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """Plucked string (frame,): a burst of noise in a damped loop one period long."""
    time = times(seconds, sample_rate)
    note_hz = hz_of(midi_note)
    ring = min(seconds, 2.4 * (220.0 / note_hz) ** 0.5)
    burst = np.zeros(len(time))
    n_burst = max(2, round(sample_rate / note_hz))
    burst[:n_burst] = generator.normal(size=n_burst)[: len(time)]

    def string(hz: Signal) -> NDArray[np.complex128]:
        # Loop gain for 60 dB in `ring`, and a loss that grows with frequency as in Karplus & Strong.
        gain = 10.0 ** (-3.0 / (note_hz * ring)) / (1.0 + (hz / 6500.0) ** 2 * 0.12)
        loop = gain * np.exp(-2j * np.pi * hz / note_hz)
        return np.asarray(low_pass(3200.0)(hz) / (1.0 - loop))

    tone = filtered(burst, sample_rate, string, ring_seconds=1.2 * ring)
    # The loop also holds what does not swing.
    tone -= tone.mean()
    return faded(tone / np.abs(tone).max(), round(0.001 * sample_rate), round(0.05 * sample_rate))


def electric_piano(midi_note: float, seconds: float, sample_rate: int, *, force: float = 0.7) -> Signal:
    """Electric piano (frame,): a mellow pair of operators and a short high tine; `force` is 0 ... 1."""
    time = times(seconds, sample_rate)
    phase = 2.0 * np.pi * hz_of(midi_note) * time
    body = np.sin(phase + 1.6 * force * fall(time, 1.2) * np.sin(phase))
    # Fourteenth harmonic: the tine; left out where it would be beyond hearing or the sample rate.
    tine_hz = 14.0 * hz_of(midi_note)
    tine = np.sin(phase + 0.8 * force * fall(time, 0.5) * np.sin(14.0 * phase)) - np.sin(phase)
    tone = body * fall(time, 3.5) + (tine if tine_hz < 0.4 * sample_rate else 0.0)
    return faded(force * tone, round(0.003 * sample_rate), round(0.08 * sample_rate))


def bell(midi_note: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """Struck bell (frame,): inharmonic partials, of which the high ones die first, and the clapper."""
    tone = np.zeros(round(seconds * sample_rate))
    for ratio, amplitude, length in BELL_PARTIALS:
        partial_hz = hz_of(midi_note) * ratio * (1.0 + 0.002 * generator.normal())
        if partial_hz < 0.45 * sample_rate:
            time = times(seconds * length, sample_rate)
            wave = np.sin(2.0 * np.pi * (partial_hz * time + generator.uniform()))
            tone[: len(time)] += amplitude * fall(time, seconds * length) * wave
    clapper = hat(sample_rate, generator, seconds=0.02)
    tone[: len(clapper)] += 2.0 * clapper[: len(tone)]
    return faded(tone, round(0.001 * sample_rate), round(0.1 * sample_rate))


def bowed(midi_note: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """One bowed player (frame,): a bright tone with its own tuning, vibrato and bow noise."""
    time = times(seconds, sample_rate)
    note_hz = hz_of(midi_note + 0.07 * generator.normal())
    drift = slow_noise(len(time), round(2.0 * seconds), generator)
    rate_hz = generator.uniform(4.8, 5.9)
    # Phase of a pitch that wavers by about a tenth of a semitone, in cycles.
    vibrato = 0.006 * np.sin(2.0 * np.pi * (rate_hz * time + generator.uniform())) * note_hz / rate_hz
    phase = note_hz * time + vibrato / (2.0 * np.pi) + 0.03 * drift + generator.uniform()
    n_harmonics = max(1, int(min(14000.0, 0.45 * sample_rate) / note_hz))
    tone = _one_cycle(n_harmonics, generator)[(phase % 1.0 * 4096).astype(int)]
    noise = filtered(generator.normal(size=len(time)), sample_rate, band(1500.0, 5000.0))
    pressure = 1.0 + 0.15 * slow_noise(len(time), round(3.0 * seconds), generator)
    return np.asarray(tone * pressure + 0.04 * noise)


def kick(sample_rate: int) -> Signal:
    """Bass drum (frame,): a sine that falls from 160 to 48 Hz, and the tap of the beater."""
    time = times(0.4, sample_rate)
    # Integral of 48 + 112 exp(-t / 0.03) Hz.
    cycles = 48.0 * time + 112.0 * 0.03 * (1.0 - np.exp(-time / 0.03))
    tap = np.sin(2.0 * np.pi * 1400.0 * time) * fall(time, 0.012)
    return faded(
        np.sin(2.0 * np.pi * cycles) * fall(time, 0.38) + 0.15 * tap, round(0.0005 * sample_rate), 64
    )


def snare(sample_rate: int, generator: np.random.Generator) -> Signal:
    """Brushed snare (frame,): the skin's two tones under a sweep of wires."""
    time = times(0.35, sample_rate)
    skin = (np.sin(2.0 * np.pi * 186.0 * time) + np.sin(2.0 * np.pi * 331.0 * time)) * fall(time, 0.16)
    wires = filtered(generator.normal(size=len(time)), sample_rate, band(1200.0, 7500.0))
    sweep = fall(time, 0.32) * (0.35 + 0.65 * np.clip(time / 0.012, 0.0, 1.0))
    return faded(0.35 * skin + 0.9 * wires * sweep, round(0.001 * sample_rate), round(0.02 * sample_rate))


def hat(sample_rate: int, generator: np.random.Generator, *, seconds: float = 0.07) -> Signal:
    """Hi-hat (frame,): noise above 7 kHz (or what the sample rate leaves); longer is more open."""
    time = times(1.2 * seconds, sample_rate)
    corner_hz = min(7000.0, 0.3 * sample_rate)
    hiss = filtered(generator.normal(size=len(time)), sample_rate, high_pass(corner_hz, order=3))
    return faded(hiss * fall(time, seconds), round(0.0005 * sample_rate), round(0.005 * sample_rate))


def droplet(sample_rate: int, generator: np.random.Generator) -> Signal:
    """One large drop (frame,): a bubble whose pitch rises as it closes (Minnaert 1933)."""
    seconds = generator.uniform(0.03, 0.09)
    time = times(1.3 * seconds, sample_rate)
    start_hz = min(generator.uniform(900.0, 3800.0), 0.25 * sample_rate)
    cycles = start_hz * (time + generator.uniform(1.0, 4.0) * time**2)
    return faded(np.sin(2.0 * np.pi * cycles) * fall(time, seconds), round(0.001 * sample_rate), 16)


def breath_noise(seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """One breath (frame,): noise through the resonances of a throat; in is brighter than out."""
    n_frames = round(seconds * sample_rate)
    is_in = generator.random() < 0.5
    size = generator.uniform(0.9, 1.15)  # of the throat, as a factor of its resonances
    throat = resonances(
        [size * hz for hz in ((650.0, 1700.0, 2900.0) if is_in else (480.0, 1250.0, 2500.0))],
        (0.007, 0.006, 0.005),
        (0.8, 1.0, 0.9) if is_in else (1.0, 0.7, 0.4),
    )
    teeth = band(3500.0, 9000.0, order=1)
    mixture = 0.5 if is_in else 0.15
    noise = filtered(
        generator.normal(size=n_frames), sample_rate, lambda hz: throat(hz) + mixture * teeth(hz)
    )
    # A breath swells, and stops more suddenly than it begins.
    place = np.linspace(0.0, 1.0, n_frames)
    flow = np.sin(np.pi * place ** (1.6 if is_in else 0.7)) ** 1.5
    gusts = 1.0 + 0.3 * slow_noise(n_frames, round(12.0 * seconds), generator)
    return faded(flow * gusts * noise * generator.uniform(0.5, 1.0), 16, 16)


def scrape(seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """One scrape along a plate (frame,): slips of growing rate excite its inharmonic modes."""
    n_frames = round((seconds + 1.2) * sample_rate)
    time = np.arange(n_frames) / sample_rate
    pressure = np.sin(np.pi * np.clip(time / seconds, 0.0, 1.0)) ** 1.5
    # The point slips at 25 ... 90 times a second, faster and slower with the hand.
    slips_hz = generator.uniform(25.0, 60.0) * 2.0 ** (
        0.7 * slow_noise(n_frames, round(4 * seconds) + 2, generator)
    )
    tooth = 1.0 - (np.cumsum(slips_hz) / sample_rate) % 1.0
    friction = pressure * tooth**4 * generator.normal(size=n_frames)
    lowest_hz = generator.uniform(140.0, 330.0)
    order = np.arange(28)
    modes_hz = lowest_hz * (1.0 + 0.55 * order) ** 1.25 * (1.0 + 0.04 * generator.normal(size=28))
    modes_hz = modes_hz[modes_hz < 0.42 * sample_rate]
    ring = 1.6 / (1.0 + modes_hz / 1500.0)
    gains = generator.uniform(0.2, 1.0, len(modes_hz)) * (modes_hz / 400.0) ** 0.2
    plate = resonances(modes_hz.tolist(), ring.tolist(), gains.tolist())
    tone = filtered(friction, sample_rate, plate, ring_seconds=1.6)
    return faded(tone / np.abs(tone).max(), 0, round(0.1 * sample_rate))


def _one_cycle(n_harmonics: int, generator: np.random.Generator) -> Signal:
    """One cycle (4096,) of a bowed string's sawtooth, colored by the resonances of a body."""
    harmonics = np.arange(1, n_harmonics + 1)
    phases = generator.uniform(0.0, 0.5 * np.pi, n_harmonics)
    spectrum = np.zeros(2049, dtype=np.complex128)
    spectrum[1 : n_harmonics + 1] = np.exp(1j * phases) / harmonics
    cycle = np.fft.irfft(spectrum, 4096)
    return np.asarray(cycle / np.sqrt(np.mean(cycle**2)))
