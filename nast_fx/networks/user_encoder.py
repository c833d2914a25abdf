"""Any encoder that a user brings, as a feature network: TorchScript, or a program of `torch.export`.

It takes waveforms (batch, 1, frame) or (batch, frame) and gives a tensor, or several as a list, a tuple or
a dict: (batch, channel), (batch, channel, column) or (batch, channel, row, column). How its columns lie on
the signal is found by trying: the axis that grows with the signal is time, its growth gives the stride, and
the gradient of a middle column with respect to the signal shows what that column sees.

A file may hold an extra file ``nast_fx.json``, as in ``{"sample_rate": 24000, "mu_law": false}``; both ways
of saving take ``extra_files``. Without it an encoder hears linear samples at 16 kHz. Such a file is code.
"""

from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.audio import shown
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.networks.base import Field
from nast_fx.networks.explicit import ExplicitNetwork, Features
from nast_fx.representations.waveform import NETWORK_RATE

__all__ = ["FACTS", "UserEncoder"]

FACTS = "nast_fx.json"
PROBE_SECONDS = 1.0  # of noise; the second probe is half as long again
PROBE_LEVEL = 0.08
N_PROBES = 4  # rows of noise: in one of them a ReLU may be shut

Encoder = Callable[[Tensor], Any]


@dataclass(frozen=True)
class _Input:
    """What an encoder takes: whether it has a channel axis, and sizes that are fixed."""

    has_channel: bool
    n_rows: int | None = None
    n_frames: int | None = None


@dataclass(frozen=True)
class _Output:
    """How one output lies on the signal."""

    time_axis: int | None  # None: one column for all
    field: Field


class UserEncoder(ExplicitNetwork):
    """Outputs of an encoder on the spec (batch, 1, 1, frame) of a `Waveform`.

    Parameters
    ----------
    encoder : callable
        A module with its weights fixed.
    takes : _Input or None
        None finds out.
    sample_rate : int
        Hz of what it hears.
    mu_law : bool
        Whether it hears companded samples.
    name : str

    Raises
    ------
    UsageError
        It does not take a waveform, or gives nothing that has a gradient.
    """

    def __init__(
        self,
        encoder: Encoder,
        takes: _Input | None = None,
        *,
        sample_rate: int = NETWORK_RATE,
        mu_law: bool = False,
        name: str = "encoder",
        device: torch.device | str = "cpu",
    ) -> None:
        if sample_rate <= 0:
            raise UsageError(f"{name}: sample_rate={sample_rate} must be above 0")
        self.encoder = encoder
        self.sample_rate = sample_rate
        self.mu_law = mu_law
        self.name = name
        self.takes = takes or self._find_input(device)
        self.outputs = self._probe(device)
        self.n_layers = len(self.outputs)

    @classmethod
    def load(cls, path: str | Path, *, device: torch.device | str = "cpu") -> UserEncoder:
        """Load a TorchScript or exported file. It is code: load only what you trust.

        Raises
        ------
        AudioFileError
            The file cannot be read, or is neither.
        UsageError
            It is no encoder of waveforms.
        """
        facts, is_exported = _look_into(Path(path))
        takes = None
        try:
            if is_exported:
                program = torch.export.load(Path(path))
                takes = _exported_input(program, Path(path).name)
                module = program.module()
            else:
                with warnings.catch_warnings():
                    # TorchScript is deprecated; what people have is TorchScript.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    loaded = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
                    module = loaded.eval()
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            raise AudioFileError(f"{shown(path)}: cannot be loaded as an encoder by this torch") from error
        for parameter in module.parameters():
            parameter.requires_grad_(False)
        module.to(device)
        return cls(module, takes, name=Path(path).name, device=device, **facts)

    @property
    def min_frames(self) -> int:
        """Frames that the narrowest output needs for a column."""
        return 1 + min(output.field.reach for output in self.outputs)

    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, channel, row, column) of each output."""
        maps = self._run(spec[:, 0, 0])
        return tuple(_arranged(m, o.time_axis) for m, o in zip(maps, self.outputs, strict=True))

    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""
        return self.outputs[layer].field

    def __str__(self) -> str:
        return f"{self.name}, {self.n_layers} output{'s' if self.n_layers > 1 else ''}"

    def _run(self, samples: Tensor) -> list[Tensor]:
        """Give the outputs for samples (batch, frame), in pieces where sizes are fixed."""
        n_frames = self.takes.n_frames
        if n_frames is None:
            return self._run_rows(samples)
        padded = functional.pad(samples, (0, -samples.shape[1] % n_frames))
        pieces = [self._run_rows(piece) for piece in torch.split(padded, n_frames, dim=1)]
        # An output of a fixed length has its columns last.
        return [
            torch.stack(parts, dim=-1) if parts[0].dim() == 2 else torch.cat(parts, dim=-1)
            for parts in zip(*pieces, strict=True)
        ]

    def _run_rows(self, samples: Tensor) -> list[Tensor]:
        shaped = samples[:, None] if self.takes.has_channel else samples
        if self.takes.n_rows is None:
            return _tensors(self.encoder(shaped), self.name)
        rows = functional.pad(shaped.flatten(1), (0, 0, 0, -len(shaped) % self.takes.n_rows))
        parts = [
            _tensors(self.encoder(part.reshape(len(part), *shaped.shape[1:])), self.name)
            for part in torch.split(rows, self.takes.n_rows)
        ]
        return [torch.cat(maps)[: len(samples)] for maps in zip(*parts, strict=True)]

    def _find_input(self, device: torch.device | str) -> _Input:
        noise = _noise(2, round(PROBE_SECONDS * self.sample_rate), device)
        for has_channel in (True, False):
            with contextlib.suppress(RuntimeError, TypeError, IndexError, ValueError, AssertionError):
                self.encoder(noise[:, None] if has_channel else noise)
                return _Input(has_channel)
        raise UsageError(f"{self.name} must take waveforms (batch, 1, frame) or (batch, frame)")

    def _probe(self, device: torch.device | str) -> tuple[_Output, ...]:
        """Find how the outputs lie on the signal."""
        fixed = self.takes.n_frames
        if fixed is not None:
            short, long = fixed, 2 * fixed
        else:
            short = round(PROBE_SECONDS * self.sample_rate)
            long = short + short // 2
        signal = _noise(N_PROBES, long, device).requires_grad_()
        with torch.no_grad():
            before = self._run(signal[:, :short])
        after = self._run(signal)
        if not all(m.is_floating_point() and m.requires_grad for m in after):
            raise UsageError(f"{self.name} must give features that have a gradient")
        return tuple(self._output(one, two, signal, short) for one, two in zip(before, after, strict=True))

    def _output(self, one: Tensor, two: Tensor, signal: Tensor, short: int) -> _Output:
        n_frames = signal.shape[1]
        grown = [axis for axis in range(1, two.dim()) if two.shape[axis] != one.shape[axis]]
        if not grown:
            return _Output(None, Field(reach=n_frames - 1, stride=n_frames))
        axis = grown[-1]
        stride = max(1, round((n_frames - short) / (two.shape[axis] - one.shape[axis])))
        n_columns = two.shape[axis]
        column = n_columns // 2
        (seen,) = torch.autograd.grad(two.select(axis, column).sum(), signal, retain_graph=True)
        places = seen.abs().sum(dim=0).nonzero()
        first, last = (int(places[k]) for k in (0, -1)) if len(places) else (column * stride,) * 2
        n_lost = max(0, n_frames - n_columns * stride)
        return _Output(axis, Field(last - first, column * stride - first, n_lost, stride))


def _noise(n_rows: int, n_frames: int, device: torch.device | str) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (PROBE_LEVEL * torch.randn(n_rows, n_frames, generator=generator)).to(device)


def _tensors(output: Any, name: str) -> list[Tensor]:
    """Give the tensors of an encoder's output, in their order."""
    if isinstance(output, Mapping):
        output = list(output.values())
    tensors = [output] if isinstance(output, Tensor) else output
    if not isinstance(tensors, Sequence) or not tensors:
        raise UsageError(f"{name} must give a tensor, or a list, tuple or dict of them")
    for tensor in tensors:
        if not isinstance(tensor, Tensor) or not 2 <= tensor.dim() <= 4:
            raise UsageError(
                f"{name} must give tensors (batch, channel), (batch, channel, column) or "
                "(batch, channel, row, column)"
            )
    return list(tensors)


