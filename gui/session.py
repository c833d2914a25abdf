"""What all views share: the document, both engines, what was made, presets and styles, what is remembered."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QTemporaryDir

from .engine.engine import Engine
from .model.checking import Checking
from .model.copying import Copying
from .model.document import Document
from .model.presets import PresetLibrary
from .model.remembered import Remembered
from .model.rendering import Rendering
from .model.styles import StyleLibrary
from .theme import Theme

__all__ = ["Session"]


class Session(QObject):
    """One window's work.

    Parameters
    ----------
    renderer : Engine
        Renders and previews.
    listener : Engine
        Short jobs: pictures of sound, presets, styles, plugins.
    remembered : Remembered
    theme : Theme
    batcher : Engine, optional
        Batches; the renderer by default.
    analyst : Engine, optional
        Facts of sounds, which take seconds; the listener by default.
    """

    def __init__(
        self,
        renderer: Engine,
        listener: Engine,
        remembered: Remembered,
        theme: Theme,
        *,
        batcher: Engine | None = None,
        analyst: Engine | None = None,
    ) -> None:
        super().__init__()
        self.renderer, self.listener = renderer, listener
        self.batcher, self.analyst = batcher or renderer, analyst or listener
        self.remembered, self.theme = remembered, theme
        self.document = Document(self)
        self.rendering = Rendering(renderer, self.document, self)
        self.checking = Checking(listener, self.document, self)
        self.presets = PresetLibrary(listener, self)
        self.styles = StyleLibrary(listener, self)
        self.copying = Copying(self)
        self._scratch = QTemporaryDir()
        self.folder = Path(self._scratch.path())
        """For temporary files; it goes with the session."""
        self.device = ""
        """Where it computes, and why; empty until the engine has said it."""

    def begin(self) -> None:
        """Ask the engine for what the window shows first."""
        self.presets.refresh()
        self.styles.refresh()

    def close(self, *others: Engine) -> None:
        """End the engines, and others, all at once; write what is remembered."""
        self.remembered.save()
        engines = (*self.engines, *others)
        for engine in engines:
            engine.leave()
        for engine in engines:
            engine.close()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.renderer, self.listener, self.batcher, self.analyst)))
