"""A score played by an instrument: where notes are, how they end, and what is left when it goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from plugin_builder import built_plugin

from nast_fx.audio import ScratchFile
from nast_fx.audio import score_sound as score_sound_module
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER
from nast_fx.audio.score_sound import AUDIBLE, MOST_PEAK, TAIL_SECONDS, render_score
from nast_fx.chain import host as host_module
from nast_fx.chain import instrument as instrument_module
from nast_fx.chain.host import HostedPlugin, PluginError
from nast_fx.chain.hosted_sound import BLOCK_FRAMES
from nast_fx.chain.instrument import play_score
from nast_fx.chain.scan import deny, scan
from nast_fx.errors import AudioFileError, NastFxError, NoSpaceError, UsageError
from nast_fx.progress import drain

RATE = 44_100
TICKS = 480  # half a second at 120 bpm
SECOND = 2 * TICKS
CRASHES, HANGS, NO_NUMBER, NEVER_ENDS = range(4)  # what NastPlayer does at these notes


def message(kind: str, time: int = 0, **fields: Any) -> mido.Message:
    return mido.Message(kind, time=time, **fields)


def note(pitch: int, ticks: int = SECOND, *, channel: int = 0, velocity: int = 127) -> list[mido.Message]:
    on = message("note_on", channel=channel, note=pitch, velocity=velocity)
    return [on, message("note_off", ticks, channel=channel, note=pitch)]


def save(folder: Path, *tracks: Sequence[Any], name: str = "song.mid") -> Path:
    file = mido.MidiFile(ticks_per_beat=TICKS, tracks=[mido.MidiTrack(track) for track in tracks])
    file.save(folder / name)
    return folder / name


def played(path: Path, plugin: str, rate: int = RATE) -> np.ndarray:
    """Samples (channel, frame) of a score."""
    with drain(play_score(path, built_plugin(plugin), rate)) as sound:
        assert sound.sample_rate == rate
        return sound.read(0, sound.n_frames)


def sine(pitch: int, on: int, off: int, velocity: int, n_frames: int, rate: int) -> np.ndarray:
    """What NastSynth makes of one note, (frame,)."""
    made = np.zeros(n_frames)
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    made[on:off] = velocity / 127 / 4 * np.sin(2 * np.pi * hertz * np.arange(off - on) / rate)
    return made


# What is played


@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_notes_follow_the_tempo_map_to_the_sample(tmp_path: Path, rate: int) -> None:
    # 120 bpm up to 2 s, then 90: a beat is 0.5 s and 2/3 s. Two tracks, and a note across the change.
    conductor = [mido.MetaMessage("set_tempo", tempo=500_000)]
    conductor.append(mido.MetaMessage("set_tempo", time=4 * TICKS, tempo=666_667))
    conductor.append(mido.MetaMessage("end_of_track", time=7 * TICKS))
    melody = [message("note_on", note=69, velocity=127), message("note_on", TICKS, note=69, velocity=0)]
    melody += [message("note_on", 2 * TICKS, note=64, velocity=40), message("note_off", 2 * TICKS, note=64)]
    bass = [message("note_on", TICKS // 2, channel=9, note=45, velocity=64)]
    bass.append(message("note_off", 7 * TICKS, channel=9, note=45))
    made = played(save(tmp_path, conductor, melody, bass), "NastSynth", rate)
    beat = 0.666667
    notes = [(69, 0.0, 0.5, 127), (64, 1.5, 2 + beat, 40), (45, 0.25, 2 + 3.5 * beat, 64)]
    n_frames = round((2 + 7 * beat) * rate)
    expected = sum(
        sine(pitch, round(on * rate), round(off * rate), velocity, n_frames, rate)
        for pitch, on, off, velocity in notes
    )
    assert made.shape == (2, n_frames)
    np.testing.assert_allclose(made, np.stack([expected] * 2), atol=1e-6)


def test_the_same_score_sounds_the_same(tmp_path: Path) -> None:
    path = save(tmp_path, note(60), note(38, channel=9, velocity=90))
    np.testing.assert_array_equal(played(path, "NastSynth"), played(path, "NastSynth"))


def test_controllers_and_pitch_bend_of_all_channels_are_heard(tmp_path: Path) -> None:
    moves = [
        message("program_change", program=5),
        message("sysex", data=(0x7E, 0x7F, 9, 1)),
        message("control_change", TICKS, control=1, value=127, channel=3),
        message("control_change", TICKS, control=1, value=0, channel=3),
        message("pitchwheel", TICKS, pitch=-4096, channel=15),
        message("aftertouch", value=3),
        message("polytouch", note=60, value=3),
    ]
    made = 4 * played(save(tmp_path, note(60, 2 * SECOND), moves), "NastPlayer")
    assert (made[0, : 2 * RATE] == 1).all()  # the first channel hears notes only
    moved = np.flatnonzero(np.abs(np.diff(made[1, : 2 * RATE])) > 0.01) + 1
    at = np.array([0.5, 1.0, 1.5]) * RATE
    assert len(moved) == 3
    assert ((moved <= at) & (moved > at - BLOCK_FRAMES)).all()  # a host moves them between blocks
    np.testing.assert_allclose(made[1, moved], [2, 1, 0.5], atol=0.01)


def test_a_mono_instrument_is_heard_on_both_sides(tmp_path: Path) -> None:
    made = played(save(tmp_path, note(60)), "NastPlayer1")
    assert made.shape[0] == 2
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[:, :RATE] == 0.25).all()


# How it ends


def fall(level: float) -> int:
    """Frames that NastPlayer takes to fall from `level` to what is not heard."""
    return round(np.log(AUDIBLE / level) / np.log(1 - 1 / 2205))


def test_the_tail_is_kept_and_the_silence_after_it_is_not(tmp_path: Path) -> None:
    made = played(save(tmp_path, note(60)), "NastPlayer")
    assert made.shape[1] == pytest.approx(RATE + fall(0.25), abs=3)
    np.testing.assert_allclose(made[0, RATE + 2205], 0.25 / np.e, rtol=1e-3)


def test_keys_and_pedals_that_are_held_at_the_end_are_let_go(tmp_path: Path) -> None:
    pedal = message("control_change", control=64, value=127)
    held = [pedal, message("note_on", note=60), message("note_on", note=60, velocity=127), *note(64, TICKS)]
    made = played(save(tmp_path, [*held, mido.MetaMessage("end_of_track", time=TICKS)]), "NastPlayer")
    # The pedal holds what was let go; a host moves it at the beginning of the block of the score's end.
    assert (made[0, : RATE - BLOCK_FRAMES] == 0.5).all()
    assert made.shape[1] == pytest.approx(RATE + fall(0.5), abs=BLOCK_FRAMES)


def test_a_key_without_its_end_is_let_go_at_the_sample(tmp_path: Path) -> None:
    held = [message("note_on", note=60), message("note_on", note=60, velocity=127)]
    made = played(save(tmp_path, [*held, mido.MetaMessage("end_of_track", time=SECOND)]), "NastSynth")
    np.testing.assert_allclose(made[0], sine(60, 0, RATE, 127, RATE, RATE), atol=1e-6)


def test_what_never_ends_is_cut(tmp_path: Path) -> None:
    made = played(save(tmp_path, note(NEVER_ENDS)), "NastPlayer")
    assert made.shape[1] == round((1 + TAIL_SECONDS) * RATE)
    assert made[0, -1] == 0.25


def test_a_loud_score_is_brought_down_as_a_whole(tmp_path: Path) -> None:
    tracks = [note(pitch) for pitch in range(60, 66)]
    quiet = [message("note_on", 2 * SECOND, note=80, velocity=127), message("note_off", SECOND, note=80)]
    made = played(save(tmp_path, *tracks, quiet), "NastPlayer")
    assert made.max() == pytest.approx(MOST_PEAK, rel=1e-6)
    assert made[0, 3 * RATE - 1] == pytest.approx(MOST_PEAK / 6, rel=1e-5)


def test_a_short_score_is_never_cut_and_a_long_one_never_whole_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    class Watched(ScratchFile):
        def write(self, start: int, block: np.ndarray) -> None:
            sizes.append(block.shape[1])
            super().write(start, block)

    monkeypatch.setattr(instrument_module, "ScratchFile", Watched)
    path = save(tmp_path, [*note(60, TICKS), mido.MetaMessage("end_of_track", time=65 * SECOND)])
    shares = []
    steps = play_score(path, built_plugin("NastPlayer"), RATE)
    with drain(steps, lambda progress: shares.append(progress.share)) as sound:
        assert sound.n_frames == round(65.5 * RATE)
    assert sum(sizes) == round((65.5 + TAIL_SECONDS) * RATE)
    assert max(sizes) <= 10.1 * RATE
    assert shares == sorted(shares)
    assert (shares[0], len(shares) > 8) == (0, True)


# Soundfonts and names


def test_a_soundfont_plays_as_ever(tmp_path: Path) -> None:
    soundfont = SOUNDFONT_FOLDER / "TimGM6mb.sf2"
    if shutil.which("fluidsynth") is None or not soundfont.is_file():
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")
    path = save(tmp_path, note(60))
    with drain(play_score(path, soundfont, RATE)) as sound, render_score(path, soundfont, RATE) as expected:
        np.testing.assert_array_equal(sound.read(0, sound.n_frames), expected.read(0, expected.n_frames))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("own_cache")
def test_a_scanned_instrument_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nast_fx.chain.scan.plugin_folders", lambda: ())
    path, synth = save(tmp_path, note(60)), built_plugin("NastSynth")
    with pytest.raises(UsageError, match=r"there is no plugin 'nastsynth\.vst3'"):
        drain(play_score(path, "nastsynth.vst3", RATE))
    drain(scan([synth.parent]))
    with drain(play_score(path, "nastsynth.vst3", RATE)) as sound:
        np.testing.assert_array_equal(sound.read(0, sound.n_frames), played(path, "NastSynth"))
    with pytest.raises(UsageError, match=r"'NastSinth\.vst3'; did you mean 'NastSynth\.vst3'\?"):
        drain(play_score(path, "NastSinth.vst3", RATE))
    deny(synth)
    with pytest.raises(PluginError, match="NastSynth: the plugin is on the deny list"):
        drain(play_score(path, synth, RATE))


# Faults


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every plugin and temporary file that is opened; all of them must be closed at the test's end."""
    made: list[Any] = []

    def keeping(kind: Any) -> Any:
        class Kept(kind):
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                made.append(self)

        return Kept

    limited = partial(keeping(HostedPlugin), process_seconds=0.5)
    monkeypatch.setattr(host_module, "SLOWEST", 0.02)
    monkeypatch.setattr(instrument_module, "HostedPlugin", limited)
    for module in (instrument_module, score_sound_module):
        monkeypatch.setattr(module, "ScratchFile", keeping(ScratchFile))
    yield made
    for one in made:
        if isinstance(one, HostedPlugin):
            assert not one.is_running
        else:
            assert one._file.closed


