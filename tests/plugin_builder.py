"""Builds the VST3 plugins of `tests/plugins` with Debian's dpf-source, once for each state of their sources.

`NastGain` (stereo) and `NastMono` answer 64 samples late, times a gain, to the bit; `NastSynth` plays sines;
`NastPlayer` has a tail, pedal and bend, and `NastPlayer1` one channel of it;
`NastFault` crashes, hangs, writes a NaN and more on demand; `NastStuck` never finishes loading.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "plugins"
CACHE = Path(__file__).parents[1] / ".pytest_cache" / "d"
DPF = Path("/usr/share/dpf/distrho")
LATENCY = 64  # samples, of NastGain and NastMono

_PLUGINS = {
    "NastGain": ("gain.cpp", 2, ()),
    "NastMono": ("gain.cpp", 1, ()),
    "NastSynth": ("synth.cpp", 2, ("-DNAST_SYNTH",)),
    "NastPlayer": ("player.cpp", 2, ("-DNAST_SYNTH",)),
    "NastPlayer1": ("player.cpp", 1, ("-DNAST_SYNTH",)),
    "NastFault": ("fault.cpp", 2, ()),
    "NastStuck": ("gain.cpp", 2, ("-DNAST_STUCK",)),
}


def built_plugin(name: str) -> Path:
    """Path of a plugin's bundle, or a skip that says what is missing."""
    if sys.platform != "linux":
        pytest.skip("the test plugins are built on Linux only")
    if not DPF.is_dir():
        pytest.skip("no VST3 can be built: needs dpf-source (make system)")
    if shutil.which("g++") is None:
        pytest.skip("no VST3 can be built: needs g++ (make system)")
    source, n_channels, flags = _PLUGINS[name]
    texts = b"".join((SOURCES / file).read_bytes() for file in ("DistrhoPluginInfo.h", source))
    options = [f'-DNAST_NAME="{name}"', f"-DNAST_CHANNELS={n_channels}", *flags]
    digest = hashlib.sha256(texts + repr((name, options)).encode()).hexdigest()[:12]
    bundle = CACHE / f"{name}-{digest}" / f"{name}.vst3"
    if not bundle.is_dir():
        _build(bundle, source, options)
    return bundle


def _build(bundle: Path, source: str, options: list[str]) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        parts = Path(folder) / "x" / bundle.name / "Contents" / f"{platform.machine()}-linux"
        parts.mkdir(parents=True)
        command = ["g++", "-std=gnu++11", "-O1", "-w", "-fPIC", "-shared", "-fvisibility=hidden", *options]
        command += ["-DDISTRHO_PLUGIN_TARGET_VST3", f"-I{SOURCES}", f"-I{DPF}"]
        command += [str(SOURCES / source), str(DPF / "DistrhoPluginMain.cpp")]
        command += ["-o", str(parts / f"{bundle.stem}.so"), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"{source} cannot be compiled: {done.stderr}", pytrace=False)
        try:
            os.rename(Path(folder) / "x", bundle.parent)
        except OSError:
            assert bundle.is_dir()  # another run was faster
