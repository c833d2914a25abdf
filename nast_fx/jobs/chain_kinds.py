"""Jobs about chains themselves: files of them, what is missing, a hosted plugin in the state of its slot."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from nast_fx.errors import NastFxError
from nast_fx.jobs.kind import Beside
from nast_fx.models.chain import ChainSpec
from nast_fx.models.chain_walk import slot_places, with_file_names
from nast_fx.models.chains import ChainsRequest
from nast_fx.progress import Progress, Steps

__all__ = ["chains"]

RATE, CHANNELS = 44_100, 2  # Hz, and of the signal that a plugin is shown for

Facts = dict[str, Any]


def chains(request: ChainsRequest, beside: Beside) -> Steps[Facts]:
    """Do what is asked about a chain.

    Returns
    -------
    dict
        Of ``load`` the ``chain``, whose file names are whole paths. Of ``save`` the ``path`` and ``notes``.
        Of ``check`` ``faults``: ``place``, ``message`` and ``is_missing`` of each slot that cannot run. Of
        ``show`` what the plugin says of itself, its ``parameters`` and ``warnings``.

    Raises
    ------
    AudioFileError, UsageError, PluginError
        A file, a chain or a plugin cannot be used; one sentence.
    """
    return (yield from _ACTIONS[request.action](request))


def _load(request: ChainsRequest) -> Steps[Facts]:
    from nast_fx.chain.spec_file import read_chain

    path = request.file
    yield Progress("read", note=path.name)
    folder = path.resolve().parent
    spec = with_file_names(read_chain(path), partial(_whole, folder))
    return {"path": path, "chain": spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def _save(request: ChainsRequest) -> Steps[Facts]:
    from nast_fx.chain.spec_file import write_chain
    from nast_fx.chain.states import with_states

    path, spec, notes = request.file, request.chain, list[str]()
    yield Progress("write", note=path.name)
    if request.states:
        spec = yield from with_states(spec, folder=request.folder, notes=notes)
    old, new = request.folder or Path(), path.resolve().parent

    def portable(name: str) -> str:
        """Name of a file beside the chain file or below it starts there, so that both can be moved."""
        whole = Path(_whole(old, name))
        return whole.relative_to(new).as_posix() if whole.is_relative_to(new) else str(whole)

    write_chain(path, with_file_names(spec, portable), overwrite=request.overwrite)
    return {"path": path, "notes": notes}


def _check(request: ChainsRequest) -> Steps[Facts]:
    from nast_fx.chain.scan import MissingPluginError
    from nast_fx.chain.slot_paths import check_files

    faults = []
    for place, slot in slot_places(request.chain.slots):
        yield Progress("check", note=slot.label)
        # A slot that is not heard now may be at once; those of branches have places of their own.
        alone = slot.model_copy(update={"bypass": False, "mix": 1.0, "if_missing": "fail", "branches": ()})
        try:
            check_files(ChainSpec.model_construct(slots=(alone,)), request.folder or Path())
        except NastFxError as error:
            message = str(error).partition(f"({slot.label}): ")[2]
            is_missing = isinstance(error, MissingPluginError)
            faults.append({"place": place, "message": message, "is_missing": is_missing})
    return {"faults": faults}


def _show(request: ChainsRequest) -> Steps[Facts]:
    from nast_fx.chain.host import HostedPlugin
    from nast_fx.chain.hosted_slot import find_slot

    slot = request.hosted
    yield Progress("open", note=slot.label)
    file = find_slot(slot, slot.label, request.folder)
    name = slot.plugin_name or file.plugin_name
    with HostedPlugin(file.path, name, sample_rate=RATE, n_channels=CHANNELS) as plugin:
        warnings = plugin.restore(slot.state) if slot.state is not None else ()
        plugin.set_values(slot.parameters)
        parameters = [asdict(part) for part in plugin.parameters.values()]
    return {"path": file.path, **vars(plugin.facts), "parameters": parameters, "warnings": warnings}


def _whole(folder: Path, name: str) -> str:
    return os.path.abspath(folder / Path(name).expanduser())


_ACTIONS: Mapping[str, Callable[[ChainsRequest], Steps[Facts]]] = {
    "load": _load,
    "save": _save,
    "check": _check,
    "show": _show,
}
