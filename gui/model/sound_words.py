"""A preset in one line: what is done with each file of a batch."""

from __future__ import annotations

from nast_fx.models import Preset

from ..translation import gettext as _

__all__ = ["sound_text"]


def sound_text(preset: Preset) -> str:
    """Say what a preset does, the style first."""
    styles = ", ".join(style.path.stem for style in preset.styles)
    said = [
        _("style {names}").format(names=styles) if styles else _("no style is chosen"),
        _("method {name}").format(name=preset.method),
        *(f"{name} = {value}" for name, value in preset.settings.items()),
        {"draft": _("draft quality"), "normal": _("normal quality"), "high": _("high quality")}[
            preset.plan.quality
        ],
    ]
    if preset.plan.strength != 1:
        said.append(_("strength {value}").format(value=f"{preset.plan.strength:g}"))
    if preset.plan.amount != 1:
        said.append(_("amount {share}").format(share=f"{preset.plan.amount:.0%}"))
    if preset.chain.slots:
        said.append(_("{n} effects").format(n=len(preset.chain.slots)))
    if preset.output.format is not None or preset.output.bits is not None:
        said.append(" ".join(filter(None, ((preset.output.format or "").upper(), preset.output.bits))))
    return ", ".join(said)
