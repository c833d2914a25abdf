"""How fast this machine is, and how near to it an evaluation comes.

The floor of an evaluation is its matrix products and one log-magnitude STFT, forward and backward;
whatever it takes beyond them is overhead.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nast_fx.audio import Audio, save_audio
from nast_fx.losses import ContentTerm, GramTerm, Objective
from nast_fx.methods import LEVEL
from nast_fx.networks import Architecture, InfiniteNetwork
from nast_fx.optimize import WaveformCanvas
from nast_fx.own_process import own_command
from nast_fx.progress import Progress, Steps
from nast_fx.representations import LogMagnitude
from nast_fx.studies.song import song
from nast_fx.studies.sounds import SOUNDS

__all__ = ["Speed", "measure_speed"]

RATE, N_FFT, HOP_LENGTH = 22_050, 2048, 512
CONTENT_SECONDS, STYLE_SECONDS = 10, 8
N_REPEATS = 15


@dataclass(frozen=True)
class Speed:
    """Figures of one machine; times in seconds.

    Attributes
    ----------
    evaluation, products, stft : float
        One evaluation of loss and gradient, and its floor's two parts.
    product_rate : float
        Floating-point operations a second of those products.
    draft, normal : float
        Seconds of work per second of stereo audio at 44.1 kHz.
    peak_bytes : int or None
        Largest resident memory of a process that renders a minute; None where it cannot be measured.
    """

    evaluation: float
    products: float
    stft: float
    product_rate: float
    draft: float
    normal: float
    peak_bytes: int | None
    machine: str

    @property
    def over_floor(self) -> float:
        """Evaluation over its floor."""
        return self.evaluation / (self.products + self.stft)


def measure_speed() -> Steps[Speed]:
    """Time an evaluation, its floor and whole renders."""
    yield Progress("bench", note="one evaluation against its floor")
    evaluation, products, stft, product_rate = _evaluation()
    yield Progress("bench", note="a minute of stereo at draft quality")
    draft, peak = _render("draft", 60.0)
    yield Progress("bench", note="half a minute of stereo at normal quality")
    normal, _ = _render("normal", 30.0)
    return Speed(evaluation, products, stft, product_rate, draft, normal, peak, _machine())


def _evaluation() -> tuple[float, float, float, float]:
    generator = torch.Generator().manual_seed(0)
    content, style, point = (
        LEVEL * torch.randn(1, seconds * RATE, generator=generator)
        for seconds in (CONTENT_SECONDS, STYLE_SECONDS, CONTENT_SECONDS)
    )
    representation = LogMagnitude(RATE, N_FFT, HOP_LENGTH)
    network = InfiniteNetwork(Architecture())
    terms = [
        GramTerm("style", representation, 1.0, network, network.target(representation.forward(style))),
        ContentTerm("content", representation, 0.1, network, network.target(representation.forward(content))),
    ]
    objective, canvas = Objective(terms), WaveformCanvas(point)

    def evaluate() -> None:
        variable = point.requires_grad_()
        torch.autograd.grad(objective(canvas, variable)[0].sum(), variable)

    def transform() -> None:
        variable = point.requires_grad_()
        torch.autograd.grad(representation.forward(variable).sum(), variable)

    spec_x, spec_s = (representation.forward(w.detach())[:, 0] for w in (point, style))
    gradient_xx = spec_x.transpose(1, 2) @ spec_x
    gradient_xs = spec_x.transpose(1, 2) @ spec_s

    def multiply() -> None:
        # Forward x'x and x's; backward one product for each.
        spec_x.transpose(1, 2) @ spec_x
        spec_x.transpose(1, 2) @ spec_s
        spec_x @ gradient_xx
        spec_s @ gradient_xs.transpose(1, 2)

    n_x, n_s = spec_x.shape[2], spec_s.shape[2]
    operations = 4 * spec_x.shape[1] * (n_x * n_x + n_x * n_s)
    products = _median_seconds(multiply)
    return _median_seconds(evaluate), products, _median_seconds(transform), operations / products


def _median_seconds(call: Callable[[], None]) -> float:
    times = []
    for _ in range(N_REPEATS + 3):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times[3:])


def _render(quality: str, seconds: float) -> tuple[float, int | None]:
    """Render in a process of its own: seconds per second of audio, and its peak memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        content, style, output = (Path(folder) / f"{name}.wav" for name in ("content", "style", "output"))
        part = song(12.0)
        repeated = np.tile(part.samples, (1, round(seconds / 12.0 + 0.5)))[:, : round(seconds * 44_100)]
        save_audio(content, Audio(repeated, part.sample_rate))
        save_audio(style, SOUNDS["bells"](12.0))
        command = ["render", str(content), "--style", str(style), "-o", str(output), "--quality", quality]
        began = time.perf_counter()
        peak = _run_and_watch(own_command("nast_fx", *command, "--quiet", "-d", "cpu"))
        return (time.perf_counter() - began) / seconds, peak


def _run_and_watch(command: list[str]) -> int | None:
    """Run a process to its end and give its peak memory, where the system tells it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    if not hasattr(os, "wait4"):  # Windows
        if process.wait() != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    # Linux counts in KiB, macOS in bytes.
    return int(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _machine() -> str:
    facts = platform.machine(), f"{torch.get_num_threads()} threads"
    return ", ".join([*facts, f"Python {platform.python_version()}", f"torch {torch.__version__}"])
