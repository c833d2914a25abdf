"""`nast-fx style`: learn, show and list, and renders with what was learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_runner import Cli, noise

from nast_fx.styles import read_style


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    own = tmp_path.parent / f"{tmp_path.name}-own"
    monkeypatch.setattr("nast_fx.styles.find.user_folder", lambda: own)
    return Cli(tmp_path, capsys, monkeypatch)


def test_learn_show_render(cli: Cli) -> None:
    cli.write("storm.wav", noise(6.0))
    ended = cli.run("style", "learn", "storm.wav", "-o", "s.naststyle", "--seconds", "2.6", "--author", "Ann")
    assert (ended.code, ended.out) == (0, ["s.naststyle"])
    assert "2.6 s of 6.0 s, stereo at 8000 Hz" in ended.err[-1]
    shown = cli.run("style", "show", "s.naststyle", "--picture", "s.png")
    rows = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in shown.out}
    assert rows["name"] == "s"
    assert rows["author"] == "Ann"
    assert rows["from"] == "storm.wav, 6.0 s, 2 channels, 8000 Hz"
    assert (cli.folder / "s.png").read_bytes().startswith(b"\x89PNG")
    (facts,) = cli.run("style", "show", "s.naststyle", "--json").objects
    assert (facts["type"], facts["layer"], facts["parts"]) == ("result", "file", ["mid", "side"])
    assert facts["learning"]["error"] > 0
    ended = cli.render("--style", "song.wav=0.2", style="s.naststyle=0.8")
    assert (ended.code, ended.out) == (0, ["song.styled.wav"])
    ended = cli.render("--report", "page.html", "--overwrite", "rename", style="s.naststyle")
    assert ended.code == 0, ended
    assert "s.naststyle" in (cli.folder / "page.html").read_text(encoding="utf-8")


def test_a_style_without_a_file_is_ones_own(cli: Cli) -> None:
    cli.write("storm.wav", noise(4.0))
    ended = cli.run("style", "learn", "storm.wav@1:2.5", "song.wav", "--name", "gale", "--json")
    *progress, result = ended.objects
    assert {one["type"] for one in progress} <= {"progress"}
    assert Path(result["output"]).name == "gale.naststyle"
    assert [one["start_seconds"] for one in result["recordings"]] == [1.0, 0.0]
    assert result["bytes"] == Path(result["output"]).stat().st_size
    listed = cli.run("style", "list")
    assert listed.out[1].split()[:2] == ["gale", "yours"]
    assert len(listed.out) == 1 + 1 + 6
    (found,) = cli.run("style", "list", "--json").objects
    assert [one["layer"] for one in found["styles"]] == ["user", *["factory"] * 6]
    assert cli.render("-o", "x.wav", style="gale").code == 0
    Path(result["output"]).write_bytes(b"broken")
    listed = cli.run("style", "list")
    assert len(listed.out) == 1 + 6
    assert "is no style made by nast-fx style learn" in listed.err[0]


def test_no_recording_is_needed(cli: Cli) -> None:
    assert cli.render("-o", "x.wav", style="bells").out == ["x.wav"]
    ended = cli.run("texture", "rain", "--duration", "1", "--set", "max_iterations=2")
    assert ended.out == ["rain.texture.wav"], ended
    assert cli.run("evaluate", "song.wav", "bells", "x.wav").code == 0
    dry = cli.render("-o", "y.wav", "--dry-run", style="bells")
    assert (dry.code, dry.out) == (0, ["y.wav"])


def test_what_is_there_is_not_lost(cli: Cli) -> None:
    cli.write("storm.wav", noise(3.0))
    learn = ("style", "learn", "storm.wav", "-o", "s")
    assert cli.run(*learn).out == ["s.naststyle"]
    before = cli.files()
    cli.refuses(cli.run(*learn), 1, "is there already", before=before)
    cli.refuses(cli.run(*learn, "--overwrite", "skip"), 4, "skipped", before=before)
    assert cli.run(*learn, "--overwrite", "rename").out == ["s-2.naststyle"]
    assert cli.run(*learn, "--overwrite", "overwrite").code == 0
    assert cli.run("style", "show", "s.naststyle", "--picture", "p.png").code == 0
    before = cli.files()
    cli.refuses(cli.run("style", "show", "bells", "--picture", "p.png"), 1, "is there already", before=before)
    assert cli.run("style", "show", "bells", "--picture", "p.png", "--overwrite").code == 0


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("learn", "none.wav", "-o", "x"), 1, "none.wav: there is no such file"),
        (("learn", "song.wav=0.5", "-o", "x"), 2, "have no weights"),
        (("learn", "bells.naststyle", "-o", "x"), 2, "is a style already"),
        (("learn", "song.wav", "-o", "x.wav"), 2, "a style file ends in .naststyle"),
        (("learn", "song.wav", "-o", "no/x.naststyle"), 1, "there is no folder"),
        (("learn", "song.wav", "-o", "x", "--seconds", "100"), 2, "--seconds 100 must be at least 1.5"),
        (("learn", "song.wav", "-o", "x", "--overwrite", "skipp"), 2, "did you mean 'skip'"),
        (("learn", "song.wav", "--name", "a/b"), 2, "cannot be the name of a file"),
        (("learn", "silence.wav", "-o", "x"), 1, "silence.wav: is silent"),
        (("show", "bels"), 2, "did you mean 'bells'"),
        (("show", "song.wav"), 1, "is no style made by nast-fx style learn"),
        (("show", "bells", "--picture", "x.jpg"), 2, "pictures are PNG"),
        (("show", "bells", "--picture", "no/x.png"), 1, "there is no folder"),
        (("lern",), 2, "learn"),
    ],
)
def test_mistakes(cli: Cli, args: tuple[str, ...], code: int, message: str) -> None:
    cli.write("silence.wav", np.zeros((1, 8000)))
    cli.refuses(cli.run("style", *args), code, message, before=cli.files())


def test_what_a_file_holds_is_what_was_said(cli: Cli) -> None:
    cli.write("storm.wav", noise(3.0))
    args = ("--license", "CC BY 4.0", "--name", "Big storm", "-o", "s.naststyle", "-q")
    assert cli.run("style", "learn", "storm.wav", *args).err == []
    facts = read_style(cli.folder / "s.naststyle").facts
    assert (facts.name, facts.license, facts.recordings[0].file) == ("Big storm", "CC BY 4.0", "storm.wav")
