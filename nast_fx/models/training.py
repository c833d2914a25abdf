"""Settings of `nast-fx train`; what they do is in `nast_fx.train`."""

from __future__ import annotations

from typing import Literal

from nast_fx.models.base import Settings, setting

__all__ = ["GroupBy", "Layout", "TaskName", "TrainingSettings"]

TaskName = Literal["instruments", "sounds"]
Layout = Literal["auto", "folders", "urbansound8k", "nsynth"]
GroupBy = Literal["instrument", "pitch"]


class TrainingSettings(Settings):
    """How a network is trained."""

    epochs: int | None = setting(
        None, "Passes over the clips; empty is what the task needs.", ge=1, le=10_000
    )
    batch_size: int = setting(16, "Clips a step.", unit="clips", ge=2, le=1024)
    learning_rate: float = setting(
        2e-3, "Largest step of Adam; it rises to it and falls to zero.", gt=0, le=1
    )
    seed: int = setting(0, "Seed of weights, order, augmentation and split.", ge=0, le=2**63 - 1)
    held_out_share: float = setting(
        0.25, "Share of the groups that is held out, where the data do not say.", gt=0, lt=1
    )
    held_out: str = setting("", "Groups to hold out instead, separated by commas, as fold10 or 'pitch 60'.")
    layout: Layout = setting("auto", "How the folder of recordings is laid out.")
    group_by: GroupBy = setting("instrument", "Of NSynth: what is never on both sides of the split.")
    gain_db: float = setting(
        3.0, "Augmentation: level of a clip is changed by up to this.", unit="dB", ge=0, le=40
    )
    shift_seconds: float = setting(0.3, "Augmentation: a clip begins up to this later.", unit="s", ge=0, le=2)
    threads: int = setting(1, "Processor threads; another number gives other weights.", ge=1, le=256)
