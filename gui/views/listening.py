"""What the rows of the render view show and play: pictures on one time, the player, the comparison."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QPixmap

from ..model.document import State
from ..model.rendering import Made
from ..model.time_axis import TimeAxis
from ..panels.comparison import ComparisonPanel
from ..panels.sound_picture import SoundPicture
from ..panels.sound_row import SoundRow
from ..panels.transport import TransportPanel
from ..playback.comparison import Comparison
from ..playback.player import Player
from ..session import Session
from ..translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Listening"]

STYLE_FILE = ".naststyle"
SCORES = (".mid", ".midi")  # which an instrument plays; there is no sound of them to show


class Listening(QObject):
    """Pictures and playing of content, style and result.

    The result of a preview begins where the selection did: its picture has a time of its own.

    Parameters
    ----------
    session : Session
    rows : mapping of str to SoundRow
        ``content``, ``style`` and ``result``.
    """

    def __init__(self, session: Session, rows: Mapping[str, SoundRow]) -> None:
        super().__init__(session)
        self._session = session
        self.axis, self.result_axis = TimeAxis(self), TimeAxis(self)
        self.player = Player(parent=self)
        self.comparison = Comparison(self.player, parent=self)
        self.transport = TransportPanel(self.player, self.comparison, self.axis)
        self.panel = ComparisonPanel(self.comparison)
        self._offset = 0.0  # seconds at which the result begins
        self._is_whole = False  # whether the result is as long as the content
        self._style: Path | None = None
        names = {"content": _("Content"), "style": _("Style"), "result": _("Result")}
        self.pictures = {role: self._picture(role, names[role]) for role in rows}
        for role, row in rows.items():
            row.set_picture(self.pictures[role])
        self._connect()
        self.show_state(None, session.document.state)

    @property
    def has_result(self) -> bool:
        """Whether there is something to compare."""
        return self.comparison.can_hear("B")

    def show_state(self, old: State | None, new: State) -> None:
        """Show and play a state's files."""
        if old is None or old.content != new.content:
            content = new.content if new.content and new.content.suffix.lower() not in SCORES else None
            self._set_file("content", content)
            self._set_file("result", None)
        styles = new.preset.styles
        style = styles[0].path if styles else None
        if style != self._style:
            self._style = style
            self._show_style(style)
        if old is None or old.selection != new.selection:
            for view in self.pictures["content"].views:
                view.set_selection(new.selection)
            self.transport.set_selection(new.selection)

    def show_made(self, made: Made) -> None:
        """Show and play what was made."""
        self._offset = made.request.start_seconds
        self._is_whole = made.request.length_seconds is None and not self._offset
        self.result_axis.set_length(0.0)
        self._set_file("result", made.path)
        self.comparison.set_file("result", made.path, start_seconds=self._offset)

    def show_result(self, path: Path) -> None:
        """Show and play a finished file beside the content."""
        self._offset, self._is_whole = 0.0, True
        self.result_axis.set_length(0.0)
        self._set_file("result", path)

    def show_spectrograms(self, is_shown: bool) -> None:
        """Show spectrograms, or waveforms."""
        for picture in self.pictures.values():
            picture.show_spectrogram(is_shown)

    def close(self) -> None:
        """End the player, and remove what is temporary."""
        self.player.close()
        for picture in self.pictures.values():
            picture.close_files()

    def _picture(self, role: str, name: str) -> SoundPicture:
        axis = self.result_axis if role == "result" else self.axis
        session = self._session
        engines = session.listener, session.analyst
        return SoundPicture(*engines, axis, session.folder, name=name, role=role, leads=role != "style")

    def _connect(self) -> None:
        session = self._session
        session.document.changed.connect(self.show_state)
        session.rendering.made.connect(self.show_made)
        for role, picture in self.pictures.items():
            picture.facts.analyzed.connect(lambda facts, role=role: self._on_facts(role, facts))
            for view in picture.views:
                view.selection_changed.connect(lambda part, role=role: self._on_selection(role, part))
        for view in self.pictures["content"].views:
            self.transport.add_view(view)
        for view in self.pictures["result"].views:
            view.position_chosen.connect(lambda seconds: self.player.seek(seconds + self._offset))
        self.player.position_changed.connect(self._on_position)
        self.axis.changed.connect(lambda: self._follow(self.axis, self.result_axis))
        self.result_axis.changed.connect(lambda: self._follow(self.result_axis, self.axis))
        self.pictures["style"].waveform.drawing.known.connect(self._on_style_length)

    def _set_file(self, role: str, path: Path | None) -> None:
        self.pictures[role].set_file(path)
        self.comparison.set_file(role, path)

    def _show_style(self, path: Path | None) -> None:
        is_recording = path is not None and bool(path.suffix) and path.suffix.lower() != STYLE_FILE
        self._set_file("style", path if is_recording else None)
        if path is not None and not is_recording:
            job = self._session.listener.run("styles", {"action": "show", "name": str(path)})
            job.finished.connect(lambda facts: self._on_style(path, facts))
            # That it is not there is told by the dry run, which names it.

    def _on_style(self, path: Path, facts: dict[str, Any]) -> None:
        if path != self._style:
            return
        picture = QPixmap()
        picture.loadFromData(base64.b64decode(str(facts.get("picture", ""))))
        self.pictures["style"].set_still(picture, str(facts.get("description", "")))

    def _on_style_length(self, seconds: float) -> None:
        if self._session.document.state.content is None:
            self.axis.set_length(seconds)

    def _on_facts(self, role: str, facts: dict[str, Any]) -> None:
        loudness = facts["loudness"]
        self.comparison.set_level(role, loudness["integrated_lufs"], loudness["true_peak_dbtp"])

    def _on_selection(self, role: str, selection: tuple[float, float] | None) -> None:
        if role == "result" and selection is not None:
            selection = (selection[0] + self._offset, selection[1] + self._offset)
        self._session.document.set_selection(selection)

    def _on_position(self, seconds: float) -> None:
        for view in self.pictures["result"].views:
            view.set_position(seconds - self._offset)

    def _follow(self, leader: TimeAxis, follower: TimeAxis) -> None:
        """A whole result shows the same stretch of time as the content."""
        if self._is_whole and follower.length and leader.length:
            follower.show(leader.start, leader.end)
