"""Writing: every format exact, repeatable, whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nast_fx.audio import (
    Audio,
    check_writable,
    copy_exact,
    free_space_shortfall,
    load_audio,
    ogg,
    open_sink,
    open_source,
    probe,
    riff,
    save_audio,
)
from nast_fx.audio.dither import NOISE_FRAMES, Quantizer
from nast_fx.audio.limits import MP3_RATES
from nast_fx.audio.wav import WavWriter
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.output import OutputFormat

RATE = 44_100
FORMATS = [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("flac", "16"), ("flac", "24")]
FORMATS += [("aiff", "16"), ("aiff", "24"), ("aiff", "32f"), ("ogg", None), ("mp3", None)]
INTEGERS = [f for f in FORMATS if f[1] in ("16", "24")]
OUTPUTS = [OutputFormat(container=c, bits=b) for c, b in FORMATS]
WAV16, WAV24, WAV32 = OUTPUTS[:3]
each_output = pytest.mark.parametrize("output", OUTPUTS, ids=lambda o: f"{o.container}-{o.bits}")
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


def noise(n_frames: int, n_channels: int = 2, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((n_channels, n_frames))).astype(np.float32)


def write(path: Path, samples: np.ndarray, output: OutputFormat, rate: int = RATE, **options: object) -> Path:
    with open_sink(path, output, rate, len(samples), **options) as sink:
        for start in range(0, samples.shape[1], 7777):
            sink.write(samples[:, start : start + 7777])
    return path


def write_then(action: Callable[[], object], path: Path, output: OutputFormat, **options: object) -> None:
    """Write a little, then call `action` while the sink is open."""
    with open_sink(path, output, RATE, 2, **options) as sink:
        sink.write(noise(20_000))
        action()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


class TestSamples:
    @each_output
    @pytest.mark.parametrize("n_frames", [1, 100, 1152, 50_001])
    def test_every_format_keeps_rate_channels_and_length(self, tmp_path, output, n_frames):
        path = write(tmp_path / "x", noise(n_frames), output)
        with open_source(path) as source:
            assert (source.sample_rate, source.n_channels, source.n_frames) == (RATE, 2, n_frames)
        assert probe(path).n_frames == n_frames
        assert names(tmp_path) == ["x"]

    @pytest.mark.parametrize("rate", [8000, 22_050, 32_000, 48_000])
    def test_an_mp3_has_the_exact_length_at_its_rates(self, tmp_path, rate):
        path = write(tmp_path / "x.mp3", noise(30_001), OUTPUTS[-1], rate)
        with open_source(path) as source:
            assert (source.n_frames, source.sample_rate) == (30_001, rate)

    @each_output
    def test_a_tone_comes_back_in_time_and_level(self, tmp_path, output):
        tone = 0.5 * np.sin(2 * np.pi * 997 / RATE * np.arange(RATE))
        tone[: RATE // 2] = 0  # a start in the middle shows a shift
        samples = np.stack([tone, -0.5 * tone]).astype(np.float32)
        found = load_audio(write(tmp_path / "x", samples, output)).samples
        lossless = output.bits is not None
        after = slice(RATE // 2 + 2000, RATE - 2000)
        np.testing.assert_allclose(found[:, after], samples[:, after], atol=5e-5 if lossless else 0.01)
        assert np.abs(found[:, : RATE // 2 - 2000]).max() < 1e-3

    @pytest.mark.parametrize(("container", "bits"), INTEGERS)
    def test_integers_come_back_bit_for_bit_without_dither(self, tmp_path, container, bits):
        top = 2 ** (int(bits) - 1)
        integers = np.random.default_rng(0).integers(-top, top, (2, 20_000))
        integers[0, :4] = [-top, top - 1, -1, 0]
        samples = (integers / top).astype(np.float32)
        output = OutputFormat(container=container, bits=bits)
        path = write(tmp_path / "x", samples, output, dither=False)
        read = soundfile.read(path, dtype="int32", always_2d=True)[0].T
        assert np.array_equal(read >> (32 - int(bits)), integers)
        assert np.array_equal(load_audio(path).samples, samples)

    @pytest.mark.parametrize(("container", "bits"), INTEGERS)
    def test_too_loud_is_held_at_full_scale(self, tmp_path, container, bits):
        samples = np.array([[1.5, -1.5, 1.0, -1.0, 100.0, 0.0]], np.float32).repeat(50, axis=0).reshape(1, -1)
        output = OutputFormat(container=container, bits=bits)
        with open_sink(tmp_path / "x", output, RATE, 1) as sink:
            sink.write(samples)
            assert sink.n_saturated >= 4 * 50 - 50
        found = load_audio(tmp_path / "x").samples
        np.testing.assert_allclose(found, np.clip(samples, -1, 1), atol=1e-4)

    def test_float_keeps_what_is_above_full_scale(self, tmp_path):
        samples = np.array([[3.5, -2.25, 1e-9]], np.float32)
        assert np.array_equal(load_audio(write(tmp_path / "x", samples, WAV32)).samples, samples)

    @pytest.mark.parametrize("container", ["wav", "flac", "aiff"])
    def test_many_channels_keep_their_order(self, tmp_path, container):
        samples = np.arange(1, 7, dtype=np.float32)[:, None].repeat(10, axis=1) / 16
        output = OutputFormat(container=container, bits="24")
        assert np.array_equal(
            load_audio(write(tmp_path / "x", samples, output, dither=False)).samples, samples
        )

    def test_a_wav_of_an_odd_size_is_padded(self, tmp_path):
        assert write(tmp_path / "x.wav", noise(101, 1), WAV24).stat().st_size % 2 == 0

    @pytest.mark.parametrize(("n_channels", "tag"), [(1, 1), (2, 1), (3, 0xFFFE)])
    def test_more_than_two_channels_are_extensible(self, tmp_path, n_channels, tag):
        data = write(tmp_path / "x.wav", noise(10, n_channels), WAV24).read_bytes()
        form = data.index(b"fmt ")
        assert struct.unpack_from("<HH", data, form + 8) == (tag, n_channels)

    @pytest.mark.parametrize("bits", ["16", "24", "32f"])
    @pytest.mark.parametrize("n_channels", [1, 3])
    def test_above_4_gib_a_wav_becomes_an_rf64(self, tmp_path, monkeypatch, bits, n_channels):
        monkeypatch.setattr(riff, "MAX_RIFF_BYTES", 5000)  # instead of 4 GiB
        samples = noise(3001, n_channels)
        path = write(tmp_path / "x.wav", samples, OutputFormat(container="wav", bits=bits))
        assert path.read_bytes()[:4] == b"RF64"
        info = soundfile.info(path)
        assert (info.format, info.frames, info.channels) == ("RF64", 3001, n_channels)
        np.testing.assert_allclose(load_audio(path).samples, samples, atol=5e-5)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_result_that_is_no_number_is_refused(self, tmp_path, value):
        samples = noise(1000)
        samples[1, 441] = value
        with pytest.raises(AudioFileError, match=r"x\.wav: not written; .* at 0\.010 s"):
            write(tmp_path / "x.wav", samples, WAV24)
        assert names(tmp_path) == []

    def test_nothing_to_write_leaves_no_file(self, tmp_path):
        with pytest.raises(AudioFileError, match="no audio to write"):
            write(tmp_path / "x.wav", noise(0), WAV24)
        assert names(tmp_path) == []

    def test_a_block_of_another_shape_is_a_defect(self, tmp_path):
        with pytest.raises(ValueError, match="must be"), open_sink(tmp_path / "x", WAV24, RATE, 2) as sink:
            sink.write(noise(10, 3))

    def test_loss_on_the_way_is_found_before_the_file_appears(self, tmp_path, monkeypatch):
        original = WavWriter.write
        monkeypatch.setattr(WavWriter, "write", lambda self, frames: original(self, frames[:-1]))
        with pytest.raises(AudioFileError, match=r"of 100 frames 99 were read back"):
            write(tmp_path / "x.wav", noise(100), WAV24)
        assert names(tmp_path) == []

    def test_what_cannot_be_read_back_does_not_appear(self, tmp_path, monkeypatch):
        monkeypatch.setattr(WavWriter, "close", lambda self: self._file.truncate(20))
        with pytest.raises(AudioFileError, match=r"x\.wav: not written; it could not be read back"):
            write(tmp_path / "x.wav", noise(100), WAV24)
        assert names(tmp_path) == []


class TestDither:
    def test_error_is_independent_of_the_signal(self):
        for level in (0.001, 0.25, 0.5, 0.9):  # of a step
            signal = np.full((1, 400_000), level / 2**15, np.float32)
            error = Quantizer(1, 16, seed=1)(signal)[0] - level
            assert abs(error.mean()) < 0.005
            assert abs(error.var() - 0.25) < 0.005  # 1/6 of the triangle and 1/12 of the rounding

    def test_noise_spans_two_steps(self):
        noise_only = Quantizer(1, 16)._draw(0)
        assert -1 <= noise_only.min() < -0.99
        assert 0.99 < noise_only.max() <= 1

    def test_blocks_do_not_matter_but_seed_and_channel_do(self):
        signal = noise(2 * NOISE_FRAMES + 5000)
        whole = Quantizer(2, 24, seed=3)(signal)
        cut = Quantizer(2, 24, seed=3)
        ends = [0, 1, 5000, NOISE_FRAMES - 1, NOISE_FRAMES + 7, 2 * NOISE_FRAMES, signal.shape[1]]
        parts = [cut(signal[:, a:b]) for a, b in itertools.pairwise(ends)]
        assert np.array_equal(np.concatenate(parts, axis=1), whole)
        assert not np.array_equal(Quantizer(2, 24, seed=4)(signal), whole)
        silence = Quantizer(2, 24, seed=3)(np.full((2, 1000), 1e-9, np.float32))
        assert not np.array_equal(silence[0], silence[1])
        assert not np.array_equal(whole[:, :1000], whole[:, NOISE_FRAMES : NOISE_FRAMES + 1000])

    def test_large_seeds_are_fine(self):
        assert Quantizer(1, 16, seed=2**63 - 1)(np.zeros((1, 10), np.float32)).shape == (1, 10)


class TestRepeatable:
    def test_two_writings_give_the_same_file(self, tmp_path):
        samples = noise(60_000)
        first = [write(tmp_path / f"a{i}", samples, output).read_bytes() for i, output in enumerate(OUTPUTS)]
        time.sleep(1.1 - time.time() % 1)  # libsndfile stamps whole seconds
        second = [write(tmp_path / f"b{i}", samples, output).read_bytes() for i, output in enumerate(OUTPUTS)]
        assert [a == b for a, b in zip(first, second, strict=True)] == [True] * len(OUTPUTS)

    def test_check_sums_of_the_pages_are_right(self, tmp_path):
        path = write(tmp_path / "x.ogg", noise(60_000), OUTPUTS[-2])
        data = path.read_bytes()
        with open(path, "rb") as file:
            found = list(ogg.pages(file))
        assert len(found) > 3
        for page in found:
            whole = bytearray(data[page.offset : page.offset + page.size])
            whole[22:26] = bytes(4)
            assert page.serial == ogg.SERIAL
            assert page.crc == slow_crc(whole)


def slow_crc(data: bytes) -> int:
    """Check sum of RFC 3533, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)
            crc &= 0xFFFFFFFF
    return crc


