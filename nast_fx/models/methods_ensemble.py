"""Settings of Barry & Kim's networks on several spectrograms."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from nast_fx.models.base import setting
from nast_fx.models.method_base import MAX_FILTERS, MethodSettings

__all__ = [
    "BarryKimSettings",
]

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
