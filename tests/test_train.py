"""Training: what is learned, that it repeats, and that no group is on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from nast_fx.audio import Samples
from nast_fx.errors import AudioFileError, NastFxError, UsageError
from nast_fx.models.training import TrainingSettings
from nast_fx.networks.image import INSTRUMENTS, SOUNDS, ImageArchitecture, ImageLayer
from nast_fx.networks.weights import load_weights, weights_hash
from nast_fx.progress import Progress, Steps, drain
from nast_fx.train.card import publish
from nast_fx.train.classifier import Classifier
from nast_fx.train.clips import LEVEL, Clip, ClipSet, leveled, split_by_group
from nast_fx.train.files import open_layout
from nast_fx.train.loop import BEST, LAST, Trained, train
from nast_fx.train.sounds import MergedClips
from nast_fx.train.tasks import TASKS, Task

RATE = 8000
TINY = Task(
    "sounds",
    "Tones and noise",
    "a test",
    ImageArchitecture((ImageLayer(4, pool=2), ImageLayer(6))),
    sample_rate=RATE,
    n_fft=256,
    hop_length=128,
    seconds=0.5,
    epochs=3,
)
QUICK = TrainingSettings(batch_size=4, shift_seconds=0.1)


class TonesAndNoise(ClipSet):
    """Tones of any pitch against noise; the pitch, or the noise's number, is the group."""

    data, licence, split = "tones and noise", "none", "by pitch"

    def __init__(self, n_each: int = 12, *, n_silent: int = 0) -> None:
        self.clips = (
            *(Clip("tone", f"pitch {index}") for index in range(n_each)),
            *(Clip("noise", f"noise {index}") for index in range(n_each)),
            *(Clip("tone", f"silence {index}") for index in range(n_silent)),
        )
        self.n_each = n_each

    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        yield Progress("read")
        time = np.arange(round(sample_rate * seconds)) / sample_rate
        tones = [np.sin(2 * np.pi * 150 * 1.17**index * time) for index in range(self.n_each)]
        generator = np.random.default_rng(5)
        noises = [generator.normal(size=len(time)) for _ in range(self.n_each)]
        silences = [np.zeros(len(time))] * (len(self.clips) - 2 * self.n_each)
        return np.array([*tones, *noises, *silences], dtype=np.float32)


def run(folder: Path, settings: TrainingSettings = QUICK, *, resume: bool = False, n: int = 12) -> Trained:
    folder.mkdir(exist_ok=True)
    return drain(train(TINY, TonesAndNoise(n), settings, folder, resume=resume))


def hash_of(trained: Trained) -> str:
    return weights_hash(trained.classifier.folded())


def test_it_learns_tones_from_noise(tmp_path: Path) -> None:
    trained = run(tmp_path, QUICK.model_copy(update={"epochs": 8}))
    assert trained.accuracy == 1.0
    assert trained.class_accuracy == 1.0
    assert trained.history[0]["loss"] > 2 * trained.history[-1]["loss"]
    assert (trained.n_training, trained.n_held_out) == (18, 6)


def test_shuffled_labels_teach_nothing(tmp_path: Path) -> None:
    """Guards the split: were held-out clips seen in training, these would be known by heart."""
    clips = TonesAndNoise(40)
    drawn = np.random.default_rng(3).permutation(len(clips.clips))
    clips.clips = tuple(
        replace(clip, label=clips.clips[other].label) for clip, other in zip(clips.clips, drawn, strict=True)
    )
    settings = QUICK.model_copy(update={"epochs": 6, "held_out_share": 0.5})
    trained = drain(train(TINY, clips, settings, tmp_path))
    assert 0.2 < np.mean([epoch["accuracy"] for epoch in trained.history]) < 0.8


def test_same_seed_same_weights_other_seed_others(tmp_path: Path) -> None:
    first = hash_of(run(tmp_path / "a"))
    assert hash_of(run(tmp_path / "b")) == first
    assert (tmp_path / "a" / LAST).read_bytes() == (tmp_path / "b" / LAST).read_bytes()
    assert hash_of(run(tmp_path / "c", QUICK.model_copy(update={"seed": 1}))) != first


def stopped_after(steps: Steps[Trained], n_epochs: int) -> None:
    """Drain until the first step of the epoch after, then stop as Ctrl-C does."""
    for progress in steps:
        if progress.stage == "train" and progress.step > n_epochs * 4:  # 18 clips, batches of 4
            steps.close()
            return
    pytest.fail("it ended before it could be stopped")