def refused(path: Path, instrument: str | Path, kind: type[NastFxError], sentence: str) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        drain(play_score(path, instrument, RATE))
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pitch", "sentence"),
    [
        (CRASHES, r"NastPlayer: the plugin crashed while rendering notes \(SIGSEGV\)"),
        (HANGS, r"NastPlayer: the plugin did not finish rendering notes within 0\.7 s"),
        (NO_NUMBER, "NastPlayer: the plugin writes values that are not finite while rendering notes"),
    ],
)
def test_a_fault_of_the_plugin_is_a_sentence(
    tmp_path: Path, opened: list[Any], pitch: int, sentence: str
) -> None:
    refused(save(tmp_path, note(pitch)), built_plugin("NastPlayer"), PluginError, sentence)
    assert len(opened) == 2  # the plugin and the raw sound


def test_an_effect_is_no_instrument(tmp_path: Path, opened: list[Any]) -> None:
    sentence = "NastGain is an effect; a score is played by an instrument or a soundfont"
    refused(save(tmp_path, note(60)), built_plugin("NastGain"), UsageError, sentence)
    assert len(opened) == 1


def test_a_silent_result_is_told(tmp_path: Path, opened: list[Any]) -> None:
    path = save(tmp_path, [*note(60, 0), mido.MetaMessage("end_of_track", time=TICKS)])
    sentence = "NastSynth: the score is silent with this instrument"
    refused(path, built_plugin("NastSynth"), AudioFileError, sentence)
    assert len(opened) == 2


