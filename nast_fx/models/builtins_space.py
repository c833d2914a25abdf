"""The built-in plugins that work on tone, time and space: filters, modulation, echo, reverb, pitch.

Ranges as in `nast_fx.models.plugin_table`.
"""

from __future__ import annotations

from nast_fx.models.plugin_info import BuiltinInfo, ParameterInfo, choice, number

__all__ = ["LADDER_MODES", "SPACE_BUILTINS"]

LADDER_MODES = ("LPF12", "HPF12", "BPF12", "LPF24", "HPF24", "BPF24")
HIGHEST_HZ = 96_000  # half of the highest sample rate
BUTTERWORTH = 0.7071067690849304  # 1 / sqrt 2 in float32, as pedalboard has it


def _info(name: str, text: str, *parameters: ParameterInfo, is_streamed: bool = True) -> BuiltinInfo:
    by_name = {parameter.name: parameter for parameter in parameters}
    return BuiltinInfo(name, text, by_name, is_chunk_safe=is_streamed, has_latency=not is_streamed)


def _hertz(name: str, default: float, text: str, low: float = 1, high: float = HIGHEST_HZ) -> ParameterInfo:
    return number(name, "Hz", low, high, default, text, is_below_half_rate=True)


def _share(name: str, default: float, text: str, low: float = 0) -> ParameterInfo:
    return number(name, "", low, 1, default, text)


def _band(name: str, text: str, where: str) -> BuiltinInfo:
    return _info(
        name,
        text,
        _hertz("cutoff_frequency_hz", 440.0, where),
        number("gain_db", "dB", -60, 60, 0.0, "Gain there."),
        number("q", "", 0.01, 100, BUTTERWORTH, "Steepness or narrowness; higher may ring."),
    )


_MIX = _share("mix", 0.5, "Mix of the untouched (0) and the changed sound (1).")
_DEPTH = "How far it swings."
_RATE = number("rate_hz", "Hz", 0, 100, 1.0, "Speed of the swing.")
_FEEDBACK = _share("feedback", 0.0, "Share of the output that is sent in again; negative is inverted.", -1)

SPACE_BUILTINS = (
    _info(
        "Chorus",
        "Doubles the sound with a swaying copy; with a short delay and feedback a flanger.",
        _RATE,
        _share("depth", 0.25, _DEPTH),
        number("centre_delay_ms", "ms", 1, 100, 7.0, "Delay around which the copy sways."),
        _FEEDBACK,
        _MIX,
    ),
    _info(
        "Convolution",
        "Plays the sound in a recorded room, speaker or other impulse response.",
        ParameterInfo(
            "impulse_response_filename",
            "",
            None,
            None,
            None,
            "Recording of the impulse response, of one or two channels; its level is evened out.",
        ),
        _share("mix", 1.0, "Mix of the untouched (0) and the changed sound (1)."),
    ),
    _info(
        "Delay",
        "Repeats the sound after a time: an echo.",
        number("delay_seconds", "s", 0, 30, 0.5, "Time to the echo."),
        _share("feedback", 0.0, "Level of each echo against the one before."),
        _MIX,
    ),
    _band(
        "HighShelfFilter", "Raises or lowers everything above a frequency.", "Frequency above which it works."
    ),
    _info(
        "HighpassFilter",
        "Takes away what is below a frequency, by 6 dB an octave.",
        _hertz("cutoff_frequency_hz", 50.0, "Frequency that is 3 dB down."),
    ),
    _info(
        "LadderFilter",
        "Filters like an analog synthesizer, with resonance and drive.",
        choice("mode", LADDER_MODES, "LPF12", "Low, high or band pass, of 12 or 24 dB an octave."),
        _hertz("cutoff_hz", 200.0, "Frequency from which on it takes away."),
        _share("resonance", 0.0, "Emphasis around the cutoff; at 1 it nearly sings by itself."),
        number("drive", "", 1, 100, 1.0, "Gain into the saturation."),
    ),
    _band(
        "LowShelfFilter", "Raises or lowers everything below a frequency.", "Frequency below which it works."
    ),
    _info(
        "LowpassFilter",
        "Takes away what is above a frequency, by 6 dB an octave.",
        _hertz("cutoff_frequency_hz", 50.0, "Frequency that is 3 dB down."),
    ),
    _band("PeakFilter", "Raises or lowers a band around a frequency.", "Middle of the band."),
    _info(
        "Phaser",
        "Sweeps notches through the sound.",
        _RATE,
        _share("depth", 0.5, _DEPTH),
        _hertz("centre_frequency_hz", 1300.0, "Frequency around which the notches sweep.", 20, 20_000),
        _FEEDBACK,
        _MIX,
    ),
    _info(
        "PitchShift",
        "Moves the pitch and keeps the duration.",
        number(
            "semitones",
            "semitones",
            -72,
            72,
            0.0,
            "How far; parts of a semitone count too.",
            is_automatable=False,
        ),
        is_streamed=False,
    ),
    _info(
        "Reverb",
        "Adds the reverberation of a room (Freeverb).",
        _share("room_size", 0.5, "Size of the room; larger rings longer."),
        _share("damping", 0.5, "How much the walls swallow the highs."),
        _share("wet_level", 0.33, "Level of the reverberation."),
        _share("dry_level", 0.4, "Level of the untouched sound; 0.5 leaves it as loud as it was."),
        _share("width", 1.0, "Width of the reverberation in the stereo field."),
        _share("freeze_mode", 0.0, "From 0.5 on the reverberation rings forever."),
    ),
)
