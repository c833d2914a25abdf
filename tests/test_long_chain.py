"""Ten minutes through a chain: in bounded memory, and as fast as pedalboard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import soundfile

from nast_fx.audio import ArraySource, Audio
from nast_fx.chain.builtins import make_builtin
from nast_fx.chain.run import run_chain
from nast_fx.chain.spec_file import write_chain
from nast_fx.models import ChainSpec, SlotSpec
from nast_fx.progress import drain

pytestmark = pytest.mark.slow

RATE, SECONDS = 44_100, 600
SIX = [
    SlotSpec(plugin="HighpassFilter"),
    SlotSpec(plugin="Compressor", parameters={"threshold_db": -20.0, "ratio": 4.0}),
    SlotSpec(plugin="Chorus"),
    SlotSpec(plugin="Delay"),
    SlotSpec(plugin="Reverb"),
    SlotSpec(plugin="Gain", parameters={"gain_db": -3.0}),
]
MEASURED = """
import sys
from nast_fx.cli import main
code = main(sys.argv[1:])
# Not ru_maxrss: it counts what the parent held when it started this process.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak, file=sys.stderr)
sys.exit(code)
"""


def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((2, SECONDS * RATE), dtype=np.float32)


def test_ten_minutes_take_the_time_of_pedalboard_and_give_its_samples() -> None:
    samples, ratios = noise(), []
    source = ArraySource(Audio(samples, RATE))
    for _ in range(3):
        began = time.perf_counter()
        board = pedalboard.Pedalboard([make_builtin(slot, None) for slot in SIX])
        expected = board(samples, RATE)
        theirs = time.perf_counter() - began
        with ExitStack() as stack:
            began = time.perf_counter()
            made = drain(run_chain(source, SIX, stack))
            ratios.append((time.perf_counter() - began) / theirs)
            np.testing.assert_array_equal(made.read(0, made.n_frames), expected)
    assert sorted(ratios)[1] < 1.2


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux counts it")
def test_ten_minutes_through_six_slots_take_little_more_memory_than_through_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", noise().T, RATE, subtype="PCM_16")
    peaks = {}
    for name, slots in (("empty", []), ("six", SIX)):
        write_chain(tmp_path / f"{name}.toml", ChainSpec(slots=tuple(slots)))
        command = [sys.executable, "-c", MEASURED, "chain", "run", "in.wav", "-q"]
        command += ["--chain", f"{name}.toml", "-o", f"{name}.wav"]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ
        )
        assert done.returncode == 0, done.stderr
        peaks[name] = int(done.stderr.split()[-1]) / 1024
        (tmp_path / f"{name}.wav").unlink()
    assert peaks["empty"] > 30
    assert peaks["six"] - peaks["empty"] < 300 / 1.048576, peaks
