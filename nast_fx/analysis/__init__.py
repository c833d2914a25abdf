"""What is known of a recording: loudness, key, tempo. Nothing here changes a sample."""

from nast_fx.analysis.analyze import CLEAR_BEAT, Analysis, analyze
from nast_fx.analysis.key import SAFE_CONFIDENCE, KeyEstimate, KeySpan, detect_key
from nast_fx.analysis.loudness import Loudness, lufs, measure_loudness
from nast_fx.analysis.mono import mono_of
from nast_fx.analysis.tempo import Tempo, detect_tempo

__all__ = [
    "CLEAR_BEAT",
    "SAFE_CONFIDENCE",
    "Analysis",
    "KeyEstimate",
    "KeySpan",
    "Loudness",
    "Tempo",
    "analyze",
    "detect_key",
    "detect_tempo",
    "lufs",
    "measure_loudness",
    "mono_of",
]
