"""Vedak & Bhatia: the base, the shallow and the trained model, from content and from noise."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nast_fx.progress import Steps
from nast_fx.reproductions.base import Cell, Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import REACHED, Judge, Judged
from nast_fx.reproductions.materials import user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.spectra import flatness
from nast_fx.reproductions.trained import MISSING, weights_or_random
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

UNTOUCHED = 0.9  # style residual above which a result is little else than the content
MODELS, STARTS = ("base", "shallow", "trained"), ("noise", "content")
PUBLISHED = {10_000: 130.50, 12_000: 113.23, 15_000: 100.89, 20_000: 80.91}

NOISY = Claim(
    "The base model gives little resemblance of content and style and is filled with noise.",
    "Figure 5",
    "from noise it does not retain both (content nearer than the style recording is, style residual below "
    f"{REACHED:g}), and its spectral flatness is above the content's and the style's",
)
SOME = Claim(
    "The shallow model has some improvement over the base model.",
    "Figure 5",
    "from noise its content error and style residual have a lower sum",
)
BACKGROUND = Claim(
    "The shallow model's target is the content with background noise and very little of the style.",
    "",
    "from the content, it survives, the style is not reached, and the flatness is above the content's",
)
SIGNIFICANT = Claim(
    "The trained model is a significant improvement.",
    "Figure 5",
    "from noise both its content error and its style residual are below the shallow model's, and the latter "
    f"is below {UNTOUCHED:g}, so that it is not just the content (1)",
)
START = Claim(
    "Random noise performed better than the content as the start.",
    "",
    "the trained model's content error and style residual have a lower sum from noise",
)
LOSSES = Claim(
    "The total loss of the shallow model falls on and on.",
    "130.50, 113.23, 100.89, 80.91 at 10, 12, 15 and 20 thousand iterations (last over first 0.62)",
    "our total loss falls at each of the same shares of our iterations (50, 60, 75 and 100 %)",
)
SOUNDNET = Claim("SoundNet gives better results (and beats VGG-19, which a shallow network beats).")


def run(setup: Setup) -> Steps[Result]:
    """Run every model from both starts."""
    seconds = 2.0 if setup.is_quick else 3.0
    weights = weights_or_random("sounds")
    notes = play(anthem(), "piano", seconds=seconds, sample_rate=RATE, seed=setup.seed)
    content = user_sound(setup, "content", seconds, notes)
    style = user_sound(setup, "style", seconds, strings(seconds, RATE, setup.seed))
    settings = _settings(setup, weights)
    runs = [
        Run(
            f"{model} from {start}",
            "vedak-bhatia",
            {**settings, "model": model, "start": start},
            style,
            content,
            seed=setup.seed,
        )
        for model in MODELS
        for start in STARTS
    ]
    made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = {one.run.name: judge(one) for one in made}
    own = {"content": flatness(judge.content), "style": flatness(judge.style)}
    return Result(
        (
            *_findings(judged, own, weights),
            SOUNDNET.untestable("the weights of SoundNet and VGG cannot be had"),
        ),
        Table.of([_row(one) for one in judged.values()]),
        {"Loss and outcome of every model": _picture(judged)},
        (
            f"Content is the anthem, style is strings; {seconds:g} s at {RATE} Hz. {players()}",
            f"Settings: {', '.join(f'{key}={value}' for key, value in settings.items())} (published: 20 000 "
            "iterations); all else is as by default.",
            "Losses are this program's means; only their course can be compared with the published sums.",
            how_they_ended(made),
        ),
        {"content": content, "style": style, **{name: one.made.audio for name, one in judged.items()}},
    )


REPRODUCTION = Reproduction(
    "vedak-bhatia-models",
    "The base, the shallow and the trained model from content and from noise",
    "Vedak & Bhatia, Deep Audio Style Transfer",
    run,
    frozenset({"content", "style"}),
)


def _settings(setup: Setup, weights: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"weights": weights, "max_iterations": 120 if setup.is_quick else 20_000}
    if setup.is_quick:
        settings |= {"learning_rate": 0.05, "griffin_lim_iterations": 60}
    return settings


def _sum(one: Judged) -> float:
    return one.kept.error + one.style_residual


def _findings(judged: dict[str, Judged], own: dict[str, float], weights: str) -> list[Finding]:
    base, shallow, trained = (judged[f"{model} from noise"] for model in MODELS)
    mixed, warm = judged["shallow from content"], judged["trained from content"]
    noisy = base.flatness > max(own.values())
    losses = [_loss_at(shallow, share) for share in (0.5, 0.6, 0.75, 1.0)]
    falls = all(later < earlier for earlier, later in pairwise(losses))
    found = [
        NOISY.found(
            f"{_words(base)}, flatness {base.flatness:.2g} (content {own['content']:.2g}, style "
            f"{own['style']:.2g})",
            holds=not base.works and noisy,
            because=f"it {'retains' if base.works else 'does not retain'} both and is "
            f"{'' if noisy else 'not '}flatter than its sources",
        ),
        _better(SOME, shallow, base),
        BACKGROUND.found(
            f"{_words(mixed)}, flatness {mixed.flatness:.2g}",
            holds=mixed.content_survives and not mixed.style_is_reached and mixed.flatness > own["content"],
            because=f"the content {'survives' if mixed.content_survives else 'is lost'}, the style "
            f"{'is' if mixed.style_is_reached else 'is not'} reached",
        ),
    ]
    late = [_significant(trained, shallow), _better(START, trained, warm)]
    if weights == "random":
        late = [one.claim.untestable(MISSING) for one in late]
    ratio = losses[-1] / losses[0]
    return [
        *found,
        *late,
        LOSSES.found(
            ", ".join(f"{loss:.3g}" for loss in losses) + f" (last over first {ratio:.2f})",
            holds=falls,
            because=f"the last is {ratio:.2f} of the first",
        ),
    ]


def _significant(trained: Judged, shallow: Judged) -> Finding:
    holds = (
        trained.kept.error < shallow.kept.error
        and trained.style_residual < shallow.style_residual
        and trained.style_residual < UNTOUCHED
    )
    return SIGNIFICANT.found(
        f"trained: {_words(trained)}; shallow: {_words(shallow)}",
        holds=holds,
        because=f"the content error is {trained.kept.error:.2f} against {shallow.kept.error:.2f}, and "
        f"{100 * (1 - trained.style_residual):.0f} % of the way to the style is gone",
    )


def _better(claim: Claim, one: Judged, other: Judged) -> Finding:
    names = one.made.run.name, other.made.run.name
    return claim.found(
        f"{names[0]}: {_words(one)}; {names[1]}: {_words(other)}",
        holds=_sum(one) < _sum(other),
        because=f"the sum is {_sum(one):.2f} ({names[0]}) against {_sum(other):.2f} ({names[1]})",
    )


def _words(one: Judged) -> str:
    return f"content error {one.kept.error:.2f}, style residual {one.style_residual:.2f}"


def _loss_at(one: Judged, share: float) -> float:
    return one.made.loss(at=round(share * (len(one.made.history) - 1)))


def _row(one: Judged) -> dict[str, Cell]:
    marks = {f"loss at {share:.0%}": _loss_at(one, share) for share in (0.5, 0.6, 0.75, 1.0)}
    return {**one.row(), **marks}


def _picture(judged: dict[str, Judged]) -> Figure:
    curves = {}
    for name, one in judged.items():
        losses = [step["loss"] for step in one.made.history]
        curves[name] = range(len(losses)), [loss / losses[0] for loss in losses]
    figures = {
        "content error": ((), [one.kept.error for one in judged.values()]),
        "style residual": ((), [one.style_residual for one in judged.values()]),
    }
    return chart(
        [
            Panel("Loss over its start", "step", "share", curves, log="y", with_points=False),
            Panel("Content and style", "", "figure", figures, categories=list(judged)),
        ]
    )
