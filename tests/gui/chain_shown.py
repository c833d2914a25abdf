"""The chain view of a document with given slots, and engines that do nothing or those that are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import FakeEngine, FakeJob
from PyQt6.QtCore import QTemporaryDir
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nast_fx.models import ChainSpec, SlotSpec
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.panels.parameter_row import ParameterRow
from nast_fx_gui.session import Session
from nast_fx_gui.theme import Theme
from nast_fx_gui.views.chain import ChainView

__all__ = ["Shown"]


class Shown:
    """A view that has asked for its plugins; the first slot is chosen."""

    def __init__(self, qtbot: QtBot, *slots: SlotSpec, engine: Any = None) -> None:
        app: Any = QApplication.instance()
        self._scratch = QTemporaryDir()
        self.engine: Any = engine or FakeEngine()
        self.editor = FakeEngine()
        silent: Any = FakeEngine()
        remembered = Remembered(Path(self._scratch.path()) / "settings.ini")
        self.session = Session(silent, self.engine, remembered, Theme(app))
        self.document = self.session.document
        self.document.set_chain(ChainSpec(slots=slots))
        self.document.undo_stack.clear()
        self.view = ChainView(self.session, self.editor if engine is None else None)
        qtbot.addWidget(self.view)
        self.view.load()
        self.view.list.choose((0,))

    @property
    def slot(self) -> SlotSpec:
        """The first slot of the chain."""
        return self.document.state.preset.chain.slots[0]

    @property
    def plugins(self) -> list[str]:
        """What stands in the chain's slots."""
        return [slot.plugin for slot in self.document.state.preset.chain.slots]

    def row(self, name: str) -> ParameterRow:
        """Row of a parameter, or of what every slot has."""
        rows = self.view.panel.rows
        return rows[name] if name in rows else self.view.panel.head.rows[name]

    def names(self) -> list[str]:
        """Names in the list of plugins."""
        found = self.view.plugins.found
        return [found.index(row, 0).data() for row in range(found.rowCount())]

    def job(self, action: str, kind: str = "chains") -> FakeJob:
        """The latest job of the engine."""
        job: FakeJob = self.engine.last(kind, action)
        return job