def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    (tmp_path / "parts").mkdir()
    for n_epochs in (1, 2):
        resume = n_epochs > 1
        stopped_after(train(TINY, TonesAndNoise(), QUICK, tmp_path / "parts", resume=resume), n_epochs)
        assert not list((tmp_path / "parts").glob(".*"))
    resumed = run(tmp_path / "parts", resume=True)
    assert hash_of(resumed) == hash_of(whole)
    assert resumed.history == whole.history
    for name in (LAST, BEST):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_only_the_same_training_goes_on(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no such checkpoint"):
        run(tmp_path, resume=True)
    run(tmp_path)
    with pytest.raises(UsageError, match="trained with seed=0, not seed=7"):
        run(tmp_path, QUICK.model_copy(update={"seed": 7}), resume=True)
    with pytest.raises(UsageError, match="n_clips=24, not n_clips=26"):
        run(tmp_path, resume=True, n=13)
    (tmp_path / LAST).write_bytes(b"nothing of the kind")
    with pytest.raises(AudioFileError, match="no checkpoint"):
        run(tmp_path, resume=True)


def test_threads_are_as_they_were(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    steps = train(TINY, TonesAndNoise(), QUICK.model_copy(update={"threads": before + 1}), tmp_path)
    next(steps)
    assert torch.get_num_threads() == before + 1
    steps.close()
    assert torch.get_num_threads() == before


def test_silent_clips_are_left_out(tmp_path: Path) -> None:
    trained = drain(train(TINY, TonesAndNoise(n_silent=5), QUICK, tmp_path))
    assert trained.n_training + trained.n_held_out == 24


def test_folded_convolutions_are_the_normalized_ones() -> None:
    classifier = Classifier(TINY.architecture, 3, seed=0)
    torch.manual_seed(0)
    for norm in classifier.norms:
        for tensor in (*norm.parameters(), norm.running_mean, norm.running_var):
            torch.nn.init.uniform_(tensor, 0.5, 2.0)
    torch.nn.init.normal_(classifier.head.weight)  # it begins at zero
    spec = torch.rand(2, 1, 33, 20)
    classifier.eval()
    folded = classifier(spec)
    image = spec
    for kernel, norm, layer in zip(
        classifier.kernels, classifier.norms, TINY.architecture.layers, strict=True
    ):
        maps = torch.relu(norm(torch.nn.functional.conv2d(image, kernel, padding=1)))
        image = torch.nn.functional.max_pool2d(maps, 2, ceil_mode=True) if layer.pool > 1 else maps
    means = torch.nn.functional.adaptive_avg_pool2d(maps, (8, 1)).flatten(1)
    torch.testing.assert_close(folded, classifier.head(classifier.features(means)))


# The split.


def pitches_and_files() -> list[Clip]:
    """Two instruments at ten pitches, and files of two classes, eight and two of them."""
    notes = [Clip(label, f"pitch {pitch}") for label in ("flute", "oboe") for pitch in range(10)]
    files = [Clip(label, f"{label} {index}") for label, n in (("rain", 8), ("wind", 2)) for index in range(n)]
    return notes + files * 3


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_on_both_sides(seed: int) -> None:
    clips = pitches_and_files()
    split = split_by_group(clips, share=0.25, seed=seed)
    sides = [[clips[index] for index in side] for side in (split.training, split.validation)]
    assert not {clip.group for clip in sides[0]} & {clip.group for clip in sides[1]}
    assert sorted([*split.training, *split.validation]) == list(range(len(clips)))
    for side in sides:
        assert {clip.label for clip in side} == {"flute", "oboe", "rain", "wind"}
    assert len({clip.group for clip in sides[1] if clip.label == "rain"}) == 2


def test_the_split_follows_the_seed() -> None:
    clips = pitches_and_files()
    drawn = [split_by_group(clips, share=0.25, seed=seed).validation.tolist() for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2] or drawn[0] != drawn[3]


def test_groups_may_be_named() -> None:
    clips = pitches_and_files()
    split = split_by_group(clips, share=0.25, seed=0, held_out=["pitch 3", "wind 1"])
    assert {clips[index].group for index in split.validation} == {"pitch 3", "wind 1"}
    with pytest.raises(UsageError, match="no group 'pich 3' to hold out; did you mean 'pitch 3'"):
        split_by_group(clips, share=0.25, seed=0, held_out=["pich 3"])
    with pytest.raises(UsageError, match="all of class 'wind' is held out"):
        split_by_group(clips, share=0.25, seed=0, held_out=["wind 0", "wind 1"])
    with pytest.raises(UsageError, match="nothing can be held out"):
        split_by_group([Clip("a", "one"), Clip("b", "two")], share=0.25, seed=0)


def test_clips_have_one_level() -> None:
    waveforms = np.random.default_rng(0).normal(size=(3, 4000)).astype(np.float32)
    waveforms *= np.array([[1.0], [0.01], [0.0]], dtype=np.float32)
    rms = np.sqrt(np.mean(leveled(waveforms) ** 2, axis=1))
    np.testing.assert_allclose(rms, [LEVEL, LEVEL, 0.0], rtol=1e-5)


# Layouts.


def write(path: Path, seconds: float = 0.6, rate: int = RATE, hz: float = 440.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate), rate)


def opened(path: Path, layout: str = "auto", group_by: str = "instrument") -> list[tuple[str, str]]:
    clips = open_layout(path, layout, group_by=group_by, seconds=0.5)  # type: ignore[arg-type]
    return [(clip.label, clip.group) for clip in clips.clips]


def test_folders(tmp_path: Path) -> None:
    for name in ("dog/a.wav", "dog/b.flac", "cat/tom/1.wav", "cat/tom/2.wav", "cat/x.wav"):
        write(tmp_path / name)
    (tmp_path / "dog" / "notes.txt").write_text("not a sound")
    write(tmp_path / "of_no_class.wav")
    assert opened(tmp_path) == [
        ("cat", "cat/tom"),
        ("cat", "cat/tom"),
        ("cat", "cat/x.wav"),
        ("dog", "dog/a.wav"),
        ("dog", "dog/b.flac"),
    ]


def test_a_long_file_is_several_clips_of_one_group(tmp_path: Path) -> None:
    write(tmp_path / "a" / "long.wav", seconds=1.7)
    write(tmp_path / "a" / "hour.wav", seconds=20.0)
    write(tmp_path / "b" / "short.wav", seconds=0.2, rate=16_000)
    clips = open_layout(tmp_path, "folders", group_by="instrument", seconds=0.5)
    groups = [clip.group for clip in clips.clips]
    assert (groups.count("a/long.wav"), groups.count("a/hour.wav"), groups.count("b/short.wav")) == (5, 8, 1)
    starts = [start for path, start in clips.excerpts if path.name == "long.wav"]
    assert min(np.diff(starts)) >= 0.25
    assert starts[-1] + 0.5 <= 1.7
    waveforms = drain(clips.waveforms(RATE, 0.5))
    assert waveforms.shape == (14, 4000)
    assert np.abs(waveforms[:13, -100:]).max(axis=1).min() > 0.05
    assert np.abs(waveforms[13, 1400:1500]).max() > 0.05
    assert not waveforms[13, 1700:].any()


def urbansound(path: Path) -> Path:
    rows = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for index in range(12):
        fold, label = (1, 2, 10)[index % 3], ("siren", "drilling")[index % 2]
        write(path / "audio" / f"fold{fold}" / f"{index}.wav")
        rows.append(f"{index}.wav,{index},0,4,1,{fold},{index % 2},{label}")
    (path / "metadata").mkdir()
    (path / "metadata" / "UrbanSound8K.csv").write_text("\n".join(rows) + "\n")
    return path


def test_urbansound_keeps_its_folds(tmp_path: Path) -> None:
    path = urbansound(tmp_path)
    assert opened(path) == opened(path, "urbansound8k")
    clips = open_layout(path, "auto", group_by="instrument", seconds=0.5)
    assert clips.classes == ("drilling", "siren")
    split = split_by_group(clips.clips, share=0.5, seed=0, held_out=clips.held_out)
    assert {clips.clips[index].group for index in split.validation} == {"fold10"}
    assert {clips.clips[index].group for index in split.training} == {"fold1", "fold2"}
    for (file, _), clip in zip(clips.excerpts, clips.clips, strict=True):
        assert file.parent.name == clip.group


def test_nsynth_by_instrument_or_by_pitch(tmp_path: Path) -> None:
    notes = {}
    for family in ("guitar", "organ"):
        for instrument in ("000", "001"):
            for pitch in (60, 67):
                name = f"{family}_acoustic_{instrument}-{pitch:03d}-100"
                write(tmp_path / "audio" / f"{name}.wav")
                notes[name] = {
                    "instrument_family_str": family,
                    "instrument_str": f"{family}_acoustic_{instrument}",
                    "pitch": pitch,
                    "velocity": 100,
                }
    (tmp_path / "examples.json").write_text(json.dumps(notes))
    assert set(opened(tmp_path)) == {
        (family, f"{family}_acoustic_{number}") for family in ("guitar", "organ") for number in ("000", "001")
    }
    assert set(opened(tmp_path, "nsynth", "pitch")) == {
        (family, f"pitch {pitch}") for family in ("guitar", "organ") for pitch in (60, 67)
    }


def test_wrong_layouts_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data=.*nowhere must be a folder"):
        opened(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="at least two classes"):
        opened(tmp_path)
    with pytest.raises(AudioFileError, match=r"UrbanSound8K\.csv: cannot be read"):
        opened(tmp_path, "urbansound8k")
    with pytest.raises(AudioFileError, match=r"examples\.json: cannot be read"):
        opened(tmp_path, "nsynth")
    (tmp_path / "metadata").mkdir()
    for text in ("a,b\n1,2\n", "slice_file_name,fold,class\nx.wav,one,dog\n"):
        (tmp_path / "metadata" / "UrbanSound8K.csv").write_text(text)
        with pytest.raises(UsageError, match="must have the columns slice_file_name, fold"):
            opened(tmp_path)
    for text in ("[]", "{", '{"a": {"pitch": 1}}'):
        (tmp_path / "examples.json").write_text(text)
        with pytest.raises(UsageError, match="must give each note"):
            opened(tmp_path, "nsynth")


def test_a_missing_file_of_a_table_is_named(tmp_path: Path) -> None:
    path = urbansound(tmp_path)
    (path / "audio" / "fold2" / "7.wav").unlink()
    with pytest.raises(AudioFileError, match=r"7\.wav"):
        opened(path)


def test_merged_data_sets_keep_their_order(tmp_path: Path) -> None:
    one, two = TonesAndNoise(2), TonesAndNoise(3)
    two.held_out = frozenset({"pitch 2"})
    merged = MergedClips([one, two])
    waveforms = drain(merged.waveforms(RATE, 0.1))
    np.testing.assert_array_equal(waveforms[:4], drain(one.waveforms(RATE, 0.1)))
    np.testing.assert_array_equal(waveforms[4:], drain(two.waveforms(RATE, 0.1)))
    assert merged.held_out == {"pitch 2"}
    assert len(merged.clips) == 10


# What is published.


def test_weights_and_card(tmp_path: Path) -> None:
    trained = run(tmp_path)
    published = publish(tmp_path, TINY, TonesAndNoise(), trained, command="nast-fx train sounds -o FOLDER")
    loaded = load_weights(published.weights_path)
    assert loaded.hash == hash_of(trained) == published.trained.hash
    assert loaded.info.classes == ("noise", "tone")
    assert loaded.info.accuracy == pytest.approx(trained.accuracy, abs=1e-4)
    card = published.card_path.read_text(encoding="utf-8")
    for words in (loaded.hash, "by pitch", "18 to learn from, 6 held out", "-o FOLDER", "noise, tone"):
        assert words in card
    rows = published.history_path.read_text(encoding="utf-8").splitlines()
    assert rows[0] == "epoch,loss,accuracy,class_accuracy"
    assert len(rows) == 1 + TINY.epochs


@pytest.mark.parametrize(("name", "n_classes", "least"), [("instruments", 80, 0.60), ("sounds", 10, 0.70)])
def test_shipped_weights_are_what_their_card_says(name: str, n_classes: int, least: float) -> None:
    loaded = load_weights(name)
    assert loaded.architecture == {"instruments": INSTRUMENTS, "sounds": SOUNDS}[name]
    task = TASKS[name]  # type: ignore[index]
    info = loaded.info
    assert (info.sample_rate, info.n_fft, info.hop_length) == (task.sample_rate, task.n_fft, task.hop_length)
    assert len(set(info.classes)) >= n_classes
    assert info.accuracy >= least
    card = (Path(__file__).parents[1] / "nast_fx" / "weights" / f"{name}.md").read_text(encoding="utf-8")
    assert loaded.hash in card
    assert f"{100 * info.accuracy:.1f} % top-1" in card
    assert f"`{info.command}`" in card
    maps = loaded.stack().feature_maps(torch.rand(1, 1, task.n_fft // 2 + 1, 60))
    assert len(maps) == loaded.architecture.n_layers
    for image in maps:
        assert torch.isfinite(image).all()
        assert (image > 0).float().mean() > 0.01  # a layer that is dead has no style


def test_shipped_weights_are_small() -> None:
    folder = Path(__file__).parents[1] / "nast_fx" / "weights"
    assert sum(path.stat().st_size for path in folder.glob("*.safetensors")) < 8_000_000


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("shutil.which", lambda name: None)
    return


def test_a_missing_program_is_named(no_programs: None, tmp_path: Path) -> None:
    from nast_fx.train.soundfont import Note, find_soundfont, render_notes
    from nast_fx.train.sounds import SpeechClips

    with pytest.raises(NastFxError, match="espeak-ng is not installed"):
        drain(SpeechClips().waveforms(RATE, 0.5))
    (tmp_path / "any.sf2").write_bytes(b"")
    font = find_soundfont(tmp_path / "any.sf2")
    with pytest.raises(NastFxError, match="fluidsynth is not installed"):
        render_notes([Note(0, 60, 100, 1.0)], soundfont=font, sample_rate=RATE, slot_seconds=1.0)
