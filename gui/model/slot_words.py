"""What the list of slots says of each: its number and name, and in a second line what is set."""

from __future__ import annotations

from nast_fx.models import SlotSpec
from nast_fx.models.chain import BranchSpec

from ..translation import gettext as _
from .chain_places import Row, place_text

__all__ = ["detail_of", "kind_text", "plugin_text", "spoken", "title_of"]


def plugin_text(slot: SlotSpec) -> str:
    """Give the name of what stands in a slot, without the suffix of its file."""
    named = {"style": _("Style"), "parallel": _("Parallel")}
    if slot.kind in ("vst3", "au"):
        return slot.plugin_name or slot.plugin.rpartition("/")[2].rpartition(".")[0]
    return named.get(slot.plugin, slot.plugin)


def kind_text(slot: SlotSpec) -> str:
    """Say what kind of plugin it is."""
    return {
        "builtin": _("built-in effect"),
        "style": _("the style's place"),
        "parallel": _("parallel paths"),
        "vst3": _("VST3 plugin"),
        "au": _("Audio Unit"),
    }[slot.kind]


def title_of(row: Row) -> str:
    """Give number and name: two slots of one plugin differ by their number."""
    number = place_text(row.place)
    if row.slot is None:
        return _("{number}  Branch {branch}").format(number=number, branch=row.place[-1] + 1)
    return f"{number}  {row.slot.name or plugin_text(row.slot)}"


def detail_of(row: Row) -> str:
    """Give what is set, in one line."""
    item = row.item
    gain = [f"{item.gain_db:+g} dB"] if item.gain_db else []
    if isinstance(item, BranchSpec):
        count = len(item.slots)
        slots = _("the untouched sound") if not count else _("{count} slots").format(count=count)
        return ", ".join([_("1 slot") if count == 1 else slots, *gain])
    words = [plugin_text(item) if item.name else kind_text(item)]
    if item.bypass:
        words.append(_("bypassed"))
    if item.mix < 1:
        words.append(_("mix {percent:.3g} %").format(percent=100 * item.mix))
    words += gain
    if item.automation:
        words.append(_("{count} automated").format(count=len(item.automation)))
    return ", ".join(words)


def spoken(row: Row, fault: str) -> str:
    """Give a row for who cannot see it."""
    return ", ".join(text for text in (title_of(row), detail_of(row), fault) if text)
