"""Built-in plugins, made from their slots: what a slot says is what pedalboard gets, to the bit.

An impulse response is read here, not by pedalboard: that knows WAV, AIFF and Ogg only, and of anything
else, an empty file too, it makes a convolution with nothing without a word. A file that both read sounds
the same to the bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard

from nast_fx.audio import load_audio, shown
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.chain import SlotSpec
from nast_fx.models.plugin_table import ParameterValue

__all__ = ["make_builtin"]

_CHOICES: dict[tuple[str, str], Any] = {
    ("GSMFullRateCompressor", "quality"): pedalboard.Resample.Quality,
    ("LadderFilter", "mode"): pedalboard.LadderFilter.Mode,
    ("Resample", "quality"): pedalboard.Resample.Quality,
}


def make_builtin(slot: SlotSpec, folder: str | Path | None = None) -> pedalboard.Plugin:
    """Make the plugin of a built-in slot, fresh and silent inside.

    Parameters
    ----------
    slot : SlotSpec
        Of kind ``builtin``. What it does not set keeps pedalboard's default.
    folder : path, optional
        Where relative file names start: the folder of the chain file. Without it, the working folder.

    Raises
    ------
    AudioFileError
        An impulse response is missing, broken, silent, or of more than two channels.
    UsageError
        The slot holds no built-in plugin.
    """
    info = slot.builtin
    if info is None:
        raise UsageError(f"{slot.label} is not a built-in plugin")
    values = {
        name: _as_taken(slot.plugin, name, value) for name, value in info.checked(slot.parameters).items()
    }
    if slot.plugin == "Convolution":
        path = Path(folder or ".") / Path(str(values.pop("impulse_response_filename"))).expanduser()
        return _convolution(path, values)
    plugin: pedalboard.Plugin = getattr(pedalboard, slot.plugin)(**values)
    return plugin


def _as_taken(plugin: str, name: str, value: ParameterValue) -> Any:
    """Give a choice as pedalboard's own enum; all else as it is."""
    kinds = _CHOICES.get((plugin, name))
    return value if kinds is None else getattr(kinds, str(value))


def _convolution(path: Path, values: dict[str, Any]) -> pedalboard.Convolution:
    response = load_audio(path)
    if len(response.samples) > 2:
        n_channels = len(response.samples)
        raise AudioFileError(f"{shown(path)}: an impulse response has one or two channels, not {n_channels}")
    if not np.isfinite(response.samples).all() or not response.samples.any():
        raise AudioFileError(f"{shown(path)}: a silent or damaged file is no impulse response")
    samples = np.ascontiguousarray(response.samples)
    return pedalboard.Convolution(samples, sample_rate=response.sample_rate, **values)
