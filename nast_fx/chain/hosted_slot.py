"""A slot with a hosted plugin: finds its file, opens it, brings it to its state and its values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nast_fx.audio import Samples
from nast_fx.chain.automation import Moved, curves_of
from nast_fx.chain.host import HostedPlugin, PluginError
from nast_fx.chain.scan import MissingPluginError, find_plugin, plugin_named
from nast_fx.chain.scan_cache import PluginFile
from nast_fx.chain.setting import ChainError, Setting
from nast_fx.chain.stages import Stage, Streamed
from nast_fx.errors import UsageError
from nast_fx.models.chain import SlotSpec

__all__ = ["find_slot", "hosted_stage", "open_slot"]


def hosted_stage(slot: SlotSpec, label: str, setting: Setting) -> Stage | None:
    """Make the stage of a hosted plugin; its process ends with the setting's stack.

    Parameters
    ----------
    slot : SlotSpec
    label : str
        Names the slot in messages.

    Returns
    -------
    Stage or None
        None where the plugin is missing and may be.

    Raises
    ------
    ChainError
        The plugin cannot be loaded, or is another one than the state's; later, from the stage: it crashed,
        hung, or wrote what is no sound.
    UsageError
        It is missing and may not be, is an instrument, or has no such parameter or value.
    """
    plugin = open_slot(slot, label, setting)
    if plugin is None:
        return None
    curves = curves_of(slot, setting, label)
    with _named(label):
        if plugin.is_instrument:
            raise UsageError("an instrument plays notes and stands before a chain (--instrument), not in it")
        for name, spec in slot.automation.items():
            for value in spec.values:
                plugin.check_value(name, value)
        plugin.set_values({name: value(0.0) for name, value in curves.items()})
        plugin.reset()

    def process(block: Samples, values: dict[str, float]) -> Samples:
        with _named(label):
            return plugin.process(block, reset=False, values=values)

    moved = Moved(process, curves, setting.sample_rate)
    return Streamed(moved.process, setting.sample_rate, setting.n_channels)


def open_slot(slot: SlotSpec, label: str, setting: Setting) -> HostedPlugin | None:
    """Open the plugin of a slot, with the slot's state and values; None where it is missing and may be.

    Raises
    ------
    ChainError, UsageError
        As `hosted_stage`.
    """
    try:
        file = find_slot(slot, label, setting.context.folder)
        if slot.path is not None and not _placed(slot.path, setting.context.folder).exists():
            setting.facts.notes.append(
                f"{label[:1].upper()}{label[1:]}: {file.path} is taken for {slot.path}."
            )
    except MissingPluginError as error:
        if slot.if_missing == "fail":
            raise
        setting.facts.notes.append(f"{str(error)[:1].upper()}{str(error)[1:]}; it is skipped.")
        return None
    with _named(label):
        plugin = setting.stack.enter_context(
            HostedPlugin(
                file.path,
                slot.plugin_name or file.plugin_name,
                sample_rate=setting.sample_rate,
                n_channels=setting.n_channels,
            )
        )
        if slot.state is not None:
            setting.facts.notes.extend(f"{warning}." for warning in plugin.restore(slot.state))
        plugin.set_values(slot.parameters)
    return plugin


def find_slot(slot: SlotSpec, label: str, folder: Path | None) -> PluginFile:
    """Find the plugin of a slot: where its path says, or else by its name among the installed ones.

    Raises
    ------
    MissingPluginError, PluginError
        There is none, or it is denied or has failed; with the slot's label.
    """
    with _named(label):
        if slot.path is None:
            return plugin_named(slot.plugin)
        return find_plugin(_placed(slot.path, folder))


def _placed(path: str, folder: Path | None) -> Path:
    return Path(path).expanduser() if folder is None else folder / Path(path).expanduser()


@contextmanager
def _named(label: str) -> Iterator[None]:
    """Begin messages with the slot's name."""
    try:
        yield
    except PluginError as error:
        raise ChainError(f"{label}: {error}") from error
    except MissingPluginError as error:
        raise MissingPluginError(f"{label}: {error}") from error
    except UsageError as error:
        raise UsageError(f"{label}: {error}") from error