@pytest.mark.usefixtures("opened", "own_cache")
def test_what_cannot_be_played_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synth = save(tmp_path, note(60)), built_plugin("NastSynth")
    mute = save(tmp_path, [mido.MetaMessage("marker", text="A")], name="mute.mid")
    refused(mute, synth, AudioFileError, r"mute\.mid: the MIDI file has no notes")
    endless = save(tmp_path, note(60, 25 * 3600 * SECOND), name="endless.mid")
    refused(endless, synth, AudioFileError, r"endless\.mid: the MIDI file is longer than 24 hours")
    refused(tmp_path / "no.mid", synth, AudioFileError, r"no\.mid: there is no such file")
    refused(path, "Piano.dll", UsageError, r"Piano\.dll: plugins of this kind cannot be hosted; give a VST3")
    refused(path, tmp_path / "no.sf2", AudioFileError, r"no\.sf2: there is no such soundfont")
    with pytest.raises(UsageError, match=r"Piano\.vst3: is a plugin, not a soundfont \(\.sf2 or \.sf3\)"):
        render_score(path, "Piano.vst3", RATE)
    with pytest.raises(UsageError, match="sample_rate=0 must be above 0"):
        drain(play_score(path, synth, 0))
    monkeypatch.setattr(score_sound_module, "free_space_shortfall", lambda *_: 5 * 2**20)
    refused(path, synth, NoSpaceError, "no space left on the disk to render the score; 5 MiB are missing")


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4])
def test_who_stops_leaves_nothing(tmp_path: Path, opened: list[Any], n_steps: int) -> None:
    steps = play_score(save(tmp_path, note(60)), built_plugin("NastSynth"), RATE)
    for _ in range(n_steps):
        next(steps)
    steps.close()
    assert len(opened) == (0 if n_steps == 1 else 2)


def test_a_broken_sound_is_not_taken(tmp_path: Path) -> None:
    for wrong in (np.nan, np.inf):
        with ScratchFile(RATE, 2, 2000) as raw:
            raw.write(900, np.full((2, 3), wrong, dtype=np.float32))
            raw.write(990, np.full((2, 3), 0.5, dtype=np.float32))
            with pytest.raises(AudioFileError, match=r"X: cannot render the score: the sound is .* broken"):
                score_sound_module.finished_sound(raw, 0.01, "X")
