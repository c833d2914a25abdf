"""Settings of the methods on trained networks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from nast_fx.models.base import setting
from nast_fx.models.method_base import MAX_FILTERS, MethodSettings

__all__ = [
    "INSTRUMENTS_VIEW",
    "SOUNDS_VIEW",
    "VedakBhatiaSettings",
    "VermaSmithSettings",
]

WEIGHTS_HELP = (
    "Weights of the network: instruments or sounds (shipped), random, or a file of `nast-fx train`."
)
INSTRUMENTS_VIEW = 16_000, 512, 160  # Hz, samples, samples: what Verma & Smith's network is trained on
SOUNDS_VIEW = 22_050, 2048, 512  # likewise Vedak & Bhatia's


def _layer_list(value: object) -> str:
    """Put ``3+1`` in order, each layer once."""
    if str(value).strip().lower() == "all":
        return "all"
    try:
        layers = sorted({int(part) for part in str(value).split("+")})
    except ValueError:
        layers = [0]
    if layers[0] < 1:
        raise ValueError("all, or numbers of layers from 1, joined by +")
    return "+".join(map(str, layers))


LayerList = Annotated[str, BeforeValidator(_layer_list)]


class VermaSmithSettings(MethodSettings):
    """Verma & Smith 2018: content, style and two energy envelopes under a network that knows instruments."""

    title: ClassVar[str] = "Trained 2-D network on the spectrogram, with energy envelopes"
    paper: ClassVar[str] = "Verma & Smith 2018, Neural Style Transfer for Audio Spectrograms"

    max_iterations: int = setting(300, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(2.0, "The authors' alpha; 0 makes a texture.", ge=0, le=1e6)
    style_weight: float = setting(1.0, "The authors' beta: pull toward the style's Grams.", ge=0, le=1e6)
    spectral_weight: float = setting(
        1.0, "The authors' gamma: pull toward an energy over frequency.", ge=0, le=1e6
    )
    temporal_weight: float = setting(
        1.0, "The authors' delta: pull toward an energy over time.", ge=0, le=1e6
    )
    envelope_from: Literal["style", "content"] = setting(
        "style", "Whose energies: the style's (published), or the content's, which keeps the performance."
    )
    weights: str = setting("instruments", WEIGHTS_HELP)
    content_layer: int = setting(1, "Layer that the content is compared at.", ge=1, le=100)
    style_layers: LayerList = setting("all", "Layers that the style is compared at: all, or as 1+2+3.")
    gram: Literal["energy", "size"] = setting(
        "energy", "Gram matrices over their own energy, or over the number of positions only."
    )
    start: Literal["noise", "content"] = setting("noise", "Where the optimizer starts.")
    solver: Literal["lbfgs", "adam"] = setting("lbfgs", "Optimizer.")
    history: int = setting(10, "Steps that L-BFGS remembers.", ge=1, le=100)
    learning_rate: float = setting(
        0.02, "Step of Adam on the log spectrogram.", unit="log magnitude", gt=0, le=10
    )
    griffin_lim_iterations: int = setting(200, "Steps of the phase reconstruction.", ge=1, le=10_000)
    n_fft: int | None = setting(
        None,
        "Window of the spectrum; empty is as long as the network was trained on (32 ms).",
        unit="samples",
        ge=64,
        le=32_768,
        multiple_of=2,
    )
    hop_length: int | None = setting(
        None, "Step between windows; empty is as in training (10 ms).", unit="samples", ge=16, le=16_384
    )

    def geometry(self, sample_rate: int) -> tuple[int, int]:
        """Window and hop in samples at `sample_rate` Hz."""
        return self.geometry_like(sample_rate, INSTRUMENTS_VIEW)


class VedakBhatiaSettings(MethodSettings):
    """Vedak & Bhatia: three networks, of which the trained one is their proposal."""

    title: ClassVar[str] = "Base, shallow and trained networks on the spectrogram"
    paper: ClassVar[str] = "Vedak & Bhatia, Deep Audio Style Transfer"

    max_iterations: int = setting(
        1000, "Most steps of the optimizer for a segment; the report goes to 20 000.", ge=0, le=100_000
    )
    content_weight: float = setting(1.0, "Pull toward the content; 0 makes a texture.", ge=0, le=1e6)
    model: Literal["base", "shallow", "trained"] = setting(
        "trained", "Three random layers (base), random filters (shallow), or four trained layers."
    )
    shallow: Literal["columns", "image"] = setting(
        "columns",
        "Filters of the shallow model: n_filters over all bins (columns), or 5 and 10 of 3x3 (image).",
    )
    n_filters: int = setting(4096, "Filters of the shallow model over columns.", ge=1, le=MAX_FILTERS)
    kernel_width: int = setting(
        11, "Frames that a filter of the base or shallow columns sees.", unit="frames", ge=1, le=200
    )
    weights: str = setting("sounds", WEIGHTS_HELP)
    start: Literal["content", "noise", "style"] = setting("content", "Where the optimizer starts.")
    learning_rate: float = setting(
        0.02, "Step of Adam on the log spectrogram.", unit="log magnitude", gt=0, le=10
    )
    griffin_lim_iterations: int = setting(200, "Steps of the phase reconstruction.", ge=1, le=10_000)

    def geometry(self, sample_rate: int) -> tuple[int, int]:
        """Window and hop in samples at `sample_rate` Hz."""
        return self.geometry_like(sample_rate, SOUNDS_VIEW)
