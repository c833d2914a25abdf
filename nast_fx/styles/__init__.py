"""Portable styles: what a recording sounds like, as a small file of weighted runs of magnitude frames.

Here is what finds, reads and writes them. What needs torch is imported from its own module: `learn`, `sound`.
"""

from nast_fx.styles.find import FoundStyle, find_style, list_styles, named_style
from nast_fx.styles.recordings import Recording, open_recordings, recording_of
from nast_fx.styles.style import LearntStyle
from nast_fx.styles.style_file import read_style, write_style

__all__ = [
    "FoundStyle",
    "LearntStyle",
    "Recording",
    "find_style",
    "list_styles",
    "named_style",
    "open_recordings",
    "read_style",
    "recording_of",
    "write_style",
]
