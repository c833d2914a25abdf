"""The slots of the document's chain as a list, and every change of them: each one step of undo.

Branches of a parallel slot are rows too, ahead of their slots; `DEPTH` says how far a row is indented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QByteArray, QMimeData, QModelIndex, QObject, Qt, pyqtSignal

from nast_fx.errors import UsageError
from nast_fx.models import ChainSpec, SlotSpec
from nast_fx.models.chain import AutomationSpec, BranchSpec

from ..translation import gettext as _
from . import chain_places as places
from .chain_places import Place, Row
from .document import Document, State
from .edits import with_chain
from .slot_words import detail_of, spoken, title_of

__all__ = ["DEPTH", "DETAIL", "FAULT", "PLACE", "SLOT_MIME", "SlotsModel"]

PLACE = Qt.ItemDataRole.UserRole
DEPTH = Qt.ItemDataRole.UserRole + 1
DETAIL = Qt.ItemDataRole.UserRole + 2
FAULT = Qt.ItemDataRole.UserRole + 3

SLOT_MIME = "application/x-nast-fx-slot"


class SlotsModel(QAbstractListModel):
    """The chain, a row a slot or branch.

    Parameters
    ----------
    document : Document
    parent : QObject, optional

    Attributes
    ----------
    faults : Mapping[Place, str]
        Why a slot cannot run: its plugin or a file is missing; one sentence each.
    """

    refused = pyqtSignal(str)
    """A change was not done; one sentence says why."""
    placed = pyqtSignal(object)
    """Where a slot stands that was added or moved."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.faults: Mapping[Place, str] = {}
        self._rows = places.rows_of(self.chain)
        document.changed.connect(self._show_state)

    @property
    def chain(self) -> ChainSpec:
        """The document's chain."""
        return self._document.state.preset.chain

    @property
    def rows(self) -> list[Row]:
        """Slots and branches, from first to last."""
        return self._rows

    def row_of(self, place: Place) -> int:
        """Number of the row of a place; -1 if there is none."""
        return next((number for number, row in enumerate(self._rows) if row.place == place), -1)

    def show_faults(self, faults: Mapping[Place, str]) -> None:
        """Show why slots cannot run."""
        if faults != self.faults:
            self.faults = dict(faults)
            self._tell_all()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Give the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give a row's title, details, whether it is heard, and what is wrong with it."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        fault = self.faults.get(row.place, "")
        if role == Qt.ItemDataRole.CheckStateRole:
            checked = Qt.CheckState
            return row.slot and (checked.Unchecked if row.slot.bypass else checked.Checked)
        texts = {
            Qt.ItemDataRole.DisplayRole: title_of(row),
            Qt.ItemDataRole.ToolTipRole: fault or detail_of(row),
            Qt.ItemDataRole.AccessibleTextRole: spoken(row, fault),
            DETAIL: detail_of(row),
            FAULT: fault,
        }
        return {PLACE: row.place, DEPTH: row.depth}.get(role, texts.get(role))

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Let a slot's check box bypass it."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        is_on = Qt.CheckState(value) == Qt.CheckState.Checked
        return self.change(self._rows[index.row()].place, _("Bypass slot"), bypass=not is_on)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Slots can be dragged and checked; on branches they can be dropped."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        common = flag.ItemIsEnabled | flag.ItemIsSelectable
        if self._rows[index.row()].slot is None:
            return common | flag.ItemIsDropEnabled
        return common | flag.ItemIsDragEnabled | flag.ItemIsUserCheckable

    def supportedDropActions(self) -> Qt.DropAction:
        """Slots move."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        """Give what can be dropped here."""
        return [SLOT_MIME]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:
        """Take a slot along: its place."""
        data = QMimeData()
        for index in indexes:
            place = self._rows[index.row()].place
            data.setData(SLOT_MIME, QByteArray(" ".join(map(str, place)).encode()))
        return data

    def dropped_place(self, data: QMimeData) -> Place:
        """Read the place of a slot that is dropped."""
        return tuple(int(word) for word in data.data(SLOT_MIME).data().split())

    def change(self, place: Place, text: str, *, merge: str = "", **fields: Any) -> bool:
        """Change fields of a slot or branch; see `put`.

        Parameters
        ----------
        place : Place
        text, merge : str
            As `Document.change` takes them.
        **fields
            Of `SlotSpec` or `BranchSpec`.
        """
        item = places.item_at(self.chain, place).model_copy(update=fields)
        key = f"chain.{place}.{merge}" if merge else ""
        return self.put(places.with_item(self.chain, place, item), text, merge=key)

    def set_parameter(self, place: Place, name: str, value: float | bool | str, *, default: Any) -> bool:
        """Set a parameter; the default is left out, as in a file."""
        slot = self.slot_at(place)
        values = {key: old for key, old in slot.parameters.items() if key != name}
        if value != default:
            values[name] = value
        text = _("Change {parameter}").format(parameter=name)
        return self.change(place, text, merge=f"parameters.{name}", parameters=values)

    def set_automation(self, place: Place, name: str, curve: AutomationSpec | None) -> bool:
        """Let a parameter change over time, or no more."""
        slot = self.slot_at(place)
        curves = {key: old for key, old in slot.automation.items() if key != name}
        if curve is not None:
            curves[name] = curve
        return self.change(place, _("Automate {parameter}").format(parameter=name), automation=curves)

    def add(self, item: SlotSpec | BranchSpec, place: Place | None = None) -> bool:
        """Put a slot or branch ahead of what is at `place`, by default at the end."""
        place = place if place is not None else (len(places.whole(self.chain).slots),)
        text = _("Add {plugin}").format(plugin=item.label if isinstance(item, SlotSpec) else _("branch"))
        if not self.put(places.inserted(self.chain, place, item), text):
            return False
        self.placed.emit(place)
        return True

    def remove(self, place: Place) -> bool:
        """Take a slot or branch out; the style stays."""
        item = places.item_at(self.chain, place)
        if isinstance(item, SlotSpec) and item.kind == "style":
            self.refused.emit(_("the style stays in the chain; bypass it to hear the effects alone"))
            return False
        return self.put(places.without(self.chain, place), _("Remove slot"))

    def duplicate(self, place: Place) -> bool:
        """Put the same slot, or branch, behind itself."""
        item = places.item_at(self.chain, place)
        if isinstance(item, SlotSpec) and item.kind == "style":
            self.refused.emit(_("a chain has one place for the style"))
            return False
        return self.add(item, (*place[:-1], place[-1] + 1))

    def move(self, old: Place, new: Place) -> bool:
        """Move a slot ahead of what is at `new`."""
        chain, place = places.moved(self.chain, old, new)
        if not self.put(chain, _("Move slot")):
            return False
        self.placed.emit(place)
        return True

    def can_step(self, place: Place, *, down: bool) -> bool:
        """Whether a slot can move one step; branches cannot, and need not: they are summed."""
        is_slot = isinstance(places.item_at(self.chain, place), SlotSpec)
        return is_slot and places.stepped(self.chain, place, down=down) is not None

    def step(self, place: Place, *, down: bool) -> bool:
        """Move a slot one step; False where it cannot."""
        if not self.can_step(place, down=down):
            return False
        new = places.stepped(self.chain, place, down=down)
        return new is not None and self.move(place, new)

    def put(self, chain: ChainSpec, text: str, *, merge: str = "") -> bool:
        """Make `chain` the document's, as one step of undo; if it cannot be, `refused` says why."""
        try:
            preset = with_chain(self._document.state.preset, chain)
        except UsageError as error:
            self.refused.emit(str(error).removeprefix("chain: "))
            return False
        self._document.change(text, merge=merge, preset=preset)
        return True

    def slot_at(self, place: Place) -> SlotSpec:
        """Give the slot at a place; see `chain_places.slot_at`."""
        return places.slot_at(self.chain, place)

    def _show_state(self, old: State, new: State) -> None:
        if old.preset.chain == new.preset.chain:
            return
        rows = places.rows_of(new.preset.chain)
        if [_shape(row) for row in rows] == [_shape(row) for row in self._rows]:
            self._rows = rows
            self._tell_all()
            return
        self.beginResetModel()
        self._rows, self.faults = rows, {}
        self.endResetModel()

    def _tell_all(self) -> None:
        self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def _shape(row: Row) -> tuple[Place, str]:
    return row.place, row.slot.plugin if row.slot else ""
