"""Transforms on tensors: STFT, Griffin-Lim, short-term level."""

from nast_fx.dsp.griffin_lim import griffin_lim
from nast_fx.dsp.stft import Stft, n_spectrum_frames

__all__ = ["Stft", "griffin_lim", "n_spectrum_frames"]
