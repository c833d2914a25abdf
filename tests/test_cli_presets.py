"""`nast-fx presets`, and `--preset` of render and texture."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from cli_runner import QUICK, Cli
from preset_folders import MINIMAL, own_user_folder, zipped

from nast_fx.presets import find_preset, read_preset

STATE = b'[[chain.slots]]\nplugin = "Zam.vst3"\nif_missing = "skip"\nstate = { raw = "AAEC" }\n'


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    own_user_folder(tmp_path, monkeypatch)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return Cli(tmp_path, capsys, monkeypatch)


def preset(cli: Cli, name: str, text: str) -> Path:
    folder = cli.folder / "nast-presets"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(f'schema = 1\nname = "{name}"\n{text}', encoding="utf-8")
    return path


def effective(cli: Cli, *args: object) -> dict[str, object]:
    """What is in effect, by a dry run."""
    ended = cli.run("render", "song.wav", "--dry-run", "--json", *args)
    assert ended.code == 0, ended
    found = ended.objects[-1]["effective"]
    assert isinstance(found, dict)
    return found


def test_options_win_over_the_preset_and_it_over_the_defaults(cli: Cli) -> None:
    preset(
        cli,
        "p",
        'method = "mital"\ntail_seconds = 1\n[settings]\nn_filters = 64\nn_layers = 2\n'
        '[plan]\namount = 0.5\nstrength = 0.7\nsegment_beats = 8\nloop = true\n[tracking]\nkey = "off"\n'
        '[output]\nformat = "flac"\nbits = "24"\n[[styles]]\npath = "../rain.wav"\n'
        '[[chain.slots]]\nplugin = "Gain"\n',
    )
    found = effective(cli, "--preset", "p")
    assert found["method"] == "mital"
    assert found["plan"] == {"amount": 0.5, "strength": 0.7, "segment_beats": 8}
    assert found["output"] == {"format": "flac", "bits": "24"}
    assert [Path(style["path"]).resolve() for style in found["styles"]] == [cli.folder / "rain.wav"]  # type: ignore[index, attr-defined]
    given = ("--amount", 0.2, "--set", "n_layers=1", "--segment", 2, "--key", "C", "--tail", 2)
    found = effective(cli, "--preset", "p", *given, "-s", "song.wav", "-o", "x.mp3")
    assert found["plan"] == {"amount": 0.2, "strength": 0.7, "segment_seconds": 2}
    assert found["settings"] == {"n_filters": 64, "n_layers": 1}
    assert found["tracking"] == {"key": "C major"}
    assert found["tail_seconds"] == 2
    assert "output" not in found  # neither the format nor its depth is that of mp3
    assert [Path(style["path"]).name for style in found["styles"]] == ["song.wav"]  # type: ignore[index, attr-defined]
    (cli.folder / "none.toml").write_text("schema = 1", encoding="utf-8")
    assert "chain" not in effective(cli, "--preset", "p", "--chain", "none.toml")


def test_settings_of_another_method_are_left_out(cli: Cli) -> None:
    preset(cli, "p", 'method = "mital"\n[settings]\nn_filters = 64\n')
    ended = cli.render("--preset", "p", "--method", "infinite", "--dry-run")
    assert ended.code == 0
    assert "settings are for mital; infinite starts from its own" in ended.err[0]


def test_a_style_must_come_from_somewhere(cli: Cli) -> None:
    preset(cli, "p", "[plan]\namount = 0.5\n")
    before = cli.files()
    cli.refuses(cli.run("render", "song.wav"), 2, "--style is missing", before=before)
    ended = cli.run("render", "song.wav", "--preset", "p")
    cli.refuses(ended, 2, "the preset p has no styles of its own", before=before)
    ended = cli.run("texture", "--duration", 1)
    cli.refuses(ended, 2, "STYLE is missing", before=before)
    ended = cli.run("render", "song.wav", "-s", "rain.wav", "--preset", "subtel-glue")
    cli.refuses(ended, 2, "did you mean 'subtle-glue'?", before=before)


def test_a_render_by_preset_saves_its_own(cli: Cli) -> None:
    preset(cli, "p", '[plan]\namount = 0.5\n[[styles]]\npath = "../rain.wav"\n')
    args = ("--preset", "p", *QUICK, "--seed", 3, "--save-preset", "own.toml", "--report", "r.html")
    ended = cli.run("render", "song.wav", *args, "--json")
    assert ended.code == 0, ended
    result = ended.objects[-1]
    assert (result["preset"]["name"], result["preset"]["layer"]) == ("p", "project")
    saved = read_preset(cli.folder / "own.toml")
    assert saved.values() == {
        "schema": 1,
        "name": "own",
        "method": "infinite",
        "settings": {"max_iterations": 2},
        "plan": {"amount": 0.5, "seed": 3},
        "styles": [{"path": "rain.wav"}],
    }
    page = (cli.folder / "r.html").read_text(encoding="utf-8")
    assert "Settings in effect, as a preset" in page
    assert "<pre>schema = 1" in page
    again = cli.run("render", "song.wav", "--preset", "./own.toml", "-o", "again.wav")
    assert again.code == 0
    assert (cli.folder / "again.wav").read_bytes() == (cli.folder / "song.styled.wav").read_bytes()


def test_a_preset_to_save_has_its_place(cli: Cli) -> None:
    before = cli.files()
    for path, said in (("x.txt", "ends in .toml"), ("none/x.toml", "there is no folder")):
        ended = cli.render("--save-preset", path)
        cli.refuses(ended, 2 if "txt" in path else 1, said, before=before)


def test_textures_take_what_is_theirs(cli: Cli) -> None:
    preset(
        cli,
        "p",
        'tail_seconds = 2\n[plan]\nloop = true\nsegment_beats = 8\n[[styles]]\npath = "../rain.wav"\n'
        '[[chain.slots]]\nplugin = "Gain"\n',
    )
    ended = cli.run("texture", "--preset", "p", "--duration", 1, *QUICK, "--json")
    assert ended.code == 0, ended
    assert ended.objects[-1]["effective"]["plan"] == {"loop": True}
    notes = [line["message"] for line in ended.objects if line["type"] == "note"]
    assert any("chain is not used" in note for note in notes)
    args = ("--duration", 1, "--no-loop", "-o", "plain.wav", "--dry-run", "--json")
    ended = cli.run("texture", "--preset", "p", *args)
    assert ended.objects[-1]["effective"]["plan"] == {"loop": False}


def test_the_preset_beside_the_audio_wins(cli: Cli) -> None:
    preset(cli, "p", "[plan]\namount = 0.1\n")
    (cli.folder / "takes").mkdir()
    (cli.folder / "takes" / "song.wav").write_bytes((cli.folder / "song.wav").read_bytes())
    (cli.folder / "nast-presets").rename(cli.folder / "takes" / "nast-presets")
    preset(cli, "p", "[plan]\namount = 0.9\n")
    for content, amount in (("song.wav", 0.9), ("takes/song.wav", 0.1)):
        ended = cli.run("render", content, "-s", "rain.wav", "--preset", "p", "--dry-run", "--json")
        assert ended.objects[-1]["effective"]["plan"] == {"amount": amount}


def test_list_search_and_show(cli: Cli) -> None:
    rows = cli.run("presets", "list").out
    assert len(rows) > 12
    assert any(row.startswith("subtle-glue ") and " factory " in row for row in rows)
    preset(cli, "subtle-glue", 'tags = ["Mine"]\n')
    assert any("project, hides factory" in row for row in cli.run("presets", "list").out)
    (only,) = cli.run("presets", "list", "--tag", "mine", "--json").objects[-1]["presets"]
    assert (only["name"], only["shadows"][0]["layer"]) == ("subtle-glue", "factory")
    nothing = cli.run("presets", "list", "--search", "qqqq")
    assert (nothing.out, nothing.err) == ([], ["note: No preset has that tag or that word."])
    shown = cli.run("presets", "show", "subtle-glue").out
    assert any(line.startswith("hides factory") for line in shown)
    assert 'tags = ["Mine"]' in shown
    (cli.folder / "nast-presets" / "bad.toml").write_text("schema = 9", encoding="utf-8")
    listed = cli.run("presets", "list")
    assert (listed.code, len(listed.err)) == (0, 1)
    assert listed.err[0].startswith("broken: ")


def test_save_from_options_and_from_another(cli: Cli) -> None:
    args = ("--from", "subtle-glue", "--amount", 0.5, "--style", "rain.wav@0:0.5=2", "--tag", "warm")
    ended = cli.run("presets", "save", "Warm glue", *args)
    assert ended.code == 0, ended
    found = find_preset("warm-glue")
    assert (found.layer, found.preset.name, found.preset.tags) == ("user", "Warm glue", ("warm",))
    assert found.preset.plan.amount == 0.5
    assert found.preset.settings == find_preset("subtle-glue").preset.settings
    assert found.preset.styles[0].path == cli.folder / "rain.wav"
    before = cli.files()
    ended = cli.run("presets", "save", "warm GLUE", "--amount", 1)
    cli.refuses(ended, 1, "is there already; --overwrite replaces it", before=before)
    ended = cli.run("presets", "save", "x", "--amount", 2)
    cli.refuses(ended, 2, "--amount 2 must be at least 0 and at most 1", before=before)
    ended = cli.run("presets", "save", "x", "--style", "none.wav")
    cli.refuses(ended, 1, "none.wav: there is no such file", before=before)
    ended = cli.run("presets", "save", "x", "--style", "bellz")
    cli.refuses(ended, 2, "no style bellz, as a file or by name; did you mean 'bells'?", before=before)
    ended = cli.run("presets", "save", "...")
    cli.refuses(ended, 2, "is no name for a preset", before=before)
    assert cli.run("presets", "save", "subtle-glue", "--project", "--strength", 0.5).code == 0
    assert find_preset("subtle-glue").layer == "project"


def editor(cli: Cli, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make an editor of a line of Python that has the text."""
    script = cli.folder.parent / f"{cli.folder.name}-editor.py"
    script.write_text(
        f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text('utf-8')\n"
        f"path.write_text({code}, 'utf-8')\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EDITOR", f'"{sys.executable}" "{script}"')


