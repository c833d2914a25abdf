"""Sums what is heard: a gain for each source, and short fades where something else begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .read_ahead import Piece
from .source import N_CHANNELS, Frames

__all__ = ["FADE_SECONDS", "Mixer"]

FADE_SECONDS = 0.005


class Mixer:
    """Gains that change without a click.

    Parameters
    ----------
    sample_rate : int
        Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.n_fade = round(FADE_SECONDS * sample_rate)
        self._old: dict[str, float] = {}
        self._gains: dict[str, float] = {}
        self._n_left = 0  # frames of the fade between them
        self._tail: Frames = np.zeros((0, N_CHANNELS), np.float32)
        self._n_rise = 0  # frames until what began is at its full level

    def set_gains(self, gains: Mapping[str, float], *, at_once: bool = False) -> None:
        """Hear other sources or gains, as linear factors; the straight way there takes `FADE_SECONDS`.

        What is alike in both is never softer meanwhile, since the gains of a fade sum to what they were.
        """
        share = self._n_left / self.n_fade
        names = {*self._old, *self._gains}
        now = {
            name: share * self._old.get(name, 0.0) + (1 - share) * self._gains.get(name, 0.0)
            for name in names
        }
        self._old, self._gains = now, dict(gains)
        self._n_left = 0 if at_once else self.n_fade

    def leave(self, pieces: Sequence[Piece]) -> None:
        """Let what would have come, `n_fade` frames as a rule, fade out while something else begins."""
        if pieces:
            tail = np.concatenate([self.mix(piece) for piece in pieces])
            self._tail = tail * np.linspace(1, 0, len(tail), endpoint=False, dtype=np.float32)[:, None]

    def rise(self) -> None:
        """Fade in what begins, as it must in the middle of a sound."""
        self._n_rise = self.n_fade

    def mix(self, piece: Piece) -> Frames:
        """Give (n_frames, 2) float32 of what comes next, within -1 ... 1."""
        n_frames = piece.n_frames
        mixed = np.zeros((n_frames, N_CHANNELS), np.float32)
        old_share = np.clip((self._n_left - np.arange(n_frames)) / self.n_fade, 0, 1).astype(np.float32)[
            :, None
        ]
        for name, frames in piece.frames.items():
            old, new = self._old.get(name, 0.0), self._gains.get(name, 0.0)
            if self._n_left == 0:
                if new:
                    mixed += np.float32(new) * frames
            elif old or new:
                mixed += (old_share * np.float32(old) + (1 - old_share) * np.float32(new)) * frames
        self._n_left = max(self._n_left - n_frames, 0)
        self._join(mixed)
        return np.clip(mixed, -1, 1, out=mixed)

    @property
    def has_rest(self) -> bool:
        """Whether something still fades out."""
        return len(self._tail) > 0

    def rest(self, n_frames: int) -> Frames:
        """Give what still fades out, at most `n_frames`, when nothing follows it."""
        rest, self._tail = self._tail[:n_frames], self._tail[n_frames:]
        return rest

    def _join(self, mixed: Frames) -> None:
        """Fade in what is mixed and add what fades out."""
        if self._n_rise:
            done = self.n_fade - self._n_rise
            rise = (done + np.arange(len(mixed))) / self.n_fade
            mixed *= np.minimum(rise, 1).astype(np.float32)[:, None]
            self._n_rise = max(self._n_rise - len(mixed), 0)
        n_tail = min(len(self._tail), len(mixed))
        mixed[:n_tail] += self._tail[:n_tail]
        self._tail = self._tail[n_tail:]