class TestWholeOrNotAtAll:
    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
    @each_output
    def test_an_exception_leaves_no_file(self, tmp_path, output, error):
        def fail() -> None:
            assert len(names(tmp_path)) == 1
            assert names(tmp_path)[0].startswith(".")
            raise error

        with pytest.raises(error):
            write_then(fail, tmp_path / "x", output)
        assert names(tmp_path) == []

    def test_a_failure_keeps_the_old_file(self, tmp_path):
        def fail() -> None:
            raise RuntimeError

        (tmp_path / "x.wav").write_bytes(b"old")
        with pytest.raises(RuntimeError):
            write_then(fail, tmp_path / "x.wav", WAV24, overwrite=True)
        assert (tmp_path / "x.wav").read_bytes() == b"old"
        assert names(tmp_path) == ["x.wav"]

    def test_a_file_that_exists_is_kept(self, tmp_path):
        (tmp_path / "x.wav").write_bytes(b"old")
        with pytest.raises(AudioFileError, match=r"x\.wav: exists already"):
            open_sink(tmp_path / "x.wav", WAV24, RATE, 2)
        write(tmp_path / "x.wav", noise(10), WAV24, overwrite=True)
        assert probe(tmp_path / "x.wav").n_frames == 10

    def test_a_file_that_appears_meanwhile_is_kept(self, tmp_path):
        path = tmp_path / "x.wav"
        with pytest.raises(AudioFileError, match=r"x\.wav: exists already"):
            write_then(lambda: path.write_bytes(b"another"), path, WAV24)
        assert path.read_bytes() == b"another"
        assert names(tmp_path) == ["x.wav"]

    def test_a_failing_rename_leaves_nothing(self, tmp_path, monkeypatch):
        def refuse(*_: object) -> None:
            raise PermissionError(13, "in use")

        for call in ("replace", "rename", "link"):
            monkeypatch.setattr(os, call, refuse)
        with pytest.raises(AudioFileError, match="no permission"):
            write(tmp_path / "x.wav", noise(10), WAV24)
        assert names(tmp_path) == []

    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(AudioFileError, match=r"x\.wav: there is no folder .*none"):
            open_sink(tmp_path / "none" / "x.wav", WAV24, RATE, 2)

    def test_a_folder_that_vanishes(self, tmp_path):
        folder = tmp_path / "f"
        folder.mkdir()
        sink = open_sink(folder / "x.wav", WAV24, RATE, 2)
        folder.rmdir()
        with pytest.raises(AudioFileError, match="there is no folder"), sink:
            pass

    def test_a_file_as_a_folder(self, tmp_path):
        (tmp_path / "f").touch()
        with pytest.raises(AudioFileError, match="folder"):
            check_writable(tmp_path / "f" / "x.wav", WAV24, RATE, 2)

    def test_a_folder_in_the_place_of_the_file(self, tmp_path):
        (tmp_path / "x.wav").mkdir()
        with pytest.raises(AudioFileError, match=r"x\.wav: is a folder"):
            check_writable(tmp_path / "x.wav", WAV24, RATE, 2)

    def test_a_name_that_is_too_long(self, tmp_path):
        with pytest.raises(AudioFileError, match="too long"):
            check_writable(tmp_path / ("n" * 300 + ".wav"), WAV24, RATE, 2)

    def test_a_write_protected_file(self, tmp_path):
        path = write(tmp_path / "x.wav", noise(10), WAV24)
        path.chmod(0o444)
        with pytest.raises(AudioFileError, match=r"x\.wav: is write-protected"):
            check_writable(path, WAV24, RATE, 2)
        path.chmod(0o644)

    @posix_only
    def test_a_folder_without_permission(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o555)
            with (
                as_nobody(),
                pytest.raises(AudioFileError, match=r"x\.wav: .*(write-protected|no permission)"),
            ):
                check_writable(Path(folder) / "x.wav", WAV24, RATE, 2)

    @posix_only
    def test_rights_and_links_are_kept(self, tmp_path):
        target = write(tmp_path / "target.wav", noise(10), WAV24)
        assert target.stat().st_mode & 0o777 == 0o666 & ~current_umask()
        target.chmod(0o640)
        link = tmp_path / "link.wav"
        link.symlink_to(target)
        write(link, noise(20), WAV24, overwrite=True)
        assert link.is_symlink()
        assert probe(target).n_frames == 20
        assert target.stat().st_mode & 0o777 == 0o640

    def test_any_name_works(self, tmp_path):
        for name in ["😀.flac", "שיר.flac", "100% {x} %s.flac", " a  b .flac", "n" * 250 + ".flac"]:
            write(tmp_path / name, noise(100), OUTPUTS[3])
            assert probe(tmp_path / name).n_frames == 100

    def test_a_copy_is_exact(self, tmp_path):
        source = write(tmp_path / "x.flac", noise(1000), OUTPUTS[3])
        copy_exact(source, tmp_path / "y.flac")
        assert (tmp_path / "y.flac").read_bytes() == source.read_bytes()
        with pytest.raises(AudioFileError, match="exists already"):
            copy_exact(source, tmp_path / "y.flac")
        with pytest.raises(AudioFileError, match="cannot be read"):
            copy_exact(tmp_path / "none", tmp_path / "z.flac")
        assert names(tmp_path) == ["x.flac", "y.flac"]


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Be another user for a moment if one is root, who may do everything."""
    user = os.geteuid()
    os.seteuid(65_534 if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


FILL = """
import resource, sys
import numpy as np
from nast_fx.audio import open_sink, copy_exact
from nast_fx.errors import AudioFileError
from nast_fx.models.output import OutputFormat
folder, limit = sys.argv[1], int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
samples = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 44100)).astype("f")
formats = [("wav", "16"), ("wav", "32f"), ("flac", "24"), ("aiff", "24"), ("ogg", None), ("mp3", None)]
for container, bits in formats:
    try:
        with open_sink(f"{folder}/x", OutputFormat(container=container, bits=bits), 44100, 2) as sink:
            for _ in range(10):
                sink.write(samples)
    except AudioFileError as error:
        print(error)
