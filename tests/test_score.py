"""What a MIDI file says, and how it sounds; sound is skipped where fluidsynth is absent."""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nast_fx.audio import ScratchFile
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER
from nast_fx.audio.score import Score, read_score
from nast_fx.audio.score_sound import MOST_PEAK, TAIL_SECONDS, render_score
from nast_fx.errors import AudioFileError, NastFxError, UsageError
from nast_fx.models.key import Key

RATE = 44_100
TICKS = 480  # half a second at 120 bpm


@pytest.fixture(scope="module")
def soundfont() -> Path:
    if shutil.which("fluidsynth") is None or not (SOUNDFONT_FOLDER / "TimGM6mb.sf2").is_file():
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")
    return SOUNDFONT_FOLDER / "TimGM6mb.sf2"


def meta(kind: str, time: int = 0, **fields: Any) -> mido.MetaMessage:
    return mido.MetaMessage(kind, time=time, **fields)


def note(pitch: int = 69, ticks: int = TICKS, *, channel: int = 0, velocity: int = 100) -> list[mido.Message]:
    on = mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)
    return [on, mido.Message("note_off", channel=channel, note=pitch, time=ticks)]


def save(folder: Path, *tracks: Sequence[Any], name: str = "song.mid", kind: int = 1) -> Path:
    path = folder / name
    file = mido.MidiFile(type=kind, ticks_per_beat=TICKS, tracks=[mido.MidiTrack(track) for track in tracks])
    file.save(path)
    return path


def test_the_map_of_all_tracks_is_one(tmp_path: Path) -> None:
    conductor = [
        meta("set_tempo", tempo=500_000),
        meta("time_signature", numerator=7, denominator=8),
        meta("key_signature", key="Ebm"),
        meta("set_tempo", time=4 * TICKS, tempo=1_000_000),
        meta("key_signature", key="Cb"),
        meta("marker", time=TICKS, text="Refrain"),
    ]
    player = [*note(ticks=2 * TICKS), mido.Message("control_change", control=1, value=127, time=3 * TICKS)]
    other = [mido.Message("control_change", channel=5, control=1, value=0, time=TICKS)]
    score = read_score(save(tmp_path, conductor, player, other))
    assert score.tempos == ((0.0, 120.0), (2.0, 60.0))
    assert score.meters == ((0.0, 7, 8),)
    assert score.keys == ((0.0, Key(3, "minor")), (2.0, Key(11)))
    assert score.markers == ((3.0, "Refrain"),)
    assert score.controllers == {1: ((0.5, 0.0), (3.0, 1.0))}
    assert (score.seconds, score.n_notes) == (3.0, 1)


def test_beats_follow_the_tempo_and_go_on_after_the_score() -> None:
    score = Score(tempos=((0.0, 120.0), (1.25, 60.0)), seconds=2.0)
    np.testing.assert_allclose(score.beats(4.0), [0, 0.5, 1.0, 1.75, 2.75, 3.75])
    assert score.beats(0.0).size == 0
    assert score.beats(0.5).tolist() == [0.0]


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(20, 300)), max_size=6),
    st.floats(20, 300),
    st.floats(0, 60),
)
def test_beats_are_where_the_integral_of_the_tempo_is_whole(
    steps: list[tuple[float, float]], first: float, seconds: float
) -> None:
    times = np.concatenate([[0], np.cumsum([gap for gap, _ in steps])])
    bpm = [first, *(tempo for _, tempo in steps)]
    beats = Score(tempos=tuple(zip(times.tolist(), bpm, strict=True))).beats(seconds)
    spans = np.clip(beats[:, None] - times, 0, np.append(np.diff(times), np.inf))
    np.testing.assert_allclose((spans * bpm).sum(axis=1) / 60, np.arange(len(beats)), atol=1e-6)
    assert (beats < seconds + 1e-6).all()


def test_a_controller_holds_and_its_first_value_holds_before_it() -> None:
    score = Score(controllers={7: ((1.0, 0.25), (2.0, 1.0), (2.0, 0.5))})
    assert score.controller_curve(7, [0.0, 1.0, 1.9, 2.0, 9.0]).tolist() == [0.25, 0.25, 0.25, 0.5, 0.5]
    with pytest.raises(UsageError, match="controller=1 is not moved by the MIDI file; it moves only 7"):
        score.controller_curve(1, [0.0])


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_markers_are_read_in_either_encoding(tmp_path: Path, encoding: str) -> None:
    marker = meta("marker", text="Überleitung\0".encode(encoding).decode("latin-1"))
    assert read_score(save(tmp_path, [marker])).markers == ((0.0, "Überleitung"),)


