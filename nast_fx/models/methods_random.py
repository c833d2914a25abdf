"""Settings of the methods on random networks, and of the one on frames without a network."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, model_validator

from nast_fx.errors import did_you_mean
from nast_fx.models.base import setting
from nast_fx.models.method_base import FilterCount, MethodSettings, default_n_fft

__all__ = [
    "COMPONENTS",
    "InfiniteSettings",
    "MitalSettings",
    "UlyanovLebedevSettings",
]


class InfiniteSettings(MethodSettings):
    """The closed-form limit of random networks, optimized on the waveform from the content."""

    title: ClassVar[str] = "Infinite-width limit of random convolutions"
    paper: ClassVar[str] = "nast-fx (arc-cosine kernel of Cho & Saul 2009 in the statistics of Gatys et al.)"

    max_iterations: int = setting(40, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    texture: float = setting(
        1.0, "How far the movement of the bands goes to the style's (0 stays the transfer's own).", ge=0, le=1
    )
    tone: float = setting(
        1.0, "How far the long-term spectrum goes to the style's (0 is the content's).", ge=0, le=1
    )
    n_filters: FilterCount = setting("inf", "Filters a layer; inf is the closed form.")
    kernel_width: int = setting(11, "Frames that a filter sees.", unit="frames", ge=1, le=200)
    n_layers: int = setting(1, "Convolution layers.", ge=1, le=8)
    dilation: int = setting(1, "Growth of the step between taps from layer to layer.", ge=1, le=4)
    residual: bool = setting(False, "Residual connections from the second layer on.")
    envelope_weight: float = setting(0.0, "Pull toward the content's energy over time.", ge=0, le=1e6)
    sparsity_weight: float = setting(0.0, "Pull of the log magnitudes toward zero.", ge=0, le=1e6)
    balance: Literal["goal", "scale", "gradient"] = setting(
        "goal",
        "Go as far toward the style as the strength says and no further (goal), or weigh the terms: by their"
        " size (scale), or by their gradient at a fixed noise (gradient).",
    )
    start: Literal["content", "noise"] = setting("content", "Where the optimizer starts.")
    start_noise: float = setting(
        0.0, "Noise added to the start, relative to its level; the seed then matters.", ge=0, le=1
    )
    solver: Literal["lbfgs", "adam"] = setting("lbfgs", "Optimizer.")
    history: int = setting(30, "Steps that L-BFGS remembers.", ge=1, le=100)
    learning_rate: float = setting(
        1e-3, "Step of Adam, relative to full scale.", unit="full scale", gt=0, le=1
    )


class UlyanovLebedevSettings(MethodSettings):
    """Ulyanov & Lebedev 2016, as released: 4096 random filters on the log spectrogram."""

    title: ClassVar[str] = "Random 1-D convolution on the spectrogram"
    paper: ClassVar[str] = "Ulyanov & Lebedev 2016, Audio texture synthesis and style transfer"

    max_iterations: int = setting(300, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(
        1e-2, "The authors' alpha: 1e-3 is more style, 0 makes a texture.", ge=0, le=1e6
    )
    n_filters: int = setting(4096, "Random filters.", ge=1, le=65_536)
    kernel_width: int = setting(11, "Frames that a filter sees.", unit="frames", ge=1, le=200)
    canvas: Literal["spectrum", "waveform"] = setting(
        "spectrum", "What is optimized: the spectrogram (published), or the waveform itself."
    )
    start: Literal["noise", "content"] = setting("noise", "Where the optimizer starts.")
    history: int = setting(10, "Steps that L-BFGS remembers.", ge=1, le=100)
    griffin_lim_iterations: int = setting(500, "Steps of the phase reconstruction.", ge=1, le=10_000)


COMPONENTS = ("real", "imaginary", "magnitude", "phase", "phase-difference", "unwrapped-difference")


def _component_list(value: object) -> str:
    """Put ``a+b`` in the order of `COMPONENTS`, each once."""
    given = [part.strip() for part in str(value).split("+")]
    for part in given:
        if part not in COMPONENTS:
            raise ValueError(f"some of {', '.join(COMPONENTS)}, joined by +{did_you_mean(part, COMPONENTS)}")
    return "+".join(part for part in COMPONENTS if part in given)


class MitalSettings(MethodSettings):
    """Mital 2017: overlapping frames of the signal itself, under components of their transform."""

    title: ClassVar[str] = "Random convolution on real, imaginary and magnitude of bare frames"
    paper: ClassVar[str] = "Mital 2017, Time Domain Neural Audio Style Transfer"

    max_iterations: int = setting(150, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(
        0.01,
        "The author's alpha, a weight on sums: 0.1 to 0.0001 (0.1 to 1 with trained features);"
        " 0 makes a texture.",
        ge=0,
        le=1e6,
    )
    hop_length: int | None = setting(
        None, "Step between frames; empty is an eighth of n_fft.", unit="samples", ge=16, le=16_384
    )
    features: str = setting(
        "dft",
        "What sees the signal: dft (random filters on its transform), wavenet (the trained autoencoder),"
        " or the path of own weights or of a TorchScript or exported encoder; what follows on filters,"
        " frames and the limiter is for dft.",
    )
    layers: str = setting("", "Of an autoencoder: names of its layers, joined by +; empty is four of them.")
    dft: Literal["double", "half"] = setting(
        "double", "Length of the transform: twice the frame (released code) or half of it (paper)."
    )
    components: Annotated[str, BeforeValidator(_component_list)] = setting(
        "real+imaginary+magnitude", f"What the filters see, joined by +: {', '.join(COMPONENTS)}."
    )
    kernel_height: Literal["all", "one"] = setting(
        "all", "Components that a filter sees together: all of them (k_h = H), or one (k_h = 1)."
    )
    kernel_width: int = setting(8, "Frames that a filter sees (k_w).", unit="frames", ge=1, le=200)
    n_layers: int = setting(1, "Convolution layers.", ge=1, le=3)
    n_filters: FilterCount = setting(4096, "Filters a layer; inf is the closed form (k_h = H only).")
    canvas: Literal["frames", "waveform"] = setting(
        "frames", "What is optimized: frames that are added up at the end (published), or one waveform."
    )
    start: Literal["noise", "content"] = setting("noise", "Where the optimizer starts.")
    solver: Literal["adam", "lbfgs"] = setting("adam", "Optimizer: Adam (paper) or L-BFGS (released code).")
    learning_rate: float = setting(
        1e-3, "Step of Adam, relative to full scale.", unit="full scale", gt=0, le=1
    )
    history: int = setting(10, "Steps that L-BFGS remembers.", ge=1, le=100)
    limiter: bool = setting(True, "Play the result through the author's limiter.")

    @model_validator(mode="after")
    def _one_row_has_no_limit(self) -> MitalSettings:
        if self.layers and self.features == "dft":
            raise ValueError(f"layers={self.layers} needs features=wavenet or a file of such weights")
        if self.n_filters == "inf" and self.kernel_height == "one":
            raise ValueError(
                "n_filters=inf needs kernel_height=all: the closed form sees components together"
            )
        return self

    def geometry(self, sample_rate: int) -> tuple[int, int]:
        """Frame and hop in samples at `sample_rate` Hz."""
        n_fft = self.n_fft or default_n_fft(sample_rate)
        return n_fft, self.checked_hop(n_fft, self.hop_length or max(1, n_fft // 8))
