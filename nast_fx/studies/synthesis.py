"""Building blocks of the project's own sounds: envelopes, filters, a mix, a room.

Signals are float64 arrays of shape (frame,) or, once they have a place, (channel, frame). Every filter is
a response over frequency that an FFT applies, so that slopes, resonances and strings are one code path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio.block import Audio
from nast_fx.errors import UsageError

__all__ = [
    "Event",
    "Response",
    "Signal",
    "at_peak",
    "at_rms",
    "band",
    "faded",
    "fall",
    "filtered",
    "finished",
    "frames_of",
    "glued",
    "high_pass",
    "hz_of",
    "in_room",
    "low_pass",
    "mixed",
    "panned",
    "resonances",
    "slow_noise",
    "times",
]

Signal = NDArray[np.float64]
Response = Callable[[Signal], NDArray[np.complex128]]
# When a sound begins, in seconds, and the sound (2, frame).
Event = tuple[float, Signal]

PEAK_DB = -3.0


def times(seconds: float, sample_rate: int) -> Signal:
    """Time of every sample (frame,), in seconds."""
    return np.arange(round(seconds * sample_rate)) / sample_rate


def hz_of(midi_note: float) -> float:
    """Frequency in Hz of a MIDI note; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((midi_note - 69.0) / 12.0))


def fall(time: Signal, seconds: float) -> Signal:
    """Exponential decay (frame,) that is 60 dB down after `seconds`."""
    return np.asarray(10.0 ** (-3.0 * time / seconds))


def faded(signal: Signal, n_in: int, n_out: int) -> Signal:
    """The signal with raised-cosine ends of `n_in` and `n_out` samples."""
    n_frames = signal.shape[-1]
    position = np.arange(n_frames)
    rise = np.clip((position + 0.5) / max(n_in, 1), 0.0, 1.0)
    drop = np.clip((n_frames - position - 0.5) / max(n_out, 1), 0.0, 1.0)
    return np.asarray(signal * np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * drop) ** 2)


def slow_noise(n_frames: int, n_points: int, generator: np.random.Generator) -> Signal:
    """Smooth random curve (frame,) between -1 and 1 through `n_points` random values."""
    points = generator.uniform(-1.0, 1.0, max(n_points, 2))
    place = np.linspace(0.0, len(points) - 1.0, n_frames)
    left = np.minimum(place.astype(int), len(points) - 2)
    ease = 0.5 - 0.5 * np.cos(np.pi * (place - left))
    return np.asarray(points[left] * (1.0 - ease) + points[left + 1] * ease)


