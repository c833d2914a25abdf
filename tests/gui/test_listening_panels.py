"""Transport, comparison and facts: from the model to the widget and back, and keys that work everywhere."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from fake_device import FakeDevice
from fake_engine import FakeEngine
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import AudioFileError
from nast_fx_gui.model.time_axis import TimeAxis
from nast_fx_gui.panels.comparison import ComparisonPanel
from nast_fx_gui.panels.facts import FactsPanel
from nast_fx_gui.panels.transport import TransportPanel
from nast_fx_gui.panels.waveform import WaveformPanel
from nast_fx_gui.playback.comparison import Comparison
from nast_fx_gui.playback.player import Player

FACTS = {
    "loudness": {"integrated_lufs": -14.26, "range_lu": 5.0, "true_peak_dbtp": -0.04},
    "key": {"name": "F# minor", "camelot": "11A", "open_key": "4m", "confidence": 0.82},
    "tempo": {"bpm": 120.04, "confidence": 0.2},
    "duration_seconds": 201.0,
    "sample_rate": 44100,
    "channels": 2,
    "notes": ["The tempo is uncertain."],
}


class Calls:
    """Keeps calls of a player in place of making them."""

    def __init__(self, player: Player, monkeypatch) -> None:
        self.made: list[tuple] = []
        for name in ("play", "pause", "toggle", "seek", "set_loop", "hear"):
            monkeypatch.setattr(player, name, lambda *args, name=name: self.made.append((name, *args)))

    def take(self) -> list[tuple]:
        made, self.made = self.made, []
        return made


@pytest.fixture
def player(qapp):
    player = Player(FakeDevice().find)
    yield player
    player.close()


@pytest.fixture
def calls(player, monkeypatch):
    return Calls(player, monkeypatch)


@pytest.fixture
def comparison(player, calls):
    found = Comparison(player, toss=lambda: True)
    for role in ("content", "result"):
        found.set_file(role, Path(f"{role}.wav"))
    found.set_level("content", -14.0, -1.0)
    found.set_level("result", -20.0, -3.0)
    calls.take()
    return found


@pytest.fixture
def window(qtbot, player, comparison):
    """Both panels, and fields of other kinds beside them."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    window.axis = TimeAxis()
    window.transport = TransportPanel(player, comparison, window.axis)
    window.comparison = ComparisonPanel(comparison)
    window.fields = {"text": QLineEdit(), "box": QCheckBox("box"), "list": QComboBox()}
    window.fields["list"].addItems(["one", "two", "another"])
    for widget in (window.transport, window.comparison, *window.fields.values()):
        column.addWidget(widget)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    if QApplication.focusWidget() is not None:
        QApplication.focusWidget().clearFocus()
    return window


def press(qtbot, window, key):
    qtbot.keyClick(QApplication.focusWidget() or window, key)


@pytest.mark.parametrize(
    ("key", "choice"),
    [("1", "content"), ("3", "result"), ("A", "A"), ("B", "B"), ("D", "difference")],
)
def test_keys_switch_what_is_heard(qtbot, window, comparison, calls, key, choice):
    comparison.choice = ""
    press(qtbot, window, getattr(Qt.Key, f"Key_{key}"))
    assert comparison.choice == choice
    assert calls.take()[-1][0] == "hear"


def test_what_cannot_be_heard_cannot_be_chosen(qtbot, window, comparison):
    assert not window.transport.source_buttons["style"].isEnabled()
    assert not window.comparison.choice_buttons["X"].isEnabled()
    press(qtbot, window, Qt.Key.Key_2)
    press(qtbot, window, Qt.Key.Key_X)
    assert comparison.choice == "content"
    comparison.set_file("style", Path("style.wav"))
    assert window.transport.source_buttons["style"].isEnabled()


def test_one_button_is_down(qtbot, window, comparison):
    window.transport.source_buttons["result"].click()
    window.transport.source_buttons["result"].click()
    assert [role for role, b in window.transport.source_buttons.items() if b.isChecked()] == ["result"]
    comparison.hear("B")
    assert [choice for choice, b in window.comparison.choice_buttons.items() if b.isChecked()] == ["B"]
    assert not any(button.isChecked() for button in window.transport.source_buttons.values())


def test_space_plays_except_where_it_is_needed(qtbot, window, calls):
    press(qtbot, window, Qt.Key.Key_Space)
    assert calls.take() == [("toggle",)]
    window.fields["box"].setFocus()
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.fields["box"].isChecked()
    window.fields["text"].setFocus()
    for key in (Qt.Key.Key_A, Qt.Key.Key_Space, Qt.Key.Key_1):
        press(qtbot, window, key)
    assert window.fields["text"].text() == "a 1"
    window.fields["list"].setFocus()
    press(qtbot, window, Qt.Key.Key_A)
    assert window.fields["list"].currentText() == "another"
    assert calls.take() == []


