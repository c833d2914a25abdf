"""How well a network foretells held-out notes, beside the best linear predictor: bits a sample, and SNR.

Both see the same quantized samples and are asked for the same ones. The network is teacher-forced and is
told the embedding, rounded to eight bits a number; what these cost is counted apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.mu_law import N_CODES, compand, decode, encode, expand
from nast_fx.networks.wavenet import WaveNet
from nast_fx.progress import Progress, Steps
from nast_fx.train.linear_predictor import (
    ORDERS,
    LinearPredictor,
    fit_linear_predictor,
    fit_scale,
    signal_to_noise_db,
)

__all__ = ["Figures", "held_out_stretches", "measure", "sample_bits"]

CONTEXT = 1024  # samples before those that count
COUNTED = 4096
BATCH = 8
EMBEDDING_BITS = 8  # a number
OWN_ORDER = 32  # of the predictors that are fitted to each held-out note
N_FITTED = 1000  # training notes that the coefficients are fitted to, evenly spread
N_SCALED = 100  # and those that the scale is fitted to


@dataclass(frozen=True)
class Figures:
    """Bits a sample and signal-to-noise ratios on held-out notes.

    Attributes
    ----------
    bits, snr_db : float
        Of the network.
    embedding_bits : float
        What the embedding costs, a sample.
    foreign_bits : float
        Of the network when it is told another note's embedding.
    linear : dict of int to (float, float)
        Bits and SNR of the linear predictor of each order.
    own_bits : float
        Of linear predictors of order 32, each fitted to the very note that it predicts: what a codec could
        do that sends 32 coefficients a note.
    """

    bits: float
    snr_db: float
    embedding_bits: float
    foreign_bits: float
    linear: dict[int, tuple[float, float]]
    own_bits: float

    @property
    def linear_order(self) -> int:
        """Order with the fewest bits on the held-out notes themselves, in the linear predictor's favor."""
        return min(self.linear, key=lambda order: self.linear[order][0])


def sample_bits(logits: Tensor, codes: Tensor) -> Tensor:
    """Information in each code (batch, frame) under logits (batch, code, frame)."""
    return functional.cross_entropy(logits, codes, reduction="none") / math.log(2)


def held_out_stretches(waveforms: Tensor, *, seed: int) -> Tensor:
    """Draw the stretch of each held-out clip (clip, frame) that is measured, with its context."""
    length = min(CONTEXT + COUNTED, waveforms.shape[1])
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randint(0, waveforms.shape[1] - length + 1, (len(waveforms),), generator=generator)
    pairs = zip(waveforms, starts.tolist(), strict=True)
    return torch.stack([row[start : start + length] for row, start in pairs])


def _network_figures(net: WaveNet, codes: Tensor) -> Steps[tuple[Tensor, Tensor, Tensor]]:
    """Bits, bits with another's embedding, and predicted linear samples (clip, frame) of each code."""
    values = expand(decode(torch.arange(N_CODES)))
    embeddings = torch.cat([_rounded_embedding(net, part) for part in torch.split(codes, BATCH)])
    # Neighbors are one instrument's: half the list away there is another.
    others = embeddings.roll(len(codes) // 2, dims=0)
    parts = []
    for first in range(0, len(codes), BATCH):
        yield Progress("validate", step=first, n_steps=len(codes), share=0.96)
        here = slice(first, first + BATCH)
        with torch.no_grad():
            logits = net.logits(decode(codes[here]), embeddings[here])
            predicted = torch.einsum("bkt,k->bt", logits.softmax(dim=1), values)
            foreign = net.logits(decode(codes[here]), others[here])
        parts.append((sample_bits(logits, codes[here]), sample_bits(foreign, codes[here]), predicted))
    bits, foreign, predicted = (torch.cat(column) for column in zip(*parts, strict=True))
    return bits, foreign, predicted


@torch.no_grad()
def _rounded_embedding(net: WaveNet, codes: Tensor) -> Tensor:
    levels = 2 ** (EMBEDDING_BITS - 1) - 1
    embedding = net.embedding(net.encoder_maps(decode(codes))[-1])
    rounded: Tensor = torch.round(embedding * levels) / levels
    return rounded


def measure(net: WaveNet, training: Tensor, held_out: Tensor) -> Steps[Figures]:
    """Measure a network and the linear predictors on stretches of held-out notes.

    Parameters
    ----------
    net : WaveNet
    training : Tensor (clip, frame)
        Linear samples that the linear predictors are fitted to.
    held_out : Tensor (clip, frame)
        See `held_out_stretches`; its first `CONTEXT` samples are seen but not counted.
    """
    codes = encode(compand(held_out))
    samples = expand(decode(codes))
    bits, foreign, predicted = yield from _network_figures(net, codes)
    fitted = encode(compand(training[:: max(1, len(training) // N_FITTED)]))
    predictors = {}
    for order in ORDERS:
        yield Progress("validate", step=order, n_steps=max(ORDERS), share=0.98)
        predictors[order] = _fitted(fitted, order)
    linear = {
        order: (
            predictor.bits(codes)[:, CONTEXT:].mean().item(),
            signal_to_noise_db(samples[:, CONTEXT:], predictor.predict(codes)[:, CONTEXT:]),
        )
        for order, predictor in predictors.items()
    }
    each = fit_linear_predictor(codes, OWN_ORDER, each=True)
    own = LinearPredictor(each.coefficients, predictors[OWN_ORDER].scale)
    return Figures(
        bits=bits[:, CONTEXT:].mean().item(),
        snr_db=signal_to_noise_db(samples[:, CONTEXT:], predicted[:, CONTEXT:]),
        embedding_bits=net.architecture.n_embedding * EMBEDDING_BITS / net.architecture.pool,
        foreign_bits=foreign[:, CONTEXT:].mean().item(),
        linear=linear,
        own_bits=own.bits(codes)[:, CONTEXT:].mean().item(),
    )


def _fitted(codes: Tensor, order: int) -> LinearPredictor:
    some = codes[:: max(1, len(codes) // N_SCALED), : CONTEXT + COUNTED]
    return fit_scale(fit_linear_predictor(codes, order), some)
