"""Stems against their mix: one that is late, inverted, short or at another level is named; the others not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.errors import UsageError
from nast_fx.evaluate.stems import StemCheck, check_stems
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import drain
from nast_fx.studies.sounds import SOUNDS

RATE, SECONDS = 16_000, 4
NAMES = ("drums", "bass", "chords")


def stereo(signal: np.ndarray) -> Samples:
    return np.stack([signal, 0.8 * signal]).astype(np.float32)


@cache
def stems() -> dict[str, Samples]:
    """Noise on beats, a low pulse on the same beats, and a chord that swells."""
    time = np.arange(SECONDS * RATE) / RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    beats = np.exp(-20 * (time % 0.5))
    bass = np.sign(np.sin(2 * np.pi * 55 * time)) * np.exp(-3 * (time % 0.5))
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277.2, 329.6))
    swell = 0.5 + 0.5 * np.sin(np.pi * time)
    return dict(zip(NAMES, map(stereo, (0.2 * noise * beats, 0.2 * bass, 0.1 * chord * swell)), strict=True))


def check(parts: dict[str, Samples], mix: Samples, **options: float) -> StemCheck:
    sources = [(name, ArraySource(Audio(part, RATE))) for name, part in parts.items()]
    return drain(check_stems(sources, ArraySource(Audio(mix, RATE)), **options))


def mix_of(parts: dict[str, Samples]) -> Samples:
    return np.asarray(sum(parts.values()), dtype=np.float32)


def test_stems_that_sum_have_no_problem() -> None:
    found = check(stems(), mix_of(stems()))
    assert found.problems == ()
    assert found.residual_db < -90
    for facts in found.stems:
        assert (facts.gain_db, facts.delay_seconds, facts.is_inverted) == (
            pytest.approx(0, abs=0.01),
            0,
            False,
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("milliseconds", [1, 25, 300, -10])
def test_a_stem_that_is_late_is_named_and_no_other(name: str, milliseconds: int) -> None:
    moved = np.roll(stems()[name], milliseconds * RATE // 1000, axis=1)
    found = check(stems() | {name: moved}, mix_of(stems()))
    word = "late" if milliseconds > 0 else "early"
    assert found.problems == (f"{name} is {abs(milliseconds):.1f} ms {word}.",)


@pytest.mark.parametrize("name", NAMES)
def test_a_stem_that_is_inverted_is_named_and_no_other(name: str) -> None:
    found = check(stems() | {name: -stems()[name]}, mix_of(stems()))
    assert found.problems == (f"{name} is inverted.",)


def test_level_and_length_are_held_against_the_mix() -> None:
    louder = stems() | {"bass": 2 * stems()["bass"]}
    assert check(louder, mix_of(stems())).problems == ("bass is -6.0 dB in the mix.",)
    assert check(louder, mix_of(stems()), most_db=7).problems == ()
    short = stems() | {"drums": stems()["drums"][:, : 3 * RATE]}
    assert check(short, mix_of(stems())).problems == ("drums is 1.000 s shorter than the mix.",)
    long = stems() | {"drums": np.pad(stems()["drums"], ((0, 0), (0, RATE)))}
    assert check(long, mix_of(stems())).problems == ("drums is 1.000 s longer than the mix.",)


def test_a_tone_a_silence_and_a_side_alone_are_no_trouble() -> None:
    time = np.arange(SECONDS * RATE) / RATE
    tone = stereo(0.1 * np.sin(2 * np.pi * 100 * time))
    parts = {"tone": tone, "none": 0 * tone, "drums": stems()["drums"]}
    assert check(parts, mix_of(parts)).problems == ()
    assert check(parts | {"tone": -tone}, mix_of(parts)).problems == ("tone is inverted.",)
    side = np.stack([tone[0], -tone[0]])
    assert check({"side": side}, side).problems == ()


def test_what_cannot_be_compared_is_said() -> None:
    source = ArraySource(Audio(stems()["bass"], RATE))
    with pytest.raises(UsageError, match="the mix is silent"):
        drain(check_stems([("bass", source)], ArraySource(Audio(0 * stems()["bass"], RATE))))
    with pytest.raises(UsageError, match="bass: is of 16000 Hz, the mix of 8000 Hz"):
        drain(check_stems([("bass", source)], ArraySource(Audio(stems()["bass"], 8000))))


def test_styled_stems_still_sum_to_the_styled_mix() -> None:
    import nast_fx

    style = SOUNDS["bells"](2.0, RATE, 0)
    plan, tracking = RenderPlan(seed=3), Tracking(key="off")

    def styled(part: Samples) -> Samples:
        content, settings = Audio(part, RATE), {"max_iterations": 8}
        return nast_fx.render(content, style, settings=settings, plan=plan, tracking=tracking).samples

    made, mix = {name: styled(part) for name, part in stems().items()}, styled(mix_of(stems()))
    assert check(made, mix, most_db=3).problems == ()
    for name in NAMES:
        late = np.roll(made[name], 10 * RATE // 1000, axis=1)
        assert check(made | {name: late}, mix, most_db=3).problems == (f"{name} is 10.0 ms late.",)
        assert check(made | {name: -made[name]}, mix, most_db=3).problems == (f"{name} is inverted.",)
