"""Projects for DAWs, read back by a reader that was written from the format's description."""

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from cli_runner import QUICK, Cli, song
from dawproject_reader import ReadProject, broken_rules, read_dawproject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nast_fx.audio import probe
from nast_fx.errors import NastFxError
from nast_fx.export.daw_song import Clip, Song, TempoMap, Track
from nast_fx.export.dawproject import write_dawproject
from nast_fx.export.dawproject_xml import number_text
from nast_fx.jobs.pairs import find_made
from nast_fx.progress import drain

# On a busy machine hypothesis is slow to think of something.
quietly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ODD_RATE = 44_117  # Hz: its frames have no short decimal


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def tone(n_frames: int, rate: int, level: float = 0.2, n_channels: int = 1) -> np.ndarray:
    """A tone (channel, frame)."""
    time = np.arange(n_frames) / rate
    return np.tile(level * np.sin(2 * np.pi * 440 * time), (n_channels, 1))


def put_time(path: Path, frames: int) -> None:
    """Write a ``bext`` chunk with a time reference behind the samples of a WAV."""
    chunk = bytearray(602)
    struct.pack_into("<Q", chunk, 338, frames)
    data = path.read_bytes() + b"bext" + struct.pack("<I", len(chunk)) + bytes(chunk)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


def facts(output: Path, content: Path | None, **more: Any) -> dict[str, Any]:
    """What a render tells, as far as a project needs it."""
    known = {"type": "result", "output": str(output), "start_seconds": 0.0, "segments": []}
    return known | ({} if content is None else {"content": str(content)}) | more


def told(path: Path, *results: dict[str, Any]) -> Path:
    """Write what ``--json`` printed, with what else it prints."""
    lines = [{"type": "progress", "stage": "read"}, *results]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def exported(cli: Cli, *args: object) -> ReadProject:
    """Export, and read what came of it; no rule of the format may be broken."""
    ended = cli.run("export-dawproject", *args, "--json", "-o", "out.dawproject", "--overwrite")
    assert ended.code == 0, ended
    path = cli.folder / "out.dawproject"
    assert broken_rules(path) == []
    return read_dawproject(path)


def is_whole(frames: Fraction, expected: int) -> bool:
    """Whether a time in frames is a whole number, to a millionth."""
    return abs(frames - expected) < Fraction(1, 10**6)


# Time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, ODD_RATE, 48_000, 96_000, 191_999])
def test_times_are_exact_at_any_rate_and_length(cli: Cli, rate: int) -> None:
    """A part of a recording, cut at odd frames: every time that is read is a whole number of frames."""
    n_frames, first, n_part = 2 * rate + 9973, 7919, rate + 10_007
    content = cli.write("take.wav", tone(n_frames, rate), rate)
    result = cli.write("part.wav", tone(n_part, rate), rate)
    cuts = [[0.0, 5003 / rate], [4001 / rate, n_part / rate]]
    record = told(cli.folder / "r.json", facts(result, content, start_seconds=first / rate, segments=cuts))
    read = exported(cli, record)
    dry, styled = (track.clips[0] for track in read.tracks[:2])
    assert is_whole(dry.start_frames, 0)
    assert is_whole(dry.n_frames, n_frames)
    assert is_whole(styled.start_frames, first)
    assert is_whole(styled.n_frames, n_part)
    assert dry.play_start == styled.play_start == 0
    at = {name: second * rate for second, name in read.markers}
    assert is_whole(at["Segment 1"], first)
    assert is_whole(at["Segment 2"], first + 4001)


@quietly
@given(st.integers(0, 4 * 10**9), st.integers(8_000, 192_000))
def test_a_time_names_one_frame_in_hours_of_sound(frame: int, rate: int) -> None:
    """Up to four billion frames, 5.8 hours at 192 kHz; and no reader has to know exponents."""
    text = number_text(Fraction(frame, rate))
    assert set(text) <= set("0123456789.")
    assert is_whole(Fraction(float(text)) * rate, frame)


