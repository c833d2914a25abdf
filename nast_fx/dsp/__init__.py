"""Transforms on tensors: STFT, Griffin-Lim, short-term level."""

from nast_fx.dsp.frames import Frames
from nast_fx.dsp.griffin_lim import griffin_lim
from nast_fx.dsp.limiter import limit
from nast_fx.dsp.stft import Stft, n_spectrum_frames

__all__ = ["Frames", "Stft", "griffin_lim", "limit", "n_spectrum_frames"]
