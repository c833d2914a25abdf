"""`nast-fx render` and `texture`: what comes out, under which name, and what is said."""

from __future__ import annotations

import csv
import dataclasses
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import QUICK, Cli, noise, song

from nast_fx.progress import Progress


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def shape(path: Path) -> tuple[int, int, int]:
    info = soundfile.info(path)
    return info.samplerate, info.channels, info.frames


def test_the_result_is_beside_the_content(cli: Cli) -> None:
    before = cli.files()
    ended = cli.render()
    assert (ended.code, ended.out) == (0, ["song.styled.wav"])
    assert "1.00 s of 2 channels at 8000 Hz" in ended.err[-2]
    assert "LUFS" in ended.err[-1]
    after = cli.files()
    assert after.keys() == before.keys() | {"song.styled.wav"}
    assert before.items() <= after.items()
    assert shape(cli.folder / "song.styled.wav") == shape(cli.folder / "song.wav")


def test_the_same_seed_gives_the_same_bytes(cli: Cli) -> None:
    noisy = ("--set", "start_noise=0.2")
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert cli.render(*noisy, "--seed", seed, "-o", f"{name}.wav").code == 0
    files = cli.files()
    assert files["a.wav"] == files["b.wav"] != files["c.wav"]


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "FLOAT"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
    ],
)
def test_an_amount_of_0_is_the_content(cli: Cli, name: str, subtype: str) -> None:
    path = cli.write(name, song(), subtype=subtype)
    assert cli.render("--amount", 0, "-o", f"b{path.suffix}", content=name).code == 0
    assert (cli.folder / f"b{path.suffix}").read_bytes() == path.read_bytes()
    # A part of it is decoded and written again, still without a changed bit.
    assert cli.render("--amount", 0, "--snippet", "0.25:0.5", "-o", f"c{path.suffix}", content=name).code == 0
    kind = "float32" if subtype == "FLOAT" else "int32"
    part = soundfile.read(cli.folder / f"c{path.suffix}", dtype=kind)[0]
    np.testing.assert_array_equal(part, soundfile.read(path, dtype=kind)[0][2000:6000])


def test_format_and_bits(cli: Cli) -> None:
    for args, name, subtype in (
        (("-o", "x.flac"), "x.flac", "PCM_16"),
        (("-o", "y", "--bits", "24"), "y.wav", "PCM_24"),
        (("-o", "z.aif", "--bits", "32f"), "z.aif", "FLOAT"),
        (("--format", "ogg"), "song.styled.ogg", "VORBIS"),
        (("--format", "mp3"), "song.styled.mp3", "MPEG_LAYER_III"),
    ):
        ended = cli.render(*args)
        assert (ended.code, ended.out) == (0, [name]), ended
        assert soundfile.info(cli.folder / name).subtype == subtype


def test_a_folder_as_output(cli: Cli) -> None:
    (cli.folder / "done.d").mkdir()
    assert cli.render("-o", "done.d").out == ["done.d/song.styled.wav"]
    assert cli.render("-o", "done.d", "--format", "flac").out == ["done.d/song.styled.flac"]
    assert cli.render("-o", "").out == ["song.styled.wav"]


def bext_time(path: Path) -> int:
    data = path.read_bytes()
    assert data.count(b"bext") == 1
    at = data.index(b"bext") + 8
    return int(struct.unpack("<Q", data[at + 338 : at + 346])[0])


def with_chunks(path: Path, **chunks: bytes) -> Path:
    """Append chunks of even size to a WAV."""
    data = path.read_bytes()
    data += b"".join(n.encode() + struct.pack("<I", len(body)) + body for n, body in chunks.items())
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def bext(time: int) -> bytes:
    data = bytearray(602)
    data[:6], data[338:346] = b"a take", struct.pack("<Q", time)
    return bytes(data)


@pytest.mark.parametrize("more", [(), ("--amount", 0), ("--bits", "32f"), ("--channels", "mono")])
def test_a_whole_result_lands_where_its_content_was(cli: Cli, more: tuple[object, ...]) -> None:
    with_chunks(cli.folder / "song.wav", bext=bext(80_000))
    assert cli.render(*more).code == 0
    assert bext_time(cli.folder / "song.styled.wav") == 80_000


