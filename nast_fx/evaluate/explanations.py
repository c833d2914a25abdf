"""What each figure means to a musician: one label, one sentence and the better direction."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXPLANATIONS", "Explanation"]


@dataclass(frozen=True)
class Explanation:
    """A figure in words.

    Attributes
    ----------
    label : str
        Name for the reader.
    unit : str
        Printed after the number, or empty.
    sentence : str
        What it measures.
    better : str
        Which way is better.
    digits : int
        Decimals to show.
    """

    label: str
    unit: str
    sentence: str
    better: str
    digits: int = 2


EXPLANATIONS = {
    "style_residual": Explanation(
        "Style left to reach",
        "",
        "Distance from the style in the statistics that the methods aim at, under filters that none of them "
        "saw: 0 is the style, 1 the untouched content (for a texture: white noise).",
        "lower",
        3,
    ),
    "style_floor": Explanation(
        "Style's own spread",
        "",
        "The same distance between the two halves of the style: what is far above it is not the style yet.",
        "for comparison",
        3,
    ),
    "texture_residual": Explanation(
        "Texture left to reach",
        "",
        "Distance from the style in loudness, spikiness, rhythm and coupling of 20 bands as the ear has "
        "them; 1 is the untouched content (for a texture: white noise).",
        "lower",
        3,
    ),
    "content_error": Explanation(
        "Content changed",
        "",
        "How far the result has moved from the content, frame by frame; 0 is the content itself.",
        "lower, for the same style",
    ),
    "onset_agreement": Explanation(
        "Onsets kept", "", "Likeness of when and how hard notes begin, content and result.", "higher, up to 1"
    ),
    "chroma_agreement": Explanation(
        "Harmony kept", "", "Likeness of the twelve pitch classes from moment to moment.", "higher, up to 1"
    ),
    "dynamics_db": Explanation(
        "Dynamics", "dB", "Spread between the loud and the quiet moments.", "near the content's", 1
    ),
    "content_dynamics_db": Explanation(
        "Dynamics of the content", "dB", "The same spread in the content.", "for comparison", 1
    ),
    "silence_noise_db": Explanation(
        "Noise in pauses",
        "dB",
        "Level where the content pauses, relative to the mean level; without a figure the content has none.",
        "lower, near the untouched",
        1,
    ),
    "copy": Explanation(
        "Copied from the style",
        "",
        "Best match of the waveform with the style at any shift; 1 is a verbatim copy.",
        "lower; above 0.5 passages are quoted",
    ),
    "frames": Explanation("Length", "samples", "At the file's own rate.", "as wanted", 0),
    "peak": Explanation("Peak", "", "Largest sample; above 1 a fixed-point file clips.", "at most 1"),
    "finite": Explanation("Sound samples", "", "Whether every sample is a number.", "yes"),
}
"""By the key of `Figures`."""
