"""The presets that there are, and what is done with them; the engine reads and writes their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.models import Preset, validated

from .document import PresetOrigin

if TYPE_CHECKING:
    from ..engine.engine import Engine

__all__ = ["PresetLibrary", "PresetRow"]


@dataclass(frozen=True)
class PresetRow:
    """One preset, as the list shows it.

    Attributes
    ----------
    name : str
        By which it is found.
    path : Path
    layer : str
        ``project``, ``user`` or ``factory``, which cannot be changed.
    tags : tuple of str
    description : str
    title : str
        What its author calls it.
    """

    name: str
    path: Path
    layer: str
    tags: tuple[str, ...] = ()
    description: str = ""
    title: str = ""

    @property
    def label(self) -> str:
        """What it is called."""
        return self.title or self.name

    @property
    def words(self) -> str:
        """All that a search looks at, in small letters."""
        return " ".join((self.name, self.title, *self.tags, self.description)).casefold()


class PresetLibrary(QObject):
    """Asks the engine for presets.

    Parameters
    ----------
    engine : Engine
        The listener.
    """

    listed = pyqtSignal(object)  # tuple of PresetRow
    loaded = pyqtSignal(object)  # PresetOrigin
    saved = pyqtSignal(object)  # PresetOrigin
    imported = pyqtSignal(object)  # tuple of names
    exported = pyqtSignal(object)  # Path
    asked = pyqtSignal(object, object)  # Path of what is taken in, and what it would do: list of sentences
    failed = pyqtSignal(object)  # NastFxError

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.rows: tuple[PresetRow, ...] = ()
        self.project: Path | None = None

    def refresh(self) -> None:
        """Ask for the list anew."""
        self._ask("list", self._on_list)

    def load(self, name: str) -> None:
        """Ask for a preset's values; `loaded` brings them."""
        self._ask("load", lambda facts: self.loaded.emit(_origin(facts)), name=name)

    def save(self, preset: Preset, *, overwrite: bool) -> None:
        """Keep a preset under its name among the user's; the device is not of the sound."""
        values = preset.values()
        values["plan"] = {key: value for key, value in values.get("plan", {}).items() if key != "device"}

        def on_saved(facts: dict[str, Any]) -> None:
            path = Path(str(facts["path"]))
            self.saved.emit(PresetOrigin(path.stem, path, str(facts.get("layer", "user")), preset))
            self.refresh()

        self._ask("save", on_saved, preset=values, overwrite=overwrite)

    def delete(self, name: str) -> None:
        """Delete one of the user's."""
        self._ask("delete", lambda _facts: self.refresh(), name=name)

    def take_in(self, path: Path, *, allow: bool = False) -> None:
        """Take in a preset somebody gave; `asked` says what it needs that may not be wanted."""

        def on_answer(facts: dict[str, Any]) -> None:
            if facts.get("needs"):
                self.asked.emit(path, list(facts["needs"]))
                return
            self.imported.emit(tuple(facts.get("names", ())))
            self.refresh()

        self._ask("import", on_answer, path=str(path), allow=allow)

    def give(self, name: str, path: Path) -> None:
        """Write a preset with the files that it needs, to give it away."""
        self._ask(
            "export", lambda _facts: self.exported.emit(path), name=name, path=str(path), overwrite=True
        )

    def _on_list(self, facts: dict[str, Any]) -> None:
        self.rows = tuple(_row(values) for values in facts.get("presets", ()))
        self.listed.emit(self.rows)

    def _ask(self, action: str, then: Callable[[dict[str, Any]], None], **fields: Any) -> None:
        where = {} if self.project is None else {"project": str(self.project)}
        job = self._engine.run("presets", {"action": action, **fields, **where})
        job.finished.connect(then)
        job.failed.connect(self.failed)


def _row(values: Mapping[str, Any]) -> PresetRow:
    return PresetRow(
        name=str(values["name"]),
        path=Path(str(values["path"])),
        layer=str(values["layer"]),
        tags=tuple(values.get("tags", ())),
        description=str(values.get("description", "")),
        title=str(values.get("title", "")),
    )


def _origin(facts: Mapping[str, Any]) -> PresetOrigin:
    preset = validated(Preset, facts["preset"])
    return PresetOrigin(str(facts["name"]), Path(str(facts["path"])), str(facts["layer"]), preset)
