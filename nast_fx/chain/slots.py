"""From slots to stages: neighbors that are plain built-ins run as one board, all others by themselves.

A slot that is bypassed, or mixed in at 0, is left out: its sound passes bit for bit. What a plugin makes is
checked, since one value that is no number becomes almost nothing but such values in the next plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pedalboard
from pedalboard._pedalboard import Pedalboard as Board

from nast_fx.audio import Samples
from nast_fx.chain.builtins import make_builtin
from nast_fx.chain.stages import Blend, Parallel, Series, Stage, Streamed, Through, Whole
from nast_fx.errors import NastFxError, UsageError
from nast_fx.models.chain import AutomationSpec, SlotSpec

__all__ = ["ChainError", "Controller", "Setting", "make_stage"]

STEP_FRAMES = 512  # between two values of a parameter that changes over time

Controller = Callable[[float], float]
Numbered = tuple[int, SlotSpec]


class ChainError(NastFxError):
    """A slot could not do its work; the message names it."""


@dataclass(frozen=True)
class Setting:
    """What stages are made for.

    Attributes
    ----------
    sample_rate : int
        Hz.
    n_channels, n_frames : int
        Of the signal.
    folder : Path or None
        Where relative file names of a chain start.
    controllers : mapping of int to callable
        A score's controllers by number: from seconds to 0 ... 1.
    """

    sample_rate: int
    n_channels: int
    n_frames: int
    folder: Path | None = None
    controllers: Mapping[int, Controller] = field(default_factory=dict)


def make_stage(slots: Sequence[SlotSpec], setting: Setting, where: str = "") -> Stage:
    """Make the stage of a row of slots; `where` begins the messages of branches.

    Raises
    ------
    AudioFileError
        A file that a plugin needs cannot be used.
    UsageError
        A slot cannot be hosted here, or follows a controller that no score moves.
    """
    stages: list[Stage] = []
    plain: list[Numbered] = []
    for numbered in enumerate(slots, 1):
        slot = numbered[1]
        if slot.bypass or slot.mix == 0 or slot.kind == "style":
            continue
        if _is_plain(slot):
            plain.append(numbered)
            continue
        stages += _board(plain, setting, where)
        plain = []
        stages.append(_blended(slot, _alone(numbered, setting, where), setting))
    stages += _board(plain, setting, where)
    return Series(stages) if stages else Through()


def _is_plain(slot: SlotSpec) -> bool:
    info = slot.builtin
    untouched = slot.mix == 1 and slot.gain_db == 0 and not slot.automation
    return info is not None and info.is_chunk_safe and untouched


def _board(plain: Sequence[Numbered], setting: Setting, where: str) -> list[Stage]:
    """Run neighbors as one pedalboard."""
    if not plain:
        return []
    board = Board([make_builtin(slot, setting.folder) for _, slot in plain])

    def process(block: Samples) -> Samples:
        made = _run(board, block, setting)
        if not np.isfinite(made).all():
            raise ChainError(f"{_culprit(plain, block, setting, where)} gives values that are not numbers")
        return made

    return [Streamed(process, setting.sample_rate, setting.n_channels)]


def _alone(numbered: Numbered, setting: Setting, where: str) -> Stage:
    """Make the stage of one slot, before it is mixed."""
    number, slot = numbered
    label = f"{where}slot {number} ({slot.label})"
    if slot.kind == "parallel":
        stages = [
            _gained(make_stage(branch.slots, setting, f"{label}: branch {n}: "), branch.gain_db, setting)
            for n, branch in enumerate(slot.branches, 1)
        ]
        return Parallel(stages, setting.n_channels)
    if slot.builtin is None:
        raise UsageError(f"{label}: hosted plugins cannot be run yet")
    if not slot.builtin.is_chunk_safe:
        whole = make_builtin(slot, setting.folder)

        def at_once(signal: Samples) -> Samples:
            return _finite(whole.process(signal, setting.sample_rate), label)

        return Whole(at_once, setting.sample_rate, setting.n_frames)
    moved = _Moved(make_builtin(slot, setting.folder), _curves(slot, setting, label), setting)
    return Streamed(
        lambda block: _finite(moved.process(block), label), setting.sample_rate, setting.n_channels
    )


class _Moved:
    """A built-in plugin whose parameters change over time."""

    def __init__(self, plugin: pedalboard.Plugin, curves: Mapping[str, Controller], setting: Setting) -> None:
        self._plugin, self._curves, self._setting = plugin, curves, setting
        self._n_done = 0

    def process(self, block: Samples) -> Samples:
        """Process a block, in steps where something moves."""
        step = STEP_FRAMES if self._curves else max(block.shape[1], 1)
        parts = []
        for first in range(0, block.shape[1], step):
            seconds = (self._n_done + first) / self._setting.sample_rate
            for name, curve in self._curves.items():
                setattr(self._plugin, name, curve(seconds))
            parts.append(_run(self._plugin, block[:, first : first + step], self._setting))
        self._n_done += block.shape[1]
        return np.concatenate(parts, axis=1)


def _curves(slot: SlotSpec, setting: Setting, label: str) -> dict[str, Controller]:
    return {name: _curve(spec, setting, f"{label}: {name}") for name, spec in slot.automation.items()}


def _curve(spec: AutomationSpec, setting: Setting, label: str) -> Controller:
    """Value over seconds; before the first point and after the last they hold."""
    if spec.controller is None:
        times, values = zip(*spec.points, strict=True)
        return lambda seconds: float(np.interp(seconds, times, values))
    if spec.controller not in setting.controllers:
        raise UsageError(f"{label} follows controller {spec.controller}, which no score moves")
    moved, low, high = setting.controllers[spec.controller], spec.low or 0.0, spec.high or 0.0
    return lambda seconds: low + (high - low) * moved(seconds)


def _blended(slot: SlotSpec, stage: Stage, setting: Setting) -> Stage:
    if slot.mix == 1 and slot.gain_db == 0:
        return stage
    return Blend(stage, setting.n_channels, mix=slot.mix, gain=10 ** (slot.gain_db / 20))


def _gained(stage: Stage, gain_db: float, setting: Setting) -> Stage:
    return Blend(stage, setting.n_channels, mix=1.0, gain=10 ** (gain_db / 20)) if gain_db else stage


def _run(plugin: pedalboard.Plugin, block: Samples, setting: Setting) -> Samples:
    made = plugin.process(np.ascontiguousarray(block), setting.sample_rate, reset=False)
    return np.asarray(made, dtype=np.float32)


def _finite(made: Samples, label: str) -> Samples:
    if not np.isfinite(made).all():
        raise ChainError(f"{label} gives values that are not numbers")
    return made


def _culprit(plain: Sequence[Numbered], block: Samples, setting: Setting, where: str) -> str:
    """Name the slot of a board that fails: the first that does so on the same block by itself."""
    for number, slot in plain:
        block = make_builtin(slot, setting.folder).process(block, setting.sample_rate)
        if not np.isfinite(block).all():
            return f"{where}slot {number} ({slot.label})"
    return f"{where}one of slots {plain[0][0]} to {plain[-1][0]}"
