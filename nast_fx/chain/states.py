"""A chain with the states of its hosted plugins: it sounds the same wherever these plugins are."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from nast_fx.chain.hosted_slot import open_slot
from nast_fx.chain.setting import Context, Setting
from nast_fx.models.chain import ChainSpec
from nast_fx.models.chain_walk import slot_places, with_slot
from nast_fx.progress import Progress, Steps

__all__ = ["with_states"]

RATE, N_CHANNELS = 44_100, 2  # a state holds for every rate and number of channels


def with_states(spec: ChainSpec, *, folder: Path | None, notes: list[str]) -> Steps[ChainSpec]:
    """Open every hosted plugin of a chain, bring it to its slot's values, and keep its state in the slot.

    Parameters
    ----------
    spec : ChainSpec
    folder : path or None
        Where relative file names of the chain start.
    notes : list of str
        What the user should know is added here: what is missing, what a plugin did not restore.

    Raises
    ------
    ChainError, UsageError
        As `nast_fx.chain.hosted_slot.open_slot`.
    """
    hosted = [item for item in slot_places(spec.slots) if item[1].kind in ("vst3", "au")]
    for number, (place, slot) in enumerate(hosted):
        yield Progress(
            "plugins", step=number, n_steps=len(hosted), share=number / len(hosted), note=slot.label
        )
        with ExitStack() as stack:
            setting = Setting(RATE, N_CHANNELS, 1, stack, Context(folder))
            # What is not heard need not be there.
            wanted = slot.model_copy(update={"if_missing": "skip"}) if slot.is_idle else slot
            plugin = open_slot(wanted, f"slot {place} ({slot.label})", setting)
            notes += setting.facts.notes
            if plugin is not None:
                spec = with_slot(spec, place, slot.model_copy(update={"state": plugin.state()}))
    return spec
