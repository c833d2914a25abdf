"""What a batch is made of, as one frozen value, and every change of it as a step of the document's undo.

The setup names files and folders; what is in the folders is found by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import UsageError
from nast_fx.models import Overwrite, Preset
from nast_fx.models.pattern import DEFAULT_PATTERN, parse_pattern

from ..translation import gettext as _
from .commands import ReplaceState
from .document import Document, PresetOrigin

__all__ = ["BatchDocument", "BatchSetup"]


@dataclass(frozen=True)
class BatchSetup:
    """All of a batch that undo restores.

    Attributes
    ----------
    inputs : tuple of Path
        Files and folders, in the order in which they were added.
    left_out : frozenset of Path
        Files of those folders that were removed from the list.
    pattern : str
        How results are named; it may be one that cannot be, see `pattern_fault`.
    folder : Path or None
        Where results go; None is `root`.
    overwrite : str
        What to do with a name that is taken.
    n_jobs : int
        Files side by side; 0 leaves it to the engine.
    is_stems, is_recursive : bool
        The files are stems of one mix; folders in folders count too.
    origin : PresetOrigin or None
        Another preset than the one of the render view.
    resumed : tuple of Path
        Contents of a batch of an earlier start, which went on here.
    """

    inputs: tuple[Path, ...] = ()
    left_out: frozenset[Path] = frozenset()
    pattern: str = DEFAULT_PATTERN
    folder: Path | None = None
    overwrite: Overwrite = "rename"
    n_jobs: int = 0
    is_stems: bool = False
    is_recursive: bool = True
    origin: PresetOrigin | None = None
    resumed: tuple[Path, ...] = ()

    @property
    def root(self) -> Path | None:
        """Where results go: the chosen folder, or one beside the first input."""
        if self.folder is not None:
            return self.folder.expanduser().absolute()
        return None if not self.inputs else self.inputs[0].parent / _("styled")

    @property
    def pattern_fault(self) -> str:
        """Why the pattern cannot be; one sentence, or nothing."""
        try:
            parse_pattern(self.pattern)
        except UsageError as error:
            return in_words(str(error), self.pattern)
        return ""


class BatchDocument(QObject):
    """One setup at a time; its changes are undone where the document's are.

    Parameters
    ----------
    document : Document
        Whose preset the batch has, and whose undo stack.
    parent : QObject, optional
    """

    changed = pyqtSignal(object, object)  # old and new BatchSetup

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.setup = BatchSetup()

    @property
    def preset(self) -> Preset:
        """The settings of every file: those of another preset, or of the render view."""
        ours = self.document.state.preset
        if self.setup.origin is None:
            return ours
        preset = self.setup.origin.preset
        if preset.styles or not ours.styles:
            return preset
        return preset.model_copy(update={"styles": ours.styles})  # as a preset that is loaded there

    @property
    def preset_name(self) -> str:
        """Name that stands for ``{preset}``; nothing where no preset was chosen."""
        origin = self.setup.origin or self.document.state.origin
        return "" if origin is None else origin.preset.name

    def change(self, text: str, *, merge: str = "", **fields: Any) -> None:
        """Change fields of the setup as one step of undo.

        Parameters
        ----------
        text : str
            What it does, for the menu.
        merge : str
            What is changed; a change of the same within a second joins the one before.
        **fields
            Of `BatchSetup`.
        """
        new = replace(self.setup, **fields)
        if new != self.setup:
            command: Callable[..., ReplaceState] = ReplaceState  # of any frozen value
            step = command(self._put, self.setup, new, text=text, merge=merge and f"batch.{merge}")
            self.document.undo_stack.push(step)

    def restore(self, **fields: Any) -> None:
        """Set fields that were remembered from the last start; there is nothing to take back."""
        self._put(replace(self.setup, **fields))

    def add(self, paths: Iterable[Path]) -> None:
        """Add files and folders; one that was removed before is there again."""
        new = [path.absolute() for path in paths]
        inputs = tuple(dict.fromkeys([*self.setup.inputs, *new]))
        self.change(_("Add files"), inputs=inputs, left_out=self.setup.left_out.difference(new))

    def remove(self, contents: Iterable[Path]) -> None:
        """Remove files: those that were added themselves, and those that were found in folders."""
        gone = set(contents)
        inputs = tuple(path for path in self.setup.inputs if path not in gone)
        resumed = tuple(path for path in self.setup.resumed if path not in gone)
        found = gone.difference(self.setup.inputs, self.setup.resumed)
        left_out = self.setup.left_out | found
        self.change(_("Remove files"), inputs=inputs, resumed=resumed, left_out=left_out)

    def clear(self) -> None:
        """Remove all files."""
        self.change(_("Remove all files"), inputs=(), resumed=(), left_out=frozenset())

    def _put(self, setup: BatchSetup) -> None:
        old, self.setup = self.setup, setup
        if old != setup:
            self.changed.emit(old, setup)


def in_words(text: str, pattern: str = "") -> str:
    """Give a sentence about options of the command line in the words of the window."""
    words: Mapping[str, str] = {
        f"--pattern {pattern}:": _("naming") + ":",
        "--pattern": _("naming"),
        "--recursive": _("folders in folders"),
        "--overwrite": _("existing files"),
        "--resume": _("Go on"),
    }
    for option, word in words.items():
        text = text.replace(option, word)
    return text
