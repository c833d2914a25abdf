"""Keeps the sound device fed; lives in the player's thread, where nothing waits for the window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot

from ..translation import gettext as _
from .mixer import Mixer
from .output import Device, Output
from .read_ahead import Piece, ReadAhead
from .source import Source

__all__ = ["Pump"]

TICK_MS = 10
LINGER_TICKS = 30  # before the device is closed: behind Qt's buffer is the system's, which would be cut off
TELL_SECONDS = 1 / 30


class Pump(QObject):
    """Takes what was read ahead, mixes it, and writes it to a device. Times are in seconds.

    Parameters
    ----------
    find_device : callable
        Gives the device to play on, or None.
    """

    position_changed = pyqtSignal(float)
    length_changed = pyqtSignal(float)
    state_changed = pyqtSignal(str)  # stopped, playing, no device
    failed = pyqtSignal(str)

    def __init__(self, find_device: Callable[[], Device | None]) -> None:
        super().__init__()
        self._find_device = find_device
        self._sources: dict[str, Source] = {}
        self._gains: dict[str, float] = {}
        self._loop: tuple[float, float] | None = None
        self._start = 0.0  # where to begin while there is no reader
        self._rate = 0  # Hz, of the device
        self._mixer = Mixer(self._rate)
        self._device: Device | None = None
        self._reader: ReadAhead | None = None
        self._output: Output | None = None
        self._is_playing = False
        self._next = 0  # frame that comes next, of the common time
        self._n_quiet = 0  # ticks in which nothing was left to play
        self._n_written = 0
        self._places: deque[tuple[int, int]] = deque()  # written frames, and the common time of the next one
        self._told_at = 0.0
        self._timer: QTimer | None = None

    @pyqtSlot(object)
    def do(self, call: Callable[[Pump], None]) -> None:
        """Do something in this thread."""
        call(self)

    def set_sources(self, sources: Mapping[str, Source]) -> None:
        """Play other files; what was heard goes on at the same position."""
        self._sources = dict(sources)
        if self._reader is None:
            self._ready()
        else:
            self._leave()
            self._reader.set_sources(self._sources, self._next)

    def set_gains(self, gains: Mapping[str, float]) -> None:
        """Hear each source with a factor; those that are not named are silent."""
        self._gains = dict(gains)
        if self._reader is not None:
            self._mixer.set_gains(self._gains, at_once=not self._is_playing)

    def set_loop(self, loop: tuple[float, float] | None) -> None:
        """Repeat a stretch of time, or go on to the end."""
        self._loop = loop
        if self._reader is None:
            return
        frames = self._loop_frames()
        if frames is not None and self._is_playing and not frames[0] <= self._next < frames[1]:
            self.seek(frames[0] / self._rate)
        else:
            self._reader.seek(self._next, frames)

    def seek(self, seconds: float) -> None:
        """Go on from another position."""
        self._start = seconds
        if self._reader is not None:
            self._leave()
            self._next = round(seconds * self._rate)
            self._reader.seek(self._next, self._loop_frames())
        if not self._is_playing:
            self.position_changed.emit(seconds)

    def play(self) -> None:
        """Begin, from the beginning if the end is reached."""
        if self._is_playing or not self._ready() or self._reader is None:
            return
        if self._output is None and not self._open():
            return
        frames = self._loop_frames()
        if frames is not None and not frames[0] <= self._next < frames[1]:
            self.seek(frames[0] / self._rate)
        elif self._reader.is_at_end:
            self.seek(0.0)
        if self._next > 0:
            self._mixer.rise()
        self._is_playing = True
        self._clock().start()
        self.state_changed.emit("playing")

    def pause(self) -> None:
        """Stop where it is; what is in the device fades out and is still heard."""
        if not self._is_playing or self._output is None:
            return
        self._leave()
        if self._reader is not None:
            self._reader.seek(self._next, self._loop_frames())
        self._stop()

    def close(self) -> None:
        """Be done at once."""
        if self._timer is not None:
            self._timer.stop()
        if self._output is not None:
            self._output.close()
        if self._reader is not None:
            self._reader.close()
        self._output = self._reader = None

    def _ready(self) -> bool:
        """Find the device, and read at its rate."""
        device = self._device = self._find_device()
        if device is None:
            self.state_changed.emit("no device")
            return False
        if self._reader is None or self._rate != device.sample_rate:
            if self._reader is not None:
                self._start = self._next / self._rate
                self._reader.close()
            self._rate = device.sample_rate
            self._next = round(self._start * self._rate)
            self._mixer = Mixer(self._rate)
            self._mixer.set_gains(self._gains, at_once=True)
            self._reader = ReadAhead(self._rate, self.failed.emit, self._on_length)
            self._reader.seek(self._next, self._loop_frames())
            self._reader.set_sources(self._sources, self._next)
            self.state_changed.emit("stopped")
        return True

    def _open(self) -> bool:
        self._output = None if self._device is None else self._device.open()
        if self._output is None:
            self.state_changed.emit("no device")
            return False
        self._n_written = 0
        self._places.clear()
        return True

    def _clock(self) -> QTimer:
        """Give the timer, which has to be made in the thread where it rings."""
        if self._timer is None:
            self._timer = QTimer(self)
            self._timer.setTimerType(Qt.TimerType.PreciseTimer)
            self._timer.setInterval(TICK_MS)
            self._timer.timeout.connect(self._tick)
        return self._timer

    def _tick(self) -> None:
        if self._output is None or self._timer is None:
            return
        if not self._output.is_alive():
            self._output = None
            self._timer.stop()
            self._stop()
            self.failed.emit(_("the sound device is gone"))
            return
        if not self._is_playing:
            self._output.write(self._mixer.rest(self._output.free_frames()))
        elif not self._fill(self._output):
            self._stop()
        is_heard = self._output.waiting_frames() == 0 and not self._mixer.has_rest
        self._tell(is_last=is_heard and not self._is_playing and self._n_quiet == 0)
        self._n_quiet = self._n_quiet + 1 if is_heard and not self._is_playing else 0
        if self._n_quiet >= LINGER_TICKS:
            self._timer.stop()
            self._output.close()
            self._output = None

    def _fill(self, output: Output) -> bool:
        """Write as much as there is room for; False at the end."""
        free = output.free_frames()
        while free > 0 and self._reader is not None:
            piece = self._reader.take(free)
            if piece is None:
                return not self._reader.is_at_end
            output.write(self._mixer.mix(piece))
            self._places.append((self._n_written, piece.position))
            self._n_written += piece.n_frames
            self._next = self._behind(piece)
            free -= piece.n_frames
        return True

    def _leave(self) -> None:
        """Let what would come next fade out while something else begins."""
        if self._is_playing and self._reader is not None:
            pieces, n_left = list[Piece](), self._mixer.n_fade
            while n_left > 0 and (piece := self._reader.take(n_left)) is not None:
                pieces.append(piece)
                n_left -= piece.n_frames
            self._mixer.leave(pieces)
            self._mixer.rise()

    def _behind(self, piece: Piece) -> int:
        """Give the frame that comes after a piece."""
        frames, behind = self._loop_frames(), piece.position + piece.n_frames
        return frames[0] if frames is not None and behind == frames[1] else behind

    def _stop(self) -> None:
        self._is_playing = False
        self.state_changed.emit("stopped")

    def _tell(self, *, is_last: bool) -> None:
        """Say which frame is heard now."""
        now = time.monotonic()
        if is_last:
            self.position_changed.emit(self._next / self._rate)
        if self._output is None or not self._is_playing or now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        heard = self._n_written - self._output.waiting_frames()
        while len(self._places) > 1 and self._places[1][0] <= heard:
            self._places.popleft()
        if self._places:
            written, position = self._places[0]
            self.position_changed.emit((position + max(heard - written, 0)) / self._rate)

    def _loop_frames(self) -> tuple[int, int] | None:
        if self._loop is None:
            return None
        first, last = (round(seconds * self._rate) for seconds in self._loop)
        return (first, last) if last > first else None

    def _on_length(self, n_frames: int) -> None:
        self.length_changed.emit(n_frames / self._rate)
