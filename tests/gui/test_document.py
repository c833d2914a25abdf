from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QByteArray

from nast_fx.errors import UsageError
from nast_fx.models import ChainSpec, Preset, SlotSpec, StyleReference
from nast_fx_gui.model import commands
from nast_fx_gui.model.document import Document, PresetOrigin, State
from nast_fx_gui.model.remembered import MOST_RECENT, Remembered

RAIN = StyleReference(path=Path("rain.wav"), weight=2.0)
GLUE = PresetOrigin(
    "glue", Path("glue.toml"), "user", Preset(name="Glue", settings={"content_weight": 0.4}, styles=(RAIN,))
)

CHANGES: dict[str, Callable[[Document], None]] = {
    "content": lambda document: document.set_content(Path("song.wav")),
    "selection": lambda document: document.set_selection((1.0, 4.0)),
    "method": lambda document: document.set_method("mital"),
    "setting": lambda document: document.set_setting("content_weight", 0.7),
    "plan": lambda document: document.set_plan(amount=0.5),
    "tracking": lambda document: document.set_tracking(key="F# minor"),
    "output": lambda document: document.set_output(format="flac", bits="24"),
    "styles": lambda document: document.set_styles([RAIN]),
    "chain": lambda document: document.set_chain(ChainSpec(slots=(SlotSpec(plugin="Reverb"),))),
    "words": lambda document: document.set_words(tags=["dark"], notes="licensed"),
    "load": lambda document: document.load(GLUE),
    "midi": lambda document: document.change("Score", midi=Path("song.mid")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_taken_back_and_done_again(name: str) -> None:
    document = Document()
    seen: list[tuple[State, State]] = []
    document.changed.connect(lambda old, new: seen.append((old, new)))
    before = document.state
    CHANGES[name](document)
    after = document.state
    assert after != before
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.state == before
    document.undo_stack.redo()
    assert document.state == after
    assert seen == [(before, after), (after, before), (before, after)]


def test_all_changes_after_each_other_are_taken_back() -> None:
    document = Document()
    states = [document.state]
    for change in CHANGES.values():
        change(document)
        states.append(document.state)
    for state in reversed(states[:-1]):
        document.undo_stack.undo()
        assert document.state == state


def test_what_changes_nothing_is_no_step() -> None:
    document = Document()
    document.set_content(None)
    document.set_plan(amount=1.0)
    assert document.undo_stack.count() == 0


def test_changes_of_one_thing_join(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(commands.time, "monotonic", lambda: now[0])
    document = Document()
    for amount in (0.9, 0.8, 0.7):
        document.set_plan(amount=amount)
        now[0] += 0.9
    document.set_plan(strength=0.5)
    assert document.undo_stack.count() == 2
    now[0] += 5
    document.set_plan(strength=0.4)
    assert document.undo_stack.count() == 3
    for _ in range(3):
        document.undo_stack.undo()
    assert document.state == State()


def test_a_drag_there_and_back_leaves_no_step() -> None:
    document = Document()
    document.set_plan(amount=0.3)
    document.set_plan(amount=1.0)
    assert document.undo_stack.count() == 0
    assert not document.state.is_dirty


def test_a_wrong_value_changes_nothing() -> None:
    document = Document()
    with pytest.raises(UsageError, match="amount=3"):
        document.set_plan(amount=3)
    with pytest.raises(UsageError, match="exclude each other"):
        document.set_plan(segment_beats=4, segment_markers=True)
    assert document.state == State()


def test_dirty_is_what_differs_from_the_file() -> None:
    document = Document()
    document.load(GLUE)
    assert not document.state.is_dirty
    document.set_setting("content_weight", 0.5)
    assert document.state.is_dirty
    document.set_setting("content_weight", 0.4)
    assert not document.state.is_dirty
    document.set_setting("n_layers", 2)
    document.set_setting("n_layers", 1)
    assert not document.state.is_dirty


def test_styles_stay_where_a_preset_names_none() -> None:
    document = Document()
    document.set_styles([RAIN])
    document.load(PresetOrigin("dry", Path("dry.toml"), "factory", Preset(name="Dry")))
    assert document.state.preset.styles == (RAIN,)
    assert not document.state.is_dirty


def test_another_method_has_its_own_settings() -> None:
    document = Document()
    document.load(GLUE)
    document.set_method("mital")
    assert document.state.preset.settings == {}
    document.set_method("infinite")
    assert document.state.preset.settings == {"content_weight": 0.4}


def test_a_request_holds_all_of_it() -> None:
    document = Document()
    with pytest.raises(UsageError, match="content"):
        document.request(output=None)
    document.set_content(Path("song.wav"))
    with pytest.raises(UsageError, match="style"):
        document.request(output=None)
    document.load(GLUE)
    document.set_output(format="flac")
    document.set_plan(amount=0.5)
    request = document.request(output=Path("out.flac"))
    assert (request.content, request.output) == (Path("song.wav"), Path("out.flac"))
    assert (request.styles, request.settings) == ((RAIN,), {"content_weight": 0.4})
    assert (request.format, request.plan.amount, request.length_seconds) == ("flac", 0.5, None)
    document.set_selection((2.0, 5.0))
    snippet = document.request(output=None, snippet=True)
    assert (snippet.start_seconds, snippet.length_seconds) == (2.0, 3.0)


def test_places_are_remembered(settings_file: Path, tmp_path: Path) -> None:
    remembered = Remembered(settings_file)
    assert remembered.recent("content") == []
    for number in range(MOST_RECENT + 3):
        remembered.add_recent("content", tmp_path / f"{number}, ä.wav")
    remembered.add_recent("content", tmp_path / "7, ä.wav")
    remembered.set_text("theme", "dark")
    remembered.set_flag("auto", True)
    remembered.set_shape("window", QByteArray(b"\x00\x01"))
    remembered.save()
    again = Remembered(settings_file)
    names = [path.name for path in again.recent("content")]
    assert names[0] == "7, ä.wav"
    assert len(names) == len(set(names)) == MOST_RECENT
    assert again.folder("content") == str(tmp_path)
    assert again.folder("style") == str(Path.home())
    assert (again.text("theme", "light"), again.flag("auto", False)) == ("dark", True)
    assert again.shape("window") == QByteArray(b"\x00\x01")


def test_one_recent_file_is_a_list_too(settings_file: Path, tmp_path: Path) -> None:
    Remembered(settings_file).add_recent("style", tmp_path / "a.wav")
    assert Remembered(settings_file).recent("style") == [tmp_path / "a.wav"]
