"""Settings and plans as data: pydantic only, no arrays, shared by engine, command line and app."""

from nast_fx.models.base import Settings, parse_overrides, validated
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.models.key import Key, parse_key
from nast_fx.models.method_base import MethodSettings, Quality
from nast_fx.models.methods import METHOD_SETTINGS
from nast_fx.models.methods_ensemble import BarryKimSettings
from nast_fx.models.methods_random import InfiniteSettings, MitalSettings, UlyanovLebedevSettings
from nast_fx.models.methods_trained import VedakBhatiaSettings, VermaSmithSettings
from nast_fx.models.plan import RenderPlan, StereoPolicy
from nast_fx.models.preset import Preset
from nast_fx.models.request import (
    MAX_LOOP_SECONDS,
    ChainRequest,
    ContentRequest,
    Overwrite,
    RenderRequest,
    TextureRequest,
)
from nast_fx.models.style import StyleReference, parse_snippet, parse_style
from nast_fx.models.tracking import Tracking

__all__ = [
    "MAX_LOOP_SECONDS",
    "METHOD_SETTINGS",
    "BarryKimSettings",
    "ChainRequest",
    "ChainSpec",
    "ContentRequest",
    "InfiniteSettings",
    "Key",
    "MethodSettings",
    "MitalSettings",
    "Overwrite",
    "Preset",
    "Quality",
    "RenderPlan",
    "RenderRequest",
    "Settings",
    "SlotSpec",
    "StereoPolicy",
    "StyleReference",
    "TextureRequest",
    "Tracking",
    "UlyanovLebedevSettings",
    "VedakBhatiaSettings",
    "VermaSmithSettings",
    "parse_key",
    "parse_overrides",
    "parse_snippet",
    "parse_style",
    "validated",
]
