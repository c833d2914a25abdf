"""Style-transfer systems, one a file; `METHODS` maps a name to its class.

Settings are in `nast_fx.models`; to add a method, write both and add a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.methods.barry_kim import BarryKim
from nast_fx.methods.base import LEVEL, Method, Segment, StyleSound, Targets, View
from nast_fx.methods.infinite import Infinite
from nast_fx.methods.mital import Mital
from nast_fx.methods.ulyanov_lebedev import UlyanovLebedev
from nast_fx.methods.vedak_bhatia import VedakBhatia
from nast_fx.methods.verma_smith import VermaSmith
from nast_fx.models import METHOD_SETTINGS, Quality, validated

__all__ = [
    "LEVEL",
    "METHODS",
    "BarryKim",
    "Infinite",
    "Method",
    "Mital",
    "Segment",
    "StyleSound",
    "Targets",
    "UlyanovLebedev",
    "VedakBhatia",
    "VermaSmith",
    "View",
    "build_method",
]

METHODS: dict[str, type[Method[Any]]] = {
    cls.name: cls for cls in (Infinite, UlyanovLebedev, Mital, BarryKim, VermaSmith, VedakBhatia)
}


def build_method(
    name: str, settings: Mapping[str, Any] | None = None, *, quality: Quality = "normal"
) -> Method[Any]:
    """Make a method from its name and settings.

    Parameters
    ----------
    quality : str
        Scales `max_iterations`, unless it is among `settings`.

    Raises
    ------
    UsageError
        Unknown method or setting, or a value out of its range.
    """
    if name not in METHODS:
        raise UsageError(f"there is no method '{name}'{did_you_mean(name, METHODS)}")
    made = validated(METHOD_SETTINGS[name], settings or {})
    if "max_iterations" not in made.model_fields_set:
        made = made.model_copy(update={"max_iterations": made.at_quality(quality)})
    return METHODS[name](made)
