"""Notes of a soundfont and the data sets made of programs that Debian has; skipped where they are absent."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.networks.image import INSTRUMENTS, ImageStack, random_weights
from nast_fx.networks.weights import load_weights
from nast_fx.progress import drain
from nast_fx.representations import LogMagnitude
from nast_fx.train.clips import leveled, split_by_group
from nast_fx.train.general_midi import FAMILIES, PROGRAM_NAMES
from nast_fx.train.notes import HELD_OUT, PITCHES, distinct_programs, instrument_notes
from nast_fx.train.soundfont import FOLDER, Note, find_soundfont, render_notes
from nast_fx.train.sounds import SAMPLES, SpeechClips, ten_sounds

RATE = 16_000


@pytest.fixture(scope="module")
def soundfont() -> Path:
    if shutil.which("fluidsynth") is None or not (FOLDER / "TimGM6mb.sf2").is_file():
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")
    return FOLDER / "TimGM6mb.sf2"


def rendered(soundfont: Path, *notes: Note, rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    return render_notes(notes, soundfont=soundfont, sample_rate=rate, slot_seconds=seconds)


def pitch_hz(signal: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 8 * len(signal)))
    return float(np.argmax(spectrum)) * rate / (8 * len(signal))


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_a_note_has_its_pitch_and_its_slot(soundfont: Path, rate: int) -> None:
    sound = rendered(soundfont, *(Note(73, pitch, 100, 0.9) for pitch in (69, 81)), rate=rate)
    assert sound.shape == (2, rate)
    assert sound.dtype == np.float32
    for signal, hz in zip(sound, (440.0, 880.0), strict=True):
        assert pitch_hz(signal[rate // 4 :], rate) == pytest.approx(hz, rel=0.01)
        onset = int(np.argmax(np.abs(signal) > 0.02 * np.abs(signal).max()))
        assert onset < 0.02 * rate


def test_a_note_sounds_the_same_in_every_slot(soundfont: Path) -> None:
    """Neither the note before it nor its place in the file has a say; 400 slots are several files."""
    note, loud = Note(0, 60, 100, 0.2), Note(48, 40, 127, 0.5)
    sound = rendered(soundfont, *([loud, note] * 200), seconds=0.5)
    assert np.abs(sound[1]).max() > 0.01
    assert np.abs(sound[1::2] - sound[1]).max() < 0.02 * np.abs(sound[1]).max()


def test_rendering_repeats(soundfont: Path) -> None:
    notes = [Note(program, 60, 90, 0.4) for program in range(0, 128, 16)]
    np.testing.assert_array_equal(rendered(soundfont, *notes), rendered(soundfont, *notes))


def test_velocity_length_and_drums_are_heard(soundfont: Path) -> None:
    soft, loud, short, drum = rendered(
        soundfont,
        Note(16, 60, 30, 0.9),
        Note(16, 60, 120, 0.9),
        Note(16, 60, 120, 0.2),
        Note(0, 60, 120, 0.9, is_drum=True),
    )
    assert np.std(loud) > 2 * np.std(soft)
    assert np.std(short[RATE // 2 :]) < 0.05 * np.std(loud[RATE // 2 :])
    assert np.std(drum[: RATE // 8]) > 4 * np.std(drum[-RATE // 4 :])


def test_wrong_notes_are_refused(soundfont: Path, tmp_path: Path) -> None:
    for field, value in (("program", 128), ("pitch", -1), ("velocity", 0)):
        with pytest.raises(UsageError, match=f"{field}={value} must be"):
            Note(**{"program": 0, "pitch": 60, "velocity": 1, "seconds": 1.0} | {field: value})
    with pytest.raises(UsageError, match="seconds=0 must be above 0"):
        Note(0, 60, 100, 0.0)
    with pytest.raises(UsageError, match="slot_seconds=0 must be"):
        rendered(soundfont, Note(0, 60, 100, 1.0), seconds=0)
    with pytest.raises(UsageError, match="sample_rate=96000 must be"):
        rendered(soundfont, Note(0, 60, 100, 1.0), rate=96_000)
    with pytest.raises(AudioFileError, match="there is no such soundfont"):
        find_soundfont(tmp_path / "no.sf2")
    (tmp_path / "bad.sf2").write_bytes(b"not a soundfont")
    with pytest.raises(AudioFileError, match=r"bad\.sf2: fluidsynth cannot render it: .*RIFF"):
        rendered(tmp_path / "bad.sf2", Note(0, 60, 100, 1.0))


def test_names_and_families() -> None:
    assert len(set(PROGRAM_NAMES)) == 128
    programs = [program for family in FAMILIES.values() for program in family]
    assert len(programs) == len(set(programs))
    assert PROGRAM_NAMES[40] == "violin"
    assert PROGRAM_NAMES[73] == "flute"


def test_programs_that_are_one_sound_are_found(soundfont: Path) -> None:
    """Fiddle is this soundfont's violin again; the flute is not."""
    assert distinct_programs(soundfont, (40, 73, 110, 73)) == (40, 73)


