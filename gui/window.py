"""The main window: its views as tabs, menus, the status bar, and what it does with faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QCloseEvent, QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QLabel, QMainWindow, QMessageBox, QTabWidget, QWidget

from nast_fx.errors import AudioFileError, NastFxError, NoSpaceError
from nast_fx.models import RenderRequest, StyleReference

from .certain import certain
from .menus import Menus
from .model.diagnostics import diagnostics
from .model.document import State
from .model.edits import blank_preset
from .model.last_session import keep_session, last_session
from .panels.fault import FaultDialog
from .session import Session
from .translation import gettext as _
from .views.batch import BatchView
from .views.chain import ChainView
from .views.render import RenderView

__all__ = ["VIEWS", "MainWindow"]

STYLE_SUFFIX, PRESET_SUFFIXES = ".naststyle", (".toml", ".zip")
SIZE = (1280, 720)  # pixels, at the first start

VIEWS: Mapping[str, Callable[[Session], QWidget]] = {
    "render": RenderView,
    "chain": ChainView,
    "batch": BatchView,
}


class MainWindow(QMainWindow):
    """The window.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._closes_when_saved = False
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.setCentralWidget(self.tabs)
        titles = {"render": _("Render"), "chain": _("Chain"), "batch": _("Batch")}
        self.views = {name: make(session) for name, make in VIEWS.items()}
        for name, view in self.views.items():
            self.tabs.addTab(view, titles[name])
        self.menus = Menus(self)
        self._make_status_bar()
        self._connect()
        self.resize(*SIZE)
        self._restore_shape()
        self.show_state(None, session.document.state)

    @property
    def render_view(self) -> RenderView:
        """The view where a track is styled."""
        view = self.views["render"]
        if not isinstance(view, RenderView):
            raise RuntimeError("the first view is another one")
        return view

    @property
    def chain_view(self) -> ChainView:
        """The view of the effects."""
        view = self.views["chain"]
        if not isinstance(view, ChainView):
            raise RuntimeError("the second view is another one")
        return view

    @property
    def batch_view(self) -> BatchView:
        """The view of many files."""
        view = self.views["batch"]
        if not isinstance(view, BatchView):
            raise RuntimeError("the third view is another one")
        return view

    def open_content(self, path: Path) -> None:
        """Take a file as the content."""
        self.render_view.content_well.take([path])
        self.tabs.setCurrentWidget(self.render_view)

    def open_file(self, path: Path) -> None:
        """Take a file as what its name says: a style, a preset, or else the content."""
        suffix = path.suffix.lower()
        if suffix == STYLE_SUFFIX:
            self.render_view.style_well.take([path])
        elif suffix in PRESET_SUFFIXES:
            self.session.presets.take_in(path)
        else:
            self.open_content(path)

    def open_result(self, content: Path, result: Path) -> None:
        """Show and play a finished file beside its content."""
        self.open_content(content)
        self.render_view.show_result(result)

    def reopen_session(self) -> None:
        """Go on where the last window was closed."""
        state = last_session(self.session.remembered)
        if state is None:
            self.tell(_("There is no last session."))
            return
        self.session.document.change(
            _("Reopen last session"), **{field.name: getattr(state, field.name) for field in fields(state)}
        )
        self.tabs.setCurrentWidget(self.render_view)

    def open_example(self) -> None:
        """Open sounds that the program makes itself."""
        folder = Path(self.session.remembered.text("example-folder", "") or _data_folder()) / "example"
        job = self.session.listener.run("example", {"folder": str(folder)})
        self.tell(_("Making the example ..."))
        job.failed.connect(self.show_fault)
        job.finished.connect(self._on_example)

    def ask_output(self) -> None:
        """Ask where to render to, and render."""
        state = self.session.document.state
        content = state.content or Path("untitled.wav")
        suffix = f".{state.preset.output.format}" if state.preset.output.format else content.suffix
        folder = Path(self.session.remembered.folder("result"))
        place = folder / f"{content.stem}.styled{suffix}"
        name, _kind = QFileDialog.getSaveFileName(self, _("Render to"), str(place))
        if name:
            self.session.remembered.add_recent("result", Path(name))
            self.render_view.make_result_at(Path(name))

    def tell(self, sentence: str) -> None:
        """Say something in the status bar."""
        certain(self.statusBar()).showMessage(sentence, 8000)

    def show_fault(self, error: BaseException, request: RenderRequest | None = None) -> None:
        """Tell of a fault; a cancelled job is none."""
        if type(error).__name__ != "CancelledError":
            FaultDialog(str(error), self.diagnostics(error, request), self).open()

    def diagnostics(self, error: BaseException | None = None, request: RenderRequest | None = None) -> str:
        """Give what somebody needs to know who looks into a fault."""
        said = "\n".join(str(getattr(engine, "stderr_tail", "")) for engine in self.session.engines)
        state, device = self.session.document.state, self.session.device
        return diagnostics(state, error=error, request=request, device=device, engine_said=said)

    def copy_diagnostics(self) -> None:
        """Copy them."""
        certain(QGuiApplication.clipboard()).setText(self.diagnostics())
        self.tell(_("The diagnostics were copied."))

    def show_state(self, old: State | None, new: State) -> None:
        """Show content and preset in the window's title."""
        content = new.content.name if new.content else _("no content")
        self.setWindowTitle(f"{content} \N{EN DASH} {new.preset.name}[*] \N{EN DASH} nast-fx")
        self.setWindowModified(new.is_dirty)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Remember the window's shape and end the engines; a render is asked about first."""
        if event is None:
            return
        if not self._may_close():
            event.ignore()
            return
        remembered = self.session.remembered
        remembered.set_shape("window", self.saveGeometry())
        remembered.set_shape("columns", self.render_view.columns.saveState())
        remembered.set_shape("rows", self.render_view.rows.saveState())
        remembered.set_text("view", str(self.tabs.currentIndex()))
        keep_session(remembered, self.session.document.state)
        self.render_view.listening.close()
        self.session.close(self.chain_view.own_engine)
        event.accept()

    def _may_close(self) -> bool:
        """Ask about what would be stopped."""
        question = ""
        if self.session.rendering.is_rendering:
            question = _("A render is running. Stop it and quit?")
        elif self.batch_view.is_busy:
            question = _("A batch is running. Quit, and go on with it at the next start?")
        return (not question or self._may_stop(question)) and self._may_drop_preset()

    def _may_drop_preset(self) -> bool:
        """Ask about a named preset that was changed; one that is saved first closes the window behind it."""
        self._closes_when_saved = False
        state = self.session.document.state
        is_named = state.origin is not None or state.preset.name != blank_preset().name
        if not state.is_dirty or not is_named:
            return True
        button = QMessageBox.StandardButton
        text = _("The preset {name} was changed. Save it?").format(name=state.preset.name)
        answer = self._ask(text, button.Save | button.Discard | button.Cancel, button.Save)
        if answer == button.Save:
            self._closes_when_saved = self.render_view.preset_actions.save_it()
        return answer == button.Discard

    def _on_saved(self, name: str) -> None:
        self.tell(_("Saved: {name}").format(name=name))
        if self._closes_when_saved:
            QTimer.singleShot(0, self.close)

    def _on_not_saved(self, error: NastFxError) -> None:
        self._closes_when_saved = False
        self.show_fault(error)

    def _may_stop(self, question: str) -> bool:
        button = QMessageBox.StandardButton
        return self._ask(question, button.Yes | button.No, button.No) == button.Yes

    def _ask(
        self, question: str, buttons: QMessageBox.StandardButton, usual: QMessageBox.StandardButton
    ) -> QMessageBox.StandardButton:
        return QMessageBox.question(self, "nast-fx", question, buttons, usual)

    def _make_status_bar(self) -> None:
        self.device = QLabel(_("Device: asked at the first file"), self)
        self.device.setToolTip(_("Where the engine computes, and why."))
        certain(self.statusBar()).addPermanentWidget(self.device)

    def _connect(self) -> None:
        session, view = self.session, self.render_view
        session.document.changed.connect(self.show_state)
        session.checking.device_known.connect(self._on_device)
        session.rendering.made.connect(lambda made: self._on_device(str(made.facts.get("device", ""))))
        session.presets.failed.connect(self._on_not_saved)
        session.presets.saved.connect(lambda origin: self._on_saved(origin.name))
        session.presets.exported.connect(lambda path: self.tell(_("Written: {name}").format(name=path.name)))
        session.presets.imported.connect(
            lambda names: self.tell(_("Taken in: {names}").format(names=", ".join(names)))
        )
        session.styles.failed.connect(self._on_quiet_fault)
        session.copying.copied.connect(lambda path: self.tell(_("Written: {name}").format(name=path.name)))
        session.copying.failed.connect(self.show_fault)
        for engine in session.engines:
            engine.died.connect(self.tell)
        for tells in (view, self.chain_view, self.batch_view):
            tells.told.connect(self.tell)
        self.batch_view.open_result.connect(self.open_result)
        self.batch_view.render_view_wanted.connect(lambda: self.tabs.setCurrentWidget(view))
        view.failed.connect(self._on_render_fault)
        view.example_wanted.connect(self.open_example)
        QTimer.singleShot(0, session.begin)

    def _restore_shape(self) -> None:
        remembered = self.session.remembered
        view = self.render_view
        for name, restore in (
            ("window", self.restoreGeometry),
            ("columns", view.columns.restoreState),
            ("rows", view.rows.restoreState),
        ):
            shape = remembered.shape(name)
            if shape is not None:
                restore(shape)
        number = remembered.text("view", "0")
        self.tabs.setCurrentIndex(int(number) if number.isdecimal() else 0)

    def _on_device(self, reason: str) -> None:
        if reason:
            self.session.device = reason
            self.device.setText(_("Device: {reason}").format(reason=reason))

    def _on_render_fault(self, error: NastFxError, request: RenderRequest | None) -> None:
        """Tell of it; where there is no room or no right to write, offer another place."""
        folder = None if request is None or request.output is not None else request.content.parent
        is_placed = folder is None or (os.access(folder, os.W_OK) and not isinstance(error, NoSpaceError))
        if is_placed or not isinstance(error, AudioFileError):
            self.show_fault(error, request)
        else:
            QTimer.singleShot(0, lambda: self._offer_place(str(error)))

    def _offer_place(self, sentence: str) -> None:
        if self._may_stop(f"{sentence}\n{_('Render to another place?')}"):
            self.ask_output()

    def _on_quiet_fault(self, error: NastFxError) -> None:
        self.tell(str(error))

    def _on_example(self, facts: dict[str, str]) -> None:
        document = self.session.document
        document.undo_stack.beginMacro(_("Open the example"))
        document.set_content(Path(facts["content"]))
        document.set_styles([StyleReference(path=Path(facts["style"]))])
        document.undo_stack.endMacro()


def _data_folder() -> str:
    from PyQt6.QtCore import QStandardPaths

    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation) + "/nast-fx"
