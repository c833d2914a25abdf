"""Settings and plans as data: pydantic only, no arrays, shared by engine, command line and app."""

from nast_fx.models.base import Settings, parse_overrides, validated
from nast_fx.models.methods import (
    METHOD_SETTINGS,
    BarryKimSettings,
    InfiniteSettings,
    MethodSettings,
    MitalSettings,
    Quality,
    UlyanovLebedevSettings,
    VedakBhatiaSettings,
    VermaSmithSettings,
)
from nast_fx.models.plan import RenderPlan, StereoPolicy
from nast_fx.models.request import MAX_LOOP_SECONDS, Overwrite, RenderRequest, TextureRequest
from nast_fx.models.style import StyleReference, parse_snippet, parse_style

__all__ = [
    "MAX_LOOP_SECONDS",
    "METHOD_SETTINGS",
    "BarryKimSettings",
    "InfiniteSettings",
    "MethodSettings",
    "MitalSettings",
    "Overwrite",
    "Quality",
    "RenderPlan",
    "RenderRequest",
    "Settings",
    "StereoPolicy",
    "StyleReference",
    "TextureRequest",
    "UlyanovLebedevSettings",
    "VedakBhatiaSettings",
    "VermaSmithSettings",
    "parse_overrides",
    "parse_snippet",
    "parse_style",
    "validated",
]
