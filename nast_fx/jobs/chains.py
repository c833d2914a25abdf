"""Jobs about chains themselves: files of them, what is missing, a hosted plugin's parameters and window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.hosted_slot import find_slot
from nast_fx.chain.scan import MissingPluginError
from nast_fx.chain.slot_edit import edit_slot
from nast_fx.chain.slot_paths import check_files
from nast_fx.chain.spec_file import read_chain, write_chain
from nast_fx.chain.states import with_states
from nast_fx.errors import NastFxError, UsageError
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.models.chain_walk import slot_places, with_file_names
from nast_fx.models.chains import ChainsRequest
from nast_fx.progress import Progress, Steps

__all__ = ["chains_job"]

RATE, N_CHANNELS = 44_100, 2  # Hz; parameters and windows are the same for every signal


def chains_job(request: ChainsRequest) -> Steps[dict[str, Any]]:
    """Do what `request.action` says.

    Returns
    -------
    dict
        Of ``load`` the ``chain``, whose file names are whole paths. Of ``save`` the ``path`` and ``notes``.
        Of ``check`` ``faults``: ``place``, ``message`` and ``is_missing`` of each slot that cannot run. Of
        ``show`` what the plugin says of itself, its ``parameters`` and ``warnings``. Of ``edit`` the
        ``slot`` with its new state, ``changes``, ``is_changed`` and ``warnings``.

    Raises
    ------
    AudioFileError, UsageError, PluginError
        A file, a chain or a plugin cannot be used; one sentence.
    """
    return (yield from _ACTIONS[request.action](request))


def _load(request: ChainsRequest) -> Steps[dict[str, Any]]:
    path = _path(request)
    yield Progress("read", note=path.name)
    folder = path.resolve().parent
    spec = with_file_names(read_chain(path), lambda name: str(folder / Path(name).expanduser()))
    return {"path": path, "chain": _values(spec)}


def _save(request: ChainsRequest) -> Steps[dict[str, Any]]:
    path, spec, notes = _path(request), request.chain, list[str]()
    yield Progress("write", note=path.name)
    if request.states:
        spec = yield from with_states(spec, folder=request.folder, notes=notes)
    old, new = request.folder or Path(), path.resolve().parent

    def portable(name: str) -> str:
        """Name of a file beside the chain file or below it starts there, so that both can be moved."""
        whole = old / Path(name).expanduser()
        return whole.relative_to(new).as_posix() if whole.is_relative_to(new) else str(whole)

    write_chain(path, with_file_names(spec, portable), overwrite=request.overwrite)
    return {"path": path, "notes": notes}


def _check(request: ChainsRequest) -> Steps[dict[str, Any]]:
    faults = []
    for place, slot in slot_places(request.chain.slots):
        yield Progress("check", note=slot.label)
        heard = slot.model_copy(update={"bypass": False, "mix": 1.0, "if_missing": "fail", "branches": ()})
        try:
            check_files(ChainSpec.model_construct(slots=(heard,)), request.folder or Path())
        except NastFxError as error:
            message = str(error).partition(f"({slot.label}): ")[2]
            is_missing = isinstance(error, MissingPluginError)
            faults.append({"place": place, "message": message, "is_missing": is_missing})
    return {"faults": faults}


def _show(request: ChainsRequest) -> Steps[dict[str, Any]]:
    slot = _slot(request)
    yield Progress("open", note=slot.label)
    with _opened(slot, request.folder) as plugin:
        warnings = plugin.restore(slot.state) if slot.state is not None else ()
        plugin.set_values(slot.parameters)
        facts = plugin.facts
        return {
            "name": facts.name,
            "maker": facts.maker,
            "version": facts.version,
            "is_instrument": facts.is_instrument,
            "parameters": [asdict(part) for part in plugin.parameters.values()],
            "warnings": warnings,
        }


def _edit(request: ChainsRequest) -> Steps[dict[str, Any]]:
    slot = _slot(request)
    yield Progress("open", note=slot.label)
    with _opened(slot, request.folder) as plugin:
        edited = yield from edit_slot(plugin, slot)
    changes = {name: {"before": old, "after": new} for name, (old, new) in edited.changes.items()}
    return {
        "slot": edited.slot.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "changes": changes,
        "is_changed": edited.is_changed,
        "warnings": edited.warnings,
    }


_ACTIONS: Mapping[str, Callable[[ChainsRequest], Steps[dict[str, Any]]]] = {
    "load": _load,
    "save": _save,
    "check": _check,
    "show": _show,
    "edit": _edit,
}


def _opened(slot: SlotSpec, folder: Path | None) -> HostedPlugin:
    file = find_slot(slot, slot.label, folder)
    name = slot.plugin_name or file.plugin_name
    return HostedPlugin(file.path, name, sample_rate=RATE, n_channels=N_CHANNELS)


def _values(spec: ChainSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _path(request: ChainsRequest) -> Path:
    if request.path is None:
        raise UsageError(f"{request.action} needs a path")
    return request.path


def _slot(request: ChainsRequest) -> SlotSpec:
    if request.slot is None:
        raise UsageError(f"{request.action} needs a slot")
    return request.slot