def filtered(signal: Signal, sample_rate: int, response: Response, *, ring_seconds: float = 0.2) -> Signal:
    """The signal (..., frame) through a response; `ring_seconds` of padding keep its tail from wrapping."""
    n_frames = signal.shape[-1]
    n_fft = _fast_length(n_frames + round(ring_seconds * sample_rate))
    hz: Signal = np.linspace(0.0, 0.5 * sample_rate, n_fft // 2 + 1)
    spectrum = response(hz) * np.fft.rfft(signal, n_fft)
    return np.asarray(np.fft.irfft(spectrum, n_fft)[..., :n_frames])


def low_pass(cutoff_hz: float, *, order: int = 2) -> Response:
    """Damped low-pass: each order adds 6 dB an octave."""
    return lambda hz: np.asarray((1.0 + 1j * hz / cutoff_hz) ** -order)


def high_pass(cutoff_hz: float, *, order: int = 2) -> Response:
    """Damped high-pass: each order adds 6 dB an octave."""
    return lambda hz: np.asarray((1j * hz / (cutoff_hz + 1j * hz)) ** order)


def band(low_hz: float, high_hz: float, *, order: int = 2) -> Response:
    """What is between two frequencies."""
    above, below = high_pass(low_hz, order=order), low_pass(high_hz, order=order)
    return lambda hz: np.asarray(above(hz) * below(hz))


def resonances(modes_hz: Sequence[float], seconds: Sequence[float], gains: Sequence[float]) -> Response:
    """Sum of modes, each ringing for its `seconds` (60 dB) at its gain."""

    def response(hz: Signal) -> NDArray[np.complex128]:
        total = np.zeros(len(hz), dtype=np.complex128)
        for mode_hz, ring, gain in zip(modes_hz, seconds, gains, strict=True):
            # 60 dB in `ring` seconds is a half bandwidth of 3 ln(10) / (2 pi ring) Hz.
            half_width = 1.1 / ring
            total += gain * half_width / (half_width + 1j * (hz - mode_hz))
        return total

    return response


def panned(signal: Signal, place: float) -> Signal:
    """Put a signal (frame,) at -1 (left) ... 1 (right) as (2, frame), at constant power."""
    angle = 0.25 * np.pi * (1.0 + place)
    return np.stack([np.cos(angle) * signal, np.sin(angle) * signal])


def mixed(events: Iterable[Event], n_frames: int, sample_rate: int) -> Signal:
    """Sum of events, cut off at the end, as (2, `n_frames`)."""
    total = np.zeros((2, n_frames))
    for start_seconds, signal in events:
        start = max(0, round(start_seconds * sample_rate))
        part = total[:, start : start + signal.shape[1]]
        part += signal[:, : part.shape[1]]
    return total


def in_room(
    stereo: Signal, sample_rate: int, generator: np.random.Generator, *, seconds: float, wet: float
) -> Signal:
    """The signal (2, frame) with the tail of a room that dies in `seconds`; `wet` is tail over direct."""
    time = times(seconds, sample_rate)
    tail = generator.normal(size=(2, len(time))) * fall(time, seconds)
    # Walls take the treble first: the dull part of the tail outlives the bright one.
    dull = filtered(tail, sample_rate, band(200.0, 2500.0))
    tail = dull + 0.6 * fall(time, 0.4 * seconds) * filtered(tail, sample_rate, band(2500.0, 9000.0))
    tail = np.pad(
        tail / np.sqrt(np.sum(tail**2, axis=1, keepdims=True)), ((0, 0), (round(0.012 * sample_rate), 0))
    )
    n_frames = stereo.shape[1]
    n_fft = _fast_length(n_frames + tail.shape[1])
    spectrum = np.fft.rfft(stereo, n_fft) * np.fft.rfft(tail, n_fft)
    return stereo + wet * np.fft.irfft(spectrum, n_fft)[:, :n_frames]


def at_peak(signal: Signal, peak_db: float) -> Signal:
    """The signal scaled so that its largest sample is at `peak_db` dBFS."""
    return np.asarray(signal * (10.0 ** (peak_db / 20.0) / max(np.abs(signal).max(initial=0.0), 1e-12)))


def at_rms(signal: Signal) -> Signal:
    """The signal with a root mean square of 1 in each channel; silence stays silent."""
    power = np.mean(signal**2, axis=-1, keepdims=True)
    return np.asarray(signal / np.sqrt(np.maximum(power, 1e-24)))


def glued(mix: Signal, knee: float) -> Signal:
    """The mix (2, frame) with its peaks rounded above `knee`, as a mix bus would."""
    return np.asarray(knee * np.tanh(mix / knee))


def frames_of(seconds: float, sample_rate: int) -> int:
    """Length in samples of a sound of at least one sample."""
    n_frames = round(seconds * sample_rate)
    if n_frames < 1:
        raise UsageError(f"seconds={seconds} must be above 0")
    return n_frames


def finished(mix: Signal, sample_rate: int) -> Audio:
    """Fade the ends by 5 ms and set the peak."""
    clean = faded(mix, round(0.005 * sample_rate), round(0.005 * sample_rate))
    return Audio(at_peak(clean, PEAK_DB).astype(np.float32), sample_rate)


def _fast_length(n_frames: int) -> int:
    """Smallest length 2^a or 3 * 2^a that is at least `n_frames`: FFTs of it are fast."""
    power = 1 << max(1, (n_frames - 1).bit_length())
    return power * 3 // 4 if power * 3 // 4 >= n_frames else power
