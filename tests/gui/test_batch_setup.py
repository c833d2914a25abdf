from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from nast_fx.errors import UsageError
from nast_fx.models import Preset, RenderRequest, StyleReference, validated
from nast_fx.models.queue import BatchRequest, PlanRequest
from nast_fx_gui.model.batch_memory import keep_setup, remembered_setup
from nast_fx_gui.model.batch_requests import batch_request, plan_request, resume_request
from nast_fx_gui.model.batch_setup import BatchDocument, BatchSetup, in_words
from nast_fx_gui.model.document import Document, PresetOrigin
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.model.sound_words import sound_text

RAIN = StyleReference(path=Path("rain.wav"), weight=2.0)
BELLS = StyleReference(path=Path("bells.wav"))
GLUE = PresetOrigin(
    "glue", Path("/p/glue.toml"), "user", Preset(name="Warm glue", settings={"content_weight": 0.4})
)
A, B, FOLDER = Path("/in/a.wav"), Path("/in/b.wav"), Path("/in/drums")

CHANGES: dict[str, Callable[[BatchDocument], None]] = {
    "add": lambda batch: batch.add([A, FOLDER]),
    "remove": lambda batch: batch.remove([A, FOLDER / "kick.wav"]),
    "pattern": lambda batch: batch.change("x", merge="pattern", pattern="{stem}.{ext}"),
    "folder": lambda batch: batch.change("x", merge="folder", folder=Path("/out")),
    "overwrite": lambda batch: batch.change("x", overwrite="skip"),
    "jobs": lambda batch: batch.change("x", n_jobs=3),
    "stems": lambda batch: batch.change("x", is_stems=True),
    "recursive": lambda batch: batch.change("x", is_recursive=False),
    "preset": lambda batch: batch.change("x", origin=GLUE),
    "clear": lambda batch: batch.clear(),
}


def test_every_change_is_taken_back_and_done_again() -> None:
    batch = BatchDocument(Document())
    seen: list[tuple[BatchSetup, BatchSetup]] = []
    batch.changed.connect(lambda old, new: seen.append((old, new)))
    setups = [batch.setup]
    for change in CHANGES.values():
        change(batch)
        setups.append(batch.setup)
    assert all(one != other for one, other in itertools.pairwise(setups))
    for setup in reversed(setups[:-1]):
        batch.document.undo_stack.undo()
        assert batch.setup == setup
    for setup in setups[1:]:
        batch.document.undo_stack.redo()
        assert batch.setup == setup
    assert len(seen) == 3 * len(CHANGES)


def test_steps_of_both_views_are_on_one_stack() -> None:
    batch = BatchDocument(Document())
    batch.add([A])
    batch.document.set_plan(amount=0.5)
    batch.add([B])
    for _ in range(2):
        batch.document.undo_stack.undo()
    assert (batch.setup.inputs, batch.document.state.preset.plan.amount) == ((A,), 1.0)


def test_writing_a_name_is_one_step() -> None:
    batch = BatchDocument(Document())
    for text in ("{", "{s", "{stem}"):
        batch.change("Change naming", merge="pattern", pattern=text)
    assert batch.document.undo_stack.count() == 1


def test_files_are_there_once_and_come_back() -> None:
    batch = BatchDocument(Document())
    batch.add([FOLDER, A])
    batch.add([A, B])
    assert batch.setup.inputs == (FOLDER, A, B)
    kick = FOLDER / "kick.wav"
    batch.remove([kick, A])
    assert (batch.setup.inputs, batch.setup.left_out) == ((FOLDER, B), {kick})
    batch.add([kick])
    assert not batch.setup.left_out
    batch.remove([])
    assert batch.document.undo_stack.count() == 4


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("{stem}.{ext}", ""),
        ("{stm}", "naming: there is no token {stm}; did you mean 'stem'?"),
        ("{stem", "naming: a brace stands alone; write {stem}, or {{ for a brace"),
        ("../{stem}", "naming: names are below the output folder"),
        ("", "naming is empty; write {folder}/{stem}.{preset}.{ext}, for example"),
    ],
)
def test_a_wrong_naming_is_said_in_words_of_the_window(pattern: str, fault: str) -> None:
    assert BatchSetup(pattern=pattern).pattern_fault == fault


def test_options_are_said_as_the_window_has_them() -> None:
    text = "put {n} into --pattern, or give the folder with --recursive"
    assert in_words(text) == "put {n} into naming, or give the folder with folders in folders"


