"""What a plugin says of itself when it is loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import shown
from nast_fx.chain.host_parameters import HostedParameter
from nast_fx.chain.host_process import HostProcess, SeveralPluginsError
from nast_fx.errors import UsageError, did_you_mean

__all__ = ["PluginFacts", "loaded_facts"]


@dataclass(frozen=True)
class PluginFacts:
    """What a plugin says of itself.

    Attributes
    ----------
    name, version, maker, category : str
        Empty where it does not say.
    identifier : str
        Tells it from all others, wherever its file lies.
    is_instrument : bool
        Whether it makes sound of notes instead of audio.
    n_plugin_channels : int
        Channels of one instance.
    latency_samples : int
        How late it answers, in frames.
    parameters : Mapping[str, HostedParameter]
        Those that can be set, with the values that they have when it is loaded.
    """

    name: str
    version: str
    maker: str
    category: str
    identifier: str
    is_instrument: bool
    n_plugin_channels: int
    latency_samples: int
    parameters: Mapping[str, HostedParameter]


def loaded_facts(
    process: HostProcess,
    path: Path,
    plugin_name: str | None,
    signal: tuple[int, int],
    *,
    seconds: float,
) -> PluginFacts:
    """Load a plugin into its process.

    Parameters
    ----------
    process : HostProcess
        A new one; messages call the plugin by its own name from here on.
    path : path
    plugin_name : str, optional
        Which one of several.
    signal : (int, int)
        Rate in Hz and number of channels of what will be processed.
    seconds : float
        Limit of time.

    Raises
    ------
    PluginError
        It cannot be loaded, or several are there and none is named.
    UsageError
        There is no plugin of that name.
    """
    header: dict[str, Any] = {"do": "load", "path": os.path.abspath(path), "plugin_name": plugin_name}
    header |= {"sample_rate": signal[0], "n_channels": signal[1]}
    answer = process.ask(header, doing="loading", seconds=seconds)[0]
    if "names" in answer:
        if plugin_name is None:
            raise SeveralPluginsError(process.label, tuple(answer["names"]))
        near = did_you_mean(plugin_name, answer["names"])
        raise UsageError(f"{shown(path)}: it holds no plugin '{plugin_name}'{near}")
    answer["parameters"] = {part["name"]: HostedParameter.of(part) for part in answer["parameters"]}
    answer["name"] = process.label = shown(answer["name"])
    return PluginFacts(**answer)
