"""Mel and constant-Q views: notes where they belong, frames that line up, gradients everywhere."""

from __future__ import annotations

import math

import pytest
import torch

from nast_fx.dsp.constant_q import C1_HZ, constant_q_filters, note_frequencies
from nast_fx.dsp.mel import hz_to_mel, mel_filters, mel_to_hz
from nast_fx.errors import UsageError
from nast_fx.models.method_base import default_n_fft
from nast_fx.representations import REPRESENTATIONS, LogConstantQ, LogMagnitude, LogMel

VIEWS = {name: REPRESENTATIONS[name] for name in ("log-magnitude", "log-mel", "log-constant-q")}
RATES = [8_000, 16_000, 22_050, 44_100, 48_000]
SEMITONE = 2 ** (1 / 12)


def tone(sample_rate: int, *frequencies: float, seconds: float = 2.0, level: float = 0.1) -> torch.Tensor:
    t = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
    return sum(level * torch.sin(2 * math.pi * f * t + index) for index, f in enumerate(frequencies))[None]


def at(sample_rate: int, cls: type = LogConstantQ, **options):
    n_fft = default_n_fft(sample_rate)
    return cls(sample_rate, n_fft, n_fft // 4, **options)


def middle(spec: torch.Tensor) -> torch.Tensor:
    return spec[0, 0, :, spec.shape[-1] // 2]


@pytest.mark.parametrize("sample_rate", RATES)
def test_every_note_has_its_own_bin(sample_rate):
    view = at(sample_rate)
    for note, frequency in enumerate(view.frequencies):
        levels = torch.expm1(middle(view.forward(tone(sample_rate, frequency))))
        assert int(levels.argmax()) == note
        # As high as the peak of the spectrum would be.
        assert float(levels[note]) == pytest.approx(0.1 * view.n_fft / 4, rel=0.02)


@pytest.mark.parametrize("sample_rate", RATES)
def test_tones_a_semitone_apart_are_told_apart_from_c2_up(sample_rate):
    """Either tone alone leaves its neighbor's bin 15 dB lower; a pair a whole tone apart has a dip."""
    view = at(sample_rate)
    for note in range(12, view.n_bins - 2, 5):
        frequency = view.frequencies[note]
        alone = torch.expm1(middle(view.forward(tone(sample_rate, frequency))))
        assert float(alone[note + 1] / alone[note]) < 0.18
        assert float(alone[note - 1] / alone[note]) < 0.18
        pair = torch.expm1(
            view.forward(tone(sample_rate, frequency, frequency * SEMITONE**2))[0, 0]
        )  # beats: over all frames
        pair = pair[:, pair.shape[1] // 4 : -pair.shape[1] // 4].mean(dim=1)
        assert pair[note + 1] < 0.4 * torch.minimum(pair[note], pair[note + 2])


@pytest.mark.parametrize("n_semitones", [1, 5, 7, 12])
def test_a_transposition_is_a_shift(n_semitones):
    view = at(22_050)
    partials = [196.0 * k for k in range(1, 9)]
    low = middle(view.forward(tone(22_050, *partials)))
    high = middle(view.forward(tone(22_050, *(f * SEMITONE**n_semitones for f in partials))))
    shifted = low[: len(low) - n_semitones]
    apart = (high[n_semitones:] - shifted).norm() / shifted.norm()
    unshifted = (high - low).norm() / low.norm()
    assert apart < 0.15
    assert apart < 0.25 * unshifted


def test_the_notes_are_c1_to_d8_and_those_beyond_nyquist_are_left_out():
    assert pytest.approx(32.703, abs=1e-3) == C1_HZ
    assert note_frequencies(44_100)[-1] == pytest.approx(4698.64, abs=0.01)
    assert len(note_frequencies(44_100)) == 87
    low = note_frequencies(8_000)
    assert low[-1] * SEMITONE <= 4_000 < low[-1] * SEMITONE**2
    with pytest.raises(UsageError, match="sample_rate=60"):
        LogConstantQ(60, 64, 16)


def test_the_bandwidth_is_a_seventeenth_of_the_frequency():
    """Q = 16.8: where a filter has half its height is half a semitone to either side."""
    n_fft = 1 << 18
    center = 440.0
    weights = constant_q_filters([center], n_fft=n_fft, sample_rate=22_050)[0]
    bins = (weights > weights.max() / 2).nonzero()[:, 0]
    width = float(bins[-1] - bins[0]) * 22_050 / n_fft
    assert center / width == pytest.approx(16.8, rel=0.05)


@pytest.mark.parametrize("octave", range(4))
def test_a_low_octave_is_what_its_long_window_sees_at_the_full_rate(octave):
    """Reading it from a slower waveform is a matter of speed only."""
    sample_rate, hop_length = 16_000, 256
    view = LogConstantQ(sample_rate, 1024, hop_length)
    assert {part.factor for part in view._octaves} != {1}
    x = torch.randn(1, 40_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    part = view._octaves[octave]
    n_fft = part.stft.n_fft * part.factor
    first = sum(len(before.filters) for before in view._octaves[:octave])
    notes = view.frequencies[first : first + len(part.filters)]
    direct = LogMagnitude(sample_rate, n_fft, hop_length)
    filters = constant_q_filters(notes, n_fft=n_fft, sample_rate=sample_rate) * view.n_fft / 4
    full = torch.log1p(filters @ direct.magnitude(direct.forward(x)))
    inner = slice(n_fft // hop_length, -n_fft // hop_length)
    ours = view.forward(x)[:, 0, first : first + len(notes)]
    torch.testing.assert_close(ours[..., inner], full[..., inner], atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("name", VIEWS)
def test_frames_are_those_of_the_stft(name, sample_rate):
    """A click is loudest in the frame that is centered on it, in every view."""
    view = at(sample_rate, VIEWS[name])
    frame = 17
    x = torch.zeros(1, 40 * view.hop_length + 5, dtype=torch.float64)
    x[0, frame * view.hop_length] = 1.0
    spec = view.forward(x)
    assert spec.shape == (1, 1, view.n_bins, 41)
    assert int(spec.sum(dim=(0, 1, 2)).argmax()) == frame


@pytest.mark.parametrize("n_frames", [1, 2, 300, 4_000, 8_192, 8_193, 20_000])
def test_the_constant_q_view_takes_any_length(n_frames):
    view = LogConstantQ(22_050, 2048, 512)
    x = torch.randn(2, n_frames, generator=torch.Generator().manual_seed(0)).requires_grad_()
    spec = view.forward(x)
    assert spec.shape == (2, 1, 87, n_frames // 512 + 1)
    (gradient,) = torch.autograd.grad(spec.sum(), x)
    assert torch.isfinite(gradient).all()
    assert (gradient != 0).any(dim=1).all()


def test_a_short_tone_is_seen_as_if_it_went_on():
    view = LogConstantQ(22_050, 2048, 512)
    short = tone(22_050, 440.0, seconds=0.2)
    assert int(middle(view.forward(short)).argmax()) == 45


@pytest.mark.parametrize(
    "view", [LogMel(1_000, 64, 16, n_bands=8), LogConstantQ(1_000, 64, 16)], ids=["mel", "constant-q"]
)
def test_gradients(view):
    x = torch.randn(1, 150, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(view.forward, x, atol=1e-4)


@pytest.mark.parametrize("name", VIEWS)
def test_silence_has_a_finite_gradient(name):
    silence = torch.zeros(1, 12_000, requires_grad=True)
    spec = at(22_050, VIEWS[name]).forward(silence)
    (gradient,) = torch.autograd.grad(spec.sum(), silence)
    assert torch.isfinite(gradient).all()
    assert float(spec.detach().abs().max()) < 0.02


@pytest.mark.parametrize("n_bands", [8, 16, 128, 512])
@pytest.mark.parametrize("sample_rate", RATES)
def test_a_tone_lands_in_its_mel_band(sample_rate, n_bands):
    view = at(sample_rate, LogMel, n_bands=n_bands)
    top = float(hz_to_mel(torch.tensor(sample_rate / 2)))
    for share in (0.3, 0.6, 0.9):
        frequency = float(mel_to_hz(torch.tensor(share * top)))
        band = int(middle(view.forward(tone(sample_rate, frequency))).argmax())
        width = frequency_width = view.sample_rate / view.n_fft  # a bin may be wider than a band
        center = float(mel_to_hz(torch.tensor((band + 1) * top / (n_bands + 1))))
        frequency_width = center * (math.exp(top / 1125 / (n_bands + 1)) - 1) + 700 * top / 1125 / n_bands
        assert abs(frequency - center) <= frequency_width + width


@pytest.mark.parametrize(("n_bands", "n_fft"), [(8, 2048), (128, 2048), (512, 2048), (512, 512)])
def test_no_mel_filter_is_empty_and_together_they_keep_everything(n_bands, n_fft):
    filters = mel_filters(n_bands, n_fft=n_fft, sample_rate=22_050, f_min=0.0, f_max=11_025.0)
    assert filters.shape == (n_bands, n_fft // 2 + 1)
    assert (filters >= -1e-9).all()
    assert (filters.sum(dim=1) > 0).all()
    top = hz_to_mel(torch.tensor(11_025.0, dtype=torch.float64)) / (n_bands + 1)
    first, last = mel_to_hz(top), mel_to_hz(top * n_bands)
    edges = (torch.arange(n_fft // 2 + 2, dtype=torch.float64) - 0.5) * 22_050 / n_fft
    inside = (edges[:-1] > first) & (edges[1:] < last)
    torch.testing.assert_close(filters.sum(dim=0)[inside], torch.ones(int(inside.sum())).double())


def test_the_mel_scale_is_that_of_the_paper():
    mel = hz_to_mel(torch.tensor([0.0, 700.0, 1000.0], dtype=torch.float64))
    expected = [0.0, 1125 * math.log(2), 1125 * math.log(1 + 1000 / 700)]
    torch.testing.assert_close(mel, torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(mel_to_hz(mel), torch.tensor([0.0, 700.0, 1000.0], dtype=torch.float64))


def test_a_range_of_mel_bands_ends_where_it_says():
    view = LogMel(22_050, 2048, 512, n_bands=12, f_min=200.0, f_max=2_000.0)
    inside, above, below = (
        float(middle(view.forward(tone(22_050, frequency))).max()) for frequency in (800.0, 4_000.0, 60.0)
    )
    assert above < 0.01 * inside
    assert below < 0.01 * inside
    assert LogMel(8_000, 512, 128, f_max=11_025.0).f_max == 4_000.0
    with pytest.raises(UsageError, match="f_min=5000 and f_max=4000"):
        LogMel(8_000, 512, 128, f_min=5_000.0).forward(torch.zeros(1, 4_000))


def test_few_bands_hide_the_key_and_many_show_it():
    """What the content of Barry & Kim rests on: a semitone up is nearly the same in 8 bands."""
    partials = [233.0 * k for k in range(1, 12)]
    original = tone(22_050, *partials)
    higher = tone(22_050, *(f * SEMITONE**3 for f in partials))

    def change(view):
        first, second = view.forward(original), view.forward(higher)
        return float((first - second).norm() / first.norm())

    few, many = at(22_050, LogMel, n_bands=8, f_max=11_025.0), at(22_050, LogMel, n_bands=256)
    assert change(few) < 0.35 * change(many)
    assert change(few) < 0.35 * change(at(22_050, LogMagnitude))


@pytest.mark.parametrize(("n_fft", "hop"), [(1500, 375), (1412, 353), (4096, 1024)])
def test_every_octave_keeps_the_hop(n_fft: int, hop: int) -> None:
    """Slowed waveforms have whole hops and windows of their own: no octave drifts against the others."""
    view = LogConstantQ(44_100, n_fft, hop)
    for octave in view._octaves:
        assert octave.stft.hop_length * octave.factor == hop