def test_recordings_that_name_their_time_of_day_keep_their_distances(cli: Cli) -> None:
    """Two takes, an hour after midnight, the second one 12 345 frames after the first."""
    start, later = 3600 * ODD_RATE + 1, 12_345
    for name, offset in (("a", 0), ("b", later)):
        for kind in ("", ".styled"):
            path = cli.write(f"{name}{kind}.wav", tone(20_011, ODD_RATE), ODD_RATE)
            put_time(path, start + offset)
    read = exported(cli, "b.styled.wav", "a.styled.wav")
    starts = {track.name: track.clips[0].start_frames for track in read.tracks if track.clips}
    assert is_whole(starts["a (dry)"], 0)
    assert is_whole(starts["a.styled"], 0)
    assert is_whole(starts["b (dry)"], later)
    assert is_whole(starts["b.styled"], later)
    # A part says by itself where it is.
    part = cli.write("c.wav", tone(9_001, ODD_RATE), ODD_RATE)
    put_time(part, start + 7_001)
    (styled,) = exported(cli, "c.wav", "--content", "a.wav").audible
    assert is_whole(styled.clips[0].start_frames, 7_001)


def midi_file(
    path: Path, tempos: list[tuple[float, float]], meters: list[tuple[int, int, int]]
) -> list[float]:
    """Write tempos (beat, bpm) and meters (beat, n, d); give the seconds of the tempos, computed here."""
    track = mido.MidiTrack()
    events = [(beat, mido.MetaMessage("set_tempo", tempo=round(6e7 / bpm))) for beat, bpm in tempos]
    events += [
        (beat, mido.MetaMessage("time_signature", numerator=n, denominator=d)) for beat, n, d in meters
    ]
    events += [
        (0, mido.MetaMessage("key_signature", key="Am")),
        (3, mido.MetaMessage("marker", text="verse")),
    ]
    now = 0
    for beat, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=round(beat * 480) - now))
        now = round(beat * 480)
    mido.MidiFile(type=1, ticks_per_beat=480, tracks=[track]).save(path)
    seconds = [0.0]
    for (beat, bpm), (after, _) in itertools.pairwise(tempos):
        seconds.append(seconds[-1] + (after - beat) * round(6e7 / bpm) / 1e6)
    return seconds


def test_the_tempo_map_of_a_score(cli: Cli) -> None:
    """Tempos of a score are read at their seconds, to a fraction of a frame; bars and keys are there."""
    tempos = [(0, 97.3), (7, 131.7), (11, 60.1), (12.5, 183.9)]
    seconds = midi_file(cli.folder / "song.mid", tempos, [(0, 7, 8), (7, 4, 4)])
    cli.write("song.wav", tone(12 * ODD_RATE, ODD_RATE), ODD_RATE)
    cli.write("song.styled.wav", tone(12 * ODD_RATE, ODD_RATE), ODD_RATE)
    read = exported(cli, "song.styled.wav", "--midi", "song.mid")
    assert [bpm for _, bpm in read.tempos] == pytest.approx([bpm for _, bpm in tempos], rel=1e-6)
    assert np.abs(np.array([at for at, _ in read.tempos]) - seconds).max() * 192_000 < 0.1
    assert [float(beat) for beat, _ in read.tempo_map] == pytest.approx([0, 7, 11, 12.5], abs=1e-6)
    assert read.meters == [(0, 7, 8), (pytest.approx(7, abs=1e-6), 4, 4)]
    names = {name: float(at) for at, name in read.markers}
    assert names["Key A minor"] == 0
    assert names["verse"] == pytest.approx(3 * 60 / 97.3, abs=1e-5)


@quietly
@given(st.lists(st.tuples(st.floats(0.01, 30), st.floats(20, 300)), min_size=1, max_size=300))
def test_no_rounding_adds_up_over_many_tempos(steps: list[tuple[float, float]]) -> None:
    tempos, now = [], 0.0
    for length, bpm in steps:
        tempos.append((now, bpm))
        now += length
    check_map(tempos)


def test_roundings_that_all_go_one_way_do_not_add_up() -> None:
    """Each tempo lasts half of the last digit longer than a beat: 5000 of them would miss by a frame."""
    check_map([(3 * number * (1 + 0.49e-9), 20 + number % 2 * 1e-7) for number in range(5000)])


def check_map(tempos: list[tuple[float, float]]) -> None:
    """Times that are read of the map are those it was made of, to a hundredth of a frame at 192 kHz."""
    events = TempoMap(tempos).events
    seconds = Fraction(0)
    for (beat, bpm), (after, _), (expected, _) in zip(events, events[1:], tempos[1:], strict=False):
        seconds += (Fraction(after) - Fraction(beat)) * 60 / Fraction(bpm)
        assert abs(seconds - Fraction(expected)) * 192_000 < Fraction(1, 100)