def _arranged(maps: Tensor, time_axis: int | None) -> Tensor:
    """Bring an output to (batch, channel, row, column)."""
    if time_axis is not None:
        maps = maps.movedim(time_axis, -1)
    while maps.dim() < 4:
        maps = maps[:, :, None] if maps.dim() == 3 else maps[..., None]
    return maps


def _look_into(path: Path) -> tuple[dict[str, Any], bool]:
    """Read the facts of a file, and whether it is an exported program (else it is TorchScript)."""
    if not path.is_file():
        raise UsageError(f"encoder={shown(path)} must be a file of TorchScript or of torch.export")
    try:
        with zipfile.ZipFile(path) as archive:
            inner = {name.partition("/")[2]: name for name in archive.namelist()}
            extra = inner.get(f"extra/{FACTS}")
            facts = {} if extra is None else json.loads(archive.read(extra))
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise AudioFileError(f"{shown(path)}: is no file of TorchScript or of torch.export") from error
    is_exported = "archive_format" in inner
    if not is_exported and "constants.pkl" not in inner:
        raise AudioFileError(f"{shown(path)}: is no file of TorchScript or of torch.export")
    wanted = {"sample_rate": int, "mu_law": bool}
    if not isinstance(facts, dict) or any(type(v) is not wanted.get(k) for k, v in facts.items()):
        raise AudioFileError(f"{shown(path)}: {FACTS} must hold sample_rate in Hz and mu_law, true or false")
    return facts, is_exported


def _exported_input(program: torch.export.ExportedProgram, name: str) -> _Input:
    """Read from a program which sizes of its input are fixed."""
    wanted = program.graph_signature.user_inputs
    shapes = [
        node.meta["val"].shape
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in wanted
    ]
    if len(shapes) != 1 or len(shapes[0]) not in (2, 3) or (len(shapes[0]) == 3 and shapes[0][1] != 1):
        raise UsageError(f"{name} must take waveforms (batch, 1, frame) or (batch, frame)")
    n_rows, n_frames = (size if isinstance(size, int) else None for size in (shapes[0][0], shapes[0][-1]))
    return _Input(len(shapes[0]) == 3, n_rows, n_frames)
