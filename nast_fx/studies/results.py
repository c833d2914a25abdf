"""How good the default is on real recordings: a page of figures, and spectrograms of the best and the worst.

Every pair of `quality_pairs` is rendered as a user would have it (its own rate, stereo, normal quality), and
shown beside a plain match-EQ, the untouched content, and every published method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nast_fx.audio import ArraySource, Audio, check_samples
from nast_fx.evaluate import Evaluation, Figures, evaluate, save_spectrograms
from nast_fx.methods import build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import Progress, Steps
from nast_fx.render import Reference, References, style_source
from nast_fx.studies.duel import Duel, duel
from nast_fx.studies.published import PUBLISHED, BareRenders
from nast_fx.studies.quality_pairs import BenchPair, load_pairs
from nast_fx.studies.recordings import Pair
from nast_fx.studies.results_page import results_page
from nast_fx.studies.sounds import song, strings

__all__ = ["Result", "results"]

PICTURE_SECONDS = 10.0


@dataclass(frozen=True)
class Result:
    """One pair's figures.

    Attributes
    ----------
    published : mapping of Figures
        By the method's name; those whose renders there are.
    duels : sequence of Duel
        Against each of them.
    """

    pair: BenchPair
    evaluation: Evaluation
    published: Mapping[str, Figures] = field(default_factory=dict)
    duels: Sequence[Duel] = ()


def results(output: Path | None, *, quick: bool = False, cache: Path | None = None) -> Steps[str]:
    """Render and judge all pairs; write the page, and pictures into ``images`` beside it.

    Parameters
    ----------
    quick : bool
        Leave out what of the published methods has not been rendered before: that takes hours.
    cache : path, optional
        Where renders of the published methods are kept.

    Returns
    -------
    str
        The page.
    """
    renders, made, sounds = BareRenders(cache), [], {}
    pairs = load_pairs()
    for index, bench_pair in enumerate(sorted(pairs, key=lambda pair: not pair.is_held_out)):
        yield Progress("bench", share=index / len(pairs), note=bench_pair.name)
        pair = bench_pair.load()
        styled = yield from render_default(pair)
        published, duels = yield from _published(pair, renders, quick=quick or not bench_pair.is_held_out)
        made.append(Result(bench_pair, evaluate(pair.content, pair.style, styled), published, duels))
        sounds[bench_pair.name] = {"Content": pair.content, "Style": pair.style, "Result": styled}
    page, best, worst = results_page(made)
    if output is not None:
        output.write_text(page, encoding="utf-8")
        folder = output.parent / "images"
        folder.mkdir(parents=True, exist_ok=True)
        for name, pair_name in (("best", best), ("worst", worst)):
            shared = {"Content", "Result"}
            save_spectrograms(folder / f"quality-{name}.png", sounds[pair_name], shared_time=shared)
        yield from _picture(folder)
    return page


def _published(
    pair: Pair, renders: BareRenders, *, quick: bool
) -> Steps[tuple[dict[str, Figures], list[Duel]]]:
    figures, duels = {}, []
    for name in PUBLISHED:
        if quick and not renders.has(pair, name):
            continue
        made = yield from renders.render(pair, name)
        figures[name] = evaluate(pair.content, pair.style, made).output
        duels.append((yield from duel(pair, name, renders)))
    return figures, duels


def _picture(folder: Path) -> Steps[None]:
    """Draw the project's own sounds for the README."""
    yield Progress("evaluate", note="the picture")
    pair = Pair("song -> strings", song(PICTURE_SECONDS), strings(PICTURE_SECONDS))
    styled = yield from render_default(pair)
    sounds = {"Content": pair.content, "Style": pair.style, "Result": styled}
    save_spectrograms(folder / "result.png", sounds, shared_time={"Content", "Result"})


def render_default(pair: Pair) -> Steps[Audio]:
    """Render a pair at normal quality; the style keeps its key, since the figures compare with it."""
    content = ArraySource(pair.content)
    references = References((Reference(ArraySource(pair.style), pair.name, 1.0),), 30.0)
    with ExitStack() as stack:
        stats = check_samples(content, pair.name)
        method, plan, tracking = build_method("infinite"), RenderPlan(), Tracking(key="off")
        styled = yield from style_source(content, stats, references, method, plan, stack, tracking=tracking)
        return Audio(styled.source.read(0, content.n_frames), content.sample_rate)
