"""Reads files ahead of what is heard, in a thread: all sources at one position, through loops."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nast_fx.errors import AudioFileError

from .source import Frames, Source, SourceReader

__all__ = ["Piece", "ReadAhead"]

BLOCK_FRAMES = 4096
AHEAD_BLOCKS = 12  # about a second: a disk may take its time


@dataclass(frozen=True)
class Piece:
    """What follows next, of every source.

    Attributes
    ----------
    position : int
        Frame of the common time at which it begins.
    frames : mapping of str to ndarray, (n_frames, 2) float32
        By the source's name.
    n_frames : int
    """

    position: int
    frames: Mapping[str, Frames]
    n_frames: int

    def split(self, n_frames: int) -> tuple[Piece, Piece]:
        """Give its first frames, and the rest."""
        heads = {name: frames[:n_frames] for name, frames in self.frames.items()}
        tails = {name: frames[n_frames:] for name, frames in self.frames.items()}
        rest = self.n_frames - n_frames
        return Piece(self.position, heads, n_frames), Piece(self.position + n_frames, tails, rest)


class ReadAhead:
    """A thread that reads, and what it has read.

    Parameters
    ----------
    sample_rate : int
        Hz.
    on_fault : callable
        Takes a sentence about a file that cannot be read; called in the thread. The source is silent then.
    on_length : callable
        Takes the length of all sources together, in frames; called in the thread.
    """

    def __init__(
        self, sample_rate: int, on_fault: Callable[[str], None], on_length: Callable[[int], None]
    ) -> None:
        self.sample_rate = sample_rate
        self._on_fault = on_fault
        self._on_length = on_length
        self._readers: dict[str, SourceReader] = {}  # the thread's alone
        self._state = threading.Condition()
        self._asked: dict[str, Source] | None = None
        self._pieces: deque[Piece] = deque()
        self._position = 0
        self._loop: tuple[int, int] | None = None
        self._end: int | None = None  # None: not known before the files are open
        self._round = 0  # counts up when what was read ahead is void
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, daemon=True, name="read ahead")
        self._thread.start()

    def set_sources(self, sources: Mapping[str, Source], position: int) -> None:
        """Read other files, from a frame on."""
        with self._state:
            self._asked, self._end = dict(sources), None
            self._restart(position)

    def seek(self, position: int, loop: tuple[int, int] | None) -> None:
        """Go on from another frame, or with another loop (first frame, frame behind the last one)."""
        with self._state:
            self._loop = loop
            self._restart(position)

    def take(self, n_frames: int) -> Piece | None:
        """Give what comes next, at most `n_frames`; None if it is not read yet or there is none."""
        with self._state:
            if not self._pieces:
                return None
            piece = self._pieces.popleft()
            if piece.n_frames > n_frames:
                piece, rest = piece.split(n_frames)
                self._pieces.appendleft(rest)
            self._state.notify()
            return piece

    @property
    def is_at_end(self) -> bool:
        """Whether nothing comes any more."""
        with self._state:
            return not self._pieces and self._end is not None and self._position >= self._end

    def close(self) -> None:
        """End the thread."""
        with self._state:
            self._is_closed = True
            self._state.notify()
        self._thread.join()

    def _restart(self, position: int) -> None:
        self._pieces.clear()
        self._position = max(position, 0)
        self._round += 1
        self._state.notify()

    def _work(self) -> None:
        while self._wait():
            if self._asked is not None:
                self._open()
            else:
                self._read()
        for reader in self._readers.values():
            reader.close()

    def _wait(self) -> bool:
        """Wait for something to do; False if it is over."""

        def is_due() -> bool:
            is_more = self._end is not None and self._position < self._end
            return (
                self._is_closed or self._asked is not None or (is_more and len(self._pieces) < AHEAD_BLOCKS)
            )

        with self._state:
            self._state.wait_for(is_due)
            return not self._is_closed

    def _open(self) -> None:
        """Open what was asked for; what is open already stays so."""
        with self._state:
            asked, self._asked = self._asked or {}, None
        kept: dict[str, SourceReader] = {}
        for name, source in asked.items():
            old = self._readers.get(name)
            if old is not None and old.source is source:  # an equal one may be of a file that was replaced
                kept[name] = self._readers.pop(name)
                continue
            try:
                kept[name] = SourceReader(source, self.sample_rate)
            except AudioFileError as error:
                self._on_fault(str(error))
        for reader in self._readers.values():
            reader.close()
        self._readers = kept
        ends = [reader.end for reader in kept.values() if not reader.source.wraps]
        end = max(ends or [reader.end for reader in kept.values()], default=0)
        with self._state:
            if self._asked is None:
                self._end = end
        self._on_length(end)

    def _read(self) -> None:
        """Read the next block; throw it away if it was asked to go elsewhere meanwhile."""
        with self._state:
            position, loop, end, number = self._position, self._loop, self._end or 0, self._round
        turn = end if loop is None else min(loop[1], end)  # a loop may reach beyond the end
        n_frames = min(BLOCK_FRAMES, (turn if position < turn else end) - position)
        frames = {}
        for name, reader in list(self._readers.items()):
            try:
                frames[name] = reader.read(position, n_frames)
            except AudioFileError as error:
                self._readers.pop(name).close()
                self._on_fault(str(error))
        with self._state:
            if number != self._round:
                return
            self._pieces.append(Piece(position, frames, n_frames))
            self._position = position + n_frames
            if loop is not None and loop[0] < self._position == turn:
                self._position = loop[0]
