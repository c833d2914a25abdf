"""All built-in plugins of a chain: those of pedalboard, with units, ranges and help.

pedalboard publishes no ranges and checks only some values: a lowpass above half the sample rate gives
infinite samples, a resampling rate near 0 never ends, and neither says a word. So the table is ours:

- Where pedalboard or JUCE have a limit (0 ... 1, 72 semitones, 30 s of delay) the range ends there.
- Where they have none the range is wider than use needs and ends where the sound stays finite:
  thresholds from -100 to 24 dBFS, equalizer gains of 60 dB, Q from 0.01 to 100.
- A frequency must also stay below half the sample rate; that is checked when the rate is known.
- A default is pedalboard's own; a name is that of its constructor, also where it is spelled
  the British way.

Not automatable is what is no number, what a running plugin ignores (the rate of Resample), what makes it
start anew (the look-ahead of a limiter, the quality of MP3), and what is of a plugin that only runs on a
whole recording (PitchShift).

Chunk-safe means: with pedalboard's own block length of 8192 frames, or multiples of it, blocks are one
call to the bit. Of other lengths they are within 1e-7 of it: the filters round to zero at the end of a
block what is below 1e-8, and a convolution sums in another order.

What pedalboard exports beside these, and why it is not here, is in `LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nast_fx.models.builtins_level import LEVEL_BUILTINS
from nast_fx.models.builtins_space import SPACE_BUILTINS
from nast_fx.models.plugin_info import BuiltinInfo, ParameterInfo, ParameterKind, ParameterValue

__all__ = [
    "BUILTINS",
    "LEFT_OUT",
    "LEFT_OUT_PARAMETERS",
    "BuiltinInfo",
    "ParameterInfo",
    "ParameterKind",
    "ParameterValue",
]

BUILTINS: Mapping[str, BuiltinInfo] = MappingProxyType(
    {info.name: info for info in sorted((*LEVEL_BUILTINS, *SPACE_BUILTINS), key=lambda info: info.name)}
)

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "AudioUnitPlugin": "hosted in a process of its own",
        "Chain": "a chain is the file itself, or a branch",
        "ExternalPlugin": "abstract",
        "IIRFilter": "abstract",
        "Mix": "a slot with plugin = 'parallel'",
        "Pedalboard": "a chain is the file itself",
        "Plugin": "abstract",
        "PluginContainer": "abstract",
        "VST3Plugin": "hosted in a process of its own",
    }
)

LEFT_OUT_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {"Convolution.sample_rate": "that of the impulse response is read from its file"}
)
