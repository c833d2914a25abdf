"""`nast-fx chain`: ten lines by hand are a chain; what comes out is aligned, whole, and says what ran."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from cli_runner import Cli

CHAIN = """schema = 1

[[slots]]
plugin = "Compressor"
parameters = { threshold_db = -20.0, ratio = 4.0 }

[[slots]]
plugin = "Reverb"
mix = 0.3
gain_db = -2.0
"""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(tmp_path, capsys, monkeypatch)
    (tmp_path / "rack.toml").write_text(CHAIN)
    return made


def test_a_chain_is_shown_and_checked(cli: Cli) -> None:
    table = cli.run("chain", "show", "rack.toml")
    assert table.code == 0
    assert "Compressor" in table.out[1]
    assert "threshold_db=-20" in table.out[1]
    assert cli.run("chain", "validate", "rack.toml").out == ["rack.toml: right, 2 slots"]
    shown = cli.run("chain", "show", "rack.toml", "--json").objects[0]
    assert [slot["plugin"] for slot in shown["slots"]] == ["Compressor", "Reverb"]


def test_a_file_runs_through_a_chain(cli: Cli) -> None:
    ended = cli.run("chain", "run", "song.wav", "--chain", "rack.toml", "--tail", "0.5", "--json")
    assert ended.code == 0
    found = ended.objects[-1]
    assert (found["output"], found["slots"]) == ("song.chained.wav", ["Compressor", "Reverb"])
    info = soundfile.info(cli.folder / "song.chained.wav")
    assert (info.frames, info.samplerate, info.channels) == (12_000, 8000, 2)
    made, _ = soundfile.read(cli.folder / "song.chained.wav")
    assert np.abs(made[8100:]).max() > 1e-4  # the room rings on


def test_a_chain_that_does_nothing_gives_the_file_back(cli: Cli) -> None:
    (cli.folder / "off.toml").write_text('schema = 1\n[[slots]]\nplugin = "Distortion"\nbypass = true\n')
    assert cli.run("chain", "run", "song.wav", "--chain", "off.toml", "-o", "same.wav").code == 0
    own, made = (soundfile.read(cli.folder / name, dtype="int16")[0] for name in ("song.wav", "same.wav"))
    assert np.array_equal(own, made)


def test_what_is_too_loud_for_integers_is_turned_down_and_said(cli: Cli) -> None:
    loud = 'schema = 1\n[[slots]]\nplugin = "Gain"\nparameters = { gain_db = 20.0 }\n'
    (cli.folder / "loud.toml").write_text(loud)
    ended = cli.run("chain", "run", "song.wav", "--chain", "loud.toml", "-o", "loud.wav")
    assert ended.code == 0
    assert any("Turned down by" in line for line in ended.err)
    assert np.abs(soundfile.read(cli.folder / "loud.wav")[0]).max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('schema = 1\n[[slots]]\nplugin = "Reverbb"\n', "slot 1 (Reverbb)"),
        ('schema = 1\n[[slots]]\nplugin = "Reverb"\nparameters = { room_size = 3.0 }\n', "room_size"),
        ("schema = 2\n", "schema=2 is unknown"),
        (
            'schema = 1\n[[slots]]\nplugin = "LowpassFilter"\n'
            "parameters = { cutoff_frequency_hz = 7000.0 }\n",
            "slot 1 (LowpassFilter)",
        ),
    ],
)
def test_what_is_wrong_is_said_before_any_work(cli: Cli, text: str, message: str) -> None:
    (cli.folder / "bad.toml").write_text(text)
    before = cli.files()
    cli.refuses(cli.run("chain", "run", "song.wav", "--chain", "bad.toml"), 2, message, before=before)


def test_inputs_stay_as_they_are(cli: Cli) -> None:
    before = cli.files()
    for out in ("song.wav", "rack.toml"):
        ended = cli.run(
            "chain", "run", "song.wav", "--chain", "rack.toml", "-o", out, "--overwrite", "overwrite"
        )
        assert ended.code == 2, ended
    assert cli.files() == before


def test_what_the_chain_reads_is_not_written_over(cli: Cli) -> None:
    (cli.folder / "ir").mkdir()
    soundfile.write(cli.folder / "ir" / "room.wav", np.r_[1.0, np.zeros(500)], 8000)
    text = 'schema = 1\n[[slots]]\nplugin = "Convolution"\n'
    text += '[slots.parameters]\nimpulse_response_filename = "room.wav"\n'
    (cli.folder / "ir" / "rack.toml").write_text(text)
    assert cli.run("chain", "run", "song.wav", "--chain", "ir/rack.toml", "-o", "out.wav").code == 0
    before = cli.files()
    command = ("chain", "run", "song.wav", "--chain", "ir/rack.toml", "-o", "ir/room.wav")
    cli.refuses(cli.run(*command, "--overwrite", "overwrite"), 2, "room.wav", before=before)


def test_tags_are_kept_and_notes_are_told(cli: Cli) -> None:
    import mutagen

    soundfile.write(cli.folder / "tagged.flac", soundfile.read(cli.folder / "song.wav")[0], 8000)
    tags = mutagen.File(cli.folder / "tagged.flac")
    tags["title"] = "Rain"
    tags.save()
    (cli.folder / "gone.toml").write_text(
        'schema = 1\n[[slots]]\nplugin = "Gone.vst3"\nif_missing = "skip"\nmix = 0.5\n'
    )
    ended = cli.run("chain", "run", "tagged.flac", "--chain", "gone.toml", "-o", "out.flac", "--json")
    result = ended.objects[-1]
    assert result["slots"] == []
    assert ["is skipped" in note for note in result["notes"]] == [True]
    assert mutagen.File(cli.folder / "out.flac")["title"] == ["Rain"]
    own, made = (soundfile.read(cli.folder / n, dtype="int16")[0] for n in ("tagged.flac", "out.flac"))
    np.testing.assert_array_equal(own, made)


def test_a_controller_of_a_score_moves_a_parameter(cli: Cli) -> None:
    track = mido.MidiTrack([mido.Message("control_change", control=11, value=0, time=0)])
    track.append(mido.Message("control_change", control=11, value=127, time=480))  # 0.5 s at 120 bpm
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(cli.folder / "a.mid")
    text = 'schema = 1\n[[slots]]\nplugin = "Gain"\n[slots.automation.gain_db]\n'
    (cli.folder / "fade.toml").write_text(text + "controller = 11\nlow = -80\nhigh = 0\n")
    ended = cli.run("chain", "run", "song.wav", "--chain", "fade.toml", "--midi", "a.mid", "-o", "out.wav")
    assert ended.code == 0, ended.err
    own, made = (soundfile.read(cli.folder / name)[0] for name in ("song.wav", "out.wav"))
    assert np.abs(made[:3400]).max() < 1e-3
    np.testing.assert_allclose(made[4600:], own[4600:], atol=1e-3)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('[[slots]]\nplugin = "Gone.vst3"\n', 2, "slot 1 (Gone.vst3): there is no plugin 'Gone.vst3'"),
        (
            '[[slots]]\nplugin = "Convolution"\n[slots.parameters]\nimpulse_response_filename = "a.wav"\n',
            1,
            "slot 1 (Convolution): a.wav: there is no such file",
        ),
        (
            "[[slots]]\n" + "plugin = 'parallel'\n" + "[[slots.branches]]\n" * 3 + "gain_db = 99\n",
            2,
            "gain_db",
        ),
    ],
)
def test_a_chain_is_held_against_what_is_there(cli: Cli, text: str, code: int, message: str) -> None:
    (cli.folder / "bad.toml").write_text("schema = 1\n" + text)
    cli.refuses(cli.run("chain", "validate", "bad.toml"), code, message, before=cli.files())


def test_a_chain_that_is_nested_too_deeply_is_refused(cli: Cli) -> None:
    head, tail = '[{"plugin": "parallel", "branches": [{"slots": ', "}]}]"
    (cli.folder / "deep.json").write_text(f'{{"schema": 1, "slots": {300 * head}[]{300 * tail}}}')
    before = cli.files()
    cli.refuses(cli.run("chain", "validate", "deep.json"), 2, "nested too deeply", before=before)


def test_a_group_in_which_nothing_is_heard_changes_no_bit(cli: Cli) -> None:
    text = 'schema = 1\n[[slots]]\nplugin = "parallel"\n[[slots.branches]]\n[[slots.branches.slots]]\n'
    (cli.folder / "off.toml").write_text(text + 'plugin = "Reverb"\nbypass = true\n')
    assert cli.run("chain", "run", "song.wav", "--chain", "off.toml", "-o", "same.wav").code == 0
    own, made = (soundfile.read(cli.folder / name, dtype="int16")[0] for name in ("song.wav", "same.wav"))
    np.testing.assert_array_equal(own, made)


def test_a_group_without_a_command_shows_its_help_and_no_error(cli: Cli) -> None:
    for group in ("chain", "plugins"):
        ended = cli.run(group)
        assert (ended.code, any("error" in line for line in ended.err)) == (2, False)


def test_a_chain_file_is_a_file_of_a_sensible_size(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (cli.folder / "folder.toml").mkdir()
    before = cli.files()
    cli.refuses(cli.run("chain", "show", "folder.toml"), 1, "folder.toml: is a folder", before=before)
    monkeypatch.setattr("nast_fx.audio.table_file.MAX_BYTES", 10)
    cli.refuses(cli.run("chain", "show", "rack.toml"), 1, "is larger than a chain file may be", before=before)


def test_a_style_slot_is_passed_by_with_a_note(cli: Cli) -> None:
    (cli.folder / "styled.toml").write_text('schema = 1\n[[slots]]\nplugin = "style"\n')
    ended = cli.run("chain", "run", "song.wav", "--chain", "styled.toml", "-o", "out.wav")
    assert any("a chain alone styles nothing" in line for line in ended.err)
