"""The envelope stage of the default method, and what strength, texture and tone mean in it."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from nast_fx.losses import GoalTerm, GramTerm
from nast_fx.methods import LEVEL, Segment, StyleSound, build_method
from nast_fx.methods.bands import Bands, long_frames
from nast_fx.methods.envelopes import COMPRESSION, follow_envelopes, style_envelopes
from nast_fx.networks import Architecture, build_network
from nast_fx.progress import drain
from nast_fx.representations import LogMagnitude

RATE = 22_050
CPU = torch.device("cpu")
SECONDS = 3.0
TIME = torch.arange(round(SECONDS * RATE)) / RATE


def leveled(waveform: torch.Tensor) -> torch.Tensor:
    return waveform * (LEVEL / waveform.square().mean(dim=-1, keepdim=True).sqrt())


def noise(seed: int = 0) -> torch.Tensor:
    return torch.randn(1, len(TIME), generator=torch.Generator().manual_seed(seed))


def beats(a_second: float = 4.0) -> torch.Tensor:
    """Noise that dies away, again and again."""
    return leveled(noise(1) * torch.exp(-20 * (TIME % (1 / a_second))))


def chords() -> torch.Tensor:
    """Three tones that swell and fade, with breath."""
    tones = sum(torch.sin(2 * math.pi * hertz * TIME) for hertz in (220.0, 277.2, 329.6))
    return leveled(tones[None] * (1.2 + torch.sin(2 * math.pi * TIME)) + 0.3 * noise(2))


def hiss() -> torch.Tensor:
    """Noise that hardly moves."""
    return leveled(noise(3))


SOUNDS = {"beats": beats, "chords": chords, "hiss": hiss}


def style(sound: torch.Tensor) -> StyleSound:
    return StyleSound((sound,), (1.0,))


def styled(
    content: torch.Tensor, sound: torch.Tensor, strength: float = 1.0, **settings: object
) -> torch.Tensor:
    method = build_method("infinite", settings)
    targets = method.prepare(style(sound), sample_rate=RATE, seed=0, device=CPU)
    segment = Segment(content, content.shape[1], (0,), strength=strength)
    return drain(method.transfer(segment, targets)).waveform


def envelopes(waveform: torch.Tensor) -> torch.Tensor:
    bands = Bands(RATE, CPU)
    return bands.power(bands.spectrum(waveform)) ** COMPRESSION


def spread(waveform: torch.Tensor, other: torch.Tensor) -> float:
    """Mean distance of the sorted envelopes of two sounds of one length."""
    first, second = (envelopes(w).sort(dim=2)[0] for w in (waveform, other))
    return float((first - second).abs().mean())


def test_the_bands_envelopes_come_to_the_styles() -> None:
    content, sound, bands = hiss(), beats(), Bands(RATE, CPU)
    target = style_envelopes((sound,), (1.0,), bands)
    result = follow_envelopes(content, content, target, bands, texture=1.0, tone=1.0)
    half = follow_envelopes(content, content, target, bands, texture=0.5, tone=1.0)
    before = spread(content, sound)
    assert spread(result, sound) < 0.75 * before
    assert spread(result, sound) < spread(half, sound) < before
    assert float(result.square().mean().sqrt()) == pytest.approx(LEVEL, rel=1e-3)


def test_the_contents_onsets_stay() -> None:
    content, sound, bands = beats(), hiss(), Bands(RATE, CPU)
    target = style_envelopes((sound,), (1.0,), bands)
    result = follow_envelopes(content, content, target, bands, texture=1.0, tone=1.0)

    def rises(waveform: torch.Tensor) -> torch.Tensor:
        power = long_frames(bands.power(bands.spectrum(waveform)))
        return torch.log1p(2 * power.sqrt()).diff(dim=2).relu().sum(dim=1)

    assert float(functional.cosine_similarity(rises(result), rises(content))) > 0.95


def test_pauses_stay_as_quiet_as_the_contents() -> None:
    content, bands = chords(), Bands(RATE, CPU)
    pause = (TIME > 1.0) & (TIME < 1.6)
    content[:, pause] *= 1e-4
    loose = content.clone()
    loose[:, pause] += 0.1 * hiss()[:, pause]
    target = style_envelopes((hiss(),), (1.0,), bands)
    result = follow_envelopes(loose, content, target, bands, texture=1.0, tone=1.0)
    inner = (TIME > 1.05) & (TIME < 1.55)
    assert float(result[:, inner].square().mean()) < 4 * float(content[:, inner].square().mean())


def test_tone_0_keeps_the_contents_long_term_spectrum() -> None:
    content, bands = hiss(), Bands(RATE, CPU)
    dull = torch.fft.rfft(noise(4))
    dull = leveled(torch.fft.irfft(dull / (30 + torch.arange(dull.shape[1])).sqrt(), n=len(TIME)))

    def tone(waveform: torch.Tensor) -> torch.Tensor:
        decibels = 10 * bands.power(bands.spectrum(waveform)).mean(dim=2).log10()
        return decibels - decibels.mean()

    own = tone(content)
    kept, moved = (styled(content, dull, tone=amount) for amount in (0.0, 1.0))
    assert float((tone(kept) - own).abs().mean()) < 1.0
    assert float((tone(moved) - own).abs().mean()) > 4.0


def test_a_weighted_excerpt_counts_by_its_weight() -> None:
    bands, sounds = Bands(RATE, CPU), (hiss(), beats())
    alone = style_envelopes(sounds[:1], (1.0,), bands)
    nearly = style_envelopes(sounds, (1.0, 1e-6), bands)
    inner = slice(2, -2)
    torch.testing.assert_close(nearly.quantiles[..., inner], alone.quantiles[..., inner], atol=1e-2, rtol=0)
    torch.testing.assert_close(nearly.correlations, alone.correlations, atol=1e-3, rtol=0)


def residual(result: torch.Tensor, content: torch.Tensor, sound: torch.Tensor) -> float:
    """How far a result is from the style under a network that the method has not seen; 1 is the content."""
    view = LogMagnitude(RATE, 2048, 512)
    network = build_network(Architecture(n_filters=1024), view.n_bins, seed=77)
    target = network.target(view.forward(sound))
    far, near = (
        float(network.gram_distance(network.embed(view.forward(w)), target)) for w in (content, result)
    )
    return math.sqrt(near / far)


@pytest.mark.parametrize(("content", "sound"), [("beats", "chords"), ("chords", "hiss"), ("hiss", "beats")])
def test_a_strength_goes_as_far_on_all_material(content: str, sound: str) -> None:
    own, other = SOUNDS[content](), SOUNDS[sound]()
    far = {
        strength: residual(styled(own, other, strength, texture=0.0), own, other)
        for strength in (0.25, 0.5, 1.0)
    }
    assert far[0.25] == pytest.approx(0.75, abs=0.15)
    assert far[0.5] == pytest.approx(0.5, abs=0.15)
    assert far[1.0] < 0.3


def test_strength_0_is_the_content() -> None:
    content = chords()
    torch.testing.assert_close(styled(content, hiss(), 0.0), content, atol=1e-6, rtol=0)


def test_the_goal_pulls_down_to_itself_and_no_further() -> None:
    view = LogMagnitude(RATE, 512, 128)
    network = build_network(Architecture(kernel_width=3), view.n_bins, seed=0)
    target = network.target(view.forward(hiss()))
    gram = GramTerm("style", view, 1.0, network, target)

    class At:
        def __init__(self, waveform: torch.Tensor) -> None:
            self.waveform = waveform

        def spec(self, representation: LogMagnitude) -> torch.Tensor:
            return representation.forward(self.waveform)

        def embedding(self, representation: LogMagnitude, network: object) -> object:
            return network.embed(self.spec(representation))  # type: ignore[attr-defined]

    unit = gram.distance(At(chords()))
    for share, wanted in ((0.5, 0.25), (1.0, 0.0), (2.0, 0.0)):
        goal = GoalTerm(
            "style", view, 1.0, network=network, target=target, unit=unit, goal=torch.tensor([share])
        )
        assert float(goal.distance(At(chords()))) == pytest.approx(wanted, abs=1e-6)