try:
    copy_exact(sys.argv[3], f"{folder}/x")
except AudioFileError as error:
    print(error)
"""


@posix_only
class TestNoSpace:
    def test_a_limit_of_the_file_size(self, tmp_path):
        self.check(tmp_path, 30_000)

    def test_a_full_disk(self, tmp_path):
        mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", os.fspath(tmp_path)]
        try:
            mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            mounted = False
        if not mounted:
            pytest.skip("needs root, to make a small disk")
        try:
            assert free_space_shortfall(tmp_path, 10**6) > 8 * 10**5
            with pytest.raises(AudioFileError, match=r"no space left on the disk; 7 MiB are missing"):
                check_writable(tmp_path / "x.wav", WAV24, RATE, 2, n_frames=RATE * 30)
            self.check(tmp_path, 0)
        finally:
            subprocess.run(["umount", os.fspath(tmp_path)], check=True)

    @staticmethod
    def check(folder: Path, limit: int) -> None:
        with tempfile.NamedTemporaryFile() as large:
            large.truncate(10**6)
            command = [sys.executable, "-W", "error", "-c", FILL, os.fspath(folder), str(limit), large.name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        assert len(lines) == 7
        assert all("/x: " in line and "no space left" in line for line in lines), lines
        assert names(folder) == []


class TestLimits:
    def test_what_containers_cannot_hold(self, tmp_path):
        mp3, flac, ogg_vorbis = OUTPUTS[-1], OUTPUTS[3], OUTPUTS[-2]
        cases = [
            (mp3, 96_000, 2, "mp3 cannot hold 96000 Hz, only 8, .*44.1, 48 kHz"),
            (mp3, RATE, 3, "mp3 holds at most 2 channels, not 3"),
            (flac, RATE, 9, "flac holds at most 8 channels"),
            (ogg_vorbis, 384_000, 1, "ogg cannot hold 384000 Hz"),
            (ogg_vorbis, RATE, 256, "ogg holds at most 255 channels"),
        ]
        for output, rate, n_channels, words in cases:
            with pytest.raises(UsageError, match=words):
                check_writable(tmp_path / "x", output, rate, n_channels)
            with pytest.raises(UsageError, match=words):
                open_sink(tmp_path / "x", output, rate, n_channels)

    @pytest.mark.parametrize("output", [OUTPUTS[0], OUTPUTS[3], OUTPUTS[5], OUTPUTS[-2]])
    def test_all_the_rates_of_music_can_be_written(self, tmp_path, output):
        for rate in (8000, 88_200, 192_000):
            write(tmp_path / "x", noise(3000), output, rate, overwrite=True)
            assert probe(tmp_path / "x").sample_rate == rate

    def test_the_rates_of_mp3_are_those_of_libsndfile(self, tmp_path):
        for rate in MP3_RATES:
            write(tmp_path / "x", noise(3000), OUTPUTS[-1], rate, overwrite=True)
            assert probe(tmp_path / "x").sample_rate == rate

    def test_aiff_ends_at_4_gib(self, tmp_path):
        with pytest.raises(UsageError, match="aiff holds at most 4 GiB"):
            check_writable(tmp_path / "x", OUTPUTS[6], RATE, 2, n_frames=2**30)

    def test_checking_leaves_nothing(self, tmp_path):
        check_writable(tmp_path / "x.wav", WAV24, RATE, 2, n_frames=1000)
        assert names(tmp_path) == []
        assert free_space_shortfall(tmp_path / "not" / "there", 1) == 0


class TestSaveAudio:
    def test_the_suffix_decides(self, tmp_path):
        audio = Audio(noise(1000), RATE)
        for suffix, container, subtype in [
            (".wav", "WAV", "PCM_24"),
            (".aif", "AIFF", "PCM_24"),
            (".mp3", "MP3", ""),
        ]:
            save_audio(tmp_path / f"x{suffix}", audio)
            info = probe(tmp_path / f"x{suffix}")
            assert info.container == container
            assert info.subtype.startswith(subtype)

    def test_bits_and_unknown_suffixes(self, tmp_path):
        audio = Audio(noise(1000), RATE)
        save_audio(tmp_path / "x.wav", audio, bits="32f")
        assert np.array_equal(load_audio(tmp_path / "x.wav").samples, audio.samples)
        with pytest.raises(UsageError, match=r"\.wma"):
            save_audio(tmp_path / "x.wma", audio)
        with pytest.raises(AudioFileError, match="exists already"):
            save_audio(tmp_path / "x.wav", audio)


def test_digital_silence_is_not_dithered(tmp_path: Path):
    samples = np.zeros((1, 3000), dtype=np.float32)
    samples[0, :1000] = 1e-6
    with open_sink(tmp_path / "a.wav", OutputFormat(container="wav", bits="16"), 44_100, 1) as sink:
        sink.write(samples)
    written = load_audio(tmp_path / "a.wav").samples[0]
    assert np.any(written[:1000])
    assert not np.any(written[1000:])


@pytest.mark.skipif(os.name != "posix", reason="folders have no such rights on Windows")
def test_a_write_protected_folder_is_respected_even_by_the_superuser(tmp_path: Path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        with pytest.raises(AudioFileError, match="write-protected"):
            check_writable(folder / "a.wav", OutputFormat(container="wav", bits="16"), 44_100, 1)
    finally:
        folder.chmod(0o755)
