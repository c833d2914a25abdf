"""The wells: which recording is the content, and which ones, or which known styles, are the style."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nast_fx.models import StyleReference

from ..controls.facts import facts_of
from ..controls.number_box import NumberBox
from ..model.document import Document, State
from ..model.remembered import Remembered
from ..model.styles import StyleRow
from ..translation import gettext as _
from .elided import Elided

__all__ = ["SOUND_FILES", "ContentWell", "StyleWell"]

MOST_LINES_HEIGHT = 84  # pixels of the list of styles; more scroll
SOUND_FILES = "*.wav *.flac *.aiff *.aif *.mp3 *.ogg *.oga *.w64 *.rf64 *.caf *.mid *.midi"
STYLE_FILES = "*.naststyle *.wav *.flac *.aiff *.aif *.mp3 *.ogg *.oga *.w64 *.rf64 *.caf"


class _Well(QWidget):
    """What both wells have: a title, a name, Browse and Recent."""

    kind = ""
    files = SOUND_FILES

    def __init__(self, document: Document, remembered: Remembered, title: str) -> None:
        super().__init__()
        self._document = document
        self._remembered = remembered
        self.outer = QVBoxLayout(self)
        self.outer.setContentsMargins(0, 0, 0, 0)
        self.outer.setSpacing(2)
        self.line = QHBoxLayout()
        self.outer.addLayout(self.line)
        heading = QLabel(title, self)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.name = Elided("", self)
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.browse = QPushButton(_("Browse ..."), self)
        self.browse.setAccessibleName(_("Browse for {name}").format(name=title))
        self.browse.clicked.connect(self.ask)
        self.recent = QPushButton(_("Recent"), self)
        self.recent.setAccessibleName(_("Recent files: {name}").format(name=title))
        self.recent_menu = QMenu(self)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        self.recent.setMenu(self.recent_menu)
        for widget in (heading, self.name, self.browse, self.recent):
            self.line.addWidget(widget)
        document.changed.connect(self.show_state)

    def take(self, paths: Sequence[Path]) -> None:
        """Take files that a person chose or dropped."""
        raise NotImplementedError

    def show_state(self, old: State | None, new: State) -> None:
        """Show what is chosen."""
        raise NotImplementedError

    def ask(self) -> None:
        """Let a person look for files."""
        folder = self._remembered.folder(self.kind)
        kinds = f"{_('Recordings')} ({self.files});;{_('All files')} (*)"
        names, _kind = QFileDialog.getOpenFileNames(self, _("Choose a recording"), folder, kinds)
        if names:
            self.take([Path(name) for name in names])

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for path in self._remembered.recent(self.kind):
            action = self.recent_menu.addAction(path.name)
            if action is not None:
                action.setToolTip(str(path))
                action.triggered.connect(lambda _checked=False, path=path: self.take([path]))
        if self.recent_menu.isEmpty():
            none = self.recent_menu.addAction(_("none yet"))
            if none is not None:
                none.setEnabled(False)


class ContentWell(_Well):
    """The recording that is styled."""

    kind = "content"

    def __init__(self, document: Document, remembered: Remembered) -> None:
        super().__init__(document, remembered, _("Content"))
        self.show_state(None, document.state)

    def take(self, paths: Sequence[Path]) -> None:
        """Take the first file."""
        self._remembered.add_recent(self.kind, paths[0])
        self._document.set_content(paths[0])

    def show_state(self, old: State | None, new: State) -> None:
        """Show the content's name."""
        if old is None or old.content != new.content:
            self.name.setText(new.content.name if new.content else _("nothing chosen"))
            self.name.setToolTip(str(new.content or ""))


class _StyleLine(QWidget):
    """One of several styles: name, weight, away with it."""

    weighed = pyqtSignal(float)
    removed = pyqtSignal()

    def __init__(self, style: StyleReference, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 0, 0)
        name = Elided(style.path.name, self)
        name.setToolTip(str(style.path))
        name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        label = QLabel(_("Weight"), self)
        self.box = NumberBox(facts_of(StyleReference, "weight"), self)
        self.box.show_value(style.weight)
        self.box.setAccessibleName(_("Weight of {name}").format(name=style.path.name))
        self.box.setToolTip(_("Share of this style among several."))
        self.box.changed.connect(lambda value: self.weighed.emit(float(value)))
        label.setBuddy(self.box)
        self.away = QToolButton(self)
        self.away.setText("\N{MULTIPLICATION SIGN}")
        self.away.setAccessibleName(_("Remove {name}").format(name=style.path.name))
        self.away.setToolTip(_("Remove this style"))
        self.away.clicked.connect(self.removed)
        for widget in (name, label, self.box, self.away):
            row.addWidget(widget)


