"""Where presets are found, kept and deleted; where file names in them start."""

from __future__ import annotations

from pathlib import Path

import pytest
from preset_folders import own_user_folder

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models import RenderRequest, StyleReference
from nast_fx.models.preset import Preset
from nast_fx.presets import (
    delete_preset,
    effective_text,
    find_preset,
    list_presets,
    parse_preset,
    save_preset,
    slug,
    write_preset,
)
from nast_fx.presets.paths import file_names, from_folder, in_folder


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return own_user_folder(tmp_path, monkeypatch)


def test_the_project_wins_over_the_user_over_the_program(user: Path, tmp_path: Path) -> None:
    factory = find_preset("subtle-glue")
    assert (factory.layer, factory.shadows) == ("factory", ())
    save_preset(Preset(name="Subtle glue", description="mine"))
    mine = find_preset("Subtle Glue")
    assert (mine.layer, mine.path, mine.preset.description) == ("user", user / "subtle-glue.toml", "mine")
    assert mine.shadows == (("factory", factory.path),)
    save_preset(Preset(name="Subtle glue"), layer="project")
    beside = tmp_path / "song"
    save_preset(Preset(name="Subtle glue"), layer="project", project=beside)
    found = find_preset("subtle-glue", project=beside)
    assert found.path == beside / "nast-presets" / "subtle-glue.toml"
    assert [layer for layer, _ in found.shadows] == ["project", "user", "factory"]
    listed, broken = list_presets()
    assert [one.layer for one in listed if one.name == "subtle-glue"] == ["project"]
    assert broken == ()


def test_a_name_is_found_as_people_write_it(user: Path) -> None:
    save_preset(Preset(name="Größe & Höhe!"))
    for name in ("größe-höhe", "Größe Höhe", "GRÖSSE  HÖHE".replace("SS", "ß")):
        assert find_preset(name).preset.name == "Größe & Höhe!"
    with pytest.raises(UsageError, match="there is no preset 'grose-hohe'; did you mean"):
        find_preset("grose-hohe")
    with pytest.raises(UsageError, match="presets list shows all"):
        find_preset("qqqqqqq")


@pytest.mark.parametrize("name", ["", "  ", "...", "///", "con", "COM1", "\N{SMILING FACE WITH SUNGLASSES}"])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a preset"):
        slug(name)


def test_a_path_is_taken_as_it_is(user: Path, tmp_path: Path) -> None:
    write_preset(tmp_path / "mine.toml", Preset(name="Mine"))
    for path in ("mine.toml", "./mine.toml", tmp_path / "mine.toml"):
        assert find_preset(path).layer == "file"
    with pytest.raises(AudioFileError, match="there is no such file"):
        find_preset("./none.toml")
    (tmp_path / "subtle-glue").write_text("no preset", encoding="utf-8")  # a file of that very name
    assert find_preset("subtle-glue").layer == "factory"


def test_a_broken_file_is_told_and_hides_nothing_else(user: Path) -> None:
    save_preset(Preset(name="Fine"))
    (user / "broken.toml").write_text("schema = 1\nname = 3", encoding="utf-8")
    listed, broken = list_presets()
    assert "fine" in [one.name for one in listed]
    assert [one.path.name for one in broken] == ["broken.toml"]
    with pytest.raises(UsageError, match="name=3"):
        find_preset("broken")


def test_saving_replaces_only_when_told(user: Path) -> None:
    path = save_preset(Preset(name="A", notes="one"))
    with pytest.raises(AudioFileError, match="is there already"):
        save_preset(Preset(name="A", notes="two"))
    assert find_preset("a").preset.notes == "one"
    save_preset(Preset(name="A", notes="two"), overwrite=True)
    assert find_preset("a").preset.notes == "two"
    assert [entry.name for entry in user.iterdir()] == [path.name]
    with pytest.raises(UsageError, match="cannot be changed"):
        save_preset(Preset(name="A"), layer="factory")


def test_only_own_presets_are_deleted(user: Path, tmp_path: Path) -> None:
    save_preset(Preset(name="A"))
    assert delete_preset(find_preset("a")) == (user / "a.toml",)
    assert not (user / "a.toml").exists()
    with pytest.raises(UsageError, match="program's own"):
        delete_preset(find_preset("subtle-glue"))
    write_preset(tmp_path / "mine.toml", Preset(name="Mine"))
    with pytest.raises(UsageError, match="in no folder for presets"):
        delete_preset(find_preset("mine.toml"))
    assert (tmp_path / "mine.toml").exists()


FILES = b"""schema = 1
name = "Files"
method = "mital"
[settings]
features = "encoder.safetensors"
[[styles]]
path = "rain.wav"
[[styles]]
path = "bells"
[[chain.slots]]
plugin = "Convolution"
parameters = { impulse_response_filename = "rooms/hall.wav" }
[[chain.slots]]
plugin = "Own.vst3"
path = "plugins/Own.vst3"
"""


def test_file_names_start_from_the_folder_of_the_preset(tmp_path: Path) -> None:
    preset = parse_preset(FILES, "files.toml")
    placed = from_folder(preset, tmp_path)
    names = ("rain.wav", "bells", "encoder.safetensors", "rooms/hall.wav", "plugins/Own.vst3")
    assert file_names(preset) == names
    known, *files = "bells", *(name for name in names if name != "bells")
    assert set(file_names(placed)) == {known, *(str(tmp_path / name) for name in files)}
    assert in_folder(placed, tmp_path) == preset
    (tmp_path / "bells").touch()  # a file of that name is meant before a style that is known
    assert str(tmp_path / "bells") in file_names(from_folder(preset, tmp_path))


def test_a_project_moves_with_its_presets(user: Path, tmp_path: Path) -> None:
    preset = from_folder(parse_preset(FILES, "files.toml"), tmp_path)
    path = save_preset(preset, layer="project")
    assert 'path = "../rain.wav"' in path.read_text(encoding="utf-8")
    assert find_preset("files").placed.styles[0].path.resolve() == (tmp_path / "rain.wav").resolve()
    own = save_preset(preset).read_text(encoding="utf-8")
    assert str(tmp_path / "rain.wav").replace("\\", "/") in own.replace("\\\\", "/")


def test_what_was_in_effect_reads_back_as_the_same_sound(user: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "files.toml").write_bytes(FILES)
    values = find_preset(tmp_path / "deep" / "files.toml").request_values()
    assert values["chain_file"] == (tmp_path / "deep" / "files.toml").resolve()
    request = RenderRequest(content=Path("song.wav"), **values)
    text = effective_text(request, tmp_path / "saved.toml")
    again = from_folder(parse_preset(text.encode(), "saved.toml"), tmp_path.resolve())
    assert again.request_values() == find_preset(tmp_path / "deep" / "files.toml").placed.request_values()


def test_any_name_of_a_file_makes_a_preset(user: Path, tmp_path: Path) -> None:
    style = StyleReference(path=Path("rain.wav"))
    request = RenderRequest(content=Path("song.wav"), styles=(style,))
    for stem in ("x" * 300, "new\nline", "\N{RIGHT-TO-LEFT OVERRIDE}abc", " "):
        assert parse_preset(effective_text(request, tmp_path / f"{stem}.toml").encode(), "x").styles
