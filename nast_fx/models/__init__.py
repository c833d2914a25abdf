"""Settings and plans as data: pydantic only, no arrays, shared by engine, command line and app."""

from nast_fx.models.base import Settings, parse_overrides, validated
from nast_fx.models.methods import (
    METHOD_SETTINGS,
    InfiniteSettings,
    MethodSettings,
    Quality,
    UlyanovLebedevSettings,
)
from nast_fx.models.plan import RenderPlan, StereoPolicy
from nast_fx.models.style import StyleReference, parse_snippet, parse_style

__all__ = [
    "METHOD_SETTINGS",
    "InfiniteSettings",
    "MethodSettings",
    "Quality",
    "RenderPlan",
    "Settings",
    "StereoPolicy",
    "StyleReference",
    "UlyanovLebedevSettings",
    "parse_overrides",
    "parse_snippet",
    "parse_style",
    "validated",
]
