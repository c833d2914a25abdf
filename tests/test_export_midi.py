"""Tempo, keys, markers and loudness go into a MIDI file and come back."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nast_fx.audio.score import read_score
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.export.midi import CONTROLLER, write_midi
from nast_fx.models.key import Key

MS = 1e-3

KEYS = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
gaps = st.lists(st.floats(0.01, 20), min_size=1, max_size=12)
in_file = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None
)


def placed(steps: list[float]) -> list[float]:
    return np.cumsum(steps).tolist()


@in_file
@given(gaps, gaps, st.data())
def test_times_come_back_within_a_millisecond(
    tmp_path: Path, tempo_gaps: list[float], marker_gaps: list[float], data: st.DataObject
) -> None:
    """However often the tempo changes: nothing adds up."""
    tempo_times, marker_times = [0.0, *placed(tempo_gaps)], placed(marker_gaps)
    bpm = [data.draw(st.floats(32, 300)) for _ in tempo_times]
    keys = [data.draw(st.sampled_from(KEYS)) for _ in marker_times]
    path = tmp_path / "map.mid"
    write_midi(
        path,
        tempo_events=list(zip(tempo_times, bpm, strict=True)),
        key_events=list(zip(marker_times, keys, strict=True)),
        markers=[(at, f"{number}") for number, at in enumerate(marker_times)],
        replace=True,
    )
    score = read_score(path)
    np.testing.assert_allclose([at for at, _ in score.tempos], tempo_times, atol=MS)
    np.testing.assert_allclose([tempo for _, tempo in score.tempos], bpm, rtol=1e-5)
    np.testing.assert_allclose([at for at, _ in score.markers], marker_times, atol=MS)
    np.testing.assert_allclose([at for at, _ in score.keys], marker_times, atol=MS)
    assert [key for _, key in score.keys] == keys
    assert [text for _, text in score.markers] == [f"{number}" for number in range(len(marker_times))]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_key_has_a_legal_spelling(tmp_path: Path, key: Key) -> None:
    write_midi(tmp_path / "k.mid", key_events=[(0.0, key)])
    assert read_score(tmp_path / "k.mid").keys == ((0.0, key),)


def test_the_loudness_curve_moves_a_controller_where_it_changes(tmp_path: Path) -> None:
    seconds = np.arange(3000) / 100
    values = 0.5 + 0.5 * np.sin(seconds)
    write_midi(tmp_path / "l.mid", loudness=(seconds, values))
    score = read_score(tmp_path / "l.mid")
    times, levels = np.array(score.controllers[CONTROLLER]).T
    assert len(times) <= 20 * 30
    assert (np.diff(levels) != 0).all()
    back = score.controller_curve(CONTROLLER, seconds)
    assert np.abs(back - values).max() < 1 / 127 + 0.05 * 0.5  # half a step, and a point late


def test_a_steady_level_is_one_value_and_beyond_the_range_is_its_end(tmp_path: Path) -> None:
    seconds = np.arange(500) / 100
    write_midi(tmp_path / "s.mid", loudness=(seconds, np.full(500, 1.7)))
    assert read_score(tmp_path / "s.mid").controllers == {CONTROLLER: ((0.0, 1.0),)}


def test_a_first_tempo_holds_from_the_beginning_and_none_is_120(tmp_path: Path) -> None:
    write_midi(
        tmp_path / "late.mid", tempo_events=[(3.0, 80.0), (6.0, 100.0)], markers=[(2.9, "x"), (9.0, "y")]
    )
    score = read_score(tmp_path / "late.mid")
    assert score.tempos[0] == (0.0, pytest.approx(80.0))
    assert [at for at, _ in score.markers] == pytest.approx([2.9, 9.0], abs=MS)
    write_midi(tmp_path / "none.mid", meter_events=[(0.0, 3, 4)])
    assert read_score(tmp_path / "none.mid").tempos == ((0.0, 120.0),)
    assert read_score(tmp_path / "none.mid").meters == ((0.0, 3, 4),)


def test_a_meter_is_written_only_if_it_is_known(tmp_path: Path) -> None:
    write_midi(tmp_path / "m.mid", tempo_events=[(0.0, 90.0)])
    assert read_score(tmp_path / "m.mid").meters == ()


def test_the_file_is_as_programs_expect_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    write_midi(
        path,
        tempo_events=[(0.0, 97.0)],
        markers=[(1.0, "Brücke 夜")],
        loudness=(np.array([0.0, 1.0]), np.array([0.0, 1.0])),
    )
    file = mido.MidiFile(path)
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 960, 2)
    assert file.tracks[1].name == "Loudness"
    conducting = {"set_tempo", "marker", "key_signature", "time_signature"}
    assert not conducting & {message.type for message in file.tracks[1]}
    assert all(track[-1].type == "end_of_track" for track in file.tracks)
    assert "Brücke 夜".encode() in path.read_bytes()
    assert read_score(path).markers[0][1] == "Brücke 夜"
    write_midi(tmp_path / "b.mid", tempo_events=[(0.0, 97.0)])
    assert len(mido.MidiFile(tmp_path / "b.mid").tracks) == 1


def test_what_makes_no_sense_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.mid"
    for bpm in (3.0, 1e5, float("nan")):
        with pytest.raises(UsageError, match=r"bpm=.* must be at least 3.58"):
            write_midi(path, tempo_events=[(0.0, bpm)])
    with pytest.raises(UsageError, match="must be at least 0"):
        write_midi(path, markers=[(-1.0, "x")])
    with pytest.raises(UsageError, match="1 s is not in order of time"):
        write_midi(path, tempo_events=[(2.0, 90.0), (1.0, 90.0)])
    with pytest.raises(UsageError, match="loudness must be finite"):
        write_midi(path, loudness=(np.zeros(1), np.array([np.nan])))
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(b"mine")
    with pytest.raises(AudioFileError, match="exists already"):
        write_midi(path)
    assert path.read_bytes() == b"mine"
    write_midi(path, replace=True)
    assert read_score(path).seconds == 0
    with pytest.raises(AudioFileError, match="there is no folder"):
        write_midi(tmp_path / "no" / "x.mid")
