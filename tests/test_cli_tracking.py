"""Loudness, silence, key, segments and scores on the command line: asked for, kept, reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from cli_runner import Cli, Ended, noise

import nast_fx
from nast_fx.analysis.loudness import Loudness, measure_loudness
from nast_fx.audio import open_source
from nast_fx.audio.score import read_score
from nast_fx.errors import UsageError
from nast_fx.models import parse_key
from nast_fx.progress import drain
from nast_fx.studies.sounds import SOUNDS

RATE = 8000


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(tmp_path, capsys, monkeypatch)
    made.write("song.wav", beats(6.0))
    made.write("rain.wav", noise(3.0))
    return made


def beats(seconds: float) -> np.ndarray:
    """Notes at 120 a minute, quiet in the first half, silent for the last second."""
    time = np.arange(round(seconds * RATE)) / RATE
    notes = np.exp(-5 * (time % 0.5)) * np.where(time < seconds / 2, 0.1, 0.5) * (time < seconds - 1)
    return np.stack([notes * np.sin(2 * np.pi * f * time) for f in (330.0, 415.3)])


def measured(path: Path) -> Loudness:
    with open_source(path) as source:
        return drain(measure_loudness(source))


def facts(ended: Ended) -> dict:
    assert ended.code == 0, ended
    return ended.objects[-1]


def test_the_result_has_the_contents_loudness_and_says_so(cli: Cli) -> None:
    found = facts(cli.render("--json", "-o", "out.wav"))["loudness"]
    own, made = measured(cli.folder / "song.wav"), measured(cli.folder / "out.wav")
    assert found["content"]["integrated_lufs"] == pytest.approx(own.integrated_lufs, abs=0.01)
    assert found["result"]["integrated_lufs"] == pytest.approx(made.integrated_lufs, abs=0.02)
    assert made.integrated_lufs == pytest.approx(own.integrated_lufs, abs=0.3)
    assert made.true_peak_dbtp <= found["ceiling_dbtp"] + 0.02
    assert found["shortfall_lu"] == 0
    half = 3 * 100 - 1  # the quiet half stays quiet
    assert made.short_term[half] == pytest.approx(own.short_term[half], abs=2.0)


def test_a_target_is_reached_and_said(cli: Cli) -> None:
    ended = cli.render("--loudness", "-20", "-o", "out.wav")
    assert ended.code == 0
    assert measured(cli.folder / "out.wav").integrated_lufs == pytest.approx(-20, abs=0.1)
    assert any("to -20.0 LUFS" in line for line in ended.err)


def test_the_ceiling_wins_against_the_target(cli: Cli) -> None:
    ended = cli.render("--loudness", "-3", "--ceiling", "-6", "--json", "-o", "out.wav")
    found, made = facts(ended)["loudness"], measured(cli.folder / "out.wav")
    assert made.true_peak_dbtp <= -6 + 0.05
    assert found["shortfall_lu"] == pytest.approx(-3 - made.integrated_lufs, abs=0.05)
    notes = [one["message"] for one in ended.objects if one["type"] == "note"]
    assert any("ceiling of -6.0 dBTP keeps the result" in note for note in notes)


def test_an_untouched_content_goes_to_a_target_too(cli: Cli) -> None:
    found = facts(cli.render("--amount", 0, "--loudness", "-25", "--json", "-o", "out.wav"))
    assert found["loudness"]["result"]["integrated_lufs"] == pytest.approx(-25, abs=0.05)
    own, made = (soundfile.read(cli.folder / name)[0] for name in ("song.wav", "out.wav"))
    gain = np.linalg.norm(made) / np.linalg.norm(own)
    assert np.abs(made - gain * own).max() < 1e-3


@pytest.mark.parametrize("follow", [0, 1])
def test_silence_stays_silent(cli: Cli, follow: int) -> None:
    silence = facts(cli.render("--follow", follow, "--json", "-o", "out.wav"))["silence"]
    assert silence["seconds"] > 0.5
    made, _ = soundfile.read(cli.folder / "out.wav")
    assert np.abs(made[int(5.2 * RATE) :]).max() < 1e-3
    assert silence["result_lufs"] is None or silence["result_lufs"] < -60


def test_an_unsure_key_moves_nothing_and_is_noted(cli: Cli) -> None:
    ended = cli.render("--json", "-o", "out.wav", content="rain.wav", style="song.wav")
    key = facts(ended)["key"]
    assert key["mode"] == "content"
    assert key["regions"][0]["style_shift_semitones"] == [0.0]
    notes = [one["message"] for one in ended.objects if one["type"] == "note"]
    assert any("no style is transposed" in note for note in notes)
    assert facts(cli.render("--key", "off", "--json", "-o", "off.wav"))["key"]["mode"] == "off"


def test_segments_meet_on_the_markers_of_a_score(cli: Cli) -> None:
    score(cli.folder / "song.mid", markers={1.5: "Verse", 3.5: "Chorus"})
    ended = cli.render("--midi", "song.mid", "--segment", "markers", "--dry-run", "--json")
    assert facts(ended)["segments"] == 3
    midi = ("--midi", "song.mid", "--segment", "markers", "--export-midi", "out.mid", "--overlap", "0.2")
    assert facts(cli.render(*midi, "--json"))["export_midi"] == "out.mid"
    texts = {text: seconds for seconds, text in markers(cli.folder / "out.mid")}
    assert texts["Verse"] == pytest.approx(1.5, abs=0.002)
    assert texts["Segment 2"] == pytest.approx(1.4, abs=0.002)  # half the overlap before its place


def test_tempo_key_and_markers_of_a_recording_go_beside_the_result(cli: Cli) -> None:
    """Read by mido alone, as a DAW would."""
    sound = SOUNDS["song"](12.0, 22_050, 0)  # in C, a beat is 0.6 s
    soundfile.write("piece.wav", sound.samples.T, 22_050)
    more = ("--segment", 5, "--export-midi", "out.mid", "-o", "out.wav", "--json")
    assert facts(cli.render(*more, content="piece.wav"))["export_midi"] == "out.mid"
    file = mido.MidiFile(cli.folder / "out.mid")
    events = [event for event in file if event.is_meta]  # of all tracks, with times in seconds
    assert file.type == 1
    (first, *_) = [mido.tempo2bpm(event.tempo) for event in events if event.type == "set_tempo"]
    assert first == pytest.approx(100 * round(first / 100), rel=0.01)
    assert [event.key for event in events if event.type == "key_signature"] == ["C"]
    texts = [event.text for event in events if event.type == "marker"]
    assert texts == [f"Segment {number + 1}" for number in range(len(texts))]
    assert len(texts) > 1


def test_segments_meet_on_the_beats_of_a_score(cli: Cli) -> None:
    score(cli.folder / "song.mid", bpm=120.0)
    ended = cli.render("--midi", "song.mid", "--segment", "beats:4", "--dry-run", "--json")
    assert facts(ended)["segments"] == 3  # two seconds each
    no_beat = cli.run(
        "render", "rain.wav", "--style", "song.wav", "--segment", "beats:4", "--dry-run", "--json"
    )
    assert any("no clear beat" in one for one in facts(no_beat)["notes"])


def test_a_score_says_the_key_and_its_change(cli: Cli) -> None:
    score(cli.folder / "song.mid", keys={0.0: "Cm", 3.0: "Ebm"})
    key = facts(cli.render("--midi", "song.mid", "--json"))["key"]
    assert (key["content"]["key"], key["content"]["confidence"]) == ("C minor", 1.0)
    assert [(region["start_seconds"], region["key"]) for region in key["regions"]] == [
        (0.0, "C minor"),
        (3.0, "Eb minor"),
    ]


def test_a_controller_draws_the_amount(cli: Cli) -> None:
    score(cli.folder / "song.mid", controllers={11: {0.0: 0, 3.0: 127}})
    options = ("--midi", "song.mid", "--amount-controller", 11, "--loudness-follow", 0, "--bits", "32f")
    assert cli.render(*options, "-o", "out.wav").code == 0
    own, made = (soundfile.read(cli.folder / name)[0] for name in ("song.wav", "out.wav"))
    begin, end = slice(0, int(2.9 * RATE)), slice(int(3.1 * RATE), 5 * RATE)
    gain = np.linalg.norm(made[begin]) / np.linalg.norm(own[begin])
    assert np.abs(made[begin] - gain * own[begin]).max() < 1e-4
    assert np.abs(made[end] - gain * own[end]).max() > 1e-2


def test_a_controller_draws_the_strength(cli: Cli) -> None:
    score(cli.folder / "song.mid", markers={3.0: "change"}, controllers={1: {0.0: 0, 3.0: 127}})
    options = ("--midi", "song.mid", "--strength-controller", 1, "--segment", "markers", "--overlap", 0)
    extra = ("--bits", "32f", "--loudness-follow", 0, "--follow", 0, "--set", "max_iterations=10")
    assert cli.render(*options, *extra, "-o", "out.wav").code == 0
    own, made = (soundfile.read(cli.folder / name)[0] for name in ("song.wav", "out.wav"))
    first, second = slice(0, 3 * RATE), slice(3 * RATE, 5 * RATE)

    def distance(part: slice) -> float:
        gain = (made[part] * own[part]).sum() / (own[part] ** 2).sum()
        return float(np.linalg.norm(made[part] - gain * own[part]) / np.linalg.norm(gain * own[part]))

    assert distance(first) < 0.02
    assert distance(second) > 0.1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--key", "H dur"), "--key H dur must be content, off, or a key such as F# minor"),
        (("--loudness", "3"), "--loudness 3 must be at least -60 and at most 0"),
        (("--ceiling", "1"), "--ceiling 1 must be at least -30 and at most 0"),
        (("--strength", "1.5"), "--strength 1.5 must be at least 0 and at most 1"),
        (("--segment", "bars:4"), "--segment bars:4: write seconds (10), beats:N (beats:16) or markers"),
        (("--segment", "beats:x"), "--segment beats:x: the beats must be a whole number, as in beats:16"),
        (("--midi", "nope.mid"), "nope.mid: there is no such file"),
        (("--segment", "beats:0"), "--segment beats 0 must be at least 1"),
        (("--amount-controller", "128"), "--amount-controller 128 must be at least 0 and at most 127"),
        (("--amount-controller", "7"), "--amount-controller needs a score: name one with --midi"),
        (("--segment", "markers"), "--segment markers needs a score: name one with --midi"),
        (("--instrument", "font.sf2"), "song.wav: is no score; --instrument has nothing to play"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, args: tuple[str, ...], message: str) -> None:
    before = cli.files()
    cli.refuses(cli.render(*args), 1 if "nope" in message else 2, message, before=before)


def test_a_controller_that_the_score_does_not_move_is_refused(cli: Cli) -> None:
    score(cli.folder / "song.mid", controllers={11: {0.0: 0}})
    before = cli.files()
    ended = cli.render("--midi", "song.mid", "--strength-controller", 7)
    message = "--strength-controller 7: the score does not move it; it moves 11"
    cli.refuses(ended, 2, message, before=before)
    with pytest.raises(UsageError, match="needs a score"):
        nast_fx.render(
            cli.folder / "song.wav", cli.folder / "rain.wav", tracking=nast_fx.Tracking(amount_controller=7)
        )


def test_a_texture_has_nothing_to_cut_at(cli: Cli) -> None:
    before = cli.files()
    for segment in ("beats:4", "markers"):
        ended = cli.run("texture", "rain.wav", "--duration", 2, "--segment", segment)
        cli.refuses(ended, 2, f"--segment {segment}: a texture has no beats and no markers", before=before)


def test_a_score_as_content_needs_an_instrument(cli: Cli) -> None:
    score(cli.folder / "tune.mid")
    before = cli.files()
    ended = cli.render(content="tune.mid")
    cli.refuses(ended, 2, "tune.mid: is a score; name what plays it with --instrument", before=before)
    ended = cli.render("--instrument", "synth.vst3", content="tune.mid")
    assert ended.code == 2
    assert "there is no plugin 'synth.vst3'" in ended.err[0]
    (cli.folder / "broken.mid").write_bytes(b"MThd\\0\\0")
    assert cli.render("--midi", "broken.mid").code == 1


def test_a_score_is_played_and_styled(cli: Cli) -> None:
    font = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
    if not font.exists():
        pytest.skip("needs timgm6mb-soundfont and fluidsynth (make system)")
    score(cli.folder / "tune.mid", notes=(60, 64, 67), keys={0.0: "C"})
    more = ("--export-midi", "out.mid", "--report", "r.html", "--json")
    ended = cli.render("--instrument", font, *more, content="tune.mid")
    found = facts(ended)
    assert found["output"] == "tune.styled.wav"
    assert read_score(cli.folder / "out.mid").tempos == read_score(cli.folder / "tune.mid").tempos
    assert found["key"]["content"]["key"] == "C major"
    assert found["tempo"]["bpm"] == pytest.approx(120, abs=0.1)
    assert measured(cli.folder / "tune.styled.wav").integrated_lufs == pytest.approx(
        found["loudness"]["content"]["integrated_lufs"], abs=0.3
    )
    cut = cli.render(
        "--instrument", font, "--snippet", "0.5:0.5", "--json", "-o", "c.wav", content="tune.mid"
    )
    assert facts(cut)["frames"] == 22_050


def test_loudness_silence_and_key_shift_of_real_loops(cli: Cli, real_loop: Callable[[str], Path]) -> None:
    content, style = real_loop("bass_voxy_c"), real_loop("loop_mika")
    options = ("--key", "D major", "--set", "max_iterations=15", "--json", "-o", "out.wav")
    found = facts(cli.render(*options, content=content, style=style))
    own, made = measured(content), measured(cli.folder / "out.wav")
    assert found["key"]["content"]["key"] == "C major"
    assert found["key"]["content_shift_semitones"] == pytest.approx(2, abs=0.15)
    assert found["key"]["styles"][0]["confidence"] < 0.5  # drums have no key, and stay
    assert found["key"]["regions"][0]["style_shift_semitones"] == [0.0]
    assert made.integrated_lufs == pytest.approx(own.integrated_lufs, abs=0.3)
    assert found["loudness"]["result"]["integrated_lufs"] == pytest.approx(made.integrated_lufs, abs=0.05)
    assert made.true_peak_dbtp <= found["loudness"]["ceiling_dbtp"] + 0.05


def test_a_real_loop_is_styled_in_its_own_key(cli: Cli, real_loop: Callable[[str], Path]) -> None:
    content, style = real_loop("bass_voxy_c"), real_loop("guit_e_fifths")
    quick = ("--set", "max_iterations=10", "--json")
    found = facts(cli.render(*quick, "-o", "in.wav", content=content, style=style))["key"]
    own, other = (parse_key(one["key"]) for one in (found["content"], found["styles"][0]))
    (shift,) = found["regions"][0]["style_shift_semitones"]
    assert own == parse_key("C major")
    assert shift != 0
    assert shift == pytest.approx(other.semitones_to(own), abs=0.5)  # and the tuning
    assert cli.render(*quick, "--key", "off", "-o", "off.wav", content=content, style=style).code == 0
    made = {name: soundfile.read(cli.folder / name)[0] for name in ("in.wav", "off.wav")}
    assert np.abs(made["in.wav"] - made["off.wav"]).max() > 0.01


def test_the_pauses_of_a_real_loop_stay_as_quiet_as_they_are(
    cli: Cli, real_loop: Callable[[str], Path]
) -> None:
    samples, rate = soundfile.read(real_loop("loop_tabla"), always_2d=True)
    samples[rate : 2 * rate] *= 10 ** (-55 / 20)  # a second of what is left of it in a pause
    cli.write("pause.wav", samples.T[:, : 4 * rate], rate=rate, subtype="PCM_24")
    style = real_loop("loop_mika")
    quick = ("--set", "max_iterations=15", "--follow", 0, "--loudness-follow", 0, "--json")
    silence = facts(cli.render(*quick, "-o", "out.wav", content="pause.wav", style=style))["silence"]
    assert silence["seconds"] == pytest.approx(0.6, abs=0.25)
    assert silence["result_lufs"] == pytest.approx(silence["content_lufs"], abs=3)


ODD = {
    "silent": np.zeros((2, 4000)),
    "constant": np.full((2, 12000), 0.2),
    "0.3 s": 0.3 * noise(0.3),
    "one frame": np.full((2, 1), 0.1),
    "mono": noise(1.0, n_channels=1),
    "5.1": noise(1.0, n_channels=6),
    "192 kHz": noise(0.5, 192_000),
    "music, then next to nothing": np.concatenate([noise(2.0), np.full((2, 32_000), 1e-8)], axis=1),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_contents_get_figures_or_a_sentence(cli: Cli, kind: str) -> None:
    cli.write("odd.wav", ODD[kind], rate=192_000 if kind == "192 kHz" else RATE, subtype="FLOAT")
    found = facts(cli.render("--json", "--report", "r.html", "--export-midi", "o.mid", content="odd.wav"))
    assert found["frames"] == ODD[kind].shape[1]
    made, _ = soundfile.read(cli.folder / "odd.styled.wav")
    assert np.isfinite(made).all()
    figures = facts(cli.run("analyze", "odd.wav", "--json"))
    loudness = figures["loudness"]
    assert loudness["integrated_lufs"] is not None or figures["notes"]
    asked = cli.render("--loudness", "-20", "-o", "asked.wav", content="odd.wav")
    assert asked.code == 0
    if figures["loudness"]["integrated_lufs"] is None:
        assert any("no loudness to bring to -20.0 LUFS" in line for line in asked.err)


def test_a_files_own_score_is_never_written_over(cli: Cli) -> None:
    score(cli.folder / "song.mid")
    before = cli.files()
    for option in ("--export-midi", "--history", "--report"):
        ended = cli.render("--midi", "song.mid", option, "song.mid", "--overwrite", "overwrite")
        assert ended.code == 2, ended
    assert cli.files() == before


def test_long_and_short_beats_make_possible_segments(cli: Cli) -> None:
    score(cli.folder / "song.mid", bpm=120.0)
    cli.write("long.wav", np.concatenate([beats(6.0)] * 12, axis=1))
    long = ("--midi", "song.mid", "--segment", "beats:120", "--dry-run", "--json")
    found = facts(cli.render(*long, content="long.wav"))
    assert found["segments"] == 3  # of 60 beats, 30 s each, and the rest
    assert any("segments are 60 long" in note for note in found["notes"])
    score(cli.folder / "fast.mid", bpm=300.0)
    fast = facts(cli.render("--midi", "fast.mid", "--segment", "beats:1", "--dry-run", "--json"))
    assert any("segments are 3 long" in note for note in fast["notes"])


def test_a_key_signature_that_is_not_heard_is_believed_and_doubted(cli: Cli) -> None:
    chords = sum(
        np.sin(2 * np.pi * f * np.arange(12 * RATE) / RATE) for f in (261.6, 329.6, 392.0, 349.2, 440)
    )
    tune = 0.1 * np.stack([chords, chords]) * (1 + (np.arange(12 * RATE) // 4000 % 2))
    cli.write("tune.wav", tune)
    score(cli.folder / "song.mid", keys={0.0: "F#"})
    found = facts(cli.render("--midi", "song.mid", "--json", content="tune.wav"))
    assert found["key"]["content"]["key"] == "F# major"
    heard = facts(cli.run("analyze", "tune.wav", "--json"))["key"]
    doubted = any("the score is believed" in note for note in found["notes"])
    assert doubted == (heard["confidence"] >= 0.5)


def test_the_share_of_the_work_only_rises(cli: Cli) -> None:
    ended = cli.render("--json", "--key", "D major")
    shares = [one["share"] for one in ended.objects if one["type"] == "progress"]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


def test_the_report_shows_both_curves(cli: Cli) -> None:
    assert cli.render("--report", "r.html").code == 0
    page = (cli.folder / "r.html").read_text()
    for words in (
        "Loudness and key",
        "Integrated loudness",
        "True peak",
        "In its silences",
        "Loudness over time",
    ):
        assert words in page


def score(
    path: Path,
    *,
    bpm: float = 120.0,
    notes: tuple[int, ...] = (60,),
    keys: dict[float, str] | None = None,
    markers: dict[float, str] | None = None,
    controllers: dict[int, dict[float, int]] | None = None,
) -> None:
    """A MIDI file with events at given seconds."""
    events = [(0.0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))]
    events += [(at, mido.MetaMessage("key_signature", key=key)) for at, key in (keys or {}).items()]
    events += [(at, mido.MetaMessage("marker", text=text)) for at, text in (markers or {}).items()]
    for number, moves in (controllers or {}).items():
        events += [(at, mido.Message("control_change", control=number, value=v)) for at, v in moves.items()]
    for place, note in enumerate(notes):
        events.append((0.5 * place, mido.Message("note_on", note=note, velocity=90)))
        events.append((0.5 * place + 0.45, mido.Message("note_off", note=note)))
    track, now = mido.MidiTrack(), 0
    for at, message in sorted(events, key=lambda event: event[0]):
        tick = round(at * bpm / 60 * 960)
        track.append(message.copy(time=tick - now))
        now = tick
    mido.MidiFile(ticks_per_beat=960, tracks=[track]).save(path)


def markers(path: Path) -> list[tuple[float, str]]:
    seconds, found = 0.0, []
    for message in mido.MidiFile(path):
        seconds += message.time
        if message.type == "marker":
            found.append((seconds, message.text))
    return found