@pytest.mark.parametrize("late", [0, 15_507])
def test_what_is_heard_makes_the_tempo_map_where_there_is_no_score(cli: Cli, late: int) -> None:
    """Clicks at 112 bpm from 0.3 s on: beats of the project fall on the clicks, wherever the clip lies."""
    rate, seconds, bpm = 22_050, 12.0, 112.0
    time = np.arange(round(seconds * rate)) / rate
    phase = (time - 0.3) % (60 / bpm)
    clicks = np.where(time >= 0.3, np.exp(-phase * 60) * np.sin(2 * np.pi * 900 * phase), 0)[None]
    for name, frames in (("loop", late), ("loop.styled", late), ("other", 0), ("other.styled", 0)):
        put_time(cli.write(f"{name}.wav", 0.5 * clicks, rate), frames)
    read = exported(cli, "loop.styled.wav", "other.styled.wav")
    assert read.tempos[-1][1] == pytest.approx(bpm, abs=1)
    at, tempo = read.tempos[-1]
    click = late / rate + 0.3 + 4 * 60 / bpm
    beat = float(read.tempo_map[-1][0]) + (click - at) * tempo / 60
    assert beat == pytest.approx(round(beat), abs=0.05)
    assert read.meters == [(0, 4, 4)]


def test_without_a_beat_the_project_says_so(cli: Cli) -> None:
    cli.write("hum.wav", tone(30_000, 8000))
    cli.write("hum.styled.wav", tone(30_000, 8000))
    ended = cli.run("export-dawproject", "hum.styled.wav")
    assert "note: No clear beat was found: the project has 120 bpm." in ended.err
    assert read_dawproject(cli.folder / "hum.styled.dawproject").tempos == [(0, 120)]


def test_help_says_where_contents_are_looked_for(cli: Cli) -> None:
    words = " ".join(cli.run("export-dawproject", "--help").out)
    assert "STEM.styled.EXT" in words
    assert "--content" in words


# Tracks ----------------------------------------------------------------------------------------------


def test_from_a_render_to_a_project(cli: Cli) -> None:
    """The program's own render, of a part, with its record: nothing else is said."""
    rendered = cli.render("--snippet", "0.25:0.6", "-o", "new sound.wav", "--json")
    assert rendered.code == 0
    (cli.folder / "render.json").write_text("\n".join(rendered.out), encoding="utf-8")
    read = exported(cli, "render.json")
    assert [track.name for track in read.tracks] == ["song (dry)", "new sound", "Master"]
    assert [track.is_muted for track in read.tracks] == [True, False, False]
    dry, styled = read.tracks[0].clips[0], read.tracks[1].clips[0]
    assert dry.data == (cli.folder / "song.wav").read_bytes()
    assert styled.data == (cli.folder / "new sound.wav").read_bytes()
    assert is_whole(styled.start_frames, 2000)
    assert [name for _, name in read.markers if "Segment" in name] == ["Segment 1"]
    assert read.metadata["Title"] == "out"


def test_a_midi_file_beside_the_render_is_its_time(cli: Cli) -> None:
    """Segments are among its markers, and are not there twice; its second 0 is where the result begins."""
    rendered = cli.render("--snippet", "0.25:0.6", "--json", "--export-midi", "r.mid")
    (cli.folder / "render.json").write_text("\n".join(rendered.out), encoding="utf-8")
    read = exported(cli, "render.json")
    assert [(float(at), name) for at, name in read.markers] == [(0.25, "Segment 1")]


def test_the_dry_track_is_as_loud_as_the_result(cli: Cli) -> None:
    """Unmuted, it can be compared: its fader takes up what the render changed, within the faders' range."""
    n_frames, rate = 5 * 44_100, 44_100
    levels = {"quiet": 0.1, "loud": 0.5, "far": 0.9}
    for name, level in levels.items():
        cli.write(f"{name}.wav", tone(n_frames, rate, level), rate)
    for content, result, gain in (("quiet", "loud", 2.0), ("loud", "quiet", 0.2), ("quiet", "far", 2.0)):
        read = exported(cli, f"{result}.wav", "--content", f"{content}.wav")
        dry, styled = read.tracks[:2]
        assert dry.gain == pytest.approx(gain, rel=0.01)
        assert styled.gain == 1
    record = told(
        cli.folder / "r.json",
        facts(
            cli.folder / "loud.wav",
            cli.folder / "quiet.wav",
            loudness={"content": {"integrated_lufs": -20.0}, "result": {"integrated_lufs": -23.0}},
        ),
    )
    assert exported(cli, record).tracks[0].gain == pytest.approx(10 ** (-3 / 20)), "as the render has told"


