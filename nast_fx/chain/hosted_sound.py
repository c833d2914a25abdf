"""The sound of a plugin inside of its process, whatever number of channels it takes, however a stream is cut.

pedalboard's traps, and what is done about them:

- A plugin refuses numbers of channels. One that is only mono gets an instance for each channel; one that is
  only stereo hears a mono signal twice, and the mean of what it makes is taken.
- What a plugin makes may depend on where blocks begin, since many move their values once a block. They always
  get `BLOCK_FRAMES`, as in a studio; what is left of a stream's block waits for the next one. So a stream
  equals one call, however it is cut, and no block has fewer frames than channels, which are then mistaken.
- A value that was set reaches the plugin's state, and a state its values, only with the next block: a moment
  of silence sees to that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nast_fx.audio import Samples

__all__ = ["BLOCK_FRAMES", "Sound"]

BLOCK_FRAMES = 512
WARM_UP_FRAMES = 16
FLUSH_FRAMES = 16 * BLOCK_FRAMES
MOST_LATE_SECONDS = 30.0  # a plugin that still holds frames back after so much silence has lost them
NOTE_FRAMES = 64  # controllers hold from the beginning of such a block
_PAIR = 2


class Sound:
    """One instance of a plugin, or one for each channel.

    Parameters
    ----------
    open_plugin : callable
        Gives a new instance.
    sample_rate : int
        Hz.
    n_channels : int
        Of the signal.

    Attributes
    ----------
    plugins : list
        The instances.
    n_plugin_channels : int
        Channels of each.

    Raises
    ------
    ValueError
        The plugin takes no signal of so many channels.
    """

    def __init__(self, open_plugin: Callable[[], Any], sample_rate: int, n_channels: int) -> None:
        self._rate, self._n_channels = sample_rate, n_channels
        self._waiting = np.zeros((n_channels, 0), dtype=np.float32)
        self.plugins = [open_plugin()]
        self.n_plugin_channels = self._fitting()
        if self.n_plugin_channels == 1 and not self.plugins[0].is_instrument:
            self.plugins += [open_plugin() for _ in range(1, n_channels)]
        self.clear()

    def warm_up(self) -> None:
        """Let all instances hear a moment of silence."""
        for plugin in self.plugins:
            self._render_silence(plugin, self.n_plugin_channels)

    def clear(self) -> None:
        """Forget what was heard; values that were set hold."""
        self._waiting = self._waiting[:, :0]
        for plugin in self.plugins:
            plugin.reset()

    def stream(self, block: Samples) -> Samples:
        """Go on with a stream (channel, frame); gives what is ready."""
        block = np.concatenate([self._waiting, block], axis=1)
        n_whole = block.shape[1] // BLOCK_FRAMES * BLOCK_FRAMES
        self._waiting = block[:, n_whole:]
        return self._apply(block[:, :n_whole]) if n_whole else block[:, :0]

    def whole(self, block: Samples) -> Samples:
        """Process a whole signal (channel, frame); gives as many frames, in time with it."""
        self.clear()
        parts = [self.stream(block)]
        missing = block.shape[1] - parts[0].shape[1]
        left = round(MOST_LATE_SECONDS * self._rate)
        silence = np.zeros((self._n_channels, FLUSH_FRAMES), dtype=np.float32)
        while missing > 0 and left > 0:
            parts.append(self.stream(silence)[:, :missing])
            missing -= parts[-1].shape[1]
            left -= FLUSH_FRAMES
        parts.append(silence[:, :0] if missing <= 0 else np.zeros((self._n_channels, missing), np.float32))
        return np.concatenate(parts, axis=1)

    def notes(self, messages: list[tuple[str, int]], n_frames: int) -> Samples:
        """Go on with an instrument's stream.

        Parameters
        ----------
        messages : list of (str, int)
            Bytes in hexadecimal, and the frame of this piece that they belong to.
        n_frames : int
        """
        # A quarter of a frame more, since pedalboard cuts what is behind the point.
        timed = [(bytes.fromhex(data), (frame + 0.25) / self._rate) for data, frame in messages]
        duration, n_channels = (n_frames + 0.25) / self._rate, self.n_plugin_channels
        made = self.plugins[0].process(
            timed, duration, self._rate, num_channels=n_channels, buffer_size=NOTE_FRAMES, reset=False
        )
        if n_channels > self._n_channels:
            made = made.mean(axis=0, keepdims=True, dtype=np.float32)
        return np.broadcast_to(made, (self._n_channels, made.shape[1]))

    def _fitting(self) -> int:
        """Number of channels that the plugin takes: all, or one, or two."""
        for n_channels in (self._n_channels, 1, _PAIR):
            # A pair is for one channel, whose mean it is, and for an instrument.
            if n_channels == _PAIR < self._n_channels:
                continue
            try:
                self._render_silence(self.plugins[0], n_channels)
            except ValueError:
                continue
            return n_channels
        raise ValueError(f"it takes no signal of {self._n_channels} channels")

    def _render_silence(self, plugin: Any, n_channels: int) -> None:
        n_frames, size = WARM_UP_FRAMES, {"buffer_size": BLOCK_FRAMES, "reset": False}
        if plugin.is_instrument:
            plugin.process([], n_frames / self._rate, self._rate, num_channels=n_channels, **size)
        else:
            plugin.process(np.zeros((n_channels, n_frames), np.float32), self._rate, **size)

    def _apply(self, block: Samples) -> Samples:
        """Process whole blocks."""
        if self.n_plugin_channels > self._n_channels:
            made = self._applied(self.plugins[0], np.repeat(block, self.n_plugin_channels, axis=0))
            return np.asarray(made.mean(axis=0, keepdims=True, dtype=np.float32))
        parts = np.split(np.ascontiguousarray(block), len(self.plugins))
        channels = [self._applied(plugin, part) for plugin, part in zip(self.plugins, parts, strict=True)]
        return np.concatenate(channels, axis=0)

    def _applied(self, plugin: Any, block: Samples) -> Samples:
        made: Samples = plugin.process(block, self._rate, buffer_size=BLOCK_FRAMES, reset=False)
        return made
