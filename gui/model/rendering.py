"""Renders and previews: one at a time on the renderer engine, and a preview that follows the settings.

A preview gives way to a render, and to the next preview.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTemporaryDir, QTimer, pyqtSignal

from nast_fx.errors import NastFxError, UsageError
from nast_fx.models import RenderRequest
from nast_fx.progress import Progress

from ..translation import gettext as _
from .document import Document, State

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["PREVIEW_WAIT_MS", "Made", "Rendering"]

PREVIEW_WAIT_MS = 500  # after the last change of a setting
MOST_PREVIEWS = 2  # files that are kept: one may be playing
_WORDS = ("name", "author", "description", "tags", "notes")  # of a preset, which nobody hears


@dataclass(frozen=True)
class Made:
    """What a render or a preview has made.

    Attributes
    ----------
    is_preview : bool
    path : Path
        The result.
    request : RenderRequest
        What was asked for.
    facts : dict
        What the engine says of it.
    """

    is_preview: bool
    path: Path
    request: RenderRequest
    facts: dict[str, Any]


class Rendering(QObject):
    """The work of the render view.

    Parameters
    ----------
    engine : Engine
    document : Document
    """

    started = pyqtSignal(bool)  # whether it is a preview
    progressed = pyqtSignal(object)  # Progress
    made = pyqtSignal(object)  # Made
    ended = pyqtSignal(object)  # None, or the NastFxError that ended it
    paused = pyqtSignal(bool)

    def __init__(self, engine: Engine, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._document = document
        self._job: Job | None = None
        self._request: RenderRequest | None = None
        self._is_preview = False
        self._is_automatic = False
        self._request_after: tuple[RenderRequest, bool] | None = None  # what a preview makes way for
        self._n_previews = 0
        self._previews: list[Path] = []
        self._folder = QTemporaryDir()
        self.is_paused = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_WAIT_MS)
        self._timer.timeout.connect(self._preview_unasked)
        document.changed.connect(self._document_changed)

    @property
    def is_busy(self) -> bool:
        """Whether something is being made."""
        return self._job is not None

    @property
    def is_rendering(self) -> bool:
        """Whether it is a render, not a preview."""
        return self._job is not None and not self._is_preview

    @property
    def request(self) -> RenderRequest | None:
        """What is being made, or was last."""
        return self._request

    def set_automatic(self, is_automatic: bool) -> None:
        """Preview after every change, or only when asked."""
        self._is_automatic = is_automatic
        self._timer.stop()

    def render(self, output: Path | None = None, *, overwrite: str = "rename") -> None:
        """Render the whole content.

        Parameters
        ----------
        output : Path, optional
            A name beside the content by default.
        overwrite : str
            What to do if the file is there.

        Raises
        ------
        UsageError
            Something is missing, or a render is running.
        """
        if self.is_rendering:
            raise UsageError(_("a render is running; cancel it first"))
        request = self._document.request(output=output, overwrite=overwrite)
        self._timer.stop()
        self._after(request, is_preview=False)

    def preview(self) -> None:
        """Render what is selected, at draft quality; a preview that is running gives way.

        Raises
        ------
        UsageError
            Something is missing, or a render is running.
        """
        if self.is_rendering:
            raise UsageError(_("a render is running; cancel it first"))
        self._n_previews += 1
        output = Path(self._folder.path()) / f"preview-{self._n_previews}.wav"
        request = self._document.request(output=output, snippet=True, overwrite="overwrite")
        plan = request.plan.model_copy(update={"quality": "draft"})
        self._timer.stop()
        self._after(request.model_copy(update={"plan": plan, "format": None}), is_preview=True)

    def cancel(self) -> None:
        """Stop what is being made."""
        self._timer.stop()
        self._request_after = None
        if self._job is not None:
            self.set_paused(False)
            self._job.cancel()

    def set_paused(self, is_paused: bool) -> None:
        """Hold the work at its next report, or go on."""
        if is_paused != self.is_paused and (self._job is not None or not is_paused):
            self.is_paused = is_paused
            (self._engine.pause if is_paused else self._engine.resume)()
            self.paused.emit(is_paused)

    def toggle_paused(self) -> None:
        """Hold the work, or go on."""
        self.set_paused(not self.is_paused)

    def _after(self, request: RenderRequest, *, is_preview: bool) -> None:
        """Begin at once, or when the preview that is cancelled for it has ended."""
        if self._job is None:
            self._begin(request, is_preview)
            return
        self._request_after = (request, is_preview)
        self.set_paused(False)
        self._job.cancel()

    def _begin(self, request: RenderRequest, is_preview: bool) -> None:
        self._request, self._is_preview = request, is_preview
        self._job = job = self._engine.run("render", request)
        job.progress.connect(self._on_progress)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        self.started.emit(is_preview)

    def _on_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _on_finished(self, facts: dict[str, Any]) -> None:
        request, is_preview = self._end_job()
        made = Made(is_preview, Path(str(facts.get("output") or request.output)), request, facts)
        if is_preview:
            self._keep(made.path)
        self.made.emit(made)
        self._end(None)

    def _on_failed(self, error: NastFxError) -> None:
        self._end_job()
        self._end(error)

    def _end_job(self) -> tuple[RenderRequest, bool]:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        if self._request is None:
            raise RuntimeError("a job ended that was not begun")
        return self._request, self._is_preview

    def _end(self, error: NastFxError | None) -> None:
        self.set_paused(False)
        self.ended.emit(error)
        if self._request_after is not None:
            (request, is_preview), self._request_after = self._request_after, None
            self._begin(request, is_preview)

    def _keep(self, path: Path) -> None:
        self._previews.append(path)
        while len(self._previews) > MOST_PREVIEWS:
            with contextlib.suppress(OSError):  # on Windows one that is playing; it goes with its folder
                self._previews.pop(0).unlink()

    def _document_changed(self, old: State, new: State) -> None:
        if self._is_automatic and not self.is_rendering and _heard(old) != _heard(new):
            self._timer.start()

    def _preview_unasked(self) -> None:
        if not self.is_rendering:
            with contextlib.suppress(UsageError):  # nobody asked; what is missing stands on its row
                self.preview()


def _heard(state: State) -> tuple[object, ...]:
    """What of a state makes a difference to the ear."""
    preset = state.preset.model_copy(update=dict.fromkeys(_WORDS))
    return state.content, state.selection, state.midi, state.instrument, repr(preset)
