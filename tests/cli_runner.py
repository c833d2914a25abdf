"""The command line inside the test process, and what it left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from nast_fx.cli import main

QUICK = ("--set", "max_iterations=2")


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code and the lines on both streams."""

    code: int
    out: list[str]
    err: list[str]

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Lines of stdout as JSON; any other line there fails."""
        return [json.loads(line, parse_constant=pytest.fail) for line in self.out]


class Cli:
    """Runs ``nast-fx`` in a folder of its own that holds ``song.wav`` and ``rain.wav``."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        monkeypatch.chdir(folder)
        self.write("song.wav", song())
        self.write("rain.wav", noise())

    def write(self, name: str, samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> Path:
        path = self.folder / name
        soundfile.write(path, samples.T, rate, subtype=subtype)
        return path

    def run(self, *args: object) -> Ended:
        self._capsys.readouterr()
        code = main([str(arg) for arg in args])
        out, err = self._capsys.readouterr()
        return Ended(code, out.splitlines(), err.splitlines())

    def render(self, *args: object, content: object = "song.wav", style: object = "rain.wav") -> Ended:
        return self.run("render", content, "--style", style, *QUICK, *args)

    def refuses(self, ended: Ended, code: int, message: str, *, before: dict[str, bytes]) -> None:
        """Assert one clear line, the exit code, and that nothing in the folder has changed."""
        assert (ended.code, ended.out) == (code, []), ended
        assert len(ended.err) == 1, ended.err
        assert ended.err[0].startswith("error: ")
        assert message in ended.err[0], ended.err[0]
        assert self.files() == before

    def files(self) -> dict[str, bytes]:
        """Every file below the folder and what it holds."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


def song(seconds: float = 1.0, rate: int = 8000, n_channels: int = 2) -> np.ndarray:
    """Decaying notes (channel, frame), each channel tuned a little apart."""
    time = np.arange(round(seconds * rate)) / rate
    notes = np.exp(-6 * (time % 0.25)) * 0.4
    return np.stack([notes * np.sin(2 * np.pi * (330 + 40 * index) * time) for index in range(n_channels)])


def noise(seconds: float = 1.0, rate: int = 8000, n_channels: int = 2, seed: int = 1) -> np.ndarray:
    """Noise (channel, frame) that is louder where it is low."""
    white = np.random.default_rng(seed).normal(size=(n_channels, round(seconds * rate)))
    return 0.1 * (white + np.roll(white, 1, axis=1) + np.roll(white, 2, axis=1))
