"""Presets given away and taken in: whole, unchanged, and without harm from what strangers pack."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from preset_folders import MINIMAL, own_user_folder, zipped

from nast_fx.errors import AudioFileError, CancelledError, NastFxError, UsageError
from nast_fx.presets import delete_preset, export_preset, find_preset, import_presets, parse_preset

SOUND = b"RIFF and so on"
FULL = b"""schema = 1
name = "Glass room"
[[styles]]
path = "rain.wav"
weight = 0.5
[[styles]]
path = "other/rain.wav"
[[styles]]
path = "bells"
[[chain.slots]]
plugin = "Convolution"
parameters = { impulse_response_filename = "hall.flac" }
[[chain.slots]]
plugin = "Own"
path = "plugins/Own.vst3"
if_missing = "skip"
"""
STATE = b'[[chain.slots]]\nplugin = "Zam.vst3"\nstate = { raw = "AAEC", identifier = "zam" }\n'


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return own_user_folder(tmp_path, monkeypatch)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A preset file with all that it names."""
    folder = tmp_path / "own"
    (folder / "other").mkdir(parents=True)
    for name, data in {"rain.wav": b"1", "other/rain.wav": b"2", "hall.flac": b"3"}.items():
        (folder / name).write_bytes(SOUND + data)
    (folder / "glass.toml").write_bytes(FULL)
    return folder / "glass.toml"


def agreed(risks: Sequence[str]) -> bool:
    return True


def refused(risks: Sequence[str]) -> bool:
    return False


def unasked(risks: Sequence[str]) -> bool:
    raise AssertionError(risks)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_there_and_back(user: Path, own: Path, tmp_path: Path) -> None:
    held = export_preset(find_preset(own), tmp_path / "a.zip")
    assert held == (
        "glass-room.toml",
        "glass-room/rain.wav",
        "glass-room/rain-2.wav",
        "glass-room/hall.flac",
    )
    export_preset(find_preset(own), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    path = import_presets(tmp_path / "a.zip", agree=unasked)
    assert path == user / "glass-room.toml"
    found = find_preset("glass room").placed
    styles = [style.path for style in found.styles]
    assert [style.read_bytes() for style in styles[:2]] == [SOUND + b"1", SOUND + b"2"]
    assert (str(styles[2]), found.styles[0].weight) == ("bells", 0.5)
    convolution, plugin = found.chain.slots
    hall = Path(str(convolution.parameters["impulse_response_filename"]))
    assert hall.read_bytes() == SOUND + b"3"
    # No path of another computer comes along; where there is such a plugin it is found by name.
    assert (plugin.plugin, plugin.path, plugin.if_missing) == ("Own.vst3", None, "skip")
    assert delete_preset(find_preset("glass-room"))[0] == path
    assert left(user) == []


def test_a_file_is_taken_in_with_what_lies_beside_it(user: Path, own: Path) -> None:
    import_presets(own, agree=agreed, name="Mine")
    files = ["hall.flac", "rain-2.wav", "rain.wav"]
    assert left(user) == sorted(["mine", *(f"mine/{name}" for name in files), "mine.toml"])
    found = find_preset("mine")
    assert found.preset.name == "Mine"
    assert all(style.path.is_file() for style in found.placed.styles[:2])


def test_nothing_is_replaced(user: Path, own: Path, tmp_path: Path) -> None:
    export_preset(find_preset(own), tmp_path / "a.zip")
    import_presets(tmp_path / "a.zip", agree=unasked)
    before = {name: (user / name).read_bytes() for name in left(user) if (user / name).is_file()}
    for source in (tmp_path / "a.zip", own):
        with pytest.raises(AudioFileError, match="is there already; --name NEW"):
            import_presets(source, agree=agreed)
    assert before == {name: (user / name).read_bytes() for name in left(user) if (user / name).is_file()}
    with pytest.raises(AudioFileError, match="exists already"):
        export_preset(find_preset(own), tmp_path / "a.zip")


def test_what_is_missing_or_no_sound_is_not_given_away(user: Path, own: Path, tmp_path: Path) -> None:
    (own.parent / "hall.flac").unlink()
    with pytest.raises(AudioFileError, match=r"hall\.flac: there is no such file"):
        export_preset(find_preset(own), tmp_path / "a.zip")
    program = written(own.parent / "p.toml", MINIMAL + b'method = "mital"\n[settings]\nfeatures = "e.pt"\n')
    (own.parent / "e.pt").touch()
    with pytest.raises(UsageError, match="only recordings, styles and weights"):
        export_preset(find_preset(program), tmp_path / "a.zip")
    with pytest.raises(UsageError, match=r"ends in \.zip"):
        export_preset(find_preset(program), tmp_path / "a.tar")
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STATE, "slot 1 (Zam.vst3) brings a saved state"),
        (b'[[chain.slots]]\nplugin = "A.vst3"\npath = "evil/A.vst3"\n', "loads the plugin in"),
        (b'method = "mital"\n[settings]\nfeatures = "evil.pt"\n', "is a program that a render runs"),
    ],
)
def test_what_is_risky_is_asked_about(user: Path, tmp_path: Path, text: bytes, said: str) -> None:
    path = written(tmp_path / "risky.toml", MINIMAL + text)
    asked: list[str] = []
    with pytest.raises(CancelledError):
        import_presets(path, agree=lambda risks: bool(asked.extend(risks)))
    assert len(asked) == 1
    assert said in asked[0]
    assert left(user) == []
    import_presets(path, agree=agreed)
    assert left(user) == ["glass-room.toml"]


