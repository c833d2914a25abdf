"""Every view and dialog for who has no mouse, or no eyes: names, roles, hints, the Tab key, letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import accessible
import pytest
from fake_engine import FakeEngine
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nast_fx.models import ChainSpec, SlotSpec, StyleReference
from nast_fx.models.chain import AutomationSpec
from nast_fx.models.plugin_table import BUILTINS
from nast_fx_gui.controls.parameter_facts import parameter_facts
from nast_fx_gui.menus import ShortcutList
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.panels.automation import AutomationDialog
from nast_fx_gui.panels.fault import FaultDialog
from nast_fx_gui.panels.preset_actions import WordsDialog
from nast_fx_gui.session import Session
from nast_fx_gui.theme import Theme
from nast_fx_gui.translation import use_language
from nast_fx_gui.window import MainWindow

KINDS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)
COMPOSED = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit)
VIEWS = ("render", "chain", "batch")
LANGUAGES = ("en", "de")
MOST_STEPS = 300  # of the Tab key
SONG = "/in/song.wav"


@pytest.fixture
def window(
    request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication, settings_file: Path
) -> Iterator[MainWindow]:
    """A window in which there is something to do everywhere."""
    use_language(getattr(request, "param", "en"))
    engines: Any = (FakeEngine(), FakeEngine())
    session = Session(*engines, Remembered(settings_file), Theme(qapp))
    made = MainWindow(session)
    qtbot.addWidget(made, before_close_func=lambda _window: end(session))
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    fill(made, engines)
    yield made
    use_language("en")


def end(session: Session) -> None:
    engine: Any = session.renderer
    for job in engine.of("render"):
        if not job.is_over:
            job.fail()


def fill(window: MainWindow, engines: Any) -> None:
    """Content, two styles, presets, a result, a render that runs, slots, files of a batch, a notice."""
    renderer, listener = engines
    document, view = window.session.document, window.render_view
    preset = {"name": "glass", "path": "/p/glass.toml", "layer": "user", "tags": ["a"], "description": "b"}
    style = {"name": "rain", "layer": "factory", "path": "/s/rain.naststyle", "description": "Rain."}
    window.session.begin()
    listener.last("presets", "list").finish(presets=[preset])
    listener.last("styles", "list").finish(styles=[style])
    view.presets.list.setCurrentIndex(view.presets.list.model().index(0, 0))
    document.set_content(Path(SONG))
    document.set_styles([StyleReference(path=Path("rain")), StyleReference(path=Path("bells"), weight=0.5)])
    slots = (SlotSpec(plugin="Compressor"), SlotSpec(plugin="style"), SlotSpec(plugin="LadderFilter"))
    document.set_chain(ChainSpec(slots=slots))
    view.settings.show_all(True)
    view.make_preview()
    renderer.last("render").finish(output="/in/preview.wav", seconds=3.0)
    view.listening.panel.show()
    view.make_result()
    renderer.last("render").report(stage="transfer", share=0.5, losses={"style": 0.1})
    window.chain_view.list.choose((0,))
    window.batch_view.batch.add([Path(SONG)])
    window.batch_view.summary.show_notice("x", {"Open folder": lambda: None})


def interactive(root: QWidget) -> list[QWidget]:
    """What a person can use in a widget: Qt's own kinds, and ours that take the keyboard."""
    found = []
    for widget in root.findChildren(QWidget):
        is_part = any(isinstance(one, (*COMPOSED, QTabBar)) for one in above(widget))
        is_part = is_part or widget.objectName().startswith("qt_")
        # The menu of pyqtgraph's plot is switched off.
        is_part = is_part or any(type(one).__module__.startswith("pyqtgraph") for one in above(widget))
        is_bar = type(widget) is QScrollBar or isinstance(widget, QHeaderView)
        is_ours = type(widget).__module__.startswith("nast_fx_gui") and takes_tab(widget)
        if (isinstance(widget, KINDS) or is_ours) and not (is_part or is_bar):
            found.append(widget)
    return [widget for widget in found if widget.focusProxy() is None]