def test_silence_has_no_loudness_to_match(cli: Cli) -> None:
    cli.write("none.wav", np.zeros((1, 9001)))
    cli.write("none.styled.wav", np.zeros((1, 9001)))
    assert [track.gain for track in exported(cli, "none.styled.wav").tracks] == [1, 1, 1]


def test_variations_share_a_dry_track_and_only_one_is_heard(cli: Cli) -> None:
    """Parts of one recording at different times are all heard."""
    assert cli.render("--variations", "3").code == 0
    names = [f"song.styled.{number}.wav" for number in (1, 2, 3)]
    read = exported(cli, *names)
    assert [track.name for track in read.tracks] == ["song (dry)", *(name[:-4] for name in names), "Master"]
    assert [track.name for track in read.audible] == ["song.styled.1"]
    with zipfile.ZipFile(cli.folder / "out.dawproject") as archive:
        assert len(archive.namelist()) == 6
    song_wav = cli.folder / "song.wav"
    parts = [cli.write(f"p{number}.wav", tone(2000, 8000)) for number in (0, 1)]
    record = told(
        cli.folder / "r.json",
        *(facts(part, song_wav, start_seconds=0.25 * number) for number, part in enumerate(parts)),
    )
    assert [track.name for track in exported(cli, record).audible] == ["p0", "p1"]


def test_a_batch_is_one_project(cli: Cli) -> None:
    """By its manifest, and each file by the manifest above it."""
    (cli.folder / "stems").mkdir()
    for name in ("drums", "bass"):
        cli.write(f"stems/{name}.wav", song())
    ended = cli.run(
        "batch", "stems", "-o", "made", "--style", "rain.wav", *QUICK, "--pattern", "x/{stem}-new"
    )
    assert ended.code == 0, ended
    named = ["bass (dry)", "bass-new", "drums (dry)", "drums-new", "Master"]
    for results in (["made/nast-fx-manifest.json"], ["made/x/bass-new.wav", "made/x/drums-new.wav"]):
        read = exported(cli, *results)
        assert [track.name for track in read.tracks] == named
        assert all(track.clips[0].start == 0 for track in read.tracks if track.clips)


def test_a_texture_has_no_dry_track(cli: Cli) -> None:
    made = cli.run("texture", "rain.wav", "--duration", "1.5", *QUICK, "--json", "-o", "wash.wav")
    assert made.code == 0, made
    (cli.folder / "t.json").write_text("\n".join(made.out), encoding="utf-8")
    ended = cli.run("export-dawproject", "t.json", "-o", "t.dawproject")
    assert "note: wash.wav has no dry track: it was made of no recording." in ended.err
    read = read_dawproject(cli.folder / "t.dawproject")
    assert [track.name for track in read.tracks] == ["wash", "Master"]


def test_names_that_files_and_xml_cannot_hold(cli: Cli) -> None:
    """Emoji, quotes, markup, control characters; the same name in two folders; a name that is too long."""
    odd = 'a<b>&"c" \N{CAT FACE}\x07'
    for folder in ("one", "two"):
        (cli.folder / folder).mkdir()
        cli.write(f"{folder}/{odd}.wav", tone(8000, 8000))
    long = "x" * 200
    cli.write(f"{long}.wav", tone(8000, 8000))
    read = exported(cli, f"one/{odd}.wav", f"two/{odd}.wav", f"{long}.wav", "--content", "song.wav")
    assert read.tracks[1].name == odd.replace("\x07", "\N{REPLACEMENT CHARACTER}")
    with zipfile.ZipFile(cli.folder / "out.dawproject") as archive:
        places = [name for name in archive.namelist() if name.startswith("audio/")]
    assert len(places) == len(set(map(str.casefold, places))) == 4
    assert not any(set(place.removeprefix("audio/")) & set('<>:"/\\|?*\x07') for place in places)
    assert max(map(len, places)) < 100


def test_tags_of_the_content_name_the_song(cli: Cli) -> None:
    import mutagen.flac

    cli.write("song.flac", song())
    file = mutagen.flac.FLAC(cli.folder / "song.flac")
    file.update({"artist": "A & B", "album": "<C>", "date": "1999", "genre": "Dub"})
    file.save()
    read = exported(cli, "song.wav", "--content", "song.flac")
    wanted = {"Artist": "A & B", "Album": "<C>", "Year": "1999", "Genre": "Dub"}
    assert {name: read.metadata[name] for name in wanted} == wanted


# What can go wrong -----------------------------------------------------------------------------------