def test_a_state_in_an_archive_is_asked_about_and_kept(user: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", zipped({"a.toml": MINIMAL + STATE}))
    with pytest.raises(CancelledError):
        import_presets(path, agree=refused)
    import_presets(path, agree=agreed)
    state = find_preset("glass-room").preset.chain.slots[0].state
    assert state is not None
    assert state.raw == "AAEC"


TWO_STYLES = b'[[styles]]\npath = "a/x.wav"\n[[styles]]\npath = "b/x.wav"\n'
ZEROS = bytes(100_000_000)

HOSTILE = {
    "no archive": (b"PK, but no archive", "is no zip archive"),
    "empty": (b"", "is no zip archive"),
    "no preset": (zipped({"a.wav": SOUND}), "holds no preset"),
    "two presets": (zipped({"a.toml": MINIMAL, "b.toml": MINIMAL}), "holds 2 presets"),
    "up and away": (zipped({"a.toml": MINIMAL, "../../evil.toml": MINIMAL}), "out of its folder"),
    "absolute": (zipped({"a.toml": MINIMAL, "/etc/evil.wav": SOUND}), "out of its folder"),
    "drive": (zipped({"a.toml": MINIMAL, "C:/evil.wav": SOUND}), "out of its folder"),
    "backslash": (zipped({"a.toml": MINIMAL, "..\\evil.wav": SOUND}), "out of its folder"),
    "hidden dots": (zipped({"a.toml": MINIMAL, "x/.../evil.wav": SOUND}), "out of its folder"),
    "link": (
        zipped({"a.toml": MINIMAL}, external_attr=(stat.S_IFLNK | 0o777) << 16),
        "is a link or a device",
    ),
    "zeros as preset": (zipped({"a.toml": ZEROS}), "MiB of next to nothing"),
    "zeros as style": (zipped({"a.toml": MINIMAL, "x.wav": ZEROS}), "MiB of next to nothing"),
    "a thousand and one": (zipped({f"{i}.txt": b"" for i in range(1001)}), "more than 1000 files"),
    "case twins": (zipped({"a.toml": MINIMAL, "A.TOML": MINIMAL}), "is in it twice"),
    "missing style": (
        zipped({"a.toml": MINIMAL + b'[[styles]]\npath = "x.wav"\n'}),
        "names x.wav, which is not in the archive",
    ),
    "style elsewhere": (
        zipped({"a.toml": MINIMAL + b'[[styles]]\npath = "/etc/passwd"\n'}),
        "which is not in the archive",
    ),
    "program": (
        zipped({"a.toml": MINIMAL + b'[[styles]]\npath = "x.exe"\n', "x.exe": b"MZ"}),
        "is no recording, no style",
    ),
    "encoder": (
        zipped({"a.toml": MINIMAL + b'method = "mital"\n[settings]\nfeatures = "e.pt"\n', "e.pt": b"x"}),
        "is no recording, no style",
    ),
    "one name twice": (
        zipped({"a.toml": MINIMAL + TWO_STYLES, "a/x.wav": SOUND, "b/x.wav": SOUND}),
        "two of its files have one name",
    ),
    "wrong preset": (zipped({"a.toml": b"schema = 1\nname = 3"}), "a.toml: name=3"),
    "preset of bytes": (zipped({"a.toml": b"\xff\xfe"}), "is not text in UTF-8"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_leave_nothing(name: str, user: Path, tmp_path: Path) -> None:
    data, said = HOSTILE[name]
    before = left(tmp_path)
    path = written(tmp_path / "evil.zip", data)
    with pytest.raises(NastFxError) as raised:
        import_presets(path, agree=unasked)
    assert said in str(raised.value), raised.value
    assert left(tmp_path) == sorted([*before, "evil.zip"])


def test_an_encrypted_archive(user: Path, tmp_path: Path) -> None:
    data = bytearray(zipped({"a.toml": MINIMAL}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(magic) + offset, 1)
    with pytest.raises(UsageError, match="is encrypted"):
        import_presets(written(tmp_path / "a.zip", bytes(data)), agree=unasked)


def test_a_member_that_lies_about_its_size_is_refused(user: Path, tmp_path: Path) -> None:
    """Its header says 10 bytes, its data are a megabyte: as much as it says is read, and that is damaged."""
    data = bytearray(zipped({"a.toml": MINIMAL + b'[[styles]]\npath = "x.wav"\n', "x.wav": bytes(2**20)}))
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 10)
    with pytest.raises(UsageError, match="is no zip archive"):
        import_presets(written(tmp_path / "a.zip", bytes(data)), agree=unasked)
    assert left(user) == []


def test_what_a_preset_does_not_name_stays_packed(user: Path, tmp_path: Path) -> None:
    more = {"__MACOSX/._a.toml": b"x", "readme.txt": b"x", "x.wav": SOUND}
    import_presets(written(tmp_path / "a.zip", zipped({"a.toml": MINIMAL, **more})), agree=unasked)
    assert left(user) == ["glass-room.toml"]


def test_a_disk_that_is_full_leaves_nothing(
    user: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nast_fx.presets import incoming

    def full(*args: object, **kwargs: object) -> None:
        raise AudioFileError("no space left on the disk")

    export_preset(find_preset(own), tmp_path / "a.zip")
    monkeypatch.setattr(incoming, "write_preset", full)
    with pytest.raises(AudioFileError, match="no space"):
        import_presets(tmp_path / "a.zip", agree=unasked)
    assert left(user) == []


def test_an_archive_holds_plain_text(user: Path, own: Path, tmp_path: Path) -> None:
    export_preset(find_preset(own), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        text = archive.read("glass-room.toml")
        assert str(tmp_path).encode() not in text
        assert parse_preset(text, "x").styles[0].path == Path("glass-room/rain.wav")
