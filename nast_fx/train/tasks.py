"""The two trainings: which network, which view of the audio, how long."""

from __future__ import annotations

from dataclasses import dataclass

from nast_fx.models.training import TaskName
from nast_fx.networks.image import INSTRUMENTS, SOUNDS, ImageArchitecture

__all__ = ["TASKS", "Task"]


@dataclass(frozen=True)
class Task:
    """What is trained.

    Attributes
    ----------
    name, title, paper : str
    architecture : ImageArchitecture
    sample_rate : int
        Hz.
    n_fft, hop_length : int
        Periodic Hann window and step, in samples.
    seconds : float
        Length of a patch.
    epochs : int
        Default of the settings.
    """

    name: TaskName
    title: str
    paper: str
    architecture: ImageArchitecture
    sample_rate: int
    n_fft: int
    hop_length: int
    seconds: float
    epochs: int


TASKS: dict[TaskName, Task] = {
    # 257 x 257 as published: 256 steps of 10 ms are 2.56 s, and the frames are centered on them. The paper's
    # window is 30 ms in an FFT of 512 (32 ms); ours fills the FFT, so that Griffin-Lim can undo it.
    "instruments": Task(
        "instruments",
        "Musical instruments",
        "Verma & Smith 2018, Neural style transfer for audio spectrograms",
        INSTRUMENTS,
        sample_rate=16_000,
        n_fft=512,
        hop_length=160,
        seconds=2.56,
        epochs=6,
    ),
    "sounds": Task(
        "sounds",
        "Ten kinds of sound",
        "Vedak & Bhatia, Deep audio style transfer",
        SOUNDS,
        sample_rate=22_050,
        n_fft=2048,
        hop_length=512,
        seconds=3.0,
        epochs=16,
    ),
}
