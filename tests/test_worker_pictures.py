"""Outlines and spectrograms that a worker draws for a window."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cli_runner import noise

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.jobs.run import run_request, steps_of
from nast_fx.progress import drain

RATE = 44_100


def ask(kind: str, **request: Any) -> dict[str, Any]:
    return run_request({"kind": kind, "request": {name: _plain(value) for name, value in request.items()}})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def columns_of(path: Path, n_channels: int) -> np.ndarray:
    return np.fromfile(path, np.float32).reshape(-1, n_channels, 2)


def expected(samples: np.ndarray, step: float) -> np.ndarray:
    """Columns of samples (channel, frame), one by one."""
    edges = [int(i * step) for i in range(int(np.ceil(samples.shape[1] / step)) + 1)]
    parts = [samples[:, first:last] for first, last in itertools.pairwise(edges)]
    return np.stack([np.stack([p.min(axis=1), p.max(axis=1)], axis=-1) for p in parts if p.shape[1]])


@pytest.mark.parametrize(
    ("suffix", "subtype", "rate", "columns_per_second"),
    [
        ("wav", "FLOAT", 44_100, 100),
        ("wav", "PCM_16", 22_050, 100),  # columns of 220.5 frames
        ("flac", "PCM_24", 48_000, 7),
        ("aiff", "PCM_16", 8_000, 2000),
    ],
)
def test_peaks_are_those_of_the_samples(
    tmp_path: Path, suffix: str, subtype: str, rate: int, columns_per_second: int
) -> None:
    path, target = tmp_path / f"a.{suffix}", tmp_path / "a.peaks"
    soundfile.write(path, noise(33.3, rate, n_channels=2).T, rate, subtype=subtype)  # several pieces
    facts = ask("peaks", content=path, peaks=target, columns_per_second=columns_per_second)
    samples = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    wanted = expected(samples, rate / columns_per_second)
    assert np.array_equal(columns_of(target, 2), wanted)
    assert (facts["columns"], facts["channels"], facts["sample_rate"]) == (len(wanted), 2, rate)
    assert facts["frames"] == samples.shape[1]
    assert facts["seconds"] == pytest.approx(33.3)


@pytest.mark.parametrize("n_frames", [1, 441, 442, 882, 883, 15 * 44_100, 15 * 44_100 + 1])
def test_the_last_column_may_be_short(tmp_path: Path, n_frames: int) -> None:
    samples = np.linspace(-1, 1, n_frames, dtype=np.float32)[None]
    soundfile.write(tmp_path / "a.wav", samples.T, RATE, subtype="FLOAT")
    ask("peaks", content=tmp_path / "a.wav", peaks=tmp_path / "p")
    assert np.array_equal(columns_of(tmp_path / "p", 1), expected(samples, 441.0))


@pytest.mark.parametrize(("suffix", "subtype"), [("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")])
def test_peaks_of_what_has_no_exact_places(tmp_path: Path, suffix: str, subtype: str) -> None:
    path, target = tmp_path / f"a.{suffix}", tmp_path / "a.peaks"
    soundfile.write(path, noise(20.0, RATE, n_channels=1)[0], RATE, subtype=subtype)
    ask("peaks", content=path, peaks=target)
    samples = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    assert np.allclose(columns_of(target, 1), expected(samples, 441.0), atol=1e-6)


def test_peaks_grow_while_the_file_is_read(tmp_path: Path) -> None:
    path, target = tmp_path / "a.wav", tmp_path / "a.peaks"
    soundfile.write(path, noise(100.0, 8_000, n_channels=1)[0], 8_000)
    seen: list[int] = []
    known: dict[str, Any] = {}

    def look(report: Any) -> None:
        known.update(report.part)
        seen.append(report.part["columns"])
        assert len(columns_of(target, 1)) == report.part["columns"]

    drain(steps_of({"kind": "peaks", "request": {"content": str(path), "peaks": str(target)}}), look)
    assert len(seen) > 4
    assert seen == sorted(seen)
    assert seen[-1] == known["n_columns"] == 10_000
    assert (known["channels"], known["sample_rate"]) == (1, 8_000)


def test_peaks_of_what_is_no_number(tmp_path: Path) -> None:
    samples = np.array([0.5, np.nan, 0.1, np.inf, 0.2, -0.3], np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8_000, subtype="FLOAT")
    ask("peaks", content=tmp_path / "a.wav", peaks=tmp_path / "p", columns_per_second=4000)
    assert columns_of(tmp_path / "p", 1)[:, 0].tolist() == [
        [0.0, 0.0],
        [pytest.approx(0.1), 1.0],
        [pytest.approx(-0.3), pytest.approx(0.2)],
    ]


def test_peaks_that_are_broken_off_leave_no_file(tmp_path: Path) -> None:
    path, target = tmp_path / "a.wav", tmp_path / "a.peaks"
    soundfile.write(path, noise(100.0, 8_000, n_channels=1)[0], 8_000)
    steps = steps_of({"kind": "peaks", "request": {"content": str(path), "peaks": str(target)}})
    next(steps)
    assert target.exists()
    steps.close()
    assert not target.exists()


def test_peaks_of_what_is_damaged(tmp_path: Path) -> None:
    path, target = tmp_path / "a.flac", tmp_path / "a.peaks"
    soundfile.write(path, noise(60.0, 8_000, n_channels=1)[0], 8_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = bytes(5000)
    path.write_bytes(data)
    with pytest.raises(AudioFileError, match="damaged"):
        ask("peaks", content=path, peaks=target)
    assert not target.exists()


def test_nothing_is_drawn_over_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(1.0, 8_000, n_channels=1)[0], 8_000)
    before = path.read_bytes()
    for kind, field in (("peaks", "peaks"), ("spectrogram", "picture")):
        with pytest.raises(UsageError, match="is an input"):
            ask(kind, content=path, **{field: path})
        with pytest.raises(AudioFileError):
            ask(kind, content=path, **{field: tmp_path / "nowhere" / "p"})
        with pytest.raises(AudioFileError, match="no such file"):
            ask(kind, content=tmp_path / "b.wav", **{field: tmp_path / "p"})
    assert path.read_bytes() == before


def rows_of(facts: dict[str, Any], n_rows: int) -> np.ndarray:
    """Frequency of each row in Hz."""
    return np.geomspace(facts["top_hz"], facts["bottom_hz"], n_rows)


@pytest.mark.parametrize("hz", [60.0, 440.0, 3000.0, 12_000.0])
@pytest.mark.parametrize("seconds", [3.0, 200.0])
def test_a_tone_is_where_it_sounds_and_as_loud(tmp_path: Path, hz: float, seconds: float) -> None:
    times = np.arange(round(seconds * 32_000)) / 32_000
    tone = 0.1 * np.sin(2 * np.pi * hz * times)
    tone[len(tone) // 2 :] = 0
    path, picture = tmp_path / "a.flac", tmp_path / "a.npy"
    soundfile.write(path, np.stack([tone, tone], axis=1), 32_000)
    facts = ask("spectrogram", content=path, picture=picture, n_columns=200, n_rows=300)
    levels = np.load(picture)
    assert levels.shape == (300, 200)
    assert levels.dtype == np.uint8
    assert (facts["bottom_hz"], facts["top_hz"], facts["length_seconds"]) == (30.0, 16_000.0, seconds)
    column = levels[:, 40].astype(float)
    assert rows_of(facts, 300)[column.argmax()] == pytest.approx(hz, rel=0.06)
    assert column.max() / 255 * 100 - 100 == pytest.approx(-20, abs=1.6)  # between two bins 1.4 dB are lost
    assert levels[:, 160].max() == 0


def test_a_part_is_drawn_alone(tmp_path: Path) -> None:
    click = np.zeros(40 * 8_000)
    click[round(30.0 * 8_000)] = 1
    path, picture = tmp_path / "a.wav", tmp_path / "a.npy"
    soundfile.write(path, click, 8_000)
    facts = ask(
        "spectrogram", content=path, picture=picture, start_seconds=28, length_seconds=4, n_columns=400
    )
    assert (facts["start_seconds"], facts["length_seconds"], facts["top_hz"]) == (28, 4, 4_000)
    loud = np.flatnonzero(np.load(picture).max(axis=0))
    assert (loud[0] + loud[-1]) / 2 == pytest.approx(200, abs=1)  # columns of 10 ms
    beyond = ask("spectrogram", content=path, picture=picture, start_seconds=39, length_seconds=100)
    assert beyond["length_seconds"] == 1
    with pytest.raises(AudioFileError, match=r"40\.00 s long"):
        ask("spectrogram", content=path, picture=picture, start_seconds=40)


def test_a_very_short_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(3, 0.5), 8_000)
    ask("spectrogram", content=tmp_path / "a.wav", picture=tmp_path / "a.npy", n_columns=50)
    assert np.load(tmp_path / "a.npy").shape == (256, 50)
    assert ask("peaks", content=tmp_path / "a.wav", peaks=tmp_path / "p")["columns"] == 1