def test_a_click_on_a_button_leaves_space_to_playing(qtbot, window, calls):
    window.setFocus()
    qtbot.mouseClick(window.transport.loop_button, Qt.MouseButton.LeftButton)
    calls.take()
    press(qtbot, window, Qt.Key.Key_Space)
    assert calls.take() == [("toggle",)]


def test_loop_follows_the_selection(window, calls):
    window.axis.set_length(10)
    window.transport.set_selection((2, 4))
    window.transport.loop_button.setChecked(True)
    window.transport.set_selection((3, 4))
    window.transport.set_selection(None)
    window.transport.loop_button.setChecked(False)
    loops = [call[1] for call in calls.take() if call[0] == "set_loop"]
    changes = [loop for loop, _ in itertools.groupby(loops)]
    assert changes == [None, (2, 4), (3, 4), (0.0, 10.0), None]


def test_position_is_shown_and_followed(qtbot, window, player, calls, tmp_path):
    view = WaveformPanel(FakeEngine(), window.axis, tmp_path, name="Content")
    qtbot.addWidget(view)
    window.transport.add_view(view)
    window.axis.set_length(100)
    window.axis.show(0, 10)
    player._on_state("playing")
    player._on_position(12.34)
    assert window.transport.position_label.text() == "0:12.3 / 1:40.0"
    assert view.overlay.position == 12.34
    assert window.axis.start <= 12.34 < window.axis.end
    window.transport.follow_button.setChecked(False)
    player._on_position(50.0)
    assert window.axis.end < 50
    assert window.transport.play_button.text() == "Pause"
    view.position_chosen.emit(3.0)
    assert ("seek", 3.0) in calls.take()


def test_no_device_is_said(window, player):
    player._on_state("no device")
    assert window.transport.device_label.isVisible()
    assert "no sound device" in window.transport.device_label.text()
    player._on_state("stopped")
    assert not window.transport.device_label.isVisible()


def test_match_says_the_gains(window, comparison):
    assert window.comparison.gains_label.text().startswith("Matched: content -6.0 dB, result 0.0 dB")
    window.comparison.matched_box.click()
    assert not comparison.is_matched
    assert window.comparison.gains_label.text() == "Not matched: the result is 6.0 LU softer."
    comparison.set_matched(True)
    assert window.comparison.matched_box.isChecked()


def test_a_blind_test(qtbot, window, comparison):
    panel = window.comparison
    panel.test_button.click()
    assert panel.choice_buttons["X"].isChecked()
    assert not panel.matched_box.isEnabled(), "else one could hear which is which by the level"
    panel.answer_buttons["A"].click()
    panel.answer_buttons["B"].click()
    assert panel.score_label.text().startswith("1 of 2 right")
    panel.test_button.click()
    assert comparison.trials is None
    assert not panel.answer_buttons["A"].isEnabled()
    assert panel.score_label.text() == ""


def test_every_button_has_a_name_and_a_place_for_the_tab_key(window):
    for button in window.findChildren(QAbstractButton):
        if button.parent() is not window:
            assert button.accessibleName() or button.text()
            assert button.toolTip()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.fixture
def facts(qtbot):
    engine = FakeEngine()
    panel = FactsPanel(engine, "Content")
    qtbot.addWidget(panel)
    panel.show()
    return panel, engine


def test_facts_in_three_notations(qtbot, facts):
    panel, engine = facts
    panel.set_file(Path("song.wav"))
    assert engine.last("analyze").request == {"content": Path("song.wav")}
    with qtbot.waitSignal(panel.analyzed) as told:
        engine.last("analyze").finish(**FACTS)
    assert told.args == [FACTS]
    assert (
        "Key: F# minor (sure, 82%)\nCamelot: 11A\nOpen Key: 4m\nTempo: 120.0 BPM (uncertain, 20%)"
        in panel.text
    )
    assert "Loudness: -14.3 LUFS" in panel.text
    assert "True peak: 0.0 dBTP" in panel.text
    assert "Format: 44.1 kHz, stereo" in panel.text
    assert panel.message_label.text() == "The tempo is uncertain."
    panel.copy_button.click()
    assert QApplication.clipboard().text() == panel.text


def test_facts_that_are_not_known(facts):
    panel, engine = facts
    panel.set_file(Path("short.wav"))
    nothing = FACTS | {
        "loudness": dict.fromkeys(FACTS["loudness"]),
        "key": {"name": None, "camelot": None, "open_key": None, "confidence": 0.0},
        "tempo": {"bpm": None, "confidence": 0.0},
    }
    engine.last("analyze").finish(**nothing)
    assert "Loudness: -\n" in panel.text
    assert "Key: -\nCamelot: -\n" in panel.text


def test_facts_of_another_file(facts):
    panel, engine = facts
    panel.set_file(Path("one.wav"))
    first = engine.last("analyze")
    panel.set_file(Path("two.wav"))
    assert first.is_cancelled
    first.finish(**FACTS)  # too late
    assert panel.text == ""
    engine.last("analyze").fail(AudioFileError("two.wav: is empty"))
    assert panel.message_label.text() == "two.wav: is empty"
    assert not panel.copy_button.isVisible()
