"""The player: several files at one position, of which some are heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QLoggingCategory, QObject, QThread, pyqtSignal

from ..translation import gettext as _
from .output import Device
from .pump import Pump
from .source import Source

__all__ = ["Player"]

LEAVE_MS = 1000  # for the thread to end; one that looks for a device may take longer and ends by itself

# A thread that runs must outlive its player, which may be gone sooner: Qt ends the program otherwise.
_running: dict[QThread, Pump] = {}


class Player(QObject):
    """Plays; no call waits, and without a sound device all goes on in silence.

    Parameters
    ----------
    find_device : callable, optional
        Gives the device to play on, or None; the system's default one by default.
    parent : QObject, optional

    Attributes
    ----------
    state : str
        ``stopped``, ``playing`` or ``no device``.
    position, length : float
        Seconds; of the longest file that does not wrap.
    loop : (float, float) or None
        Seconds that are repeated.
    """

    position_changed = pyqtSignal(float)
    """Thirty times a second while it plays: what is heard now."""
    length_changed = pyqtSignal(float)
    state_changed = pyqtSignal(str)
    failed = pyqtSignal(str)
    """One sentence: a file cannot be played, the device is gone."""
    _asked = pyqtSignal(object)

    def __init__(
        self, find_device: Callable[[], Device | None] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.state = "stopped"
        self.position = 0.0
        self.length = 0.0
        self.loop: tuple[float, float] | None = None
        self._thread = QThread()
        self._pump = Pump(find_device or _system_finder())
        self._pump.moveToThread(self._thread)
        self._asked.connect(self._pump.do)
        self._pump.state_changed.connect(self._on_state)
        self._pump.position_changed.connect(self._on_position)
        self._pump.length_changed.connect(self._on_length)
        self._pump.failed.connect(self.failed)

    @property
    def is_playing(self) -> bool:
        """Whether something is heard."""
        return self.state == "playing"

    @property
    def sentence(self) -> str:
        """What is wrong, for people; empty if nothing is."""
        if self.state != "no device":
            return ""
        return _("There is no sound device; all else works. Connect one and press play.")

    def set_sources(self, sources: Mapping[str, Source]) -> None:
        """Take other files, each by a name for `hear`; playing goes on at the same position."""
        files = dict(sources)
        self._ask(lambda pump: pump.set_sources(files))

    def hear(self, gains: Mapping[str, float]) -> None:
        """Hear sources by name, each with a linear factor; all others are silent.

        It takes 5 ms. A factor of -1 subtracts: ``{"result": 1, "content": -1}`` is what a render changed.
        """
        factors = dict(gains)
        self._ask(lambda pump: pump.set_gains(factors))

    def play(self) -> None:
        """Begin, from the beginning if the end was reached."""
        self._ask(lambda pump: pump.play())

    def pause(self) -> None:
        """Stop where it is."""
        self._ask(lambda pump: pump.pause())

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def seek(self, seconds: float) -> None:
        """Go on from another position."""
        self._ask(lambda pump: pump.seek(max(seconds, 0.0)))

    def set_loop(self, loop: tuple[float, float] | None) -> None:
        """Repeat a stretch of time without a gap, or go on to the end."""
        if loop != self.loop:
            self.loop = loop
            self._ask(lambda pump: pump.set_loop(loop))

    def close(self) -> None:
        """Stop, and end the thread; waits for it, milliseconds as a rule and a second at most."""
        if self._thread.isRunning():
            self._asked.emit(_close)
            self._thread.wait(LEAVE_MS)

    def _ask(self, call: Callable[[Pump], None]) -> None:
        if not self._thread.isRunning():
            _keep(self._thread, self._pump)
            self._thread.start(QThread.Priority.TimeCriticalPriority)
        self._asked.emit(call)

    def _on_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _on_position(self, seconds: float) -> None:
        self.position = seconds
        self.position_changed.emit(seconds)

    def _on_length(self, seconds: float) -> None:
        self.length = seconds
        self.length_changed.emit(seconds)


def _system_finder() -> Callable[[], Device | None]:
    """Load what finds the system's device: in the main thread, since Qt's modules are not safe in another."""
    # What Qt says of libraries that it does without is nothing to people.
    QLoggingCategory.setFilterRules("qt.multimedia.symbolsresolver=false\nqt.multimedia.ffmpeg=false")
    from .devices import find_device

    return find_device


def _keep(thread: QThread, pump: Pump) -> None:
    """Keep a thread and what lives in it until it has ended."""
    for ended in [one for one in _running if one.isFinished()]:
        del _running[ended]
    _running[thread] = pump


def _close(pump: Pump) -> None:
    """End the pump and, behind all that it was asked before, its thread."""
    pump.close()
    thread = pump.thread()
    if thread is not None:
        thread.quit()