def test_pitches_are_held_out(soundfont: Path) -> None:
    clips = instrument_notes(soundfont, programs=(0, 40, 73))
    assert clips.classes == ("acoustic grand piano", "flute", "violin")
    split = split_by_group(clips.clips, share=0.25, seed=0, held_out=clips.held_out)
    held = {clips.notes[index].pitch for index in split.validation}
    assert held == set(HELD_OUT)
    assert {clips.notes[index].pitch for index in split.training} == set(PITCHES) - held
    assert min(PITCHES) < min(held)
    assert max(held) < max(PITCHES)


def test_speech_is_held_out_by_speaker() -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng (make system)")
    clips = SpeechClips()
    clips.spoken, clips.clips = clips.spoken[4:8], clips.clips[4:8]  # of two speakers
    sound = drain(clips.waveforms(RATE, 3.0))
    assert sound.shape == (4, 3 * RATE)
    assert np.abs(sound).max(axis=1).min() > 0.05
    assert len({clip.group for clip in clips.clips}) == 2
    assert not np.array_equal(sound[0], sound[1])


def test_ten_sounds_and_their_split(soundfont: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("needs sonic-pi-samples (make system)")
    clips = ten_sounds(soundfont, 3.0)
    assert len(clips.classes) == 10
    split = split_by_group(clips.clips, share=0.25, seed=0)
    sides = [[clips.clips[index] for index in side] for side in (split.training, split.validation)]
    assert not {clip.group for clip in sides[0]} & {clip.group for clip in sides[1]}
    for side in sides:
        assert {clip.label for clip in side} == set(clips.classes)
    # No recording is in two classes.
    files = {(clip.label, clip.group) for clip in clips.clips if clip.group.endswith(".flac")}
    assert len({group for _, group in files}) == len(files)


def told_apart(stack: ImageStack, spec: torch.Tensor, labels: torch.Tensor, n_known: int) -> float:
    """Share of the later clips whose nearest class mean, of mean activations, is their own class's."""
    with torch.no_grad():
        maps = [stack.feature_maps(part)[-1] for part in spec.split(16)]
    features = torch.cat([functional.adaptive_avg_pool2d(part, (8, 1)).flatten(1) for part in maps])
    features = (features - features[:n_known].mean(dim=0)) / (features[:n_known].std(dim=0) + 1e-6)
    means = [features[:n_known][labels[:n_known] == label].mean(dim=0) for label in labels.unique()]
    nearest = torch.cdist(features[n_known:], torch.stack(means)).argmin(dim=1)
    return (labels.unique()[nearest] == labels[n_known:]).double().mean().item()


@pytest.mark.slow
def test_shipped_instruments_are_told_apart_at_pitches_never_seen(soundfont: Path) -> None:
    """Notes rendered anew; no classifier is trained, so that the convolutions must do it themselves."""
    trained = load_weights("instruments")
    programs = [program for program in range(0, 96, 4) if PROGRAM_NAMES[program] in trained.info.classes]
    known = [Note(program, pitch, 90, 1.4) for pitch in (45, 57, 63, 72) for program in programs]
    unseen = [Note(program, pitch, 90, 1.4) for pitch in HELD_OUT[1:3] for program in programs]
    assert not {note.pitch for note in known} & set(HELD_OUT)
    sound = rendered(soundfont, *known, *unseen, seconds=trained.info.seconds)
    view = LogMagnitude(RATE, trained.info.n_fft, trained.info.hop_length)
    spec = view.forward(torch.from_numpy(leveled(sound)))
    assert spec.shape[-2:] == (257, 257)
    labels = torch.tensor([note.program for note in (*known, *unseen)])
    ours = told_apart(trained.stack(), spec, labels, len(known))
    random = told_apart(ImageStack(INSTRUMENTS, random_weights(INSTRUMENTS, 0)), spec, labels, len(known))
    assert ours > 0.9
    assert ours > random + 0.1
