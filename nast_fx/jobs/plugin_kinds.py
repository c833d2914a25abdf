"""Jobs about plugins: find them, show one with its parameters, say which may be opened, open one's window."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nast_fx.errors import UsageError
from nast_fx.jobs.kind import Beside
from nast_fx.models.chain import SlotSpec
from nast_fx.models.library import PluginsRequest
from nast_fx.models.plugin_table import BUILTINS
from nast_fx.progress import Progress, Steps

__all__ = ["plugins"]

RATE, CHANNELS = 44_100, 2  # Hz, and of the signal that a plugin is shown for

Facts = dict[str, Any]


def plugins(request: PluginsRequest, beside: Beside) -> Steps[Facts]:
    """Do what is asked about plugins."""
    yield Progress("plugins", note=request.name)
    if request.action == "scan":
        return (yield from _scan(request))
    if request.action == "edit" and request.slot is not None:
        return (yield from _edit(request.slot))
    if request.action == "list":
        return _list()
    return _show(request.name) if request.action == "show" else _set_denied(request)


def _list() -> Facts:
    from nast_fx.chain.known import known_plugins

    return {"builtins": [info.as_dict() for info in BUILTINS.values()], **known_plugins().as_dict()}


def _scan(request: PluginsRequest) -> Steps[Facts]:
    from nast_fx.chain.scan import scan

    found = yield from scan(request.folders, rescan=request.rescan, seconds=request.seconds)
    return {**found.as_dict(), "opened": found.n_opened}


def _show(name: str) -> Facts:
    """Give parameters, and a slot with their values to put into a chain."""
    for known, info in BUILTINS.items():
        if known.casefold() == name.casefold():
            defaults = {
                part.name: part.default for part in info.parameters.values() if part.default is not None
            }
            return {**info.as_dict(), "slot": {"plugin": known, "parameters": defaults}}
    from nast_fx.chain.host import HostedPlugin
    from nast_fx.chain.scan import find_plugin
    from nast_fx.chain.slot_edit import named_plugin, new_slot, own_values

    file = find_plugin(name)
    with HostedPlugin(file.path, named_plugin(file), sample_rate=RATE, n_channels=CHANNELS) as hosted:
        parameters = hosted.parameters
        facts = vars(hosted.facts) | {"parameters": [asdict(part) for part in parameters.values()]}
        slot = new_slot(file, own_values(parameters))
    return {"path": hosted.path, **facts, "slot": _slot_values(slot)}


def _set_denied(request: PluginsRequest) -> Facts:
    from nast_fx.chain.known import known_path, set_denied

    path = known_path(request.name)
    is_denied = request.action == "deny"
    return {"path": path, "denied": is_denied, "changed": set_denied(path, is_denied)}


def _edit(slot: SlotSpec) -> Steps[Facts]:
    """Show a plugin's window until it is closed, and give the slot that keeps what was done."""
    from nast_fx.chain.host import HostedPlugin
    from nast_fx.chain.scan import find_plugin
    from nast_fx.chain.slot_edit import edit_slot, named_plugin

    if slot.kind not in ("vst3", "au"):
        raise UsageError(f"{slot.label} has no window of its own")
    file = find_plugin(slot.path or slot.plugin)
    name = slot.plugin_name or named_plugin(file)
    with HostedPlugin(file.path, name, sample_rate=RATE, n_channels=CHANNELS) as plugin:
        edited = yield from edit_slot(plugin, slot)
    changes = {name: {"before": old, "after": new} for name, (old, new) in edited.changes.items()}
    facts = {"changes": changes, "changed": edited.is_changed, "notes": edited.warnings}
    return {"path": file.path, "slot": _slot_values(edited.slot), **facts}


def _slot_values(slot: SlotSpec) -> Facts:
    return slot.model_dump(mode="json", by_alias=True, exclude_defaults=True)
