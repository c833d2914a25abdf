"""``nast-fx batch --stems``: one key, length and gain for a folder, and results that still sum to a mix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from batch_folder import kill, run, start
from cli_runner import noise
from test_stems import RATE, SECONDS, mix_of, stems

from nast_fx.audio import load_audio
from nast_fx.jobs.stem_group import StemGroup
from nast_fx.jobs.stems import StemVerdict, check_group
from nast_fx.progress import drain

QUICK = (
    "-s",
    "rain.wav",
    "--set",
    "max_iterations=8",
    "--set",
    "texture=0",
    "--key",
    "off",
    "-j",
    "1",
    "--json",
)
NAMES = ("bass", "chords", "drums")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "IN").mkdir()
    for name, samples in stems().items():
        n_frames = (SECONDS - (name == "bass")) * RATE  # one of them ends before the others
        soundfile.write(tmp_path / "IN" / f"{name}.wav", samples[:, :n_frames].T, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "rain.wav", noise(2, 2 * RATE).T, RATE)
    return tmp_path


def batch(folder: Path, *args: str, code: int = 0) -> list[dict[str, Any]]:
    ended = run(folder, "batch", "IN", "-o", "OUT", "--stems", *QUICK, *args)
    assert ended.returncode == code, ended.stderr + ended.stdout
    return [json.loads(line) for line in ended.stdout.splitlines()]


def of_type(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def verdict(folder: Path, results: list[dict[str, Any]], **changed: Any) -> StemVerdict:
    """Check results of which some samples were changed."""
    facts = {Path(one["output"]).name.partition(".")[0]: one for one in results}
    for name, change in changed.items():
        path = Path(facts[name]["output"])
        audio = load_audio(path)
        moved = folder / path.name
        soundfile.write(moved, change(audio.samples).T, RATE, subtype="FLOAT")
        facts[name] = facts[name] | {"output": str(moved)}
    group = StemGroup(Path("mix"), tuple(map(Path, NAMES)))
    return drain(check_group(group, lambda wanted: (Path(facts[wanted.name]["output"]), facts[wanted.name])))


def test_stems_are_styled_as_one_and_still_sum(folder: Path) -> None:
    said = batch(folder, "--loudness", "-20", "--segment", "beats:4", "--history", "{stem}.csv")
    results = of_type(said, "result")
    assert {Path(one["output"]).name for one in results} == {f"{name}.styled.wav" for name in (*NAMES, "mix")}
    (found,) = of_type(said, "stems")
    assert found["problems"] == []
    # One length, one set of segments, one gain: that of the mix to -20 LUFS.
    assert len({one["frames"] for one in results}) == 1
    cut = [{row.partition(",")[0] for row in Path(one["history"]).read_text().split()[1:]} for one in results]
    assert cut == 4 * [{"0", "1"}]
    assert len({one["seed"] for one in results}) == 1
    changes = [
        one["loudness"]["target_lufs"] - one["loudness"]["content"]["integrated_lufs"] for one in results
    ]
    assert max(changes) - min(changes) < 0.02
    mix = next(one for one in results if Path(one["output"]).name.startswith("mix"))
    assert mix["loudness"]["target_lufs"] == -20
    # What a later change does to a stem is found, and no other one is blamed.
    assert verdict(folder, results).problems == ()
    late = verdict(folder, results, drums=lambda samples: np.roll(samples, RATE // 50, axis=1))
    assert late.problems == ("drums.styled.wav is 20.0 ms late.",)
    inverted = verdict(folder, results, chords=lambda samples: -samples)
    assert inverted.problems == ("chords.styled.wav is inverted.",)
    short = verdict(folder, results, bass=lambda samples: samples[:, : 3 * RATE])
    assert short.problems == ("bass.styled.wav is 1.000 s shorter than the mix.",)
    louder = [
        one | {"loudness": one["loudness"] | {"content": {"integrated_lufs": -40.0}}} for one in results[:1]
    ]
    assert "LU against the mix." in verdict(folder, louder + results[1:]).problems[0]
    # The same command finds all done, and checks again.
    again = batch(folder, "--loudness", "-20", "--segment", "beats:4", "--history", "{stem}.csv", code=4)
    assert of_type(again, "stems") == of_type(said, "stems")


def test_a_mix_that_is_given_is_held_against_the_stems_first(folder: Path) -> None:
    parts = stems()
    mix = mix_of(parts) * np.float32(0.5)  # a master's gain is no fault
    soundfile.write(folder / "IN" / "song.wav", mix.T, RATE, subtype="FLOAT")
    soundfile.write(folder / "IN" / "bass.wav", np.roll(parts["bass"], 400, axis=1).T, RATE, subtype="FLOAT")
    soundfile.write(folder / "IN" / "chords.wav", -parts["chords"].T, RATE, subtype="FLOAT")
    (error,) = of_type(batch(folder, "--mix", "IN/song.wav", code=1), "error")
    assert "IN/song.wav is not the mix of these stems" in error["message"]
    assert "bass.wav is 25.0 ms late. chords.wav is inverted. Without --mix" in error["message"]
    assert not (folder / "OUT").exists()
    soundfile.write(folder / "IN" / "bass.wav", 2 * parts["bass"].T, RATE, subtype="FLOAT")
    soundfile.write(folder / "IN" / "chords.wav", parts["chords"].T, RATE, subtype="FLOAT")
    soundfile.write(folder / "IN" / "none.wav", 0 * parts["chords"].T, RATE, subtype="FLOAT")
    (error,) = of_type(batch(folder, "--mix", "IN/song.wav", code=1), "error")
    assert "stems: bass.wav is +6.0 dB against the others in the mix. Without" in error["message"]
    (folder / "IN" / "none.wav").unlink()
    soundfile.write(folder / "IN" / "bass.wav", parts["bass"].T, RATE, subtype="FLOAT")
    results = of_type(batch(folder, "--mix", "IN/song.wav"), "result")
    assert sorted(Path(one["output"]).name for one in results)[-1] == "song.styled.wav"
    assert len(results) == 4  # the mix is no stem


@pytest.mark.slow
def test_what_was_broken_off_goes_on_as_stems(folder: Path) -> None:
    process = start(folder, "batch", "IN", "-o", "OUT", "--stems", *QUICK)
    assert process.stdout is not None
    while '"result"' not in process.stdout.readline():
        assert process.poll() is None
    kill(process)
    ended = run(folder, "batch", "--resume", "-o", "OUT", "--json")
    assert ended.returncode == 0, ended.stderr
    (found,) = of_type([json.loads(line) for line in ended.stdout.splitlines()], "stems")
    assert found["problems"] == []
    assert len(list((folder / "OUT").glob("*.wav"))) == 4


def test_what_cannot_be_stems_is_said(folder: Path) -> None:
    soundfile.write(folder / "IN" / "fast.wav", noise(1, RATE).T, 48_000)
    (error,) = of_type(batch(folder, code=2), "error")
    assert "fast.wav: is of 48000 Hz, bass.wav of 16000 Hz; stems have one rate" in error["message"]
    for path in (folder / "IN").iterdir():
        soundfile.write(path, np.zeros((RATE, 2)), RATE)
    (error,) = of_type(batch(folder, code=2), "error")
    assert error["message"] == "the stems are silent: there is no mix of them"
    ended = run(folder, "batch", "IN", "-o", "OUT", "--mix", "rain.wav", *QUICK)
    assert (ended.returncode, "--mix is for --stems" in ended.stdout) == (2, True)
    assert not (folder / "OUT").exists()
