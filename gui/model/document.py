"""The document: what is to be rendered, as one frozen value, and every change of it with its undo.

Panels show the state that `Document.changed` gives them and ask for changes here; none keeps a truth of
its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoStack

from nast_fx.errors import UsageError
from nast_fx.models import ChainSpec, Preset, RenderRequest, StyleReference, validated

from ..translation import gettext as _
from .commands import ReplaceState
from .edits import (
    blank_preset,
    with_chain,
    with_method,
    with_part,
    with_setting,
    with_styles,
    with_values,
)

__all__ = ["PREVIEW_SECONDS", "Document", "PresetOrigin", "State", "is_score"]

PREVIEW_SECONDS = 10.0  # of a preview where nothing is selected

SCORES = (".mid", ".midi", ".smf", ".kar")


@dataclass(frozen=True)
class PresetOrigin:
    """Where the document's preset is from.

    Attributes
    ----------
    name : str
        By which it is found.
    path : Path
    layer : str
        ``project``, ``user``, ``factory`` or ``file``.
    preset : Preset
        As it was loaded or last saved.
    """

    name: str
    path: Path
    layer: str
    preset: Preset


@dataclass(frozen=True)
class State:
    """All that undo restores.

    Attributes
    ----------
    content : Path or None
    preset : Preset
        Method, settings, plan, tracking, chain, output and styles.
    origin : PresetOrigin or None
        None for a preset that is in no file yet.
    selection : (float, float) or None
        Begin and end of what a preview renders, in seconds of the content.
    midi, instrument : Path or None
    """

    content: Path | None = None
    preset: Preset = field(default_factory=blank_preset)
    origin: PresetOrigin | None = None
    selection: tuple[float, float] | None = None
    midi: Path | None = None
    instrument: Path | None = None

    @property
    def base(self) -> Preset:
        """What the preset is compared with: as it was loaded, or all defaults."""
        return self.origin.preset if self.origin else blank_preset()

    @property
    def is_dirty(self) -> bool:
        """Whether the preset is another than its file's; one without a file is, once it sets anything."""
        return self.preset != self.base


def is_score(path: Path) -> bool:
    """Whether a content is a score, which an instrument plays: there is no sound of it to show."""
    return path.suffix.lower() in SCORES


class Document(QObject):
    """One state at a time, and the way back."""

    changed = pyqtSignal(object, object)  # old and new State

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.state = State()

    def change(self, text: str, *, merge: str = "", **fields: Any) -> None:
        """Change fields of the state as one step of undo.

        Parameters
        ----------
        text : str
            What it does, for the menu.
        merge : str
            What is changed; a change of the same within a second joins the one before.
        **fields
            Of `State`.
        """
        new = replace(self.state, **fields)
        if new != self.state:
            self.undo_stack.push(ReplaceState(self._put, self.state, new, text=text, merge=merge))

    def set_content(self, path: Path | None) -> None:
        """Take another content; the selection was the old one's."""
        self.change(_("Open content"), content=path, selection=None)

    def set_selection(self, selection: tuple[float, float] | None) -> None:
        """Choose what a preview renders."""
        self.change(_("Select"), merge="selection", selection=selection)

    def set_method(self, method: str) -> None:
        """Take another method, with the settings of the loaded preset if it is the preset's."""
        base = self.state.base
        settings = base.settings if base.method == method else {}
        self._set_preset(_("Choose method"), with_method(self.state.preset, method, settings))

    def set_setting(self, name: str, value: Any) -> None:
        """Change one of the method's settings."""
        preset = with_setting(self.state.preset, self.state.base, name, value)
        self._set_preset(_("Change setting"), preset, merge=f"settings.{name}")

    def set_plan(self, **values: Any) -> None:
        """Change the render plan."""
        self._set_part("plan", values)

    def set_tracking(self, **values: Any) -> None:
        """Change what the result keeps of the content."""
        self._set_part("tracking", values)

    def set_output(self, **values: Any) -> None:
        """Change container and bit depth."""
        self._set_part("output", values)

    def set_styles(self, styles: Iterable[StyleReference], *, merge: str = "") -> None:
        """Take other styles."""
        self._set_preset(_("Change styles"), with_styles(self.state.preset, styles), merge=merge)

    def set_chain(self, chain: ChainSpec) -> None:
        """Take another chain of effects."""
        self._set_preset(_("Change chain"), with_chain(self.state.preset, chain))

    def set_words(self, **values: Any) -> None:
        """Change name, author, description, tags or notes."""
        self._set_preset(_("Describe preset"), with_values(self.state.preset, **values))

    def load(self, origin: PresetOrigin) -> None:
        """Take a preset; the device stays, and the styles where it names none."""
        preset, old = origin.preset, self.state.preset
        if not preset.styles and old.styles:
            preset = with_styles(preset, old.styles)
        if preset.plan.device != old.plan.device:
            preset = with_part(preset, "plan", device=old.plan.device)
        # What the preset is compared with has these too: that they stayed is no change of it.
        self.change(_("Load preset"), preset=preset, origin=replace(origin, preset=preset))

    def saved(self, origin: PresetOrigin) -> None:
        """Say that the preset is in a file now; there is nothing to take back, so it is no step of undo."""
        # What was changed while it was being written stays changed.
        preset = with_values(self.state.preset, name=origin.preset.name)
        self._put(replace(self.state, origin=origin, preset=preset))

    def forget_preset(self) -> None:
        """Begin with all defaults; the styles stay."""
        self.change(
            _("New preset"), preset=with_styles(blank_preset(), self.state.preset.styles), origin=None
        )

    def request(
        self, *, output: Path | None, snippet: bool = False, overwrite: str = "rename"
    ) -> RenderRequest:
        """Make the request of a render.

        Parameters
        ----------
        output : Path or None
            File to write; None is a name beside the content.
        snippet : bool
            Only what is selected, or the first seconds.
        overwrite : str
            What to do if the file is there.

        Raises
        ------
        UsageError
            Something is missing or does not go together; one sentence.
        """
        state = self.state
        if state.content is None:
            raise UsageError(_("choose a content first: drop a recording on the upper row"))
        if not state.preset.styles:
            raise UsageError(_("choose a style first: drop a recording on its row, or take one by name"))
        values = state.preset.request_values()
        if "chain" in values and state.origin is not None:
            values["chain_file"] = state.origin.path
        if snippet:
            start, end = state.selection or (0.0, PREVIEW_SECONDS)
            values |= {"start_seconds": start, "length_seconds": end - start}
        values |= {"content": state.content, "output": output, "overwrite": overwrite}
        return validated(RenderRequest, values | {"midi": state.midi, "instrument": state.instrument})

    def _set_part(self, part: str, values: dict[str, Any]) -> None:
        merge = f"{part}.{'+'.join(values)}"
        self._set_preset(_("Change setting"), with_part(self.state.preset, part, **values), merge=merge)

    def _set_preset(self, text: str, preset: Preset, *, merge: str = "") -> None:
        self.change(text, merge=merge, preset=preset)

    def _put(self, state: State) -> None:
        old, self.state = self.state, state
        if old != state:
            self.changed.emit(old, state)
