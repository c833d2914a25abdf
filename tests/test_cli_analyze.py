"""`nast-fx analyze`: its figures, tables and picture, files that cannot be used, and an hour of music."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from cli_runner import Cli

from nast_fx.analysis.analyze import Analysis
from nast_fx.analysis.key import KeyEstimate, KeySpan
from nast_fx.analysis.loudness import Loudness
from nast_fx.analysis.tempo import Tempo
from nast_fx.cli.analyze import figure_rows
from nast_fx.models.key import Key, parse_key

RATE = 22_050
PNG = b"\x89PNG\r\n\x1a\n"
LOUDNESS = {
    *("integrated_lufs", "range_lu", "momentary_max_lufs"),
    *("short_term_max_lufs", "true_peak_dbtp", "sample_peak_dbfs"),
}


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def cadence(chords, seconds=1.0, rate=RATE):
    """Triads (2, frame) with fading harmonics; a chord is its MIDI notes."""
    time = np.arange(round(seconds * rate)) / rate
    parts = []
    for notes in chords:
        hz = 440 * 2 ** ((np.array(notes) - 69) / 12)
        tones = [np.sin(2 * np.pi * n * f * time) / n**1.5 for f in hz for n in (1, 2, 3, 4)]
        parts.append(0.06 * np.sum(tones, axis=0) * np.exp(-1.5 * time))
    return np.stack([np.concatenate(parts)] * 2)


A_MINOR = [(45, 57, 60, 64), (50, 57, 62, 65), (52, 56, 59, 64), (45, 57, 60, 64)]


def test_one_file_for_people(cli: Cli) -> None:
    cli.write("chords.wav", cadence(A_MINOR * 4), RATE)
    ended = cli.run("analyze", "chords.wav")
    assert ended.code == 0
    shown = {line[:21].strip(): line[21:].strip() for line in ended.out}
    assert shown["key"].startswith("A minor (8A, 1m), confidence ")
    assert shown["integrated loudness"].endswith("LUFS")
    assert shown["true peak"].endswith("dBTP")
    assert (shown["length"], shown["sample rate"], shown["channels"]) == ("0:16.00", "22050 Hz", "2")


def test_one_file_for_programs(cli: Cli) -> None:
    cli.write("chords.wav", cadence(A_MINOR * 4), RATE)
    ended = cli.run("analyze", "chords.wav", "--json")
    found = ended.objects[-1]
    assert (ended.code, ended.err) == (0, [])
    assert [entry["type"] for entry in ended.objects].count("result") == 1
    assert found["file"] == "chords.wav"
    assert found["loudness"].keys() == LOUDNESS
    assert found["key"].keys() == {"name", "camelot", "open_key", "confidence", "tuning_cents", "changes"}
    assert found["tempo"].keys() == {"bpm", "confidence"}
    assert (found["duration_seconds"], found["sample_rate"], found["channels"]) == (16, RATE, 2)
    key = parse_key(found["key"]["name"])
    assert (key.camelot, key.open_key) == (found["key"]["camelot"], found["key"]["open_key"]) == ("8A", "1m")
    assert 0 <= found["key"]["confidence"] <= 1
    shares = [entry["share"] for entry in ended.objects if entry["type"] == "progress"]
    assert shares == sorted(shares)
    assert shares[-1] > 0.4


def test_loudness_is_that_of_the_file(cli: Cli) -> None:
    time = np.arange(5 * 48_000) / 48_000
    cli.write("tone.wav", np.stack([0.1 * np.sin(2 * np.pi * 997 * time)] * 2), 48_000)
    (found,) = (entry for entry in cli.run("analyze", "tone.wav", "--json").objects if "file" in entry)
    for name in ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "sample_peak_dbfs"):
        assert found["loudness"][name] == pytest.approx(-20, abs=0.05)
    assert found["loudness"]["range_lu"] == pytest.approx(0, abs=0.05)


def test_several_files_are_a_table(cli: Cli) -> None:
    ended = cli.run("analyze", "song.wav", "rain.wav")
    assert ended.code == 0
    assert [line.split()[-1] for line in ended.out] == ["file", "song.wav", "rain.wav"]
    objects = cli.run("analyze", "song.wav", "rain.wav", "--json").objects
    assert [entry["file"] for entry in objects if entry["type"] == "result"] == ["song.wav", "rain.wav"]


def test_a_bad_file_does_not_stop_the_rest(cli: Cli) -> None:
    (cli.folder / "text.wav").write_text("no audio")
    ended = cli.run("analyze", "text.wav", "song.wav", "missing.wav", "rain.wav", "--quiet")
    assert ended.code == 3
    assert [line.split()[-1] for line in ended.out] == ["file", "song.wav", "rain.wav"]
    assert len(ended.err) == 1
    assert ended.err[0].startswith("error: 2 of 4 failed; the first: text.wav: ")
    spoken = cli.run("analyze", "song.wav", "missing.wav")
    assert any("missing.wav: there is no such file" in line and "note: " in line for line in spoken.err)
    objects = cli.run("analyze", "text.wav", "song.wav", "--json").objects
    assert [entry["type"] for entry in objects if entry["type"] != "progress"][-2:] == ["result", "error"]
    assert objects[-1]["exit_code"] == 3


def test_files_that_all_fail(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(cli.run("analyze", "no.wav"), 1, "no.wav: there is no such file", before=before)
    cli.refuses(
        cli.run("analyze", "no.wav", "nor.wav", "-q"), 1, "all 2 failed; the first: no.wav", before=before
    )
    cli.refuses(cli.run("analyze"), 2, "FILE... is missing", before=before)
    slow = cli.write("slow.wav", np.zeros((1, 4000)), 4000)
    ended = cli.run("analyze", slow.name)
    assert (ended.code, ended.err[-1]) == (
        1,
        "error: slow.wav: has a sample rate of 4000 Hz; loudness needs at least 8000 Hz",
    )


def test_picture(cli: Cli) -> None:
    before = cli.files()
    asked = ("analyze", "song.wav", "--plot", "song.png")
    two = cli.run("analyze", "song.wav", "rain.wav", "--plot", "both.png")
    cli.refuses(two, 2, "--plot takes one file, not 2", before=before)
    cli.refuses(cli.run("analyze", "song.png", "--plot", "song.png"), 2, "is an input", before=before)
    assert cli.run(*asked).code == 0
    assert (cli.folder / "song.png").read_bytes().startswith(PNG)
    before = cli.files()
    cli.refuses(cli.run(*asked), 1, "is there already", before=before)
    ended = cli.run(*asked, "--overwrite", "--json")
    assert (ended.code, ended.objects[-1]["plot"]) == (0, "song.png")


@pytest.mark.parametrize(
    ("name", "n_channels", "rate", "seconds", "level"),
    [
        ("silent", 2, RATE, 4, 0),
        ("constant", 2, RATE, 4, None),
        ("short", 2, RATE, 0.3, 0.1),
        ("one-frame", 1, RATE, 1 / RATE, 0.1),
        ("mono", 1, RATE, 4, 0.1),
        ("surround", 6, RATE, 4, 0.1),
        ("8kHz", 2, 8000, 4, 0.1),
        ("192kHz", 2, 192_000, 4, 0.1),
    ],
)
def test_every_file_has_figures_or_a_sentence(cli: Cli, name, n_channels, rate, seconds, level) -> None:
    samples = np.full((n_channels, max(1, round(seconds * rate))), 0.25)
    if level is not None:
        samples = level * np.random.default_rng(0).normal(size=samples.shape)
    cli.write("x.wav", samples, rate, subtype="FLOAT")
    ended = cli.run("analyze", "x.wav", "--json", "--plot", "x.png")
    found = ended.objects[-1]
    assert (ended.code, found["type"]) == (0, "result")
    missing = [name for name, value in found["loudness"].items() if value is None]
    assert not missing or found["notes"]
    assert bool(missing) == (name in {"silent", "short", "one-frame"})
    assert found["key"]["name"] or any("key" in note for note in found["notes"])
    assert found["tempo"]["bpm"] or any("tempo" in note for note in found["notes"])
    assert all(note.endswith(".") for note in found["notes"])
    assert cli.run("analyze", "x.wav").code == 0


def test_what_the_picture_shows() -> None:
    from nast_fx.evaluate.analysis_plot import analysis_figure

    swell = np.concatenate([np.full(3000, 1e-4), np.full(3000, 1e-2)])
    peaks = np.full(6000, 0.1)
    peaks[4321] = 0.5
    loudness = Loudness(swell, peaks, 0.8 * peaks, 60.0)
    spans = (KeySpan(0, 30, Key(0, "major"), 0.4), KeySpan(30, 60, Key(9, "minor"), 0.9))
    estimate = KeyEstimate(Key(9, "minor"), 0.9, 0.0, spans)
    analysis = Analysis(loudness, estimate, Tempo(120.0, 0.2, np.zeros(0)), 60.0, RATE, 2)
    figure = analysis_figure(analysis, title="$cost$.wav")
    loud, peak_panel, keys = figure.axes
    assert figure.get_suptitle() == "$cost$.wav, A minor, 120.0 BPM?"
    assert [text.get_text() for text in keys.texts] == ["C major?", "A minor"]
    assert keys.get_xlim() == (0, 60)
    momentary, short_term, whole = (np.asarray(line.get_ydata()) for line in loud.lines)
    assert np.nanmax(momentary) == pytest.approx(-20.7, abs=0.01)
    assert np.nanmax(short_term) == pytest.approx(-20.7, abs=0.01)
    assert whole[0] == pytest.approx(loudness.integrated_lufs)
    assert "true peak -6.0 dBTP" in [text.get_text() for text in peak_panel.texts]
    (filled,) = peak_panel.collections[0].get_paths()
    assert filled.vertices[:, 1].max() == pytest.approx(-6.02, abs=0.01)


def test_what_is_uncertain_is_said() -> None:
    loudness = Loudness(np.full(600, 0.01), np.full(600, 0.5), np.full(600, 0.5), 6.0)
    spans = (KeySpan(0, 3, Key(0, "major"), 0.4), KeySpan(3, 6, Key(9, "minor"), 0.3))
    analysis = Analysis(
        loudness, KeyEstimate(Key(9, "minor"), 0.3, None, spans), Tempo(90.0, 0.1, np.zeros(0)), 6.0, RATE, 2
    )
    assert analysis.notes == ("The key is uncertain.", "The tempo is uncertain.")
    changes = analysis.as_dict()["key"]["changes"]
    assert [(change["seconds"], change["name"]) for change in changes] == [(0, "C major"), (3, "A minor")]
    rows = dict(figure_rows(analysis.as_dict()))
    assert rows["key from 0:00.00"] == "C major (8B, 1d), confidence 0.40"
    assert rows["tuning"] == "-"


MEASURED = """
import resource, sys
from nast_fx.cli import main
code = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: it counts what the parent held when it started this process.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(code, peak, used.ru_utime + used.ru_stime, file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_an_hour_of_music(wesnoth_track, tmp_path) -> None:
    """Stereo at 44.1 kHz from the command line: 30 s and 500 MB on two quiet cores; here processor time."""
    path = tmp_path / "hour.wav"
    samples, rate = soundfile.read(wesnoth_track("battle"), dtype="int16", always_2d=True)
    assert rate == 44_100
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        for first in range(0, 3600 * rate, len(samples)):
            file.write(samples[: 3600 * rate - first])
    command = [sys.executable, "-c", MEASURED, "analyze", str(path), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    path.unlink()  # 635 MB
    code, peak_kb, seconds = ended.stderr.split()
    found = json.loads(ended.stdout.splitlines()[-1])
    assert (code, found["duration_seconds"]) == ("0", 3600)
    assert found["loudness"]["integrated_lufs"] == pytest.approx(-12.9, abs=0.2)
    assert int(peak_kb) * 1024 < 500e6
    assert float(seconds) < 60


def test_tempo_keys_and_loudness_as_midi(cli: Cli) -> None:
    ended = cli.run("analyze", "song.wav", "--export-midi", "song.mid", "--json")
    assert ended.code == 0
    assert ended.objects[-1]["export_midi"] == "song.mid"
    tracks = mido.MidiFile(cli.folder / "song.mid").tracks
    assert [track.name for track in tracks] == ["Tempo", "Loudness"]
    assert any(message.type == "control_change" for message in tracks[1])
    before = cli.files()
    cli.refuses(cli.run("analyze", "song.wav", "--export-midi", "song.mid"), 1, "is there", before=before)
    ended = cli.run("analyze", "song.wav", "rain.wav", "--export-midi", "both.mid")
    cli.refuses(ended, 2, "--export-midi takes one file, not 2", before=before)


def test_a_picture_is_a_png(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(cli.run("analyze", "song.wav", "--plot", "a.pdf"), 2, "ends in .png", before=before)
