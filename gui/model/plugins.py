"""What can be added to a chain: the built-in effects, and the plugins that the engine knows of; a table.

Plugins that failed in a scan, are denied, or play scores are rows too, with the reason why they cannot be
added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt

from nast_fx.models.plugin_table import BUILTINS

from ..translation import gettext as _

__all__ = ["ENTRY", "FoundPlugins", "PluginEntry", "PluginsModel", "builtin_entries", "entries_of"]

ENTRY = Qt.ItemDataRole.UserRole
N_COLUMNS = 3


@dataclass(frozen=True)
class PluginEntry:
    """One line of the list.

    Attributes
    ----------
    name, maker : str
    kind : str
        ``builtin``, ``parallel``, ``hosted``, ``instrument``, ``failed`` or ``denied``.
    text : str
        What it is, or why it cannot be added.
    values : Mapping[str, Any]
        Of the slot that it makes; empty if it cannot be added.
    path : str
        File of a plugin; empty for a built-in.
    """

    name: str
    maker: str
    kind: str
    text: str
    values: Mapping[str, Any]
    path: str = ""

    @property
    def can_be_added(self) -> bool:
        """Whether a slot can be made of it."""
        return bool(self.values)


def builtin_entries() -> list[PluginEntry]:
    """Give all built-in effects, and the parallel slot."""
    parallel = {"plugin": "parallel", "branches": ({},)}
    text = _("Paths side by side that hear the same and are summed.")
    rows = [PluginEntry(_("Parallel"), "nast-fx", "parallel", text, parallel)]
    for name, info in BUILTINS.items():
        rows.append(PluginEntry(name, "nast-fx", "builtin", _(info.help), {"plugin": name}))
    return sorted(rows, key=lambda row: row.name.casefold())


def entries_of(facts: Mapping[str, Any]) -> list[PluginEntry]:
    """Give the plugins of the engine's job ``plugins``, action ``list`` or ``scan``.

    Parameters
    ----------
    facts : mapping
        ``plugins`` (each with ``path``, ``name``, ``maker``, ``version``, ``category``, ``is_instrument``),
        ``failures`` (``path``, ``error``), ``denied`` (paths).
    """
    found = list(facts["plugins"])
    paths = [str(one["path"]) for one in found]
    stems = [PurePath(path).name for path in dict.fromkeys(paths)]
    rows = []
    for one, path in zip(found, paths, strict=True):
        file = PurePath(path).name
        # By its file's name alone a plugin is found on every computer; two files of one name need the path.
        values: dict[str, Any] = {"plugin": file}
        if stems.count(file) > 1:
            values["path"] = path
        if paths.count(path) > 1:
            values["plugin_name"] = one["name"]
        words = [one.get("category", ""), one.get("version", ""), path]
        text = ", ".join(word for word in words if word)
        if one["is_instrument"]:
            text = _("An instrument plays scores; it is chosen beside the content. {about}").format(
                about=text
            )
            rows.append(PluginEntry(one["name"], one["maker"], "instrument", text, {}, path))
        else:
            rows.append(PluginEntry(one["name"], one["maker"], "hosted", text, values, path))
    rows.sort(key=lambda row: row.name.casefold())
    for one in facts["failures"]:
        name = PurePath(one["path"]).stem
        text = _("It failed: {reason}").format(reason=one["error"].removeprefix(f"{name}: "))
        rows.append(PluginEntry(name, "", "failed", text, {}, one["path"]))
    for path in facts["denied"]:
        text = _("It is on your deny list and never opened. {path}").format(path=path)
        rows.append(PluginEntry(PurePath(path).stem, "", "denied", text, {}, path))
    return rows


class PluginsModel(QAbstractTableModel):
    """Name, kind and maker of each."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[PluginEntry] = builtin_entries()

    def show_rows(self, rows: list[PluginEntry]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Give the number of plugins."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Name, kind, maker."""
        return 0 if parent.isValid() else N_COLUMNS

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Name the columns."""
        if role != Qt.ItemDataRole.DisplayRole or orientation == Qt.Orientation.Vertical:
            return None
        return (_("Name"), _("Kind"), _("Maker"))[section]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give a cell; what cannot be added is said to be so by its kind."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        cells = (row.name, kind_text(row.kind), row.maker)
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(word for word in (*cells, row.text) if word) if index.column() == 0 else None
        return row if role == ENTRY else None


class FoundPlugins(QSortFilterProxyModel):
    """Those that have every word that is searched for."""

    def __init__(self, source: PluginsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._source = source
        self.setSourceModel(source)

    def search(self, text: str) -> None:
        """Show only those with all words of a text."""
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Look into name, maker, kind and what it says."""
        row = self._source.rows[source_row]
        text = f"{row.name} {row.maker} {kind_text(row.kind)} {row.text}".casefold()
        return all(word in text for word in self._words)


def kind_text(kind: str) -> str:
    """Give the word for a kind."""
    return {
        "builtin": _("built-in"),
        "parallel": _("built-in"),
        "hosted": _("plugin"),
        "instrument": _("instrument"),
        "failed": _("failed"),
        "denied": _("denied"),
    }[kind]
