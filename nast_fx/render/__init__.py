"""Rendering: a track of any length and channel count through a method, from file to file."""

from nast_fx.render.device import choose_device
from nast_fx.render.engine import Styled, make_texture, style_source
from nast_fx.render.in_chain import style_in_chain
from nast_fx.render.job import Rendered, render_file, texture_file
from nast_fx.render.preview import Preview, preview_render, preview_texture
from nast_fx.render.reference import Reference, checked_reference
from nast_fx.render.store import SegmentFiles, SegmentStore
from nast_fx.render.style import References, open_references

__all__ = [
    "Preview",
    "Reference",
    "References",
    "Rendered",
    "SegmentFiles",
    "SegmentStore",
    "Styled",
    "checked_reference",
    "choose_device",
    "make_texture",
    "open_references",
    "preview_render",
    "preview_texture",
    "render_file",
    "style_in_chain",
    "style_source",
    "texture_file",
]
