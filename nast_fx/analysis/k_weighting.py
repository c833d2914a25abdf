"""K weighting and channel weights of ITU-R BS.1770-5, for any sample rate.

The weighting is two biquads at 48 kHz (tables 1 and 2), a shelf for the head and a high-pass:

    H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)

"Implementations at other sampling rates will require different coefficient values, which should be chosen to
provide the same frequency response." Here it is the same: H is taken at each frequency in Hz, and above
24 kHz at 24 kHz. Only the shelf's phase is left out: what lasts a tenth of a millisecond needs none, and at
low rates it would not end at half the rate as the spectrum of a real signal does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["channel_weights", "k_weighting"]

Spectrum = npt.NDArray[np.complex128]
Biquad = tuple[tuple[float, float, float], tuple[float, float]]

STANDARD_RATE = 48_000  # Hz
SHELF: Biquad = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (-1.69065929318241, 0.73248077421585),
)
HIGH_PASS: Biquad = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
SURROUND = 1.41

# By the number of channels, in the order of a WAV file. Weights go by where a loudspeaker stands (BS.1770-5,
# table 4): 1.41 from 60 to 120 degrees to the side, 1 elsewhere; an LFE does not count.
_WEIGHTS = {
    4: (1, 1, SURROUND, SURROUND),  # L R Ls Rs
    5: (1, 1, 1, SURROUND, SURROUND),  # L R C Ls Rs
    6: (1, 1, 1, 0, SURROUND, SURROUND),  # L R C LFE Ls Rs
    7: (1, 1, 1, 0, 1, SURROUND, SURROUND),  # L R C LFE Cs Ls Rs
    8: (1, 1, 1, 0, 1, 1, SURROUND, SURROUND),  # L R C LFE, rear left and right, side left and right
}


def k_weighting(sample_rate: int, n_fft: int) -> Spectrum:
    """Give the frequency response of the K weighting.

    Parameters
    ----------
    sample_rate : int
        Hz.
    n_fft : int
        Frames of the transform that it is for.

    Returns
    -------
    ndarray, (n_fft // 2 + 1,) complex128
    """
    hz = np.minimum(np.arange(n_fft // 2 + 1) * (sample_rate / n_fft), STANDARD_RATE / 2)
    delay = np.exp(-2j * np.pi * hz / STANDARD_RATE)  # of one frame
    response: Spectrum = np.abs(_biquad(SHELF, delay)) * _biquad(HIGH_PASS, delay)
    return response


def channel_weights(n_channels: int) -> npt.NDArray[np.float64]:
    """Give the weight of each channel's power (channel,); of three or above eight all count alike."""
    return np.array(_WEIGHTS.get(n_channels, (1,) * n_channels), dtype=np.float64)


def _biquad(coefficients: Biquad, delay: Spectrum) -> Spectrum:
    (b0, b1, b2), (a1, a2) = coefficients
    response: Spectrum = (b0 + (b1 + b2 * delay) * delay) / (1 + (a1 + a2 * delay) * delay)
    return response
