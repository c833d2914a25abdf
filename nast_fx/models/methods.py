"""Settings of the methods by name; what they do is in `nast_fx.methods`.

The names are alike in all methods. A default is the published value where there is one.
"""

from __future__ import annotations

from nast_fx.models.method_base import MethodSettings
from nast_fx.models.methods_ensemble import BarryKimSettings
from nast_fx.models.methods_random import InfiniteSettings, MitalSettings, UlyanovLebedevSettings
from nast_fx.models.methods_trained import VedakBhatiaSettings, VermaSmithSettings

__all__ = ["METHOD_SETTINGS"]

METHOD_SETTINGS: dict[str, type[MethodSettings]] = {
    "infinite": InfiniteSettings,
    "ulyanov-lebedev": UlyanovLebedevSettings,
    "mital": MitalSettings,
    "barry-kim": BarryKimSettings,
    "verma-smith": VermaSmithSettings,
    "vedak-bhatia": VedakBhatiaSettings,
}
