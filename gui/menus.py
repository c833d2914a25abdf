"""Menus and shortcuts of the window; the list of shortcuts is made from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QMenu,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from nast_fx.version import __version__

from .certain import certain
from .theme import THEMES
from .translation import LANGUAGES
from .translation import gettext as _

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["Menus", "ShortcutList"]

Keys = QKeySequence.StandardKey | str | None


class Menus(QObject):
    """All actions of a window.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        bar = certain(window.menuBar())
        self.file = certain(bar.addMenu(_("&File")))
        self.edit = certain(bar.addMenu(_("&Edit")))
        self.preset = certain(bar.addMenu(_("&Preset")))
        self.work = certain(bar.addMenu(_("&Render")))
        self.look = certain(bar.addMenu(_("&View")))
        self.help = certain(bar.addMenu(_("&Help")))
        self._fill_file()
        self._fill_edit()
        self.preset.addActions(window.render_view.preset_actions.all)
        self._fill_work()
        self._fill_look()
        self._fill_help()

    def actions(self) -> list[QAction]:
        """All of them, those of sub-menus too."""
        menus = [self.file, self.edit, self.preset, self.work, self.look, self.help]
        found: list[QAction] = []
        while menus:
            for action in menus.pop(0).actions():
                inner = action.menu()
                if inner is not None:
                    menus.append(inner)
                elif not action.isSeparator():
                    found.append(action)
        return found

    def _fill_file(self) -> None:
        view, window = self._window.render_view, self._window
        self.add(self.file, _("&Open content ..."), view.content_well.ask, QKeySequence.StandardKey.Open)
        self.add(self.file, _("Add &style ..."), view.style_well.ask, "Ctrl+Shift+O")
        self.recent = certain(self.file.addMenu(_("Open &recent")))
        self.recent.aboutToShow.connect(self._fill_recent)
        self.add(self.file, _("Open the &example"), window.open_example)
        self.file.addSeparator()
        self.add(self.file, _("Save result &as ..."), view.result.save_as, "Ctrl+E")
        self.add(self.file, _("Copy &command line"), view.result.copy_command, "Ctrl+Shift+C")
        self.file.addSeparator()
        self.add(self.file, _("&Quit"), window.close, "Ctrl+Q")

    def _fill_edit(self) -> None:
        stack = self._window.session.document.undo_stack
        # Kept here: what the stack makes ends with the last name that it has in Python.
        self.undo = certain(stack.createUndoAction(self, _("Undo")))
        self.redo = certain(stack.createRedoAction(self, _("Redo")))
        self.undo.setShortcuts(QKeySequence.StandardKey.Undo)
        self.redo.setShortcuts(QKeySequence.StandardKey.Redo)
        self.undo.setWhatsThis(_("Undo"))  # for the list of shortcuts: their texts name the last change
        self.redo.setWhatsThis(_("Redo"))
        self.edit.addActions([self.undo, self.redo])
        self.edit.addSeparator()
        self.add(self.edit, _("&Find a preset"), self._find, QKeySequence.StandardKey.Find)

    def _fill_work(self) -> None:
        view, rendering = self._window.render_view, self._window.session.rendering
        self.add(self.work, _("&Preview"), view.make_preview, "F5")
        self.add(self.work, _("&Render"), view.make_result, "Ctrl+R")
        self.add(self.work, _("Render &to ..."), self._window.ask_output, "Ctrl+Shift+R")
        self.work.addSeparator()
        pause = self.add(
            self.work, _("P&ause or go on"), lambda: rendering.set_paused(not rendering.is_paused)
        )
        pause.setShortcut("F6")
        self.add(self.work, _("&Cancel"), rendering.cancel, "Ctrl+.")

    def _fill_look(self) -> None:
        window = self._window
        for number in range(window.tabs.count()):
            text = _("Go to {name}").format(name=window.tabs.tabText(number))
            self.add(self.look, text, partial(window.tabs.setCurrentIndex, number), f"Ctrl+{number + 1}")
        self.look.addSeparator()
        spectrogram = self.add(self.look, _("&Spectrograms"), lambda: None, "Ctrl+G")
        spectrogram.setCheckable(True)
        spectrogram.toggled.connect(window.render_view.listening.show_spectrograms)
        names = {"system": _("As the system"), "light": _("Light"), "dark": _("Dark")}
        self._choices(_("&Theme"), {name: names[name] for name in THEMES}, "theme", self._use_theme)
        languages = {"": _("As the system"), **LANGUAGES}
        self._choices(_("&Language"), languages, "language", self._use_language)
        self.look.addSeparator()
        full = self.add(self.look, _("&Full screen"), self._toggle_full, QKeySequence.StandardKey.FullScreen)
        if full.shortcut().isEmpty():
            full.setShortcut("F11")

    def _fill_help(self) -> None:
        self.add(self.help, _("&Shortcuts"), self.show_shortcuts, QKeySequence.StandardKey.HelpContents)
        self.add(self.help, _("Copy &diagnostics"), self._window.copy_diagnostics)
        self.add(self.help, _("&About nast-fx"), self._show_about)

    def add(self, menu: QMenu, text: str, slot: Callable[[], object], keys: Keys = None) -> QAction:
        """Add an action to a menu."""
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: slot())
        menu.addAction(action)
        return action

    def show_shortcuts(self) -> None:
        """Show what each key does."""
        dialog = ShortcutList(self.actions(), self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _choices(self, title: str, texts: dict[str, str], name: str, use: Callable[[str], None]) -> None:
        """Add a sub-menu of which one is chosen, and remembered."""
        menu = certain(self.look.addMenu(title))
        group = QActionGroup(menu)
        chosen = self._window.session.remembered.text(name, next(iter(texts)))
        for value, text in texts.items():
            action = self.add(menu, text, partial(use, value))
            action.setCheckable(True)
            action.setChecked(value == chosen)
            group.addAction(action)

    def _use_theme(self, name: str) -> None:
        self._window.session.remembered.set_text("theme", name)
        self._window.session.theme.use(name)

    def _use_language(self, code: str) -> None:
        self._window.session.remembered.set_text("language", code)
        self._window.tell(_("The language changes at the next start."))

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self._window.session.remembered.recent("content"):
            self.add(self.recent, path.name, partial(self._window.open_content, path))
        if self.recent.isEmpty():
            self.add(self.recent, _("none yet"), lambda: None).setEnabled(False)

    def _find(self) -> None:
        self._window.tabs.setCurrentWidget(self._window.render_view)
        self._window.render_view.presets.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _toggle_full(self) -> None:
        window = self._window
        (window.showNormal if window.isFullScreen() else window.showFullScreen)()

    def _show_about(self) -> None:
        text = _("nast-fx {version}: neural audio style transfer as an offline effect. GPL-3.0-or-later.")
        box = QMessageBox(self._window)
        box.setWindowTitle(_("About nast-fx"))
        box.setText(text.format(version=__version__))
        box.finished.connect(box.deleteLater)
        box.open()


class ShortcutList(QDialog):
    """What each key does, from the actions themselves."""

    def __init__(self, actions: list[QAction], parent: MainWindow) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Shortcuts"))
        rows = [
            (
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                _plain(action.whatsThis() or action.text()),
            )
            for action in actions
            if not action.shortcut().isEmpty()
        ]
        self.table = QTableWidget(len(rows), 2, self)
        self.table.setHorizontalHeaderLabels([_("Keys"), _("What they do")])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName(_("Shortcuts"))
        self.table.setToolTip(_("What each key does"))
        self.table.setTabKeyNavigation(False)  # Tab leaves the table
        certain(self.table.verticalHeader()).hide()
        certain(self.table.horizontalHeader()).setStretchLastSection(True)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                self.table.setItem(number, column, QTableWidgetItem(text))
        self.table.resizeColumnToContents(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, parent=self)
        buttons.rejected.connect(self.reject)
        column_of_all = QVBoxLayout(self)
        column_of_all.addWidget(self.table)
        column_of_all.addWidget(buttons)
        self.resize(420, 480)


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix(" ...")
