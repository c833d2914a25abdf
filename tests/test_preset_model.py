"""A preset as data: what it sets, what it refuses, how it is written; old schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models import RenderPlan, RenderRequest, StyleReference, TextureRequest, validated
from nast_fx.models.preset import SCHEMA, Preset, migrate, preset_of
from nast_fx.presets import parse_preset, preset_text, read_preset, write_preset

OLD = sorted((Path(__file__).parent / "presets").glob("*.toml"))


def preset(text: str) -> Preset:
    return parse_preset(f'schema = 1\nname = "x"\n{text}'.encode(), "x.toml")


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_every_old_file_loads_and_reads_back(path: Path, tmp_path: Path) -> None:
    found = read_preset(path)
    assert found.schema_version == SCHEMA
    write_preset(tmp_path / "again.toml", found)
    assert read_preset(tmp_path / "again.toml") == found
    assert preset_text(read_preset(tmp_path / "again.toml")) == preset_text(found)


def test_the_flat_schema_becomes_tables() -> None:
    found = read_preset(OLD[0])
    assert (found.method, found.settings) == ("ulyanov-lebedev", {"n_filters": 512, "content_weight": 0.02})
    assert found.plan.model_dump(exclude_unset=True) == {"amount": 0.7, "strength": 0.9, "quality": "draft"}


def test_a_newer_schema_is_said_to_be_one() -> None:
    with pytest.raises(UsageError, match="newer nast-fx"):
        migrate({"schema": SCHEMA + 1})
    for wrong in (True, "1", -1, None, 1.0):
        with pytest.raises(UsageError, match="whole number"):
            migrate({"schema": wrong, "name": "x"})


def test_what_is_left_out_is_not_set() -> None:
    assert preset("").request_values() == {}
    values = preset("[plan]\namount = 1\n[output]\nbits = '24'").request_values()
    assert values.keys() == {"plan", "bits"}
    assert values["plan"].model_fields_set == {"amount"}
    assert preset("[settings]\ncontent_weight = 1").request_values().keys() == {"method", "settings"}


def test_it_makes_a_request() -> None:
    found = read_preset(OLD[1])
    request = RenderRequest(content=Path("song.wav"), **found.request_values())
    assert (request.method, request.settings["n_filters"]) == ("mital", "inf")
    assert (request.format, request.bits, request.tail_seconds) == ("flac", "24", 1.5)
    assert [style.weight for style in request.styles] == [0.7, 1.0]
    assert request.tracking.key == "F# minor"
    assert [slot.kind for slot in request.chain.slots] == ["builtin", "parallel", "style", "vst3"]


def test_a_request_makes_it() -> None:
    plan = validated(RenderPlan, {"amount": 0.4, "device": "cpu"})
    style = StyleReference(path=Path("rain.wav"))
    request = RenderRequest(
        content=Path("a.wav"), styles=(style,), settings={"n_layers": 2}, plan=plan, bits="16"
    )
    made = preset_of(request, "mine")
    assert made.values() == {
        "schema": 1,
        "name": "mine",
        "method": "infinite",
        "settings": {"n_layers": 2},
        "plan": {"amount": 0.4},  # where it is computed is no matter of sound
        "output": {"bits": "16"},
        "styles": [{"path": "rain.wav"}],
    }
    texture = TextureRequest(styles=(style,), duration_seconds=3)
    assert preset_of(texture, "bed").values().keys() == {"schema", "name", "method", "styles"}


def test_it_is_written_to_be_read() -> None:
    text = preset_text(read_preset(OLD[1]))
    assert 'tags = ["everything", "ünïcode"]\n' in text
    assert 'Two lines,\nwith "quotes"."""\n' in text.replace('\\"', '"')
    assert '[[styles]]\npath = "rain.wav"\n' in text
    assert "points = [[0.0, 0.2], [4.0, 1.0]]\n" in text
    assert 'n_filters = "inf"\n' in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('metod = "mital"', "there is no setting 'metod'; did you mean 'method'?"),
        ('method = "mitall"', "there is no method 'mitall'; did you mean 'mital'?"),
        ("[plan]\namuont = 1", "plan: there is no setting 'amuont'; did you mean 'amount'?"),
        ("[plan]\namount = 2", "plan: amount=2 must be at least 0 and at most 1"),
        ("[plan]\namount = true", "plan: amount=true must be a number or a text"),
        ("plan = 3", "plan must be a table of names and values"),
        ("[settings]\nn_layer = 2", "did you mean 'n_layers'?"),
        ('method = "mital"\n[settings]\nn_layers = 9', "settings of mital: n_layers=9 must be at least 1"),
        ("settings = 4", "settings of infinite must be a table of names and values"),
        ('[tracking]\nkey = "H major"', "tracking: key=H major must be content, off, or a key"),
        ("[[styles]]\nweight = 1", "style 1: it names no file"),
        ('[[styles]]\npath = "a"\n[[styles]]\npath = "b"\nweight = 0', "style 2: weight=0 must be above 0"),
        ("styles = 1", "styles must be a list of tables: each begins with [[styles]]"),
        ('[[chain.slots]]\nplugin = "Revreb"', "chain: slot 1 (Revreb): there is no plugin 'Revreb'"),
        ('tags = "drums"', 'tags must be a list of words, as in tags = ["drums", "dark"]'),
        ('[output]\nformat = "mp3"\nbits = "16"', "output: bits=16 must be left out for mp3"),
        ("[plan]\nseed = 0x" + "f" * 9000, "a whole number in it is beyond 64 bits"),
        ("[plan]\nseed = " + "1" * 9000, "a number or a date in it cannot be read"),
        ("[plan]\namount = nan", "plan: amount=nan must be at least 0 and at most 1"),
        ("[plan]\namount = 1979-05-27", "a date or a time in it has no meaning"),
        ('[[styles]]\npath = "a\\u0000b"', "a text in it holds a NUL character"),
        (f"settings.{'a.' * 500}b = 1", "it is nested too deeply"),
        ("notes = " + "[" * 3000, "it is nested too deeply"),
        ("schema_version = 1", "there is no setting 'schema_version'; did you mean 'schema'?"),
        (f'name = "{"x" * 100_000}"', "this is no TOML"),  # named twice
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        preset(text)
    message = str(raised.value)
    assert message.startswith("x.toml: ")
    assert sentence in message
    assert len(message) < 400
    assert "\n" not in message


def test_no_name_and_no_schema() -> None:
    with pytest.raises(UsageError, match='write name = "Warm glue"'):
        parse_preset(b"schema = 1", "x.toml")
    with pytest.raises(UsageError, match="must begin with schema = 1 to be a preset"):
        parse_preset(b'name = "x"', "x.toml")
    with pytest.raises(UsageError, match="one line of text"):
        parse_preset(b'schema = 1\nname = "two\\nlines"', "x.toml")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="there is no such file"):
        read_preset(tmp_path / "none.toml")
    with pytest.raises(UsageError, match=r"a preset ends in \.toml"):
        read_preset(tmp_path / "song.wav")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(AudioFileError, match="is a folder"):
        read_preset(tmp_path / "folder.toml")
    with open(tmp_path / "zeros.toml", "wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(AudioFileError, match="larger than a preset may be"):
        read_preset(tmp_path / "zeros.toml")
    with pytest.raises(AudioFileError):
        read_preset("a\0b.toml")


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    write_preset(path, Preset(name="one"))
    with pytest.raises(AudioFileError, match="exists already"):
        write_preset(path, Preset(name="two"))
    assert read_preset(path).name == "one"
    write_preset(path, Preset(name="two"), overwrite=True)
    assert read_preset(path).name == "two"
