"""All kinds of jobs by their names; what takes long to load is loaded by the first job that needs it."""

from __future__ import annotations

from collections.abc import Mapping

from nast_fx.jobs import batch_kinds, chain_kinds, library_kinds, picture_kinds, plugin_kinds, sound_kinds
from nast_fx.jobs.kind import Kind

__all__ = ["COMPUTING", "KINDS", "WITH_SIDES"]

KINDS: Mapping[str, Kind] = {
    "render": sound_kinds.render,
    "texture": sound_kinds.texture,
    "analyze": sound_kinds.analyze,
    "chain": sound_kinds.chain,
    "chains": chain_kinds.chains,
    "check": sound_kinds.check,
    "peaks": picture_kinds.peaks,
    "spectrogram": picture_kinds.spectrogram,
    "presets": library_kinds.presets,
    "styles": library_kinds.styles,
    "plugins": plugin_kinds.plugins,
    "batch": batch_kinds.batch,
    "plan": batch_kinds.plan,
    "example": sound_kinds.example,
    "wait": sound_kinds.wait,
}
COMPUTING = ("render", "texture", "analyze", "chain")
"""Those in which the number of threads counts."""
WITH_SIDES = ("render", "texture")
"""Those that write files beside their result."""