def test_results_go_beside_the_first_file_unless_told() -> None:
    assert BatchSetup().root is None
    assert BatchSetup(inputs=(FOLDER, A)).root == Path("/in/styled")
    assert BatchSetup(inputs=(A,), folder=Path("/out")).root == Path("/out")


def test_a_request_holds_all_of_it() -> None:
    document = Document()
    batch = BatchDocument(document)
    with pytest.raises(UsageError, match="add files"):
        batch_request(batch)
    batch.add([A, FOLDER])
    with pytest.raises(UsageError, match="style"):
        batch_request(batch)
    document.load(GLUE)
    document.set_styles([RAIN])
    document.set_plan(amount=0.5)
    document.set_output(format="flac")
    batch.remove([FOLDER / "kick [1].wav"])
    batch.change("x", folder=Path("/out"), pattern="{n}", n_jobs=2, is_stems=True, overwrite="skip")
    request = batch_request(batch)
    assert validated(BatchRequest, request).output == Path("/out")
    plan = validated(PlanRequest, plan_request(batch, first=3))
    assert (plan.first, plan.stems, plan.pattern) == (3, False, "{n}")
    sound = request.pop("request")
    assert request == {
        "inputs": ["/in/a.wav", "/in/drums"],
        "exclude": ["kick [[]1].wav"],
        "output": "/out",
        "pattern": "{n}",
        "overwrite": "skip",
        "n_jobs": 2,
        "stems": True,
        "recursive": True,
        "preset": "Warm glue",
    }
    made = validated(RenderRequest, {**sound, "content": A})
    assert (made.plan.amount, made.styles) == (0.5, (RAIN,))
    assert sound == {
        "method": "infinite",
        "settings": {"content_weight": 0.4},
        "plan": {"amount": 0.5},
        "styles": [{"path": "rain.wav", "weight": 2.0}],
        "format": "flac",
    }
    batch.change("x", pattern="{")
    with pytest.raises(UsageError, match="brace"):
        plan_request(batch)


def test_another_preset_stands_for_that_of_the_render_view() -> None:
    document = Document()
    batch = BatchDocument(document)
    document.set_styles([RAIN])
    batch.change("x", origin=GLUE)
    assert batch.preset.settings == {"content_weight": 0.4}
    assert (batch.preset.styles, batch.preset_name) == ((RAIN,), "Warm glue")
    assert batch.preset.request_values()["styles"] == (RAIN,)
    styled = PresetOrigin("own", Path("/p/own.toml"), "user", Preset(name="Own", styles=(BELLS,)))
    batch.change("x", origin=styled)
    assert batch.preset.styles == (BELLS,)
    batch.change("x", origin=None)
    assert batch.preset == document.state.preset


def test_what_will_be_done_is_one_line() -> None:
    document = Document()
    assert sound_text(document.state.preset) == "no style is chosen, method infinite, normal quality"
    document.set_styles([RAIN, BELLS])
    document.set_setting("content_weight", 0.25)
    document.set_plan(amount=0.8, strength=0.5, quality="high")
    document.set_output(format="wav", bits="24")
    assert sound_text(document.state.preset) == (
        "style rain, bells, method infinite, content_weight = 0.25, high quality, strength 0.5, "
        "amount 80%, WAV 24"
    )


def test_naming_and_place_are_remembered(settings_file: Path) -> None:
    setup = BatchSetup(
        (A,), pattern="{n}", folder=Path("/out"), overwrite="skip", n_jobs=3, is_recursive=False
    )
    keep_setup(Remembered(settings_file), setup)
    fields = remembered_setup(Remembered(settings_file))
    assert BatchSetup((A,), **fields) == setup
    remembered = Remembered(settings_file)
    remembered.set_text("batch/overwrite", "burn")
    remembered.set_text("batch/n_jobs", "many")
    fields = remembered_setup(remembered)
    assert (fields["overwrite"], fields["n_jobs"]) == ("rename", 0)


def test_going_on_is_asked_for_by_the_folder() -> None:
    assert resume_request() == {"resume": True}
    assert validated(BatchRequest, resume_request(Path("/out"))).output == Path("/out")


def test_files_in_folders_are_left_out_from_their_folder_on() -> None:
    batch = BatchDocument(Document())
    batch.document.set_styles([RAIN])
    batch.add([FOLDER, A])
    batch.remove([FOLDER / "loud" / "kick.wav"])
    assert batch_request(batch)["exclude"] == ["loud/kick.wav"]