def test_a_file_without_a_map_is_at_120(tmp_path: Path) -> None:
    score = read_score(save(tmp_path, note(ticks=TICKS), kind=0))
    assert score.tempos == ((0.0, 120.0),)
    assert (score.meters, score.keys, score.markers, score.controllers) == ((), (), (), {})


def raw(kind: int = 1, division: int = TICKS, events: bytes = b"\0\xff\x2f\0", n_tracks: int = 1) -> bytes:
    head = b"MThd" + struct.pack(">lhhh", 6, kind, n_tracks, division)
    return head + n_tracks * (b"MTrk" + struct.pack(">l", len(events)) + events)


BAD = {
    "is empty": b"",
    "is not a MIDI file": b"RIFF\0\0\0\0WAVE",
    "is cut short": raw()[:-2],
    "of format 2, whose tracks do not run together": raw(kind=2),
    r"counts time in film frames \(SMPTE\)": raw(division=-25 * 256 + 40),
    "without a track": raw(n_tracks=0),
    "a key signature that there is not": raw(events=b"\0\xff\x59\x02\x0b\0\0\xff\x2f\0"),
    "is damaged": raw(events=b"\0\x90\xff\xff\0\xff\x2f\0"),
    "the tempo at 0.000 s is above 10000 bpm": raw(events=b"\0\xff\x51\x03\0\0\0\0\xff\x2f\0"),
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_file_gets_one_sentence(tmp_path: Path, message: str) -> None:
    (tmp_path / "bad.mid").write_bytes(BAD[message])
    with pytest.raises(AudioFileError, match=rf"bad\.mid: .*{message}") as caught:
        read_score(tmp_path / "bad.mid")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"no\.mid: there is no such file"):
        read_score(tmp_path / "no.mid")
    with pytest.raises(AudioFileError, match="cannot be read"):
        read_score(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 200)
)
def test_damage_is_read_or_refused_but_never_crashes(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    buffer = io.BytesIO()
    events = [meta("set_tempo", tempo=400_000), meta("key_signature", key="D"), meta("marker", text="A")]
    events += [
        meta("time_signature", time=9),
        *note(),
        meta("smpte_offset"),
        meta("sequencer_specific", data=(1,)),
    ]
    mido.MidiFile(ticks_per_beat=TICKS, tracks=[mido.MidiTrack(events)]).save(file=buffer)
    data = bytearray(buffer.getvalue())
    for place, value in changes:
        data[place % len(data)] = value
    (tmp_path / "x.mid").write_bytes(data[: len(data) - cut % 20])
    try:
        score = read_score(tmp_path / "x.mid")
    except AudioFileError:
        return
    assert np.isfinite(score.beats(10.0)).all()


def level_at(sound: ScratchFile, seconds: float) -> float:
    return float(np.abs(sound.read(round(seconds * sound.sample_rate), sound.sample_rate // 20)).max())


@pytest.mark.parametrize("rate", [6000, 22_050, 44_100, 192_000])
def test_a_score_sounds_at_its_pitch_time_and_rate(soundfont: Path, tmp_path: Path, rate: int) -> None:
    path = save(tmp_path, [mido.Message("program_change", program=73, time=TICKS), *note(81, 4 * TICKS)])
    with render_score(path, soundfont, rate) as sound:
        assert (sound.sample_rate, sound.n_channels) == (rate, 2)
        assert 2.5 <= sound.n_frames / rate < 2.5 + TAIL_SECONDS
        assert level_at(sound, 0.4) < 1e-3 < level_at(sound, 0.7)
        assert np.abs(sound.read(0, sound.n_frames)).max() <= MOST_PEAK
        held = sound.read(rate, rate)[0]
        assert int(np.argmax(np.abs(np.fft.rfft(held)))) == pytest.approx(880, rel=0.01)


def test_the_tail_is_kept_and_the_silence_after_it_is_not(soundfont: Path, tmp_path: Path) -> None:
    path = save(tmp_path, [mido.Message("program_change", program=48), *note(60, TICKS)])
    with render_score(path, soundfont, RATE) as sound:
        last = sound.read(sound.n_frames - 10, 10)
        assert 0.6 * RATE < sound.n_frames < 5 * RATE
        assert 0 < np.abs(last).max() < 1e-3


def test_a_note_that_is_never_ended_ends_with_the_score(soundfont: Path, tmp_path: Path) -> None:
    held = [mido.Message("program_change", program=19), mido.Message("control_change", control=64, value=127)]
    path = save(tmp_path, [*held, note()[0], meta("end_of_track", time=2 * TICKS)])
    with render_score(path, soundfont, RATE) as sound:
        assert level_at(sound, 0.9) > 0.01
        assert sound.n_frames < 4 * RATE


def test_the_same_score_sounds_the_same(soundfont: Path, tmp_path: Path) -> None:
    path = save(tmp_path, note(60), note(38, channel=9))
    with render_score(path, soundfont, RATE) as first, render_score(path, soundfont, RATE) as second:
        np.testing.assert_array_equal(first.read(0, first.n_frames), second.read(0, second.n_frames))
        assert first.n_frames == second.n_frames


def test_a_soft_score_stays_soft(soundfont: Path, tmp_path: Path) -> None:
    with render_score(save(tmp_path, note(velocity=30)), soundfont, RATE) as sound:
        assert 0.001 < np.abs(sound.read(0, sound.n_frames)).max() < 0.1


def test_a_loud_score_is_brought_down_not_clipped(soundfont: Path, tmp_path: Path) -> None:
    tracks = [
        note(pitch, channel=channel, velocity=127) for channel in range(9) for pitch in (48, 55, 60, 64)
    ]
    louder = [mido.Message("control_change", channel=c, control=7, value=127) for c in range(9)]
    with render_score(save(tmp_path, louder, *tracks), soundfont, RATE) as sound:
        peak = np.abs(sound.read(0, sound.n_frames)).max()
        assert peak == pytest.approx(MOST_PEAK, rel=1e-5)


def test_what_cannot_be_played_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, mute = save(tmp_path, note()), save(tmp_path, [meta("marker", text="A")], name="mute.mid")
    bad, hollow = tmp_path / "bad.sf2", tmp_path / "hollow.sf2"
    bad.write_bytes(b"not a soundfont")
    hollow.write_bytes(b"RIFF\4\0\0\0sfbk")
    with pytest.raises(AudioFileError, match=r"bad\.sf2: is not a soundfont"):
        render_score(path, bad, RATE)
    with pytest.raises(AudioFileError, match=r"no\.sf2: there is no such soundfont"):
        render_score(path, tmp_path / "no.sf2", RATE)
    with pytest.raises(UsageError, match=r"is a plugin, not a soundfont \(\.sf2 or \.sf3\)"):
        render_score(path, tmp_path / "Piano.vst3", RATE)
    with pytest.raises(AudioFileError, match=r"mute\.mid: the MIDI file has no notes"):
        render_score(mute, hollow, RATE)
    with pytest.raises(UsageError, match="sample_rate=0 must be above 0"):
        render_score(path, hollow, 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NastFxError, match=r"the program fluidsynth is not installed; .* install the package"):
        render_score(path, hollow, RATE)


def test_a_hollow_soundfont_is_named(soundfont: Path, tmp_path: Path) -> None:
    hollow = tmp_path / "hollow.sf2"
    hollow.write_bytes(b"RIFF\4\0\0\0sfbk")
    with pytest.raises(AudioFileError, match=r"hollow\.sf2: fluidsynth cannot render it"):
        render_score(save(tmp_path, note()), hollow, RATE)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills so hard here")
def test_fluidsynth_ends_with_a_killed_program(tmp_path: Path, soundfont: Path) -> None:
    track = mido.MidiTrack([mido.Message("note_on", note=60)])
    track.append(mido.Message("note_off", note=60, time=480 * 40_000))
    mido.MidiFile(tracks=[track]).save(tmp_path / "long.mid")
    code = (
        "import sys; from nast_fx.audio.score_sound import render_score;"
        "render_score(sys.argv[1], sys.argv[2], 44_100)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "long.mid"), str(soundfont)]
    parent = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    until = time.monotonic() + 30
    while not (raw := list(tmp_path.glob("nast-fx-*/sound.raw"))) or not raw[0].stat().st_size:
        assert time.monotonic() < until
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    time.sleep(0.5)
    size = raw[0].stat().st_size
    time.sleep(0.5)
    assert raw[0].stat().st_size == size  # nobody writes any more
    left = [one for one in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(one)]
    assert not left


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile
        return b""
