"""The style comes to the content's key, or both to a named one; nothing moves by a key that is not sure."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from nast_fx.analysis import KeyEstimate, KeySpan
from nast_fx.audio import ArraySource, Audio, Samples, check_samples
from nast_fx.methods import Method, StyleSound, Targets
from nast_fx.models import Key, MethodSettings, RenderPlan, Tracking, parse_key
from nast_fx.optimize import Outcome, Solution
from nast_fx.progress import drain
from nast_fx.render import Reference, References, style_source
from nast_fx.render import keys as keys_module
from nast_fx.render.engine import Styled
from nast_fx.render.keys import Transposition, plan_transposition

RATE = 22_050
CADENCE = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def chords(key: str, seconds: float = 12.0, *, cents: float = 0.0) -> Samples:
    """A cadence round and round, with a bass, on plain organ pipes."""
    tonic, n_frames = parse_key(key), round(seconds * RATE)
    time = np.arange(n_frames) / RATE
    chord_at = (time / 0.75).astype(int) % 4
    sound = np.zeros(n_frames)
    for index, chord in enumerate(CADENCE[tonic.mode]):
        inside = chord_at == index
        for note in (chord[0] - 12, *chord):
            frequency = 440 * 2 ** ((tonic.tonic - 9 + note + cents / 100) / 12)
            for overtone in (1, 2, 3):
                sound += inside * np.sin(2 * np.pi * overtone * frequency * time) / overtone**1.5
    return (0.05 * sound)[None].astype(np.float32)


def reference(samples: Samples, name: str = "style.wav") -> Reference:
    return Reference(ArraySource(Audio(samples, RATE)), name, 1.0)


def hiss(seconds: float = 6.0) -> Samples:
    return 0.1 * np.random.default_rng(0).standard_normal((1, round(seconds * RATE))).astype(np.float32)


def estimate(
    key: str | None, confidence: float = 0.9, cents: float = 0.0, *more: tuple[float, str]
) -> KeyEstimate:
    if key is None:
        return KeyEstimate(None, 0.0, None, ())
    starts = [(0.0, key), *more]
    ends = [start for start, _ in more] + [60.0]
    spans = tuple(
        KeySpan(start, end, parse_key(name), confidence)
        for (start, name), end in zip(starts, ends, strict=True)
    )
    return KeyEstimate(parse_key(key), confidence, cents, spans)


def planned(
    monkeypatch: pytest.MonkeyPatch, content: KeyEstimate | None, style: KeyEstimate, key: str = "content"
) -> Transposition:
    """Decide with a style whose key is known."""

    def known(mono: object) -> Any:
        yield from ()
        return style

    monkeypatch.setattr(keys_module, "detect_key", known)
    return drain(plan_transposition(content, [reference(hiss(0.2))], Tracking(key=key)))


@pytest.mark.parametrize(
    ("content", "style", "semitones"),
    [
        ("C major", "A major", 3),
        ("C major", "F# major", 6),
        ("C major", "G major", 5),
        ("A minor", "C major", 0),
        ("C minor", "C major", 3),
        ("E minor", "F# minor", -2),
    ],
)
def test_the_style_goes_to_the_contents_notes_by_the_shorter_way(
    monkeypatch: pytest.MonkeyPatch, content: str, style: str, semitones: int
) -> None:
    found = planned(monkeypatch, estimate(content), estimate(style))
    assert found.at(0, 5) == (semitones,)
    assert found.content_semitones == 0
    assert found.notes == ()
    if semitones:
        assert f"{semitones:+d} semitones" in found.summary


def test_tunings_meet_too_if_they_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planned(monkeypatch, estimate("C major", cents=-32), estimate("D major")).at(0, 1) == (-2.32,)
    assert planned(monkeypatch, estimate("C major", cents=4), estimate("D major")).at(0, 1) == (-2,)


def test_a_content_that_modulates_takes_the_style_along(monkeypatch: pytest.MonkeyPatch) -> None:
    content = estimate("C major", 0.9, 0.0, (20.0, "Eb major"))
    found = planned(monkeypatch, content, estimate("C major"))
    assert found.at(0, 10) == (0,)
    assert found.at(22, 32) == (3,)
    assert found.at(12, 22) == (0,)  # most of it is before the change
    assert [region.key.name for region in found.regions if region.key] == ["C major", "Eb major"]


def test_both_go_to_a_named_key(monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(monkeypatch, estimate("C major", cents=20), estimate("G major", cents=-30), "D major")
    assert found.content_semitones == pytest.approx(1.8)
    assert found.at(0, 10) == (pytest.approx(-4.7),)
    assert "D major" in found.summary


def test_nothing_moves_by_a_key_that_is_not_sure_and_the_notes_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sure, unsure, none = estimate("C major"), estimate("E major", 0.3), estimate(None)
    found = planned(monkeypatch, unsure, sure)
    assert found.at(0, 10) == (0,)
    assert "content is not clear (E major at a confidence of 0.30): no style is transposed" in found.notes[0]
    found = planned(monkeypatch, sure, unsure)
    assert found.at(0, 10) == (0,)
    assert "style.wav is not clear" in found.notes[0]
    assert "No key was found in the content" in planned(monkeypatch, none, sure).notes[0]
    named = planned(monkeypatch, none, sure, "D major")
    assert (named.content_semitones, named.at(0, 10)) == (0, (2,))
    assert "content: it is not transposed" in named.notes[0]


def test_off_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(monkeypatch, estimate("C major"), estimate("E major"), "off")
    assert found.at(0, 10) == (0,)
    assert (found.styles, found.summary, found.notes) == ((None,), "Key C major.", ())


def test_a_texture_goes_to_a_named_key_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planned(monkeypatch, None, estimate("E major")).at(0, 10) == (0,)
    named = planned(monkeypatch, None, estimate("E major"), "F major")
    assert named.at(0, 10) == (1,)
    assert named.summary == "Style transposed by +1 semitones to F major."


class Listening(Method[MethodSettings]):
    """Gives the content back, and keeps the styles that it was given."""

    name = "listening"

    def __init__(self) -> None:
        super().__init__(MethodSettings())
        self.heard: list[Samples] = []

    def min_frames(self, sample_rate: int) -> int:
        return 1000

    def prepare(self, style: StyleSound, **given: Any) -> Targets[Any]:
        self.heard.append(np.concatenate([excerpt.numpy() for excerpt in style.excerpts], axis=1))
        return _NoTargets()

    def transfer(self, segment: Any, targets: Any) -> Any:
        yield from ()
        return Solution(segment.content, [Outcome.CONVERGED], [{"loss": 0.0}], 1, 1, 0.0)


class _NoTargets(Targets[Any]):
    def __init__(self) -> None:
        pass

    def select(self, rows: Any) -> Any:
        return self


def rendered(content: Samples, style: Samples, key: str) -> tuple[Samples, Styled, Listening]:
    method, source = Listening(), ArraySource(Audio(content, RATE))
    with ExitStack() as stack:
        steps = style_source(
            source,
            check_samples(source, "content"),
            References((reference(style),), 30.0),
            method,
            RenderPlan(),
            stack,
            tracking=Tracking(key=key),
        )
        styled = drain(steps)
        return styled.source.read(0, source.n_frames), styled, method


def notes_of(samples: Samples) -> set[int]:
    """The seven loudest pitch classes."""
    spectrum = np.abs(np.fft.rfft(samples[0] * np.hanning(samples.shape[1]))) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
    band = (frequencies > 60) & (frequencies < 1000)
    classes = np.round(12 * np.log2(frequencies[band] / 440) + 9).astype(int) % 12
    power = np.bincount(classes, spectrum[band], 12)
    return set(np.argsort(power)[-7:].tolist())


def scale(key: str) -> set[int]:
    return {(Key(0).tonic + parse_key(key).tonic + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)}


def test_the_method_hears_the_style_in_the_contents_key() -> None:
    _, styled, method = rendered(chords("C major"), chords("E major"), "content")
    assert notes_of(method.heard[0]) == scale("C major")
    facts = styled.tracked.as_dict(["style.wav"])["key"]
    assert facts["content"]["key"] == "C major"
    assert facts["styles"][0]["key"] == "E major"
    assert facts["regions"][0]["style_shift_semitones"] == [-4]


def test_the_method_hears_the_style_as_it_is_if_that_is_asked_for() -> None:
    _, styled, method = rendered(chords("C major"), chords("E major"), "off")
    assert notes_of(method.heard[0]) == scale("E major")
    assert styled.tracked.as_dict(["style.wav"])["key"]["mode"] == "off"


def test_the_result_is_in_the_named_key() -> None:
    made, styled, method = rendered(chords("C major"), chords("E major"), "D major")
    assert notes_of(made) == scale("D major")
    assert notes_of(method.heard[0]) == scale("D major")
    assert styled.tracked.transposition.content_semitones == pytest.approx(2, abs=0.15)


def test_a_modulating_content_is_styled_in_both_keys() -> None:
    content = np.concatenate([chords("C major", 24), chords("Eb major", 24)], axis=1)
    _, styled, method = rendered(content, chords("C major"), "content")
    changes = styled.tracked.transposition.regions
    assert [region.key.name for region in changes if region.key] == ["C major", "Eb major"]
    assert changes[1].start_seconds == pytest.approx(24, abs=4)
    assert len(method.heard) == 2
    assert notes_of(method.heard[1]) == scale("Eb major")