def test_edit(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = preset(cli, "p", "[plan]\namount = 0.5  # of taste\n")
    before = cli.files()
    cli.refuses(cli.run("presets", "edit", "p"), 2, "set VISUAL or EDITOR", before=before)
    editor(cli, monkeypatch, "text")
    assert "Nothing changed" in cli.run("presets", "edit", "p").err[0]
    assert cli.files() == before
    editor(cli, monkeypatch, "text.replace('0.5', '5')")
    ended = cli.run("presets", "edit", "p")
    cli.refuses(ended, 2, "plan: amount=5 must be", before=before)
    Path(ended.err[0].split(" kept in ")[1]).unlink()
    editor(cli, monkeypatch, "text.replace('0.5', '0.6')")
    assert cli.run("presets", "edit", "p").code == 0
    assert path.read_text(encoding="utf-8").endswith("amount = 0.6  # of taste\n")
    if os.name == "posix":
        monkeypatch.setenv("EDITOR", "false")
        before = cli.files()
        cli.refuses(cli.run("presets", "edit", "p"), 2, "ended with code 1", before=before)


def test_a_factory_preset_is_copied_before_it_is_edited(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = find_preset("subtle-glue")
    data = factory.path.read_bytes()
    editor(cli, monkeypatch, "text + '# mine'")
    ended = cli.run("presets", "edit", "subtle-glue")
    assert ended.code == 0
    assert factory.path.read_bytes() == data
    mine = find_preset("subtle-glue")
    assert (mine.layer, mine.path.read_bytes()) == ("user", data + b"# mine")


def test_validate(cli: Cli) -> None:
    good = preset(cli, "good", "")
    bad = preset(cli, "bad", "[plan]\namount = 7\n")
    assert cli.run("presets", "validate", good).out == [f"{good}: right"]
    before = cli.files()
    cli.refuses(cli.run("presets", "validate", bad), 2, "amount=7", before=before)
    both = cli.run("presets", "validate", good, bad)
    assert (both.code, both.err[-1]) == (3, "error: 1 of 2 are wrong")
    assert cli.run("presets", "validate", bad, bad).code == 2
    (cli.folder / "state.zip").write_bytes(zipped({"a.toml": MINIMAL + STATE}))
    assert "brings a saved state" in cli.run("presets", "validate", "state.zip").out[0]


def test_export_import_delete(cli: Cli) -> None:
    assert cli.run("presets", "save", "Glass room", "--style", "rain.wav").code == 0
    assert cli.run("presets", "export", "glass-room", "-o", "g.zip").out == ["g.zip"]
    before = cli.files()
    cli.refuses(cli.run("presets", "import", "g.zip"), 1, "is there already; --name NEW", before=before)
    assert cli.run("presets", "import", "g.zip", "--name", "Other").code == 0
    style = find_preset("other").placed.styles[0].path
    assert style.read_bytes() == (cli.folder / "rain.wav").read_bytes()
    ended = cli.run("render", "song.wav", "--preset", "other", *QUICK)
    assert ended.code == 0, ended
    assert len(cli.run("presets", "delete", "other").out) == 2
    assert not style.exists()
    before = cli.files()
    cli.refuses(cli.run("presets", "delete", "subtle-glue"), 2, "program's own", before=before)
    cli.refuses(cli.run("presets", "export", "glass-room", "-o", "g.zip"), 1, "exists already", before=before)


def test_a_state_needs_a_yes(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (cli.folder / "state.zip").write_bytes(zipped({"a.toml": MINIMAL + STATE}))
    before = cli.files()
    ended = cli.run("presets", "import", "state.zip", "--quiet")
    cli.refuses(ended, 2, "nobody can be asked here: agree with --yes", before=before)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answer, code in (("n\n", 130), ("y\n", 0)):
        answers = iter([answer])
        monkeypatch.setattr("typer.confirm", lambda *args, answers=answers, **kwargs: next(answers) == "y\n")
        assert cli.run("presets", "import", "state.zip").code == code
    assert cli.run("presets", "import", "state.zip", "--name", "b", "--yes").code == 0
    assert find_preset("glass-room").preset.chain == find_preset("b").preset.chain


@pytest.mark.skipif(os.name != "posix", reason="rights as on POSIX")
def test_a_folder_that_cannot_be_written(cli: Cli) -> None:
    assert cli.run("presets", "save", "a").code == 0
    folder = find_preset("a").path.parent
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        before = cli.files()
        cli.refuses(cli.run("presets", "save", "b"), 1, "write-protected", before=before)
    finally:
        folder.chmod(0o755)


def test_a_style_of_the_program_goes_by_name_and_an_own_one_as_a_file(cli: Cli) -> None:
    assert cli.run("style", "learn", "rain.wav", "-o", "own.naststyle").code == 0
    styles = cli.folder / "data" / "styles"
    styles.mkdir(parents=True)
    (cli.folder / "own.naststyle").rename(styles / "own.naststyle")
    assert cli.run("presets", "save", "both", "--style", "bells", "--style", "own=2").code == 0
    assert [str(style.path) for style in find_preset("both").placed.styles] == ["bells", "own"]
    assert cli.run("presets", "export", "both", "-o", "both.zip").code == 0
    assert cli.run("presets", "import", "both.zip", "--name", "other").code == 0
    known, own = find_preset("other").placed.styles
    assert str(known.path) == "bells"
    assert own.path.read_bytes() == (styles / "own.naststyle").read_bytes()
    ended = cli.run("render", "song.wav", "--preset", "other", *QUICK)
    assert ended.code == 0, ended
