"""Reading: blocks, files, parts of files, and everything that can be wrong with a file."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nast_fx.audio import ArraySource, Audio, check_samples, load_audio, open_source, probe
from nast_fx.audio.block import padded_read
from nast_fx.audio.decode import SoundReader
from nast_fx.errors import AudioFileError, UsageError

RATE = 44_100
LOSSY = [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS")]
EXACT = [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("FLAC", "PCM_24"), ("AIFF", "PCM_16"), ("W64", "PCM_24")]
EXACT += [("RF64", "FLOAT"), ("CAF", "PCM_16"), ("AU", "PCM_16"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM")]


def noise(n_frames: int = 50_000, n_channels: int = 2, seed: int = 0) -> np.ndarray:
    return (0.2 * np.random.default_rng(seed).standard_normal((n_channels, n_frames))).astype(np.float32)


def write(path: Path, samples: np.ndarray, container: str, subtype: str, rate: int = RATE) -> Path:
    rate = 48_000 if subtype == "OPUS" else rate
    soundfile.write(os.fspath(path), samples.T, rate, subtype, format=container)
    return path


def strip_length_from_mp3(path: Path) -> None:
    """Take away the first frame, which only holds the counts."""
    data = path.read_bytes()
    second = data.index(data[:2], 4)
    path.write_bytes(data[second:])


def strip_length_from_flac(path: Path) -> None:
    """Make it a FLAC as a pipe gets it: the 36 bits of the frame count in STREAMINFO are zero."""
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)


class TestAudio:
    def test_samples_become_float32_and_facts_follow(self):
        audio = Audio(np.zeros((2, 22_050)), 44_100)
        assert audio.samples.dtype == np.float32
        assert (audio.n_channels, audio.n_frames, audio.seconds) == (2, 22_050, 0.5)

    @pytest.mark.parametrize(
        ("samples", "rate"),
        [(np.zeros(3), 8000), (np.zeros((0, 3)), 8000), (np.zeros((1, 3)), 0), (np.zeros((1, 3)), 0.5)],
    )
    def test_what_is_no_signal_is_refused(self, samples, rate):
        with pytest.raises(UsageError, match="must be"):
            Audio(samples, rate)

    def test_integers_are_refused_since_their_full_scale_is_unknown(self):
        with pytest.raises(UsageError, match="floating"):
            Audio(np.zeros((1, 3), dtype=np.int16), 8000)


class TestPaddedRead:
    @pytest.mark.parametrize(
        ("start", "length"), [(-3, 5), (8, 5), (-5, 30), (-9, 3), (40, 3), (0, 10), (2, 0)]
    )
    def test_zeros_surround_the_signal(self, start, length):
        signal = noise(10)
        around = np.pad(signal, ((0, 0), (50, 50)))
        block = padded_read(start, length, signal.shape, lambda first, n: signal[:, first : first + n])
        assert np.array_equal(block, around[:, 50 + start : 50 + start + length])

    def test_a_negative_length_is_a_defect(self):
        with pytest.raises(ValueError, match="at least 0"):
            ArraySource(Audio(noise(10), RATE)).read(0, -1)


class TestReading:
    @pytest.mark.parametrize(("container", "subtype"), EXACT + LOSSY)
    def test_any_part_equals_the_sequential_decoding(self, tmp_path, container, subtype):
        path = write(tmp_path / "x", noise(), container, subtype)
        with SoundReader(path) as reader:
            whole = np.concatenate(list(reader.blocks()), axis=1)
        with open_source(path) as source:
            assert source.n_frames == whole.shape[1]
            assert source.n_frames >= 50_000
            for start, length in [
                (31_007, 300),
                (0, 1000),
                (49_990, 100),
                (-7, 20),
                (123, 1),
                (20_000, 30_000),
            ]:
                expected = padded_read(
                    start, length, whole.shape, lambda first, n: whole[:, first : first + n]
                )
                assert np.array_equal(source.read(start, length), expected), start

    @pytest.mark.parametrize(
        ("container", "subtype"), [("WAV", "PCM_24"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III")]
    )
    def test_a_snippet_is_that_part_of_the_file(self, tmp_path, container, subtype):
        path = write(tmp_path / "x", noise(), container, subtype)
        whole = load_audio(path).samples
        with open_source(path, 0.5, 0.25) as source:
            assert source.start == 22_050
            assert source.n_frames == 11_025
            assert source.info.n_frames == 50_000
            assert np.array_equal(source.read(0, 11_025), whole[:, 22_050:33_075])
            assert not source.read(11_025, 10).any()

    def test_a_snippet_stops_at_the_end_of_the_file(self, tmp_path):
        path = write(tmp_path / "x.wav", noise(), "WAV", "PCM_16")
        assert load_audio(path, 1.0, 60.0).n_frames == 50_000 - RATE
        assert load_audio(path, 1.0).n_frames == 50_000 - RATE

    def test_a_snippet_past_the_end_is_an_error(self, tmp_path):
        path = write(tmp_path / "x.wav", noise(), "WAV", "PCM_16")
        with pytest.raises(AudioFileError, match=r"x\.wav: is 1\.13 s long; a part cannot begin at 2 s"):
            open_source(path, 2.0)

    @pytest.mark.parametrize(
        ("start", "length"), [(-1.0, None), (float("nan"), None), (0.0, 0.0), (0.0, -1.0)]
    )
    def test_senseless_snippets_are_refused(self, tmp_path, start, length):
        path = write(tmp_path / "x.wav", noise(100), "WAV", "PCM_16")
        with pytest.raises(UsageError, match="must be"):
            open_source(path, start, length)

    @pytest.mark.parametrize("quality", ["CONSTANT", "VARIABLE"])
    @pytest.mark.parametrize("rate", [RATE, 22_050, 8000])
    def test_an_mp3_without_its_length_is_read_to_its_end(self, tmp_path, quality, rate):
        quiet_then_loud = noise(200_000)
        quiet_then_loud[:, 100_000:] *= 1e-4  # so that the first frame's bit rate says nothing
        path = tmp_path / "x.mp3"
        with soundfile.SoundFile(path, "w", rate, 2, format="MP3", bitrate_mode=quality) as file:
            file.write(quiet_then_loud.T)
        strip_length_from_mp3(path)
        info = probe(path)
        assert 200_000 <= info.n_frames <= 200_000 + 3 * 1152
        with open_source(path) as source:
            assert check_samples(source, "x").n_frames == info.n_frames

    def test_a_large_tag_before_an_mp3_is_skipped(self, tmp_path):
        path = write(tmp_path / "x.mp3", noise(), "MP3", "MPEG_LAYER_III")
        strip_length_from_mp3(path)
        expected = load_audio(path).samples
        tag = b"ID3\4\0\0" + bytes([0, 6, 0, 0]) + bytes(6 << 14)
        path.write_bytes(tag + path.read_bytes())
        assert np.array_equal(load_audio(path).samples, expected)

    def test_a_piped_flac_is_read_to_its_end(self, tmp_path):
        path = write(tmp_path / "x.flac", noise(150_001), "FLAC", "PCM_24")
        expected = load_audio(path).samples
        strip_length_from_flac(path)
        assert probe(path).n_frames == 150_001
        assert np.array_equal(load_audio(path).samples, expected)

    @pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_F000, 0x8000_0000])
    def test_a_piped_wav_is_not_cut_short(self, tmp_path, size):
        path = write(tmp_path / "x.wav", noise(1000), "WAV", "PCM_16")
        data = bytearray(path.read_bytes())
        data[4:8] = data[40:44] = struct.pack("<I", size)
        path.write_bytes(data)
        assert probe(path).n_frames == 1000

    def test_any_name_works(self, tmp_path):
        names = [
            "😀 loop.wav",
            "שיר.wav",
            "100% {x} %s.wav",
            " two  spaces .wav",
            "n" * 240 + ".wav",
            "x.raw",
            "y",
        ]
        for name in names:
            write(tmp_path / name, noise(100), "WAV", "PCM_16")
            assert load_audio(tmp_path / name).n_frames == 100, name

    @pytest.mark.skipif(os.name == "nt", reason="Windows names are always text")
    def test_a_name_that_is_no_text_works_and_can_be_shown(self, tmp_path):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe\n.wav"))
        write(tmp_path / "x.wav", noise(100), "WAV", "PCM_16").rename(path)
        assert load_audio(path).n_frames == 100
        path.write_text("words")
        with pytest.raises(AudioFileError) as caught:
            probe(path)
        assert str(caught.value).encode("utf-8").count(b"\n") == 0

    def test_a_source_can_be_read_from_several_threads(self, tmp_path):
        from concurrent.futures import ThreadPoolExecutor

        signal = noise(200_000)
        path = write(tmp_path / "x.wav", signal, "WAV", "FLOAT")
        starts = list(range(0, 200_000, 997))
        with open_source(path) as source, ThreadPoolExecutor(8) as pool:
            blocks = list(pool.map(lambda start: source.read(start, 500), starts))
        for start, block in zip(starts, blocks, strict=True):
            assert np.array_equal(block[:, : 200_000 - start], signal[:, start : start + 500])


class TestBrokenFiles:
    def test_a_missing_file(self, tmp_path):
        with pytest.raises(AudioFileError, match=r"none\.wav: there is no such file"):
            probe(tmp_path / "none.wav")

    def test_a_folder(self, tmp_path):
        with pytest.raises(AudioFileError, match="is a folder"):
            probe(tmp_path)

    def test_an_empty_file(self, tmp_path):
        (tmp_path / "x.wav").touch()
        with pytest.raises(AudioFileError, match=r"x\.wav: is empty"):
            probe(tmp_path / "x.wav")

    @pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "raw"])
    def test_text_is_not_audio(self, tmp_path, suffix):
        path = tmp_path / f"x.{suffix}"
        path.write_text("these are words, not samples\n" * 50)
        with pytest.raises(AudioFileError, match=r"x\.\w+: is not an audio file that can be read"):
            probe(path)

    @pytest.mark.parametrize("container", ["WAV", "AIFF", "FLAC"])
    def test_a_file_without_frames(self, tmp_path, container):
        path = write(tmp_path / "x", np.zeros((1, 0), np.float32), container, "PCM_16")
        with pytest.raises(AudioFileError, match=r"holds no audio|is empty"):
            probe(path)

    def test_what_follows_a_wav_without_frames_is_not_audio(self, tmp_path):
        path = write(tmp_path / "x.wav", np.zeros((1, 0), np.float32), "WAV", "PCM_16")
        data = path.read_bytes() + b"LIST" + struct.pack("<I", 400) + bytes(400)
        path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
        with pytest.raises(AudioFileError, match="holds no audio"):
            probe(path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
    def test_a_pipe_does_not_hang(self, tmp_path):
        os.mkfifo(tmp_path / "x.wav")
        with pytest.raises(AudioFileError, match="not a regular file"):
            probe(tmp_path / "x.wav")

    @pytest.mark.skipif(os.name == "nt", reason="POSIX only")
    def test_a_file_that_may_not_be_read(self, tmp_path):
        path = write(tmp_path / "x.wav", noise(100), "WAV", "PCM_16")
        path.chmod(0)
        user = os.geteuid()
        os.seteuid(65_534 if user == 0 else user)  # root may read everything
        try:
            with pytest.raises(AudioFileError, match=r"x\.wav: cannot be read: no permission"):
                probe(path)
        finally:
            os.seteuid(user)

    @pytest.mark.parametrize("share", [0.99, 0.5, 0.2])
    @pytest.mark.parametrize(("container", "subtype"), [*EXACT[:8], *LOSSY])
    def test_a_truncated_file_is_found(self, tmp_path, container, subtype, share):
        path = write(tmp_path / "x", noise(), container, subtype)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(AudioFileError, match=r"cut short|malformed"):
            probe(path)

    @pytest.mark.parametrize(
        ("container", "subtype"), [("WAV", "PCM_16"), ("AIFF", "PCM_24"), ("FLAC", "PCM_16")]
    )
    def test_a_single_lost_byte_is_found(self, tmp_path, container, subtype):
        path = write(tmp_path / "x", noise(5000), container, subtype)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(AudioFileError, match="cut short"):
            probe(path)

    @pytest.mark.parametrize(("container", "subtype"), [*EXACT[:8], *LOSSY])
    def test_the_first_bytes_of_a_file_alone_are_an_error_of_the_file(self, tmp_path, container, subtype):
        data = write(tmp_path / "x", noise(300), container, subtype).read_bytes()
        for size in [*range(1, 48), 60, 90]:
            (tmp_path / "x").write_bytes(data[:size])
            with pytest.raises(AudioFileError):
                probe(tmp_path / "x")

    @given(places=st.lists(st.tuples(st.integers(0, 119), st.integers(0, 255)), min_size=1, max_size=5))
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_damaged_header_is_read_or_refused(self, tmp_path, places):
        for container, subtype in [
            ("WAV", "PCM_16"),
            ("RF64", "FLOAT"),
            ("AIFF", "PCM_24"),
            ("W64", "PCM_16"),
        ]:
            path = tmp_path / container
            if not path.exists():
                write(path, noise(300), container, subtype)
            data = bytearray(path.read_bytes())
            for place, value in places:
                data[place] = value
            (tmp_path / "x").write_bytes(data)
            with contextlib.suppress(AudioFileError):
                open_source(tmp_path / "x").close()

    def test_an_mp3_that_lost_one_frame_is_found_by_decoding(self, tmp_path):
        path = write(tmp_path / "x.mp3", noise(), "MP3", "MPEG_LAYER_III")
        empty_tag = b"ID3\4\0\0" + bytes([0, 0, 8, 0]) + bytes(1024)
        path.write_bytes(empty_tag + path.read_bytes()[:-500])
        with pytest.raises(AudioFileError, match=r"x\.mp3: is damaged or cut short"):
            open_source(path)

    @pytest.mark.parametrize(("container", "subtype"), [("FLAC", "PCM_16"), *LOSSY])
    def test_damage_inside_is_found_by_reading_through(self, tmp_path, container, subtype):
        path = write(tmp_path / "x", noise(150_000), container, subtype)
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 6000] = np.random.default_rng(0).bytes(6000)
        path.write_bytes(data)
        with pytest.raises(AudioFileError, match="x: is damaged"), open_source(path) as source:
            check_samples(source, "x")

    @pytest.mark.parametrize(
        ("container", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")]
    )
    @pytest.mark.parametrize(
        ("fault", "expected", "words"),
        [
            (OSError(errno.EIO, "Input/output error"), AudioFileError, r"x: cannot be read: .*fault"),
            (KeyboardInterrupt(), KeyboardInterrupt, None),
        ],
    )
    def test_what_goes_wrong_below_libsndfile_comes_out(
        self, tmp_path, container, subtype, fault, expected, words
    ):
        class Faulty(io.BytesIO):
            def readinto(self, buffer: object) -> int:
                raise fault

        path = write(tmp_path / "x", noise(100_000), container, subtype)
        with SoundReader(path) as reader:
            reader._guard._file = Faulty(path.read_bytes())
            with pytest.raises(expected, match=words):
                list(reader.blocks())
        with SoundReader(path) as reader:
            reader._guard._file = Faulty(path.read_bytes())
            with pytest.raises(expected, match=words):
                reader.read_at(50_000, 100)


class TestCheckSamples:
    def test_level_and_length(self):
        samples = np.stack([np.full(1000, 0.5), np.tile([0.1, -0.1], 500)]).astype(np.float32)
        samples[0, 777] = -0.9
        stats = check_samples(ArraySource(Audio(samples, RATE)), "x", block_frames=64)
        expected = np.sqrt(np.mean(samples.astype(float) ** 2, axis=1))
        assert stats.n_frames == 1000
        np.testing.assert_allclose(stats.rms, expected, rtol=1e-12)
        np.testing.assert_allclose(stats.peak, [0.9, 0.1], rtol=1e-6)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_sample_that_is_no_number_is_named_by_its_time(self, tmp_path, value):
        samples = noise(RATE)
        samples[1, 22_050] = value
        path = write(tmp_path / "loop.wav", samples, "WAV", "FLOAT")
        with (
            open_source(path) as source,
            pytest.raises(AudioFileError, match=r"loop\.wav: a sample at 0\.500 s"),
        ):
            check_samples(source, "loop.wav")

    def test_nothing_is_not_audio(self):
        with pytest.raises(AudioFileError, match="holds no audio"):
            check_samples(ArraySource(Audio(np.zeros((1, 0)), RATE)), "x")