def test_what_cannot_be_exported_is_refused_in_one_sentence(cli: Cli) -> None:
    cli.write("alone.wav", song())
    (cli.folder / "x.json").write_text('{"type": "note"}\n', encoding="utf-8")
    (cli.folder / "bad.json").write_bytes(b"\xff\xfe\x00")
    cli.write("song.styled.wav", song())
    (cli.folder / "there.dawproject").write_bytes(b"")
    (cli.folder / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (cli.folder / "x.mid").write_bytes(b"MThd")
    told(cli.folder / "odd.json", facts(Path("alone.wav"), None, start_seconds=-1))
    told(cli.folder / "gone.json", facts(cli.folder / "gone.wav", cli.folder / "song.wav"))
    before = cli.files()
    for args, code, words in (
        (("alone.wav",), 2, "it is not known what it was made of; name that with --content"),
        (("alone.wav", "--content", "nothing.wav"), 1, "nothing.wav: there is no such file"),
        (("none.wav", "--content", "song.wav"), 1, "none.wav: there is no such file"),
        (("none.wav",), 1, "none.wav: there is no such file"),
        (("gone.json",), 1, "gone.wav: there is no such file"),
        (("x.json",), 1, "x.json: tells of no result"),
        (("bad.json",), 1, "bad.json: is no JSON text"),
        (("none.json",), 1, "none.json: cannot be read"),
        (("deep.json",), 1, "deep.json: tells of no result"),
        (("odd.json",), 1, "odd.json: what it tells of alone.wav is damaged (start_seconds)"),
        (("x.mid",), 1, "x.mid"),
        ((".",), 1, "is a folder, not an audio file"),
        (("song.styled.wav", "-o", "song.zip"), 2, "ends in .dawproject"),
        (("song.styled.wav", "-o", "there.dawproject"), 1, "is there already; --overwrite replaces it"),
        (("song.styled.wav", "-o", "no/x.dawproject"), 1, "there is no folder"),
        (("song.styled.wav", "--midi", "song.wav"), 1, "song.wav"),
        (
            ("song.styled.wav", "--content", "a", "--content", "b"),
            2,
            "--content is given 2 times for 1 result",
        ),
    ):
        cli.refuses(cli.run("export-dawproject", *args, "--quiet"), code, words, before=before)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["content", "midi", "start_seconds", "segments", "loudness", "key", "export_midi"])


@quietly
@given(st.dictionaries(NAMES, JSON, max_size=4), st.booleans())
def test_a_record_of_nonsense_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], is_manifest: bool
) -> None:
    """Whatever a file of JSON says, it is a record or a sentence, never a defect."""
    folder = tmp_path_factory.getbasetemp()
    known = {**values, "output": "a.wav"}
    whole = {"files": [{"state": "done", "output": "a.wav", "result": known}]} if is_manifest else known
    record = folder / "nonsense.json"
    record.write_text(json.dumps(whole), encoding="utf-8")
    try:
        (made,) = find_made([record])
    except NastFxError:
        return
    assert made.result == Path("a.wav")
    assert made.start_seconds is None or 0 <= made.start_seconds <= 1e6


def a_song(folder: Path, n_frames: int = 50_000) -> Song:
    soundfile.write(folder / "a.wav", tone(n_frames, 8000).T, 8000)
    return Song("s", [Track("a", Clip(probe(folder / "a.wav"), Fraction(0)))])


def test_a_project_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped on its way, or with a recording that is cut short meanwhile, it leaves what was there."""
    monkeypatch.setattr("nast_fx.export.dawproject.BLOCK", 10_000)
    made, path = a_song(tmp_path), tmp_path / "s.dawproject"
    path.write_bytes(b"before")
    steps = write_dawproject(path, made, replace=True)
    next(steps)
    steps.close()
    assert path.read_bytes() == b"before"
    steps = write_dawproject(path, made, replace=True)
    next(steps)
    with open(tmp_path / "a.wav", "r+b") as file:
        file.truncate(30_000)
    with pytest.raises(Exception, match="was cut short while it was read"):
        drain(steps)
    assert path.read_bytes() == b"before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.wav", "s.dawproject"]


def test_the_same_song_gives_the_same_bytes(tmp_path: Path) -> None:
    made = a_song(tmp_path)
    for name in ("one", "two"):
        drain(write_dawproject(tmp_path / f"{name}.dawproject", made))
    one, two = ((tmp_path / f"{name}.dawproject").read_bytes() for name in ("one", "two"))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.getinfo("audio/a.wav").compress_type == zipfile.ZIP_STORED