def test_a_snippet_moves_the_bext_time(cli: Cli) -> None:
    with_chunks(cli.folder / "song.wav", bext=bext(80_000))
    assert cli.render("--snippet", "0.25:0.5").code == 0
    assert shape(cli.folder / "song.styled.wav") == (8000, 2, 4000)
    assert bext_time(cli.folder / "song.styled.wav") == 82_000


def test_no_time_is_invented_unless_it_is_asked_for(cli: Cli) -> None:
    asked = ("--time-reference", "100.5")
    for name, more in (("plain", ()), ("part", ("--snippet", "0.25:0.5")), ("same", ("--amount", 0))):
        assert cli.render(*more, "-o", f"{name}.wav").code == 0
        assert b"bext" not in (cli.folder / f"{name}.wav").read_bytes()
        assert cli.render(*more, *asked, "-o", f"{name}.placed.wav").code == 0
        placed = cli.folder / f"{name}.placed.wav"
        assert bext_time(placed) == (806_000 if name == "part" else 804_000)
        first, second = (soundfile.read(path)[0] for path in (cli.folder / f"{name}.wav", placed))
        np.testing.assert_array_equal(first, second)


def test_a_time_that_is_asked_for_replaces_that_of_the_content(cli: Cli) -> None:
    high, low = b"BWF_TIME_REFERENCE_HIGH", b"BWF_TIME_REFERENCE_LOW"
    xml = b"<BWFXML><%b>0</%b><%b>80000</%b></BWFXML>" % (high, high, low, low)
    with_chunks(cli.folder / "song.wav", bext=bext(80_000), iXML=xml + b" " * (len(xml) & 1))
    assert cli.render("--time-reference", 1, "--snippet", "0.5:0.25").code == 0
    result = cli.folder / "song.styled.wav"
    assert bext_time(result) == 12_000
    assert b"a take" in result.read_bytes()
    assert b"<%b>12000</%b>" % (low, low) in result.read_bytes()


def test_tags_stay_beside_a_time_that_is_asked_for(cli: Cli) -> None:
    path = cli.folder / "song.flac"
    with soundfile.SoundFile(path, "w", 8000, 2, subtype="PCM_16") as file:
        file.title = "A name"
        file.write(song().T)
    assert cli.render("--time-reference", 2, "-o", "out.wav", content="song.flac").code == 0
    assert bext_time(cli.folder / "out.wav") == 16_000
    with soundfile.SoundFile(cli.folder / "out.wav") as file:
        assert file.title == "A name"
    before = cli.files()
    refused = cli.render("--time-reference", 2, content="song.flac")
    cli.refuses(refused, 2, "is held by wav only, not by flac", before=before)
    cli.refuses(cli.render("--time-reference", "-1"), 2, "--time-reference -1 must be at", before=before)


def test_a_chain_keeps_and_places_too(cli: Cli) -> None:
    (cli.folder / "c.toml").write_text('schema = 1\n[[slots]]\nplugin = "Gain"\n', encoding="utf-8")
    with_chunks(cli.folder / "song.wav", bext=bext(80_000))
    run = ("chain", "run", "song.wav", "--chain", "c.toml")
    assert cli.run(*run, "-o", "a.wav").code == 0
    assert cli.run(*run, "-o", "b.wav", "--time-reference", 3).code == 0
    assert [bext_time(cli.folder / name) for name in ("a.wav", "b.wav")] == [80_000, 24_000]


def test_variations_differ_and_say_why(cli: Cli) -> None:
    ended = cli.render("--variations", 3, "--seed", 5)
    assert (ended.code, ended.out) == (0, [f"song.styled.{n}.wav" for n in (1, 2, 3)])
    assert "start_noise=0.1" in ended.err[0]
    files = cli.files()
    assert len({files[name] for name in ended.out}) == 3
    alone = cli.render("--set", "start_noise=0.1", "--seed", 6, "-o", "alone.wav")
    assert alone.code == 0
    assert cli.files()["alone.wav"] == files["song.styled.2.wav"]


