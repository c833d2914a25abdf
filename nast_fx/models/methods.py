"""Settings of the methods; what they do is in `nast_fx.methods`.

The names are alike in all methods. A default is the published value where there is one.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, model_validator

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.base import Settings, setting

__all__ = [
    "METHOD_SETTINGS",
    "BarryKimSettings",
    "InfiniteSettings",
    "MethodSettings",
    "MitalSettings",
    "Quality",
    "UlyanovLebedevSettings",
    "VedakBhatiaSettings",
    "VermaSmithSettings",
    "default_n_fft",
]

Quality = Literal["draft", "normal", "high"]
QUALITY_FACTORS: dict[str, float] = {"draft": 0.3, "normal": 1.0, "high": 3.0}

REFERENCE_RATE = 22_050  # Hz; the papers' rate, at which n_fft is 2048
REFERENCE_N_FFT = 2048  # samples, 93 ms at the papers' rate
MAX_FILTERS = 65_536


def _filter_count(value: object) -> object:
    if value == math.inf or str(value).strip().lower() == "inf":
        return "inf"
    try:
        count = int(str(value))
    except ValueError:
        count = 0
    if not 1 <= count <= MAX_FILTERS:
        raise ValueError(f"inf, or a whole number from 1 to {MAX_FILTERS}")
    return count


FilterCount = Annotated[int | Literal["inf"], BeforeValidator(_filter_count)]


def default_n_fft(sample_rate: int) -> int:
    """Window length that is nearest to the papers' 93 ms: a power of two, in samples."""
    return int(2 ** round(math.log2(REFERENCE_N_FFT * sample_rate / REFERENCE_RATE)))


