"""What was heard, as MIDI: a grid through the beats, the keys that are sure, loudness as expression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nast_fx.analysis import KeyEstimate, KeySpan, Loudness, Tempo
from nast_fx.audio.score import Score, read_score
from nast_fx.export import export_analysis
from nast_fx.export.tracked_midi import tempo_events
from nast_fx.models import parse_key

NO_KEY = KeyEstimate(None, 0.0, None, ())
NO_TEMPO = Tempo(None, 0.0, np.zeros(0))


def loudness(*levels: float) -> Loudness:
    """Loudness of one second at each level in LUFS."""
    power = np.repeat(10 ** ((np.array(levels) + 0.691) / 10), 100)
    return Loudness(power, np.sqrt(power), np.sqrt(power), float(len(levels)))


def exported(path: Path, **facts: object) -> Score:
    given = {"loudness": loudness(-20), "key": NO_KEY, "tempo": NO_TEMPO, **facts}
    export_analysis(path / "out.mid", **given)
    return read_score(path / "out.mid")


def missed(beats: np.ndarray, score: Score) -> float:
    """Largest distance of a beat from the nearest one of the map, in seconds."""
    grid = score.beats(float(beats[-1]) + 2)
    return float(np.abs(beats[:, None] - grid[None]).min(axis=1).max())


@pytest.mark.parametrize("first", [0.0, 0.02, 0.31, 1.7])
def test_the_grid_runs_through_steady_beats(tmp_path: Path, first: float) -> None:
    beats = first + 60 / 97.3 * np.arange(200)
    score = exported(tmp_path, tempo=Tempo(97.3, 1.0, beats))
    assert missed(beats, score) < 0.025
    assert len(score.tempos) <= 2  # one to reach the first beat, one for all
    assert score.tempos[-1][1] == pytest.approx(97.3, rel=1e-3)


def test_the_grid_follows_a_ritardando_and_does_not_drift(tmp_path: Path) -> None:
    beats = np.cumsum(60 / np.linspace(130, 90, 300))
    score = exported(tmp_path, tempo=Tempo(110.0, 1.0, beats))
    assert missed(beats, score) < 0.03
    assert len(score.tempos) < 80


def test_what_trembles_is_written_as_steady() -> None:
    beats = 0.5 * np.arange(160) + np.random.default_rng(0).uniform(-0.01, 0.01, 160)
    assert len(tempo_events(Tempo(120.0, 1.0, beats))) <= 2


def test_an_unclear_beat_has_no_map() -> None:
    assert tempo_events(Tempo(120.0, 0.2, np.arange(20) / 2)) == []
    assert tempo_events(NO_TEMPO) == []
    assert tempo_events(Tempo(90.0, 1.0, np.zeros(1))) == [(0.0, 90.0)]


def test_sure_keys_are_written_where_they_begin_and_moved_with_the_sound(tmp_path: Path) -> None:
    spans = (
        KeySpan(0.0, 10.0, parse_key("C minor"), 0.9),
        KeySpan(10.0, 14.0, parse_key("B major"), 0.2),
        KeySpan(14.0, 30.0, parse_key("Eb minor"), 0.8),
    )
    key = KeyEstimate(parse_key("C minor"), 0.9, 0.0, spans)
    found = [
        (pytest.approx(0.0), parse_key("C minor")),
        (pytest.approx(14.0, abs=0.002), parse_key("Eb minor")),
    ]
    assert list(exported(tmp_path, key=key).keys) == found
    (tmp_path / "out.mid").unlink()
    moved = exported(tmp_path, key=key, semitones=2)
    assert [one for _, one in moved.keys] == [parse_key("D minor"), parse_key("F minor")]
    (tmp_path / "out.mid").unlink()
    unsure = KeyEstimate(parse_key("C minor"), 0.3, 0.0, spans[1:])  # one stretch of it is sure
    assert [one for _, one in exported(tmp_path, key=unsure).keys] == [parse_key("Eb minor")]
    (tmp_path / "out.mid").unlink()
    assert exported(tmp_path, key=KeyEstimate(parse_key("B major"), 0.2, 0.0, spans[1:2])).keys == ()


def test_loudness_moves_expression_over_sixty_decibels(tmp_path: Path) -> None:
    score = exported(tmp_path, loudness=loudness(-60, -30, 0, -100))
    curve = score.controller_curve(11, [0.95, 1.95, 2.95, 3.95])
    assert curve == pytest.approx([0, 0.5, 1, 0], abs=0.02)


def test_markers_stay_in_their_places(tmp_path: Path) -> None:
    beats = 60 / 100 * np.arange(60)
    score = exported(
        tmp_path, tempo=Tempo(100.0, 1.0, beats), markers=[(3.21, "Segment 1"), (20.0, "Chorus ♪")]
    )
    assert [text for _, text in score.markers] == ["Segment 1", "Chorus ♪"]
    assert [at for at, _ in score.markers] == pytest.approx([3.21, 20.0], abs=0.001)