def test_variations_leave_a_chosen_noise_alone(cli: Cli) -> None:
    ended = cli.render("--variations", 2, "--set", "start_noise=0.3", "--json", "-o", "v.flac")
    results = [line for line in ended.objects if line["type"] == "result"]
    assert [line["seed"] for line in results] == [0, 1]
    assert [line["output"] for line in results] == ["v.1.flac", "v.2.flac"]
    assert {line["settings"]["start_noise"] for line in results} == {0.3}


def test_the_history_has_every_step_of_every_segment(cli: Cli) -> None:
    cli.write("song.wav", song(3.0))
    ended = cli.render("--segment", 1.5, "--overlap", 0.2, "--history", "h.csv")
    assert ended.code == 0
    with open(cli.folder / "h.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["segment", "step", "loss", "style", "content"]
    segments = sorted({int(row["segment"]) for row in rows})
    assert segments == list(range(len(segments)))
    assert len(segments) >= 2
    for segment in segments:
        mine = [row for row in rows if int(row["segment"]) == segment]
        assert [int(row["step"]) for row in mine] == [0, 1, 2]
        assert float(mine[-1]["loss"]) < float(mine[0]["loss"])


def test_a_dry_run_writes_nothing(cli: Cli) -> None:
    before = cli.files()
    for args in ((), ("--json",), ("--report", "r.html", "--history", "h.csv"), ("--variations", "2")):
        ended = cli.render("--dry-run", *args, "-o", "x.flac")
        assert ended.code == 0, ended
        assert cli.files() == before
    ended = cli.render("--dry-run", "--segment", "0.6", "--overlap", "0.1")
    assert ended.out == ["song.styled.wav"]
    assert "2 segments at 8000 Hz" in ended.err[1]
    assert "max_iterations=2" in ended.err[2]
    (plan,) = cli.render("--dry-run", "--json", "-o", "x.flac").objects
    assert (plan["type"], plan["dry_run"], plan["output"]) == ("result", True, "x.flac")
    assert (plan["format"], plan["bits"], plan["frames"], plan["segments"]) == ("flac", "16", 8000, 1)


def test_several_styles_by_weight(cli: Cli) -> None:
    cli.write("other.wav", song(1.0)[:, ::-1])
    (cli.folder / "rain.wav=2").write_bytes((cli.folder / "other.wav").read_bytes())
    for name, styles in (
        ("one", ("rain.wav",)),
        ("both", ("rain.wav", "other.wav")),
        ("more", ("rain.wav", "other.wav=3")),
        ("scaled", ("rain.wav=0.5", "other.wav=1.5")),
        ("part", ("rain.wav@0.2:0.5",)),
        ("named", ("rain.wav=2",)),
    ):
        args = [word for style in styles for word in ("--style", style)]
        assert cli.run("render", "song.wav", *args, *QUICK, "-o", f"{name}.wav").code == 0, name
    files = cli.files()
    assert len({files[f"{name}.wav"] for name in ("one", "both", "more", "part", "named")}) == 5
    assert files["more.wav"] == files["scaled.wav"]


def test_overwrite(cli: Cli) -> None:
    assert cli.render().code == 0
    before = cli.files()
    ended = cli.render("--overwrite", "skip")
    assert (ended.code, ended.out) == (4, [])
    assert ended.err == ["error: song.styled.wav is there already; skipped"]
    assert cli.files() == before
    assert cli.render("--overwrite", "rename").out == ["song.styled-2.wav"]
    assert cli.render("--overwrite", "overwrite", "--seed", 3).out == ["song.styled.wav"]
    assert cli.files().keys() == before.keys() | {"song.styled-2.wav"}


def test_skipping_some_variations(cli: Cli) -> None:
    assert cli.render("--variations", 2).code == 0
    os.unlink(cli.folder / "song.styled.1.wav")
    ended = cli.render("--variations", 2, "--overwrite", "skip")
    assert (ended.code, ended.out) == (0, ["song.styled.1.wav"])
    before = cli.files()
    ended = cli.render("--variations", 2, "--overwrite", "skip", "-q")
    assert (ended.code, ended.out) == (4, [])
    assert ended.err == ["error: all 2 results are there already"]
    assert cli.files() == before


def test_one_of_several_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.errors import AudioFileError
    from nast_fx.render import job

    write, calls = job.write_result, []

    def fail_second(*args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise AudioFileError("the disk is gone")
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "write_result", fail_second)
    ended = cli.render("--variations", 3)
    assert (ended.code, ended.out) == (3, ["song.styled.1.wav", "song.styled.3.wav"])
    assert ended.err[-1] == "error: 1 of 3 failed; the first: the disk is gone"


NOTED = {
    "silent": (np.zeros((2, 8000)), 8000, "The content is silent; it stays silent."),
    "six channels": (song(n_channels=6), 8000, "6 channels"),
    "short": (song(0.02), 8000, "shorter than the method's window"),
    "192 kHz": (song(0.5, 192_000), 192_000, "Styled at 8000 Hz"),
}


@pytest.mark.parametrize("kind", NOTED)
def test_unusual_content_is_noted(cli: Cli, kind: str) -> None:
    samples, rate, note = NOTED[kind]
    cli.write("odd.wav", samples, rate)
    ended = cli.render(content="odd.wav")
    assert (ended.code, ended.out) == (0, ["odd.styled.wav"])
    assert any(line.startswith("note: ") and note in line for line in ended.err), ended.err
    path = cli.folder / "odd.styled.wav"
    assert shape(path) == (rate, *samples.shape)
    if kind == "silent":
        assert not soundfile.read(path)[0].any()


def test_a_long_reference_is_noted(cli: Cli) -> None:
    cli.write("rain.wav", noise(40.0)[:1])
    ended = cli.render()
    assert ended.code == 0
    assert "note: rain.wav is 40 s long: 10 evenly spaced excerpts, 30 s in all, are used." in ended.err


NAMES = ["🥁 drum", "שיר", "{}", "{0} %s %d 100%", "[red]bold[]", "a 'b' \"c\"", "-v", "dots.1.5 take"]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(cli: Cli, name: str) -> None:
    cli.write(f"{name}.wav", song())
    cli.write(f"{name} style.wav", noise())
    ended = cli.render(content=f"./{name}.wav", style=f"{name} style.wav")
    assert (ended.code, ended.out) == (0, [f"{name}.styled.wav"]), ended
    (result,) = (
        o
        for o in cli.render("--json", "-o", f"{name}.flac", content=f"./{name}.wav").objects
        if o["type"] == "result"
    )
    assert Path(result["output"]).read_bytes()[:4] == b"fLaC"
    broken = cli.render(content=f"./{name}.mp4")
    assert (broken.code, broken.err) == (1, [f"error: {name}.mp4: there is no such file"])


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_text(cli: Cli) -> None:
    name = os.fsdecode(b"\xff\n.wav")
    cli.write("song.wav", song()).rename(cli.folder / name)
    ended = cli.render("--json", content=name)
    assert ended.code == 0
    assert cli.render("--json", content=name).objects[-1]["type"] == "error"
    assert len(cli.render(content=name).err) == 1


def test_json_has_progress_then_a_result(cli: Cli) -> None:
    ended = cli.render("--json", "--follow", "0.5")
    *before, result = ended.objects
    assert (ended.code, ended.err) == (0, [])
    assert {line["type"] for line in before} <= {"progress", "note"}
    assert [line["message"] for line in before if line["type"] == "note"] == result["notes"]
    keys = {"type", *(field.name for field in dataclasses.fields(Progress))} - {"part"}
    assert all(line.keys() == keys for line in before if line["type"] == "progress")
    assert result.keys() >= {
        "output", "frames", "sample_rate", "channels", "seconds", "seed", "method", "settings",
        "outcome", "losses", "device", "notes",
    }  # fmt: skip
    assert (result["type"], result["frames"], result["sample_rate"], result["channels"]) == (
        "result",
        8000,
        8000,
        2,
    )
    assert result["losses"].keys() == {"loss", "style", "content"}
    assert result["outcome"] == "All iterations were used."


def test_quiet_says_only_the_path(cli: Cli) -> None:
    cli.write("song.wav", np.zeros((2, 8000)))
    ended = cli.render("-q")
    assert (ended.code, ended.out, ended.err) == (0, ["song.styled.wav"], [])


def test_a_report_of_a_snippet(cli: Cli) -> None:
    ended = cli.render(
        "--snippet", "0.2:0.7", "--report", "r.html", "--style", "song.wav@0:0.5=0.5", "--json"
    )
    assert ended.code == 0
    assert ended.objects[-1]["report"] == "r.html"
    page = (cli.folder / "r.html").read_text(encoding="utf-8")
    for words in (
        "song.styled.wav",
        "Onsets kept",
        "the style of the greatest weight",
        "5600 frames at 8000 Hz",
    ):
        assert words in page


def test_a_report_that_fails_leaves_the_result(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.errors import AudioFileError
    from nast_fx.jobs import side_files

    def fail(*args: object, **options: object) -> None:
        raise AudioFileError("r.html: no space left on the disk")

    monkeypatch.setattr(side_files, "write_report", fail)
    ended = cli.render("--report", "r.html")
    assert ended.code == 1
    assert ended.err[-1] == (
        "error: r.html: no space left on the disk; the result itself is there: song.styled.wav"
    )


def test_a_texture(cli: Cli) -> None:
    ended = cli.run("texture", "rain.wav", "song.wav=0.2", "--duration", 1.5, *QUICK, "--report", "t.html")
    assert (ended.code, ended.out) == (0, ["rain.texture.wav"])
    assert shape(cli.folder / "rain.texture.wav") == (8000, 2, 12000)
    assert "white noise" in (cli.folder / "t.html").read_text(encoding="utf-8")
    ended = cli.run(
        "texture", "-s", "rain.wav", "--duration", 1, "--loop", *QUICK, "-o", "loop.flac", "--dry-run"
    )
    assert (ended.code, ended.out) == (0, ["loop.flac"])
    ended = cli.run("texture", "-s", "rain.wav", "--duration", 1, "--loop", *QUICK, "--variations", 2)
    assert (ended.code, ended.out) == (0, ["rain.texture.1.wav", "rain.texture.2.wav"])
    files = cli.files()
    assert files["rain.texture.1.wav"] != files["rain.texture.2.wav"]


def test_ulyanov_lebedev(cli: Cli) -> None:
    fast = ("--set", "n_filters=16", "--set", "griffin_lim_iterations=3")
    ended = cli.render("-m", "ulyanov-lebedev", *fast, "--json")
    assert ended.code == 0
    assert ended.objects[-1]["method"] == "ulyanov-lebedev"
    assert shape(cli.folder / "song.styled.wav") == (8000, 2, 8000)


@pytest.mark.parametrize("amount", ["0", "1"])
def test_hot_floating_point_content_fits_into_integers(cli: Cli, amount: str) -> None:
    cli.write("hot.wav", 4 * song(), subtype="FLOAT")
    assert np.abs(soundfile.read(cli.folder / "hot.wav")[0]).max() > 1
    ended = cli.render("--amount", amount, "--bits", "16", "-o", "out.wav", content="hot.wav")
    assert ended.code == 0
    assert np.abs(soundfile.read(cli.folder / "out.wav")[0]).max() <= 1
    if amount == "0":  # as a whole: what is not styled keeps its shape
        assert any("Full scale keeps the result" in line for line in ended.err)
        own, made = (soundfile.read(cli.folder / name)[0] for name in ("hot.wav", "out.wav"))
        assert np.abs(made - own * np.abs(made).max() / np.abs(own).max()).max() < 1e-3
    kept = cli.render("--amount", "0", "-o", "same.wav", content="hot.wav")
    assert kept.code == 0
    assert (cli.folder / "same.wav").read_bytes() == (cli.folder / "hot.wav").read_bytes()


@pytest.mark.parametrize("name", ["out.flac", "out.aiff"])
def test_amount_0_keeps_the_samples_in_another_container(cli: Cli, name: str) -> None:
    cli.write("deep.wav", song(), subtype="PCM_24")
    assert cli.render("--amount", "0", "-o", name, content="deep.wav").code == 0
    before, after = (soundfile.read(cli.folder / file, dtype="int32")[0] for file in ("deep.wav", name))
    np.testing.assert_array_equal(after, before)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
@pytest.mark.parametrize("output", ["/dev/null", "-"])
def test_a_result_is_only_written_to_a_file(cli: Cli, output: str) -> None:
    before = cli.files()
    cli.refuses(cli.render("-o", output), 1, "is not a regular file", before=before)
