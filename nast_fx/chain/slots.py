"""From slots to stages: neighbors that are plain built-ins run as one board, all others by themselves.

A slot that is bypassed, or mixed in at 0, is left out: its sound passes bit for bit. What a plugin makes is
checked, since one value that is no number becomes almost nothing but such values in the next plugin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pedalboard
from pedalboard._pedalboard import Pedalboard as Board

from nast_fx.audio import Samples
from nast_fx.chain.automation import Moved, curves_of
from nast_fx.chain.builtins import make_builtin
from nast_fx.chain.hosted_slot import hosted_stage
from nast_fx.chain.setting import ChainError, Setting
from nast_fx.chain.stages import Blend, Parallel, Series, Stage, Streamed, Through, Whole
from nast_fx.errors import AudioFileError
from nast_fx.models.chain import SlotSpec

__all__ = ["make_stage"]

LEAST_FRAMES = 8192  # of a plugin that hears the whole at once
Numbered = tuple[int, SlotSpec]


def make_stage(slots: Sequence[SlotSpec], setting: Setting, where: str = "", *, first: int = 1) -> Stage:
    """Make the stage of a row of slots, counted from `first`; `where` begins the messages of branches.

    Raises
    ------
    AudioFileError
        A file that a plugin needs cannot be used.
    ChainError
        A hosted plugin cannot be loaded.
    UsageError
        A hosted plugin is missing or takes no such value; a slot follows a controller that no score moves.
    """
    stages: list[Stage] = []
    plain: list[Numbered] = []
    for numbered in enumerate(slots, first):
        slot = numbered[1]
        if slot.is_idle or slot.kind == "style":
            continue
        if _is_plain(slot):
            plain.append(numbered)
        elif (stage := _alone(numbered, setting, where)) is not None:
            stages += _board(plain, setting, where)
            plain = []
            stages.append(_blended(slot, stage, setting))
        else:
            continue  # it is missing, and may be
        if not where:
            setting.facts.running.append(slot.label)
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
    board = Board([_made(slot, setting, f"{where}slot {number} ({slot.label})") for number, slot in plain])

    def process(block: Samples) -> Samples:
        made = _run(board, block, setting)
        if not np.isfinite(made).all():
            raise ChainError(f"{_culprit(plain, block, setting, where)} gives values that are not numbers")
        return made

    return [Streamed(process, setting.sample_rate, setting.n_channels)]


def _alone(numbered: Numbered, setting: Setting, where: str) -> Stage | None:
    """Make the stage of one slot, before it is mixed; None for one that is missing and may be."""
    number, slot = numbered
    label = f"{where}slot {number} ({slot.label})"
    if slot.kind == "parallel":
        stages = [
            _gained(make_stage(branch.slots, setting, f"{label}: branch {n}: "), branch.gain_db, setting)
            for n, branch in enumerate(slot.branches, 1)
        ]
        return Parallel(stages, setting.n_channels)
    if slot.builtin is None:
        return hosted_stage(slot, label, setting)
    if not slot.builtin.is_chunk_safe:
        whole = _made(slot, setting, label)

        def at_once(signal: Samples) -> Samples:
            # pedalboard confuses frames and channels where there are no more of these than of those.
            n_frames = signal.shape[1]
            padded = np.pad(signal, ((0, 0), (0, max(0, LEAST_FRAMES - n_frames))))
            return _finite(whole.process(padded, setting.sample_rate)[:, :n_frames], label)

        return Whole(at_once, setting.sample_rate, setting.n_frames, setting.stack)
    plugin = _made(slot, setting, label)

    def process(block: Samples, values: dict[str, float]) -> Samples:
        for name, value in values.items():
            setattr(plugin, name, value)
        return _finite(_run(plugin, block, setting), label)

    moved = Moved(process, curves_of(slot, setting, label), setting.sample_rate)
    return Streamed(moved.process, setting.sample_rate, setting.n_channels)


def _made(slot: SlotSpec, setting: Setting, label: str) -> pedalboard.Plugin:
    try:
        return make_builtin(slot, setting.context.folder)
    except AudioFileError as error:
        raise AudioFileError(f"{label}: {error}") from error


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
        block = make_builtin(slot, setting.context.folder).process(block, setting.sample_rate)
        if not np.isfinite(block).all():
            return f"{where}slot {number} ({slot.label})"
    return f"{where}one of slots {plain[0][0]} to {plain[-1][0]}"
