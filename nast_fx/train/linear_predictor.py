"""What a learned waveform network must beat: a linear predictor, matched to the mu-law.

It predicts a sample from the quantized ones before it, by the coefficients that minimize the squared error
over all training notes (the normal equations of their mean autocorrelation; Makhoul 1975, equation 14).
What it leaves is logistic, of a scale that follows the last errors,

    s_t = floor + gain * mean |e| over the last `window` samples + slope * |prediction|

and the probability of a code is the logistic mass between the code's edges. So both give bits a sample over
the same 256 codes. A scale that does not follow costs half a bit more here: this one is no straw man.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.mu_law import MU, N_CODES, decode, expand

__all__ = ["ORDERS", "LinearPredictor", "fit_linear_predictor", "fit_scale", "signal_to_noise_db"]

ORDERS = (2, 4, 8, 16, 32, 64, 128)
WINDOW = 32  # samples
RIDGE = 1e-6  # of the energy, added to it: quantization noise at -60 dB
LEAST_PROBABILITY = 1e-12  # what a difference of float64 can still tell
FIT_STEPS = 60
FAR = 1e3  # an edge beyond all samples; an infinite one has no gradient


@dataclass(frozen=True)
class LinearPredictor:
    """Coefficients and the scale of what they leave.

    Attributes
    ----------
    coefficients : Tensor (order,) or (clip, order) float64
        The first is that of the sample before.
    scale : Tensor (3,) float64
        Logarithms of floor, gain and slope.
    """

    coefficients: Tensor
    scale: Tensor

    @property
    def order(self) -> int:
        """Samples that are seen."""
        return self.coefficients.shape[-1]

    def predict(self, codes: Tensor) -> Tensor:
        """Predict the linear samples (clip, frame) of mu-law codes, each from those before it."""
        return _filtered(_samples(codes), self.coefficients)

    def bits(self, codes: Tensor) -> Tensor:
        """Information in each code (clip, frame), given those before it."""
        prediction = self.predict(codes)
        return _bits(codes, prediction, _mean_error(_samples(codes) - prediction), self.scale)


def fit_linear_predictor(codes: Tensor, order: int, *, each: bool = False) -> LinearPredictor:
    """Fit the coefficients to clips (clip, frame); the scale is still to be fitted.

    Parameters
    ----------
    codes : Tensor (clip, frame) int64
    order : int
    each : bool
        Give every clip its own coefficients instead of all the same.
    """
    samples = _samples(codes)
    length = 1 << (samples.shape[1] + order).bit_length()
    power = torch.fft.rfft(samples, length).abs().square()
    if not each:
        power = power.sum(dim=0, keepdim=True)
    lags = torch.fft.irfft(power, length)[:, : order + 1]
    lags[:, 0] = lags[:, 0] * (1 + RIDGE) + 1e-12
    places = torch.arange(order)
    matrix = lags[:, (places[:, None] - places).abs()]
    coefficients = torch.linalg.solve(matrix, lags[:, 1:])
    initial = torch.tensor([1e-4, 0.7, 0.01], dtype=torch.float64).log()
    return LinearPredictor(coefficients if each else coefficients[0], initial)


def fit_scale(predictor: LinearPredictor, codes: Tensor) -> LinearPredictor:
    """Fit the scale to clips (clip, frame) by their bits, with Adam."""
    prediction = predictor.predict(codes)
    mean_error = _mean_error(_samples(codes) - prediction)
    scale = predictor.scale.clone().requires_grad_()
    optimizer = torch.optim.Adam([scale], lr=0.1)
    for _ in range(FIT_STEPS):
        optimizer.zero_grad()
        _bits(codes, prediction, mean_error, scale).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return LinearPredictor(predictor.coefficients, scale.detach())


def signal_to_noise_db(samples: Tensor, predictions: Tensor) -> float:
    """Energy of all samples over that of all errors, in dB; both linear (clip, frame)."""
    noise = (samples.double() - predictions.double()).square().sum()
    return 10 * math.log10(float(samples.double().square().sum() / noise))


def _samples(codes: Tensor) -> Tensor:
    return expand(decode(codes).double())


def _filtered(samples: Tensor, coefficients: Tensor) -> Tensor:
    """Convolve with the coefficients, one sample late, by Fourier transform."""
    n_frames = samples.shape[1]
    length = 1 << (n_frames + coefficients.shape[-1]).bit_length()
    late = functional.pad(coefficients, (1, 0))
    product = torch.fft.rfft(samples, length) * torch.fft.rfft(late, length)
    filtered: Tensor = torch.fft.irfft(product, length)
    return filtered[:, :n_frames]


def _mean_error(errors: Tensor) -> Tensor:
    """Mean absolute error over the `WINDOW` samples before each."""
    padded = functional.pad(errors.abs()[:, None], (WINDOW, -1))
    return functional.avg_pool1d(padded, WINDOW, 1)[:, 0]


def _bits(codes: Tensor, prediction: Tensor, mean_error: Tensor, scale: Tensor) -> Tensor:
    floor, gain, slope = scale.exp()
    width = floor + gain * mean_error + slope * prediction.abs()
    inner = expand((torch.arange(N_CODES - 1, dtype=torch.float64) + 0.5) * (2 / MU) - 1)
    far = inner.new_full((1,), FAR)
    edges = torch.cat([-far, inner, far])
    low, high = ((edges[codes + k] - prediction) / width for k in (0, 1))
    return -torch.log2((high.sigmoid() - low.sigmoid()).clamp_min(LEAST_PROBABILITY))
