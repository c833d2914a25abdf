"""An hour is learnt in the memory of minutes."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
import numpy as np
from nast_fx.audio.block import padded_read
from nast_fx.models.portable_style import RecordingFacts
from nast_fx.progress import drain
from nast_fx.styles import Recording
from nast_fx.styles.learn import learn

class Noise:
    sample_rate, n_channels = 44_100, 2
    loop = np.random.default_rng(0).normal(size=(2, 44_100 * 10)).astype(np.float32)
    def __init__(self, minutes):
        self.n_frames = minutes * 60 * self.sample_rate
    def read(self, start, n_frames):
        def fetch(first, count):
            level = np.float32(0.02 + (first // 44_100 % 97) / 97)
            return level * np.take(self.loop, range(first, first + count), axis=1, mode="wrap")
        return padded_read(start, n_frames, (2, self.n_frames), fetch)

minutes = int(sys.argv[1])
facts = RecordingFacts(file="x", sha256="0" * 64, seconds=60 * minutes, sample_rate=44_100, channels=2)
style = drain(learn([Recording(Noise(minutes), facts, "x")], name="x"))
# Not ru_maxrss: it counts what the parent held when it started this process.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(style.facts.learning.candidates, len(style.facts.weights), peak)
"""


def learnt(minutes: int) -> tuple[int, int, int]:
    command = [sys.executable, "-c", CODE, str(minutes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    candidates, n_runs, peak = map(int, done.stdout.split())
    return candidates, n_runs, peak


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is told in kilobytes there")
def test_an_hour_is_learnt_in_the_memory_of_minutes():
    of_minutes, of_an_hour = learnt(4), learnt(60)
    assert of_minutes[:2] == of_an_hour[:2] == (192, 6)
    assert of_an_hour[2] < 1.15 * of_minutes[2]
    assert of_an_hour[2] < 1_200_000
