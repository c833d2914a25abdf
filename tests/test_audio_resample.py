"""Signals on disk, and change of rate."""

from __future__ import annotations

import importlib
import io
import os
import tempfile

import numpy as np
import pytest

from nast_fx.audio import ArraySource, Audio, ScratchFile, resample, resample_source, resampled_length
from nast_fx.errors import AudioFileError, UsageError

# The package's function of the same name hides the module.
resample_module = importlib.import_module("nast_fx.audio.resample")

RATES = [
    (44_100, 48_000),
    (48_000, 44_100),
    (96_000, 22_050),
    (22_050, 44_100),
    (8000, 192_000),
    (44_056, 44_100),
]


def noise(n_frames: int, n_channels: int = 2) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal((n_channels, n_frames))).astype(np.float32)


class TestScratchFile:
    def test_it_is_zero_until_written_and_reads_past_its_ends(self):
        signal = noise(1000)
        with ScratchFile(44_100, 2, 5000) as scratch:
            assert (scratch.sample_rate, scratch.n_channels, scratch.n_frames) == (44_100, 2, 5000)
            assert not scratch.read(0, 5000).any()
            scratch.write(300, signal)
            expected = np.pad(signal, ((0, 0), (310, 3700)))
            assert np.array_equal(scratch.read(-10, 5010), expected)
            assert np.array_equal(scratch.read(299, 3), expected[:, 309:312])
            assert scratch.read(4999, 100).shape == (2, 100)

    def test_later_writing_wins(self):
        with ScratchFile(8000, 1, 10) as scratch:
            scratch.write(0, np.ones((1, 10), np.float32))
            scratch.write(3, np.full((1, 2), 2, np.float32))
            assert scratch.read(0, 10)[0].tolist() == [1, 1, 1, 2, 2, 1, 1, 1, 1, 1]

    @pytest.mark.parametrize(("start", "shape"), [(-1, (2, 2)), (9, (2, 2)), (0, (1, 2)), (0, (2, 11))])
    def test_writing_outside_is_a_defect(self, start, shape):
        with ScratchFile(8000, 2, 10) as scratch, pytest.raises(ValueError, match="does not fit"):
            scratch.write(start, np.zeros(shape, np.float32))

    def test_nothing_is_left_in_the_folder(self, tmp_path):
        with ScratchFile(8000, 2, 1000, folder=tmp_path) as scratch:
            scratch.write(0, noise(1000))
            if os.name != "nt":
                assert os.listdir(tmp_path) == []  # no name: a kill leaves nothing either
        assert os.listdir(tmp_path) == []
        scratch.close()

    @pytest.mark.skipif(os.name == "nt", reason="POSIX only")
    def test_it_is_sparse(self, tmp_path):
        place = os.statvfs(tmp_path)
        n_frames = min(place.f_bavail * place.f_frsize, 2**40) // 4  # twice what is free
        with ScratchFile(8000, 2, n_frames, folder=tmp_path) as scratch:
            assert not scratch.read(n_frames - 5, 5).any()

    @pytest.mark.skipif(os.name == "nt", reason="POSIX only")
    def test_no_space_left_is_a_sentence(self):
        import resource

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(AudioFileError, match="no space left"):
                ScratchFile(8000, 2, 1000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    def test_a_disk_that_gives_little_at_a_time(self, monkeypatch):
        class Slow:
            def __init__(self, file: io.FileIO) -> None:
                self.seek = file.seek
                self.readinto = lambda view: file.readinto(view[:101])
                self.write = lambda data: file.write(data[:101])

        signal = noise(1000)
        with ScratchFile(8000, 2, 1000) as scratch, monkeypatch.context() as patch:
            patch.setattr(scratch, "_file", Slow(scratch._file))
            scratch.write(0, signal)
            assert np.array_equal(scratch.read(0, 1000), signal)

    def test_a_missing_folder_is_a_sentence(self, tmp_path):
        with pytest.raises(AudioFileError, match="temporary file cannot be used: there is no such folder"):
            ScratchFile(8000, 2, 1000, folder=tmp_path / "none")

    def test_a_full_disk_while_writing_is_a_sentence(self, monkeypatch):
        class Full:
            def seek(self, place: int) -> None:
                pass

            def write(self, data: object) -> int:
                raise OSError(28, "No space left on device")

        with ScratchFile(8000, 2, 10) as scratch, monkeypatch.context() as patch:
            patch.setattr(scratch, "_file", Full())
            with pytest.raises(AudioFileError, match="no space left on the disk"):
                scratch.write(0, noise(10))


class TestResample:
    @pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
    def test_a_tone_stays_in_time(self, from_rate, to_rate):
        """The result is the same tone sampled at the other rate: no shift, no change of level."""
        tone = lambda rate: np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)[None]  # noqa: E731
        found = resample(tone(from_rate).astype(np.float32), from_rate, to_rate)
        expected = tone(to_rate)
        inside = slice(to_rate // 20, -to_rate // 20)
        np.testing.assert_allclose(found[:, inside], expected[:, inside], atol=1e-5)

    def test_a_tone_above_the_cutoff_dies(self):
        tone = np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000)[None].astype(np.float32)
        assert np.abs(resample(tone, 48_000, 22_050)[:, 2000:-2000]).max() < 1e-4

    @pytest.mark.parametrize("n_frames", [0, 1, 2, 147, 44_101])
    @pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
    def test_the_length_is_exact(self, n_frames, from_rate, to_rate):
        expected = resampled_length(n_frames, from_rate, to_rate)
        exact = n_frames * to_rate / from_rate
        assert expected == (max(1, np.floor(exact + 0.5)) if n_frames else 0)
        assert resample(noise(n_frames), from_rate, to_rate).shape == (2, expected)

    def test_the_length_is_rounded_half_up(self):
        assert [resampled_length(n, 2, 1) for n in (1, 2, 3, 4, 5)] == [1, 1, 2, 2, 3]

    def test_the_same_rate_gives_a_copy(self):
        signal = noise(100)
        copy = resample(signal, 8000, 8000)
        assert np.array_equal(copy, signal)
        assert not np.shares_memory(copy, signal)

    @pytest.mark.parametrize(("from_rate", "to_rate"), [*RATES, (8000, 8000)])
    @pytest.mark.parametrize("n_frames", [1, 5000, 40_961])
    def test_streaming_gives_the_same(self, monkeypatch, from_rate, to_rate, n_frames):
        monkeypatch.setattr(resample_module, "BLOCK_FRAMES", 4096)
        signal = noise(n_frames)
        source = ArraySource(Audio(signal, from_rate))
        with resample_source(source, to_rate) as scratch:
            assert scratch.sample_rate == to_rate
            found = scratch.read(0, scratch.n_frames)
        np.testing.assert_allclose(found, resample(signal, from_rate, to_rate), atol=1e-6)

    def test_a_forced_length_trims_or_fills(self):
        source = ArraySource(Audio(noise(44_100), 44_100))
        natural = resample(source.audio.samples, 44_100, 22_050)
        for n_frames in (22_049, 22_053, 100):
            with resample_source(source, 22_050, n_frames=n_frames) as scratch:
                assert scratch.n_frames == n_frames
                expected = np.pad(natural, ((0, 0), (0, 10)))[:, :n_frames]
                np.testing.assert_allclose(scratch.read(0, n_frames), expected, atol=1e-6)

    def test_memory_is_bounded(self, monkeypatch):
        longest = []
        source = ArraySource(Audio(noise(300_000), 44_100))
        original = source.read
        monkeypatch.setattr(source, "read", lambda a, n: (longest.append(n), original(a, n))[1])
        resample_source(source, 48_000).close()
        assert max(longest) == resample_module.BLOCK_FRAMES

    def test_senseless_rates_are_refused(self):
        with pytest.raises(UsageError, match="above 0"):
            resample(noise(10), 44_100, 0)
        with pytest.raises(UsageError, match="above 0"):
            resample_source(ArraySource(Audio(noise(10), 44_100)), -1)

    def test_a_failure_closes_the_file(self, monkeypatch):
        made = []
        original = tempfile.TemporaryFile
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **k: made.append(original(**k)) or made[-1])
        source = ArraySource(Audio(noise(100), 44_100))
        monkeypatch.setattr(source, "read", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            resample_source(source, 48_000)
        assert made[0].closed
