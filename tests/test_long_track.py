"""A whole stereo track of real music, from the command line: length, memory, seams."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from nast_fx.render.segments import plan_segments

RATE, SECONDS = 44_100, 180
N_FFT, HOP_LENGTH = 2048, 512
MAX_BYTES = 2.5e9

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, wesnoth_track, real_loop):
    """Render three minutes; give both signals (channel, frame) and the peak memory in bytes."""
    if not hasattr(os, "wait4"):
        pytest.skip("peak memory of a child cannot be told here")
    folder = tmp_path_factory.mktemp("long")
    content, output = folder / "content.wav", folder / "out.wav"
    samples, rate = soundfile.read(wesnoth_track("battle"), frames=SECONDS * RATE, always_2d=True)
    assert rate == RATE
    soundfile.write(content, samples, rate, subtype="PCM_16")
    style = str(real_loop("loop_garzul"))
    command = ["render", str(content), "--style", style, "-o", str(output), "--quality", "draft", "-d", "cpu"]
    process = subprocess.Popen([sys.executable, "-m", "nast_fx", *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    result, _ = soundfile.read(output, always_2d=True)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return samples.T, result.T, peak


def test_frames_channels_and_memory(rendered):
    content, result, peak = rendered
    assert result.shape == content.shape == (2, SECONDS * RATE)
    assert np.isfinite(result).all()
    assert np.std(result - content) > 0.01
    assert peak < MAX_BYTES


def test_seams_are_inside_the_spread_of_the_rest(rendered):
    """Energy against the content's, and flux, in windows at the seams and everywhere else."""
    content, result, _ = (np.asarray(value) for value in rendered)
    loud, flux = _level_and_flux(content, result)
    spans = plan_segments(SECONDS * RATE, 10 * RATE, RATE)
    seams = [(s.start + s.n_frames - s.n_after, s.start + s.n_frames) for s in spans[:-1]]
    assert len(seams) == 19
    for curve in (loud, flux, np.abs(np.diff(loud))):
        for half in (4, 43):  # a tenth of a second, and a whole overlap
            smooth = np.convolve(curve, np.full(2 * half + 1, 1 / (2 * half + 1)), mode="same")
            places = [
                place // HOP_LENGTH for begin, end in seams for place in (begin, (begin + end) // 2, end)
            ]
            elsewhere = np.ones(len(smooth), dtype=bool)
            elsewhere[: 2 * half] = elsewhere[-2 * half :] = False
            for begin, end in seams:
                elsewhere[begin // HOP_LENGTH - half : end // HOP_LENGTH + half] = False
            low, high = np.percentile(smooth[elsewhere], [0.5, 99.5])
            at_seams = smooth[places]
            # Of 57 places chance puts hardly one outside of 99 %; their mean stays near that of the rest.
            assert np.mean((at_seams < low) | (at_seams > high)) <= 2 / 57
            assert abs(at_seams.mean() - smooth[elsewhere].mean()) < 0.5 * smooth[elsewhere].std()


def _level_and_flux(content, result):
    """Level of the result against the content's in dB, and spectral flux of log1p magnitudes, by frame."""
    spectra = [_magnitudes(signal.mean(axis=0)) for signal in (content, result)]
    levels = [20 * np.log10(np.maximum(spectrum.mean(axis=0), 1e-4)) for spectrum in spectra]
    flux = np.abs(np.diff(np.log1p(spectra[1]), axis=1)).mean(axis=0)
    return levels[1] - levels[0], flux


def _magnitudes(signal):
    frames = np.lib.stride_tricks.sliding_window_view(signal, N_FFT)[::HOP_LENGTH]
    parts = [
        np.abs(np.fft.rfft(frames[start : start + 2000] * np.hanning(N_FFT), axis=1)).astype(np.float32)
        for start in range(0, len(frames), 2000)
    ]
    return np.concatenate(parts).T
