"""The built-in plugins that work on level and wave shape: dynamics, gain, distortion, codecs.

Ranges as in `nast_fx.models.plugin_table`.
"""

from __future__ import annotations

from nast_fx.models.plugin_info import BuiltinInfo, ParameterInfo, choice, number, switch

__all__ = ["LEVEL_BUILTINS", "RESAMPLERS"]

RESAMPLERS = (
    "ZeroOrderHold",
    "Linear",
    "CatmullRom",
    "Lagrange",
    "WindowedSinc",
    "WindowedSinc8",
    "WindowedSinc16",
    "WindowedSinc32",
    "WindowedSinc64",
    "WindowedSinc128",
    "WindowedSinc256",
)
MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz
LOW_DB, HIGH_DB = -100.0, 24.0  # thresholds: samples above 0 dBFS exist in float files


def _info(
    name: str,
    text: str,
    *parameters: ParameterInfo,
    is_chunk_safe: bool = True,
    has_latency: bool = False,
    sample_rates: tuple[int, ...] = (),
    max_channels: int | None = None,
) -> BuiltinInfo:
    by_name = {parameter.name: parameter for parameter in parameters}
    return BuiltinInfo(name, text, by_name, is_chunk_safe, has_latency, sample_rates, max_channels)


_ATTACK = number("attack_ms", "ms", 0, 1_000, 1.0, "Time in which it reacts to a rising level.")
_RELEASE = number("release_ms", "ms", 0, 10_000, 100.0, "Time in which it lets go when the level falls.")

LEVEL_BUILTINS = (
    _info(
        "Bitcrush",
        "Rounds samples to fewer bits, for a lo-fi, digital sound.",
        number("bit_depth", "bits", 0, 32, 8.0, "Bits that are left; parts of a bit count too."),
    ),
    _info(
        "BrickwallLimiter",
        "Looks ahead and lets no peak above a ceiling; it adds no gain.",
        number("ceiling_db", "dBFS", LOW_DB, HIGH_DB, -1.0, "Level that no peak exceeds."),
        number("release_ms", "ms", 0.1, 10_000, 100.0, "Time in which the gain recovers after a peak."),
        number(
            "lookahead_ms",
            "ms",
            0.1,
            100,
            5.0,
            "How far it looks ahead; this is its latency.",
            is_automatable=False,
        ),
        switch(
            "true_peak", False, "Whether peaks between the samples count too, found at four times the rate."
        ),
        has_latency=True,
    ),
    _info(
        "Clipping",
        "Cuts off everything above a level: hard distortion.",
        number("threshold_db", "dBFS", LOW_DB, HIGH_DB, -6.0, "Level at which the wave is cut off."),
    ),
    _info(
        "Compressor",
        "Makes loud passages quieter and so evens out the level.",
        number("threshold_db", "dBFS", LOW_DB, HIGH_DB, 0.0, "Level above which the gain is lowered."),
        number(
            "ratio", "", 1, 1_000, 1.0, "Decibels that it takes above the threshold for one more to come out."
        ),
        _ATTACK,
        _RELEASE,
    ),
    _info(
        "Distortion",
        "Bends the wave softly (hyperbolic tangent) and adds harmonics.",
        number("drive_db", "dB", -60, 100, 25.0, "Gain ahead of the bend; more is more distortion."),
    ),
    _info(
        "GSMFullRateCompressor",
        "Sounds like a phone call of the 1990s: GSM Full Rate speech codec at 8 kHz, mono.",
        choice("quality", RESAMPLERS, "WindowedSinc8", "How the sound is brought to 8 kHz and back."),
        is_chunk_safe=False,
        has_latency=True,
    ),
    _info(
        "Gain",
        "Makes the sound louder or quieter.",
        number("gain_db", "dB", -100, 60, 1.0, "Gain."),
    ),
    _info("Invert", "Turns the wave upside down; heard only beside the untouched sound."),
    _info(
        "Limiter",
        "Makes the sound as loud as it goes: compression, make-up gain and a hard stop at 0 dBFS.",
        number("threshold_db", "dBFS", LOW_DB, HIGH_DB, -10.0, "Level at which it sets in; lower is louder."),
        _RELEASE,
    ),
    _info(
        "MP3Compressor",
        "Sends the sound through an MP3 encoder and back.",
        number(
            "vbr_quality",
            "",
            0,
            9.99,
            2.0,
            "Coarseness of the encoder: 0 is best, 9.99 worst.",
            is_automatable=False,
        ),
        has_latency=True,
        sample_rates=MP3_RATES,
        max_channels=2,
    ),
    _info(
        "NoiseGate",
        "Turns down what is quieter than a threshold.",
        number("threshold_db", "dBFS", LOW_DB, HIGH_DB, -100.0, "Level below which the gain is lowered."),
        number("ratio", "", 1, 1_000, 10.0, "How steeply the level falls below the threshold."),
        _ATTACK,
        _RELEASE,
    ),
    _info(
        "Resample",
        "Brings the sound to another rate and back, with the dullness or aliases of that rate.",
        number(
            "target_sample_rate",
            "Hz",
            100,
            384_000,
            8_000.0,
            "Rate in between.",
            is_automatable=False,
        ),
        choice(
            "quality", RESAMPLERS, "WindowedSinc32", "How it is resampled; cruder ways give more aliases."
        ),
        has_latency=True,
    ),
)
