"""What the engine does for a chain: look what is missing, show a plugin's window, open and save files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, UsageError
from nast_fx.models import ChainSpec, SlotSpec, validated
from nast_fx.models.chain_walk import file_names, slot_places

from ..translation import gettext as _
from .chain_places import Place, rows_of
from .document import Document, State
from .hosted import AsksEngine, slot_values
from .slots import SlotsModel

__all__ = ["ChainJobs"]

CHECK_MS = 200  # after a change, so that a drag asks once


class ChainJobs(QObject):
    """Jobs of the chain view.

    Parameters
    ----------
    document : Document
    slots : SlotsModel
        Is shown what is missing, and does the changes.
    engine : Engine
        For what is soon done.
    editor : Engine
        For plugins' windows, which are open as long as a person likes.
    parent : QObject, optional

    Attributes
    ----------
    edited : SlotSpec or None
        The slot whose plugin's window is open.
    """

    said = pyqtSignal(str)
    """One sentence on what was done."""
    failed = pyqtSignal(str)
    """One sentence on what was not."""
    edit_changed = pyqtSignal()
    """A plugin's window is opened, or closed."""

    def __init__(
        self,
        document: Document,
        slots: SlotsModel,
        engine: AsksEngine,
        editor: AsksEngine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._slots = document, slots
        self._engine, self._editor = engine, editor
        self._jobs: list[Any] = []
        self._window: Any = None
        self._checked: object = ()
        self.edited: SlotSpec | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self.check)
        document.changed.connect(self._later)

    @property
    def chain_file(self) -> Path | None:
        """File from whose folder relative names in the chain start: the preset's."""
        origin = self._document.state.origin
        return None if origin is None else origin.path

    def check(self, *, again: bool = False) -> None:
        """Look for the plugins and files of the chain, if they are others than before or `again`."""
        chain = self._slots.chain
        needed = (
            self.chain_file,
            [(place, file_names(slot), slot.plugin) for place, slot in slot_places(chain.slots)],
        )
        if needed == self._checked and not again:
            return
        self._checked = needed
        hosted = [slot for _place, slot in slot_places(chain.slots) if slot.kind in ("vst3", "au")]
        if not hosted and not any(names for _place, names, _plugin in needed[1]):
            self._slots.show_faults({})
            return

        def show(facts: dict[str, Any]) -> None:
            if self._checked == needed:
                self._slots.show_faults(
                    {_place_of(fault["place"]): fault["message"] for fault in facts["faults"]}
                )

        self._ask(show, action="check", chain=_values(chain))

    def edit(self, place: Place) -> None:
        """Show the window of a slot's plugin; when it is closed, the slot gets the new state."""
        if self.edited is not None:
            return
        slot = self._slots.slot_at(place)

        def keep(facts: dict[str, Any]) -> None:
            self._end_edit()
            for note in facts["notes"]:
                self.said.emit(note)
            if facts["changed"]:
                self._keep(place, slot, validated(SlotSpec, facts["slot"]))
            else:
                self.said.emit(_("Nothing was changed in the window."))

        values = slot_values(slot)
        if slot.path is not None and self.chain_file is not None:
            values["path"] = str(self.chain_file.parent / slot.path)
        self._window = self._run(self._editor.run("plugins", {"action": "edit", "slot": values}), keep)
        self._window.failed.connect(self._end_edit)
        self.edited = slot
        self.edit_changed.emit()

    def close_window(self) -> None:
        """Close the plugin's window without its changes."""
        if self._window is not None:
            self._window.cancel()

    def open(self, path: Path) -> None:
        """Take the chain of a file."""

        def take(facts: dict[str, Any]) -> None:
            try:
                chain = validated(ChainSpec, facts["chain"])
            except UsageError as error:
                self.failed.emit(str(error))
                return
            self._slots.put(chain, _("Open chain"))

        self._ask(take, action="load", path=str(path))

    def save(self, path: Path, *, overwrite: bool, states: bool = False) -> None:
        """Write the chain to a file, with the states of its hosted plugins if asked for."""

        def tell(facts: dict[str, Any]) -> None:
            for note in (*facts["notes"], _("The chain is saved: {path}").format(path=facts["path"])):
                self.said.emit(note)

        self._ask(
            tell,
            action="save",
            path=str(path),
            chain=_values(self._slots.chain),
            overwrite=overwrite,
            states=states,
        )

    def _ask(self, done: Callable[[Any], None], **request: Any) -> None:
        if request["action"] != "load" and self.chain_file is not None:
            request["chain_file"] = str(self.chain_file)
        self._run(self._engine.run("chains", request), done)

    def _run(self, job: Any, done: Callable[[Any], None]) -> Any:
        self._jobs.append(job)
        job.finished.connect(lambda facts: self._end(job, done, facts))
        job.failed.connect(lambda error: self._end(job, self._tell, error))
        return job

    def _end(self, job: Any, then: Callable[[Any], None], outcome: Any) -> None:
        self._jobs.remove(job)
        then(outcome)

    def _tell(self, error: NastFxError) -> None:
        if isinstance(error, CancelledError):
            self.said.emit(_("The window was closed; nothing of it is kept."))
        else:
            self.failed.emit(str(error))

    def _end_edit(self, _error: object = None) -> None:
        self._window = self.edited = None
        self.edit_changed.emit()

    def _keep(self, place: Place, before: SlotSpec, after: SlotSpec) -> None:
        """Give the slot its state, wherever it stands by now."""
        places = [row.place for row in rows_of(self._slots.chain) if row.item == before]
        if not places:
            self.failed.emit(
                _("the slot was changed while its window was open; the window's state is not kept")
            )
            return
        found = place if place in places else places[0]
        fields: Mapping[str, Any] = {"state": after.state, "parameters": after.parameters}
        self._slots.change(found, _("Edit in the plugin's window"), **fields)

    def _later(self, old: State, new: State) -> None:
        if (old.preset.chain, old.origin) != (new.preset.chain, new.origin):
            self._timer.start()


def _values(chain: ChainSpec) -> dict[str, Any]:
    return chain.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _place_of(text: str) -> Place:
    return tuple(int(number) - 1 for number in text.split("."))
