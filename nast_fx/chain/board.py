"""Slots of what stands in a `pedalboard.Pedalboard`, with its values and its state."""

from __future__ import annotations

import base64
import contextlib
import sys
from typing import Any

import numpy as np
from pedalboard import ExternalPlugin

from nast_fx.chain.hosted_plugin import portable_identifier
from nast_fx.chain.hosted_values import automatable
from nast_fx.chain.scan import MissingPluginError, find_plugin
from nast_fx.errors import UsageError
from nast_fx.models.chain import SlotSpec
from nast_fx.models.chain_parts import StateSpec
from nast_fx.models.plugin_table import BUILTINS

__all__ = ["slot_of"]

RATE, SILENT_FRAMES = 44_100, 4096


def slot_of(plugin: Any) -> SlotSpec:
    """Take over a plugin of pedalboard.

    Parameters
    ----------
    plugin : pedalboard.Plugin
        A built-in, or a hosted plugin: its state is taken, and its file is looked for by its name, since
        pedalboard does not tell it.

    Raises
    ------
    UsageError
        It is a board in a board, or holds a file whose name pedalboard does not tell.
    """
    if isinstance(plugin, ExternalPlugin):
        return _hosted(plugin)
    name = type(plugin).__name__
    info = BUILTINS.get(name)
    if info is None or any(parameter.kind == "file" for parameter in info.parameters.values()):
        raise UsageError(f"{name} cannot be taken over from a board; write its slot by hand")
    return SlotSpec(plugin=name, parameters={key: _plain(getattr(plugin, key)) for key in info.parameters})


def _hosted(plugin: Any) -> SlotSpec:
    if plugin.is_instrument:
        raise UsageError(f"{plugin.name} is an instrument: it plays notes and stands in no chain")
    _hear_silence(plugin)
    state = StateSpec(
        raw=base64.b64encode(plugin.raw_state).decode(),
        identifier=portable_identifier(plugin.identifier),
        version=plugin.version,
        values={name: parameter.raw_value for name, parameter in automatable(plugin).items()},
    )
    is_unit = sys.platform == "darwin" and type(plugin).__name__ == "AudioUnitPlugin"
    suffix = ".component" if is_unit else ".vst3"
    try:
        file = find_plugin(plugin.name)
    except MissingPluginError:
        return SlotSpec(plugin=plugin.name + suffix, state=state)
    several = plugin.name if len(file.plugins) == 1 and file.path.stem != plugin.name else None
    return SlotSpec(plugin=plugin.name + suffix, path=str(file.path), plugin_name=several, state=state)


def _hear_silence(plugin: Any) -> None:
    """Let values that were set arrive: a plugin takes them when it processes."""
    for n_channels in (2, 1):
        with contextlib.suppress(ValueError):  # it takes no signal of so many channels
            plugin.process(np.zeros((n_channels, SILENT_FRAMES), np.float32), RATE, reset=False)
            return


def _plain(value: Any) -> float | bool | str:
    if isinstance(value, (bool, int, float)):
        return value
    return str(getattr(value, "name", value))
