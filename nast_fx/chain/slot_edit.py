"""A plugin edited in its own window, from a slot's state to the state that the slot keeps."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.host_parameters import SAME_RAW, HostedParameter
from nast_fx.chain.known import is_shell
from nast_fx.chain.scan import plugin_named
from nast_fx.chain.scan_cache import PluginFile
from nast_fx.errors import NastFxError, UsageError
from nast_fx.models.chain import SlotSpec, StateSpec
from nast_fx.progress import Progress, Steps

__all__ = ["Edit", "edit_slot", "named_plugin", "new_slot", "own_values"]

LOOK_SECONDS = 0.1  # between two looks whether the window is still open

Value = float | bool | str


@dataclass(frozen=True)
class Edit:
    """What was done in the window.

    Attributes
    ----------
    slot : SlotSpec
        With the plugin's state, and without the parameters that would contradict it; their values are in it.
    changes : Mapping[str, (value, value)]
        Parameters that changed: before and after, in their own units.
    is_changed : bool
        Whether anything did, parameters or not (a loaded sample, for example).
    warnings : tuple of str
        What of the slot's state the plugin did not take at the beginning, a sentence each.
    """

    slot: SlotSpec
    changes: Mapping[str, tuple[Value, Value]]
    is_changed: bool
    warnings: tuple[str, ...]


def edit_slot(plugin: HostedPlugin, slot: SlotSpec) -> Steps[Edit]:
    """Bring a plugin to a slot's state and parameters, and show its window until it is closed.

    Raises
    ------
    PluginError
        There is no display, the plugin has no window, it crashed, or the state is another plugin's.
    UsageError
        The slot has a parameter or a value that the plugin does not know.
    """
    warnings = plugin.restore(slot.state) if slot.state is not None else ()
    plugin.set_values(slot.parameters)
    state = plugin.state()  # which also lets the values arrive, before they are read
    before = plugin.parameters
    yield from _until_closed(plugin)
    edited, after = plugin.state(), plugin.parameters
    changed = {name for name, raw in edited.values.items() if abs(raw - state.values[name]) > SAME_RAW}
    unchanged = {name: value for name, value in slot.parameters.items() if name not in changed}
    kept = unchanged if _leave(plugin, edited, unchanged) else {}
    return Edit(
        slot.model_copy(update={"state": edited, "parameters": kept}),
        {name: (before[name].value, part.value) for name, part in after.items() if name in changed},
        edited.raw != state.raw or bool(changed),
        warnings,
    )


def named_plugin(file: PluginFile) -> str | None:
    """Name of the plugin in a file of several; None where the file needs none."""
    return file.plugin_name if is_shell(file) else None


def new_slot(file: PluginFile, parameters: Mapping[str, Value] | None = None) -> SlotSpec:
    """Make a slot for a plugin; with its path only where the name alone does not lead to it."""
    try:
        is_found = plugin_named(file.path.name).path == file.path
    except NastFxError:
        is_found = False
    return SlotSpec(
        plugin=file.path.name,
        path=None if is_found else str(file.path),
        plugin_name=named_plugin(file),
        parameters=dict(parameters or {}),
    )


def _until_closed(plugin: HostedPlugin) -> Steps[None]:
    """Show the window, and say so again and again: who asked can stop, and sees that this is no hang."""
    with ThreadPoolExecutor(1) as pool:
        shown = pool.submit(plugin.edit)
        try:
            while not shown.done():
                yield Progress("edit", note=f"close the window of {plugin.name} to go on")
                wait([shown], LOOK_SECONDS)
        except BaseException:
            plugin.close()  # which ends the window, and with it the thread
            raise
    shown.result()


def own_values(parameters: Mapping[str, HostedParameter]) -> dict[str, Value]:
    """Values that the plugin takes back; some show text for which they know no value."""
    values = {}
    for name, part in parameters.items():
        try:
            part.check(part.value)
        except UsageError:
            continue
        values[name] = part.value
    return values


def _leave(plugin: HostedPlugin, state: StateSpec, parameters: Mapping[str, Value]) -> bool:
    """Whether a state stays when parameters are set after it; a program, for example, moves all others."""
    if not parameters:
        return True
    try:
        plugin.restore(state)
        plugin.set_values(parameters)
        values = plugin.state().values
    except NastFxError:
        return False
    return all(abs(raw - state.values[name]) <= SAME_RAW for name, raw in values.items())
