"""The kinds of jobs that a worker does, and what each is asked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nast_fx.models.base import Settings
from nast_fx.models.chains import ChainsRequest
from nast_fx.models.library import PluginsRequest, PresetsRequest, StylesRequest
from nast_fx.models.listening import CheckRequest, PeaksRequest, SpectrogramRequest
from nast_fx.models.queue import BatchRequest, PlanRequest
from nast_fx.models.request import (
    AnalyzeRequest,
    ChainRequest,
    ExampleRequest,
    RenderRequest,
    TextureRequest,
    WaitRequest,
)

__all__ = ["REQUESTS", "Kind", "Side"]

REQUESTS: Mapping[str, type[Settings]] = {
    "render": RenderRequest,
    "texture": TextureRequest,
    "analyze": AnalyzeRequest,
    "chain": ChainRequest,
    "chains": ChainsRequest,
    "check": CheckRequest,
    "peaks": PeaksRequest,
    "spectrogram": SpectrogramRequest,
    "presets": PresetsRequest,
    "styles": StylesRequest,
    "plugins": PluginsRequest,
    "batch": BatchRequest,
    "plan": PlanRequest,
    "example": ExampleRequest,
    "wait": WaitRequest,
}
Kind = Literal[
    "render",
    "texture",
    "analyze",
    "chain",
    "chains",
    "check",
    "peaks",
    "spectrogram",
    "presets",
    "styles",
    "plugins",
    "batch",
    "plan",
    "example",
    "wait",
]
Side = Literal["history", "report", "export-midi", "save-preset"]