class StyleWell(_Well):
    """The sounds that the content takes on: recordings, style files, or styles known by name."""

    kind = "style"
    files = STYLE_FILES

    def __init__(self, document: Document, remembered: Remembered) -> None:
        super().__init__(document, remembered, _("Style"))
        self.known = QPushButton(_("By name"), self)
        self.known.setToolTip(_("Styles that come with the program, and your own; they need no file."))
        self.known_menu = QMenu(self)
        self.known_menu.setToolTipsVisible(True)
        self.known.setMenu(self.known_menu)
        self.line.addWidget(self.known)
        self.away = QToolButton(self)
        self.away.setText("\N{MULTIPLICATION SIGN}")
        self.away.setAccessibleName(_("Remove the style"))
        self.away.setToolTip(_("Remove this style"))
        self.away.clicked.connect(lambda _checked=False: self._document.set_styles([]))
        self.line.addWidget(self.away)
        self.lines: list[_StyleLine] = []
        self.several = QScrollArea(self)
        self.several.setWidgetResizable(True)
        self.several.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its lines have it
        self.several.setFrameShape(QScrollArea.Shape.NoFrame)
        self.outer.addWidget(self.several)
        self.show_known(())
        self.show_state(None, document.state)

    def take(self, paths: Sequence[Path]) -> None:
        """Add files to the styles; the first choice is the only style."""
        for path in paths:
            self._remembered.add_recent(self.kind, path)
        added = [StyleReference(path=path) for path in paths]
        self._document.set_styles([*self._document.state.preset.styles, *added])

    def show_known(self, rows: Sequence[StyleRow]) -> None:
        """Offer styles by their names."""
        self.known_menu.clear()
        self.known.setEnabled(bool(rows))
        for row in rows:
            name = row.name if row.layer == "factory" else _("{name} (own)").format(name=row.name)
            action = self.known_menu.addAction(name)
            if action is not None:
                action.setToolTip(row.description)
                action.triggered.connect(lambda _checked=False, row=row: self._take_known(row.name))

    def show_state(self, old: State | None, new: State) -> None:
        """Show one name, or a line for each of several styles."""
        styles = new.preset.styles
        if old is not None and old.preset.styles == styles:
            return
        if len(styles) == len(self.lines) and len(styles) > 1:
            same = old is not None and [s.path for s in old.preset.styles] == [s.path for s in styles]
            if same:
                for line, style in zip(self.lines, styles, strict=True):
                    line.box.show_value(style.weight)
                return
        several = _("{n} styles").format(n=len(styles))
        one = styles[0].path.name if styles else _("nothing chosen")
        self.name.setText(several if len(styles) > 1 else one)
        self.name.setToolTip("\n".join(str(style.path) for style in styles))
        self._rebuild(styles)

    def _rebuild(self, styles: Sequence[StyleReference]) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.away.setVisible(len(styles) == 1)
        self.lines = [_StyleLine(style, inside) for style in styles] if len(styles) > 1 else []
        for number, line in enumerate(self.lines):
            line.weighed.connect(lambda weight, number=number: self._weigh(number, weight))
            line.removed.connect(lambda number=number: self._remove(number))
            column.addWidget(line)
        self.several.setWidget(inside)  # what was in it goes
        height = inside.sizeHint().height()
        self.several.setFixedHeight(min(height, MOST_LINES_HEIGHT))
        self.several.setVisible(bool(self.lines))

    def _take_known(self, name: str) -> None:
        self._document.set_styles([*self._document.state.preset.styles, StyleReference(path=Path(name))])

    def _weigh(self, number: int, weight: float) -> None:
        styles = list(self._document.state.preset.styles)
        styles[number] = styles[number].model_copy(update={"weight": weight})
        self._document.set_styles(styles, merge=f"weight.{number}")

    def _remove(self, number: int) -> None:
        styles = list(self._document.state.preset.styles)
        del styles[number]
        self._document.set_styles(styles)
