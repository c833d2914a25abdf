"""Portable styles: what a recording sounds like, as a small file of weighted runs of magnitude frames."""

from nast_fx.styles.find import FoundStyle, find_style, list_styles, named_style
from nast_fx.styles.learn import learn
from nast_fx.styles.recordings import Recording, open_recordings, recording_of
from nast_fx.styles.sound import RunSpan, StyleSource
from nast_fx.styles.style import LearntStyle
from nast_fx.styles.style_file import read_style, write_style

__all__ = [
    "FoundStyle",
    "LearntStyle",
    "Recording",
    "RunSpan",
    "StyleSource",
    "find_style",
    "learn",
    "list_styles",
    "named_style",
    "open_recordings",
    "read_style",
    "recording_of",
    "write_style",
]