def above(widget: QWidget) -> Iterator[QWidget]:
    """Give the widgets that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def takes_tab(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def title(widget: QWidget) -> str:
    text = widget.accessibleName() or getattr(widget, "text", str)()
    return f"{type(widget).__name__} {text!r} in {type(widget.parent()).__name__}"


def label_of(widget: QWidget) -> str:
    """Give what stands in or beside a widget, if it says something."""
    texts = [label.text() for label in root_of(widget).findChildren(QLabel) if label.buddy() is widget]
    if isinstance(widget, QAbstractButton):
        texts.append(widget.text())
    return " ".join(text for text in texts if re.search(r"\w", text))


def root_of(widget: QWidget) -> QWidget:
    window = widget.window()
    assert window is not None
    return window


def without(widgets: list[QWidget], holds: Callable[[QWidget], object]) -> list[str]:
    """Titles of the widgets of which something does not hold."""
    return [title(widget) for widget in widgets if not holds(widget)]


def check(root: QWidget, least: int) -> None:
    """Check names, roles, hints and tab order of all that is in a widget, seen or not."""
    widgets = interactive(root)
    assert len(widgets) >= least
    if accessible.is_known():
        assert not without(widgets, lambda one: re.search(r"\w", accessible.name_of(one))), "no name"
        nothing = (accessible.NO_ROLE, accessible.CLIENT)
        assert not without(widgets, lambda one: accessible.role_of(one) not in nothing), "no role"
    assert not without(widgets, lambda one: one.toolTip() or label_of(one)), "neither tooltip nor label"
    assert not without(widgets, takes_tab), "not reached with Tab"
    chains = {window: focus_chain(window) for window in {root_of(one) for one in widgets}}  # menus have own
    assert not without(widgets, lambda one: one in chains[root_of(one)]), "not in the focus chain"


def focus_chain(window: QWidget) -> set[QWidget]:
    found, widget = {window}, window.nextInFocusChain()
    while widget is not None and widget not in found:
        found.add(widget)
        widget = widget.nextInFocusChain()
    return found


def tabbed(window: QWidget) -> list[QWidget]:
    """Press Tab until it goes round, as a person does; give what had the keyboard."""
    found: list[QWidget] = []
    for _step in range(MOST_STEPS):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is None or widget in found[:1]:
            break
        found.append(widget)
    return found


def check_tab_key(root: QWidget) -> None:
    """Check that the Tab key comes to all that can be used now, and is caught nowhere."""
    reached = tabbed(root_of(root))
    usable = [one for one in interactive(root) if one.isVisible() and one.isEnabled()]
    # Of buttons of which one is chosen Tab comes to that one, and the arrow keys to the others.
    usable = [one for one in usable if not (isinstance(one, QAbstractButton) and one.autoExclusive())]
    assert not without(usable, lambda one: one in reached), "Tab does not come there"


def alike(texts: list[str]) -> list[str]:
    """Give the texts that share their key with Alt with another one."""
    keys = {text: QKeySequence.mnemonic(text).toString() for text in dict.fromkeys(texts)}
    return [text for text, key in keys.items() if key and list(keys.values()).count(key) > 1]


def texts_of(root: QWidget) -> list[str]:
    """Give all texts in a widget that may have a key, those that are not shown now too."""
    kinds = (QAbstractButton, QLabel, QGroupBox)
    texts = [
        one.title() if isinstance(one, QGroupBox) else one.text()
        for one in root.findChildren(QWidget)
        if isinstance(one, kinds) and not (isinstance(one, QLabel) and one.buddy() is None)
    ]
    bars = root_of(root).findChildren(QTabBar)
    return texts + [bar.tabText(number) for bar in bars for number in range(bar.count())]


def automation_dialog(window: MainWindow) -> AutomationDialog:
    facts = parameter_facts(BUILTINS["LowpassFilter"].parameters["cutoff_frequency_hz"])
    points = AutomationSpec(points=[(0.0, 100.0), (4.0, 2000.0)])
    return AutomationDialog(facts, points, 200.0, window)


DIALOGS: dict[str, Callable[[MainWindow], QWidget]] = {
    "shortcuts": lambda window: ShortcutList(window.menus.actions(), window),
    "words": lambda window: WordsDialog(window.session.document, window),
    "automation": automation_dialog,
    "fault": lambda window: FaultDialog("it broke", "details", window),
}


@pytest.mark.parametrize("window", LANGUAGES, indirect=True)
@pytest.mark.parametrize("name", VIEWS)
def test_names_roles_hints_and_order_of_a_view(window: MainWindow, name: str) -> None:
    view = window.views[name]
    window.tabs.setCurrentWidget(view)
    check(view, {"render": 60, "chain": 25, "batch": 20}[name])


@pytest.mark.parametrize("name", VIEWS)
def test_the_tab_key_goes_through_a_view(window: MainWindow, name: str) -> None:
    window.tabs.setCurrentWidget(window.views[name])
    check_tab_key(window.views[name])


@pytest.mark.parametrize("window", LANGUAGES, indirect=True)
@pytest.mark.parametrize("name", VIEWS)
def test_no_two_letters_of_a_view_are_alike(window: MainWindow, name: str) -> None:
    bar = window.menuBar()
    assert bar is not None
    texts = texts_of(window.views[name])
    assert sum("&" in text for text in texts) >= {"render": 3, "chain": 10, "batch": 12}[name]
    assert not alike(texts + [action.text() for action in bar.actions()])


@pytest.mark.parametrize("window", LANGUAGES, indirect=True)
def test_no_two_letters_of_a_menu_are_alike(window: MainWindow) -> None:
    menus = window.menus
    for menu in (menus.file, menus.edit, menus.preset, menus.work, menus.look, menus.help):
        assert not alike([action.text() for action in menu.actions()]), menu.title()


@pytest.mark.parametrize("window", LANGUAGES, indirect=True)
@pytest.mark.parametrize("name", list(DIALOGS))
def test_a_dialog(qtbot: QtBot, window: MainWindow, name: str) -> None:
    dialog = DIALOGS[name](window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog and QApplication.focusWidget() is not None)
    check(dialog, 2)
    check_tab_key(dialog)
    assert not alike(texts_of(dialog))


def test_what_is_wrong_is_found(qtbot: QtBot) -> None:
    """The checks above can fail."""
    root = QWidget()
    qtbot.addWidget(root)
    bare = QLineEdit(root)
    for text in ("&One", "&Other"):
        QLabel(text, root).setBuddy(bare)
    assert label_of(bare) == "&One &Other"
    assert alike(texts_of(root)) == ["&One", "&Other"]
    cross = QAbstractButton.__new__(type("Cross", (QAbstractButton,), {"paintEvent": lambda *_: None}))
    cross.__init__(root)  # type: ignore[misc]
    cross.setText("\N{MULTIPLICATION SIGN}")
    with pytest.raises(AssertionError):
        check(root, 1)
