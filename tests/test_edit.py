"""`nast-fx edit`: samples change in place, every other byte stays, and nothing is lost."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import QUICK, Cli, Ended, noise, song

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.backup import keep_backup
from nast_fx.audio.in_place import find_samples
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models import RenderRequest, StyleReference
from nast_fx.progress import Progress, drain
from nast_fx.render.edit import edit_file

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def edit(cli: Cli, name: object, *args: object) -> Ended:
    return cli.run("edit", name, "--style", "rain.wav", *QUICK, *args)


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def bext() -> bytes:
    """Version 2, with loudness values and a coding history."""
    data = bytearray(602)
    data[:6], data[338:346] = b"a take", struct.pack("<Q", 123_456_789)
    data[346:348], data[412:422] = struct.pack("<H", 2), struct.pack("<5h", -2300, 700, -100, -1800, -2000)
    return bytes(data) + b"A=PCM,F=8000,W=16\r\n"


BEFORE = (chunk(b"JUNK", bytes(28)), chunk(b"bext", bext()), chunk(b"iXML", b"<BWFXML>odd!</BWFXML>"))
AFTER = (
    chunk(b"cue ", struct.pack("<I", 1) + struct.pack("<II4sIII", 7, 4000, b"data", 0, 0, 4000)),
    chunk(b"LIST", b"adtl" + chunk(b"labl", struct.pack("<I", 7) + b"verse\0")),
    chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a name\0")),
    chunk(b"smpl", bytes(36)),
    chunk(b"Mine", b"what nobody knows"),
    b"\0\0\0",  # a rest that is no chunk
)


def wav(path: Path, samples: np.ndarray, subtype: str) -> Path:
    """A WAV with chunks on both sides of the samples (channel, frame), made without the code under test."""
    plain = path.with_suffix(".plain")
    soundfile.write(plain, samples.T, 8000, subtype=subtype, format="WAV")
    data = plain.read_bytes()
    plain.unlink()
    start = data.index(b"data")
    form = data[data.index(b"fmt ") : start]
    if b"PEAK" in form:
        form = form[: form.index(b"PEAK")]
    body = b"WAVE" + b"".join(BEFORE) + form + data[start:] + b"".join(AFTER)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def around(path: Path) -> tuple[bytes, bytes]:
    """Everything before and after the samples of such a WAV."""
    data = path.read_bytes()
    start = data.index(b"data", data.index(b"fmt ")) + 8
    end = start + struct.unpack("<I", data[start - 4 : start])[0]
    return data[:start], data[end:]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_only_the_samples_of_a_wav_change(cli: Cli, subtype: str, n_channels: int) -> None:
    path = wav(cli.folder / "take.wav", song(1.000125, n_channels=n_channels), subtype)  # an odd size
    before, old, plain = around(path), path.read_bytes(), soundfile.read(path)[0]
    ended = edit(cli, path.name)
    assert (ended.code, ended.out) == (0, ["take.wav"]), ended
    assert around(path) == before
    assert path.stat().st_size == len(old)
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (8001, 8000, n_channels, subtype)
    made = soundfile.read(path)[0]
    assert np.sqrt(np.mean((made - plain) ** 2)) > 0.01
    assert (cli.folder / "take.wav.bak").read_bytes() == old
    # What `render` makes is what is in place.
    assert cli.render("-o", "same.wav", content="take.wav.bak").code == 0
    np.testing.assert_array_equal(made, soundfile.read(cli.folder / "same.wav")[0])
    assert not [name for name in cli.files() if name.startswith(".")]


@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("container", ["AIFF", "WAV", "RF64"])
def test_byte_orders_and_containers(cli: Cli, container: str, subtype: str, endian: str) -> None:
    path = cli.folder / f"take.{container.lower()}"
    try:
        soundfile.write(path, song().T, 8000, subtype=subtype, format=container, endian=endian)
    except ValueError:
        return  # no such file can be: libsndfile writes none
    ended = edit(cli, path.name)
    assert ended.code == 0, ended
    # Read by libsndfile alone, in the file's own byte order.
    assert cli.render("-o", "same.wav", content=f"{path.name}.bak").code == 0
    np.testing.assert_array_equal(soundfile.read(path)[0], soundfile.read(cli.folder / "same.wav")[0])


def test_the_peaks_of_a_float_file_are_those_of_the_new_samples(cli: Cli) -> None:
    path = cli.write("take.wav", song(), subtype="FLOAT")
    assert edit(cli, "take.wav", "--set", "start_noise=0.5").code == 0
    data, made = path.read_bytes(), np.abs(soundfile.read(path)[0])
    at = data.index(b"PEAK") + 16
    peaks = struct.unpack("<fIfI", data[at : at + 16])
    np.testing.assert_allclose(peaks[::2], made.max(axis=0), rtol=1e-6)
    assert peaks[1::2] == tuple(made.argmax(axis=0))


def test_an_amount_of_0_changes_no_byte(cli: Cli) -> None:
    path = wav(cli.folder / "take.wav", song(), "PCM_24")
    old = path.read_bytes()
    assert edit(cli, "take.wav", "--amount", 0).code == 0
    assert path.read_bytes() == old


def test_an_older_backup_is_never_replaced(cli: Cli) -> None:
    states = [(cli.folder / "song.wav").read_bytes()]
    for seed in range(3):
        assert edit(cli, "song.wav", "--set", "start_noise=0.3", "--seed", seed).code == 0
        states.append((cli.folder / "song.wav").read_bytes())
    assert len(set(states)) == 4
    names = ("song.wav.bak", "song.wav.2.bak", "song.wav.3.bak", "song.wav")
    assert [cli.files()[name] for name in names] == states


def test_where_and_whether_a_backup_is_kept(cli: Cli) -> None:
    old = (cli.folder / "song.wav").read_bytes()
    (cli.folder / "old").mkdir()
    ended = edit(cli, "song.wav", "--backup-folder", "old", "--json")
    assert ended.objects[-1]["backup"] == "old/song.wav.bak"
    assert cli.files()["old/song.wav.bak"] == old
    (found,) = (line for line in edit(cli, "song.wav", "--no-backup", "--json").objects if "backup" in line)
    assert (found["backup"], found["output"], found["frames"]) == (None, "song.wav", 8000)
    before = cli.files()
    assert set(before) == {"song.wav", "rain.wav", "old/song.wav.bak"}
    cli.refuses(edit(cli, "song.wav", "--backup-folder", "no"), 1, "there is no folder", before=before)
    both = edit(cli, "song.wav", "--no-backup", "--backup-folder", "old")
    cli.refuses(both, 2, "--no-backup and --backup-folder", before=before)


def test_a_backup_is_a_copy_where_a_second_name_cannot_be(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.folder / "song.wav"

    def refused(*args: object) -> None:
        raise OSError("this disk knows no links")

    monkeypatch.setattr(os, "link", refused)
    backup = keep_backup(path, cli.folder)
    assert backup.stat().st_ino != path.stat().st_ino
    assert backup.read_bytes() == path.read_bytes()
    assert backup.stat().st_mtime_ns == path.stat().st_mtime_ns


@POSIX
def test_a_link_stays_and_rights_too(cli: Cli) -> None:
    (cli.folder / "deep").mkdir()
    path = cli.write("deep/take.wav", song())
    path.chmod(0o640)
    old = path.read_bytes()
    link = cli.folder / "link.wav"
    link.symlink_to(path)
    assert edit(cli, "link.wav").out == ["link.wav"]
    assert link.is_symlink()
    assert path.read_bytes() != old == (cli.folder / "deep" / "take.wav.bak").read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "subtype", "message"),
    [
        ("take.flac", "PCM_16", "is FLAC, which cannot be written back exactly"),
        ("take.wav", "PCM_32", "holds PCM_32 samples, which cannot be written back exactly"),
        ("take.wav", "PCM_U8", "holds PCM_U8"),
        ("take.wav", "IMA_ADPCM", "holds IMA_ADPCM"),
        ("take.w64", "PCM_16", "is W64"),
    ],
)
def test_formats_that_cannot_be_written_back(cli: Cli, name: str, subtype: str, message: str) -> None:
    cli.write(name, song(), subtype=subtype)
    before = cli.files()
    cli.refuses(edit(cli, name), 1, message, before=before)
    cli.refuses(edit(cli, name, "--dry-run"), 1, message, before=before)


def test_a_depth_that_does_not_fill_its_bytes_is_refused(cli: Cli) -> None:
    path = cli.write("take.wav", song(), subtype="PCM_24")
    data = path.read_bytes()
    at = data.index(b"fmt ") + 8 + 14
    path.write_bytes(data[:at] + struct.pack("<H", 20) + data[at + 2 :])
    with pytest.raises(AudioFileError, match=r"cannot be written back exactly|not an audio file"):
        find_samples(path)


@POSIX
def test_write_protection_is_heeded(cli: Cli) -> None:
    path = cli.folder / "song.wav"
    before = cli.files()
    path.chmod(0o444)
    cli.refuses(edit(cli, "song.wav"), 1, "is write-protected", before=before)
    path.chmod(0o644)
    cli.folder.chmod(0o555)
    try:
        cli.refuses(edit(cli, "song.wav"), 1, "write-protected", before=before)
    finally:
        cli.folder.chmod(0o755)
    cli.refuses(edit(cli, "."), 1, "is a folder", before=before)
    cli.refuses(edit(cli, "none.wav"), 1, "there is no such file", before=before)


def request(cli: Cli, **more: object) -> RenderRequest:
    style = StyleReference(path=cli.folder / "rain.wav")
    quick = {"max_iterations": 2}
    return RenderRequest(content=cli.folder / "song.wav", styles=(style,), settings=quick, **more)


@pytest.mark.parametrize("moment", ["checking song.wav", "replacing song.wav"])
def test_a_file_that_changes_meanwhile_is_left_as_it_is_then(cli: Cli, moment: str) -> None:
    path, other = cli.folder / "song.wav", cli.folder / "other.wav"
    cli.write("other.wav", noise(seed=5))
    steps = edit_file(request(cli), backup_folder=cli.folder)

    def change(progress: Progress) -> None:
        if progress.note == moment:
            times = path.stat()
            path.write_bytes(other.read_bytes())  # of the very same size and time
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(AudioFileError, match="was changed by another program meanwhile"):
        drain(steps, change)
    assert set(cli.files()) == {"song.wav", "rain.wav", "other.wav"}
    assert path.read_bytes() == other.read_bytes()


def test_a_change_at_the_last_moment_leaves_no_backup(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.folder / "song.wav"

    def keep_and_touch(source: Path, folder: Path) -> Path:
        backup = keep_backup(source, folder)
        os.utime(source, ns=(1, 1))
        return backup

    monkeypatch.setattr("nast_fx.render.edit.keep_backup", keep_and_touch)
    before = cli.files()
    cli.refuses(edit(cli, "song.wav", "-q"), 1, "was changed by another program", before=before)
    assert path.stat().st_nlink == 1


def test_a_failure_of_the_last_step_leaves_all_as_it_was(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(AtomicFile):
        def _commit(self) -> None:
            raise AudioFileError("the disk is gone")

    monkeypatch.setattr("nast_fx.render.edit.AtomicFile", Failing)
    before = cli.files()
    steps = edit_file(request(cli, plan={"amount": 0}), backup_folder=cli.folder)
    with pytest.raises(AudioFileError, match="the disk is gone"):
        drain(steps)
    assert cli.files() == before


def test_cancel_leaves_nothing(cli: Cli) -> None:
    before = cli.files()
    steps = edit_file(request(cli), backup_folder=cli.folder)
    for progress in steps:
        if progress.stage == "transfer":
            steps.close()
    assert cli.files() == before


def test_what_an_edit_does_not_do(cli: Cli) -> None:
    before = cli.files()
    for option in ("--out", "--format", "--tail", "--variations", "--overwrite", "--report"):
        cli.refuses(edit(cli, "song.wav", option, "1"), 2, f"there is no option {option}", before=before)
    with pytest.raises(UsageError, match="length_seconds=1"):
        drain(edit_file(request(cli, length_seconds=1), backup_folder=None))
    ended = edit(cli, "song.wav", "--dry-run")
    assert (ended.code, ended.out) == (0, ["song.wav"])
    assert "would replace: wav 16, 1.00 s of 2 channels at 8000 Hz" in ended.err[0]
    assert cli.files() == before


def test_a_preset_with_a_format_and_a_tail(cli: Cli) -> None:
    text = 'schema = 1\nname = "P"\ntail_seconds = 2\n[output]\nformat = "flac"\nbits = "24"\n'
    (cli.folder / "p.toml").write_text(text, encoding="utf-8")
    ended = edit(cli, "song.wav", "--preset", "p.toml")
    assert ended.code == 0, ended
    assert any("The preset's format and tail are not used" in line for line in ended.err)
    assert soundfile.info(cli.folder / "song.wav").subtype == "PCM_16"
    assert soundfile.info(cli.folder / "song.wav").frames == 8000


def test_a_batch_passes_backups_over(cli: Cli) -> None:
    assert edit(cli, "song.wav").code == 0
    ended = cli.run("batch", ".", "-o", "out", "--style", "rain.wav", *QUICK, "-j", 1, "--dry-run")
    assert [Path(line).name for line in ended.out] == ["song.styled.wav"], ended
    ended = cli.run("batch", "song.wav.bak", "-o", "out", "--style", "rain.wav", *QUICK, "-j", 1, "--dry-run")
    assert len(ended.out) == 1, ended  # one that is named counts
