"""From float to integer samples: triangular dither, rounding, saturation.

The dither is triangular (TPDF), two steps of the integer from end to end: it makes the error's
mean and variance independent of the signal (Lipshitz, Wannamaker & Vanderkooy 1992, JAES 40).
A sample of exactly 0 gets none: there is no error to dither, and digital silence stays silent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nast_fx.audio.block import Samples

__all__ = ["Quantizer"]

NOISE_FRAMES = 2**16  # a draw of noise; its place in the file is the key, not the caller's blocks


class Quantizer:
    """Turns consecutive blocks (channel, frame) float32 into integers of `bits` bits.

    Parameters
    ----------
    n_channels : int
    bits : int
        16 or 24.
    seed : int
        Key of the noise, at least 0; with the channel and the place it decides every draw, so that
        the result does not depend on how the signal is cut into blocks.
    dither : bool
        Without it, samples that came from integers of this depth come back bit for bit.
    """

    def __init__(self, n_channels: int, bits: int, *, seed: int = 0, dither: bool = True) -> None:
        self.n_channels = n_channels
        self.bits = bits
        self.n_saturated = 0
        self._seed = seed
        self._dither = dither
        self._position = 0
        self._noise_block = -1
        self._noise = np.zeros((n_channels, 0), dtype=np.float32)

    def __call__(self, block: Samples) -> npt.NDArray[np.int32]:
        """Quantize the next `block`, (channel, frame); gives int32 within the range of `bits`."""
        scaled = block.astype(np.float64) * 2.0 ** (self.bits - 1)
        if self._dither:
            self._add_noise(scaled)
        self._position += block.shape[1]
        lowest, highest = -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1
        rounded = np.rint(scaled)
        self.n_saturated += int(np.count_nonzero((rounded < lowest) | (rounded > highest)))
        return np.clip(rounded, lowest, highest).astype(np.int32)

    def _add_noise(self, scaled: npt.NDArray[np.float64]) -> None:
        """Add noise in place; `scaled` is our own array."""
        done, n_frames = 0, scaled.shape[1]
        while done < n_frames:
            index, inside = divmod(self._position + done, NOISE_FRAMES)
            length = min(NOISE_FRAMES - inside, n_frames - done)
            if index != self._noise_block:
                self._noise_block, self._noise = index, self._draw(index)
            part = scaled[:, done : done + length]
            part += self._noise[:, inside : inside + length] * (part != 0)
            done += length

    def _draw(self, index: int) -> Samples:
        """Draw the noise of one place: the difference of two uniform draws is triangular in -1 ... 1."""
        noise = np.empty((self.n_channels, NOISE_FRAMES), dtype=np.float32)
        for channel in range(self.n_channels):
            pair = np.random.default_rng([self._seed, channel, index]).random(
                (2, NOISE_FRAMES), dtype=np.float32
            )
            noise[channel] = pair[0] - pair[1]
        return noise