class MethodSettings(Settings):
    """What all methods have in common."""

    title: ClassVar[str] = ""
    paper: ClassVar[str] = ""

    max_iterations: int = setting(100, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(0.1, "Pull toward the content; 0 makes a texture.", ge=0, le=1e6)
    style_weight: float = setting(1.0, "Pull toward the style.", ge=0, le=1e6)
    n_fft: int | None = setting(
        None,
        "Window of the spectrum; empty follows the rate (93 ms).",
        unit="samples",
        ge=64,
        le=32_768,
        multiple_of=2,
    )
    hop_length: int | None = setting(
        None, "Step between windows; empty is a quarter of n_fft.", unit="samples", ge=16, le=16_384
    )

    def geometry(self, sample_rate: int) -> tuple[int, int]:
        """Window and hop in samples at `sample_rate` Hz; a UsageError if they do not fit together."""
        n_fft = self.n_fft or default_n_fft(sample_rate)
        return n_fft, self.checked_hop(n_fft, self.hop_length or n_fft // 4)

    def geometry_like(self, sample_rate: int, known: tuple[int, int, int]) -> tuple[int, int]:
        """Window and hop in samples, as long in seconds as a known (sample rate, n_fft, hop_length)."""
        known_rate, known_n_fft, known_hop = known
        n_fft = self.n_fft or 2 * round(known_n_fft * sample_rate / known_rate / 2)
        return n_fft, self.checked_hop(n_fft, self.hop_length or round(known_hop * n_fft / known_n_fft))

    @staticmethod
    def checked_hop(n_fft: int, hop_length: int) -> int:
        """Give the hop; a UsageError if it is over half of the window."""
        if hop_length * 2 > n_fft:
            raise UsageError(f"hop_length={hop_length} must be at most half of n_fft={n_fft}")
        return hop_length

    def at_quality(self, quality: Quality) -> int:
        """Steps of the optimizer at a quality: 0.3, 1 or 3 times `max_iterations`."""
        return round(self.max_iterations * QUALITY_FACTORS[quality])


class InfiniteSettings(MethodSettings):
    """The closed-form limit of random networks, optimized on the waveform from the content."""

    title: ClassVar[str] = "Infinite-width limit of random convolutions"
    paper: ClassVar[str] = "nast-fx (arc-cosine kernel of Cho & Saul 2009 in the statistics of Gatys et al.)"

    n_filters: FilterCount = setting("inf", "Filters a layer; inf is the closed form.")
    kernel_width: int = setting(11, "Frames that a filter sees.", unit="frames", ge=1, le=200)
    n_layers: int = setting(1, "Convolution layers.", ge=1, le=8)
    dilation: int = setting(1, "Growth of the step between taps from layer to layer.", ge=1, le=4)
    residual: bool = setting(False, "Residual connections from the second layer on.")
    envelope_weight: float = setting(0.0, "Pull toward the content's energy over time.", ge=0, le=1e6)
    sparsity_weight: float = setting(0.0, "Pull of the log magnitudes toward zero.", ge=0, le=1e6)
    balance: Literal["scale", "gradient"] = setting(
        "scale", "Make terms comparable by their size, or by their gradient at a fixed noise."
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


CONTENT_NETS = {
    1: ("stft",),
    2: ("stft",),
    3: ("stft",),
    4: ("mel", "cqt"),
    5: ("mel", "cqt"),
    6: ("mel", "cqt"),
}
STYLE_NETS = {1: ("stft",), 2: ("stft", "mel"), 3: ("stft", "mel", "cqt")}
N_MEL_BLOCKS, N_CQT_BLOCKS = 2, 3  # of the deep style networks
CONTENT_GAMMA, STYLE_GAMMA = 1.0, 50.0  # of the released example


def _gamma(source: str, view: str) -> Any:
    return setting(
        None,
        f"Gradient norm of the {source} term of the {view} network; empty follows the configuration.",
        ge=0,
        le=1e6,
    )


class BarryKimSettings(MethodSettings):
    """Barry & Kim 2018: the waveform under networks on the STFT, the mel and the constant-Q spectrogram.

    A configuration is a cell of their Table 1: what it sets can be set over it.
    """

    title: ClassVar[str] = "Ensemble of STFT, mel and constant-Q networks on the waveform"
    paper: ClassVar[str] = (
        "Barry & Kim 2018, Style Transfer for Musical Audio Using Multiple Time-Frequency Representations"
    )

    max_iterations: int = setting(300, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(1.0, "Factor of all content terms; 0 makes a texture.", ge=0, le=1e6)
    style_weight: float = setting(1.0, "Factor of all style terms.", ge=0, le=1e6)
    configuration: int = setting(
        5,
        "Cell of Table 1: content STFT (1-3) or few mel bands and pooled constant-Q (4-6);"
        " style STFT (1, 4), with mel (2, 5), with deep mel and constant-Q (3, 6).",
        ge=1,
        le=6,
    )
    gamma_content_stft: float | None = _gamma("content", "STFT")
    gamma_content_mel: float | None = _gamma("content", "mel")
    gamma_content_cqt: float | None = _gamma("content", "constant-Q")
    gamma_style_stft: float | None = _gamma("style", "STFT")
    gamma_style_mel: float | None = _gamma("style", "mel")
    gamma_style_cqt: float | None = _gamma("style", "constant-Q")
    sparsity_weight: float = setting(
        0.1, "Gradient norm of the L1 penalty on the log magnitudes: less breath.", ge=0, le=1e6
    )
    style_bands: int = setting(128, "Mel bands of the style: 16 to 512.", ge=4, le=1024)
    content_bands: int = setting(12, "Mel bands of the content: 8 to 16 hide the key.", ge=1, le=1024)
    content_f_max: float = setting(
        11_025.0, "Upper end of the content's mel bands.", unit="Hz", ge=100, le=192_000
    )
    pooling: int = setting(
        2, "Notes of which the constant-Q content keeps the greatest; 1 keeps the key.", ge=1, le=36
    )
    mel_blocks: int | None = setting(
        None, "Residual blocks of the style's mel network; empty follows the configuration.", ge=0, le=6
    )
    cqt_blocks: int | None = setting(
        None,
        "Residual blocks of the style's constant-Q network; empty follows the configuration.",
        ge=0,
        le=6,
    )
    width: Literal["finite", "infinite"] = setting(
        "finite", "STFT and mel networks of random filters (published), or their closed form."
    )
    activation: Literal["selu", "relu"] = setting("selu", "Nonlinearity of all networks.")
    stft_filters: int = setting(4096, "Filters of the STFT network.", ge=1, le=MAX_FILTERS)
    mel_filters: int = setting(1025, "Filters a layer of the mel networks.", ge=1, le=MAX_FILTERS)
    cqt_filters: int = setting(256, "Filters a layer of the constant-Q networks.", ge=1, le=MAX_FILTERS)
    stft_width: int = setting(11, "Frames that an STFT filter sees.", unit="frames", ge=1, le=200)
    mel_width: int = setting(
        50, "Frames that a filter of the first mel layer sees.", unit="frames", ge=1, le=200
    )
    mel_branch_width: int = setting(
        25, "Frames that a filter of a residual mel layer sees.", unit="frames", ge=1, le=200
    )
    cqt_width: int = setting(11, "Frames that a constant-Q filter sees.", unit="frames", ge=1, le=200)
    cqt_height: int = setting(11, "Notes that a constant-Q filter sees.", ge=1, le=60)
    dilation: Literal["paper", "released"] = setting(
        "paper", "Steps of the residual taps: 2, 4 ... (1 if there is one block), or 1, 2 ... as released."
    )
    residual_start: Literal["before", "after"] | None = setting(
        None,
        "Residual blocks add to the first layer before or after (as released) its activation;"
        " empty is after, and before at infinite width.",
    )
    normalized: bool = setting(False, "Instance normalization, which the authors found noisy.")
    balance_at: Literal["level", "start"] = setting(
        "level",
        "Noise that gradients are measured at: as loud as the sounds, or that of the start (published).",
    )
    start: Literal["noise", "content"] = setting("noise", "Where the optimizer starts.")
    history: int = setting(10, "Steps that L-BFGS remembers.", ge=1, le=100)

    @model_validator(mode="after")
    def _what_has_no_limit(self) -> BarryKimSettings:
        if self.width == "infinite" and self.residual_start == "after":
            raise ValueError("residual_start=after needs width=finite: it has no closed form")
        if self.width == "infinite" and self.normalized:
            raise ValueError("normalized=true needs width=finite: it has no closed form")
        if not self.gammas():
            raise ValueError("content_weight, style_weight or a gamma must be above 0: no term is left")
        return self

    def gammas(self) -> dict[str, float]:
        """Gamma of each term, ``content-stft`` ... ``style-cqt``, that has one above 0."""
        chosen = {
            "content": (CONTENT_NETS[self.configuration], CONTENT_GAMMA, self.content_weight),
            "style": (STYLE_NETS[(self.configuration - 1) % 3 + 1], STYLE_GAMMA, self.style_weight),
        }
        gammas = {}
        for source, (nets, usual, factor) in chosen.items():
            for net in ("stft", "mel", "cqt"):
                own = getattr(self, f"gamma_{source}_{net}")
                gammas[f"{source}-{net}"] = factor * (usual * (net in nets) if own is None else own)
        return {name: gamma for name, gamma in gammas.items() if gamma > 0}

    def style_blocks(self, net: str) -> int:
        """Residual blocks of the style's ``mel`` or ``cqt`` network."""
        deep = self.configuration % 3 == 0
        if net == "mel":
            return N_MEL_BLOCKS * deep if self.mel_blocks is None else self.mel_blocks
        return N_CQT_BLOCKS * deep if self.cqt_blocks is None else self.cqt_blocks


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


METHOD_SETTINGS: dict[str, type[MethodSettings]] = {
    "infinite": InfiniteSettings,
    "ulyanov-lebedev": UlyanovLebedevSettings,
    "mital": MitalSettings,
    "barry-kim": BarryKimSettings,
    "verma-smith": VermaSmithSettings,
    "vedak-bhatia": VedakBhatiaSettings,
}
