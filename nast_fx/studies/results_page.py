"""The page of `bench --quality`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nast_fx.evaluate import Figures
from nast_fx.studies.published import PUBLISHED
from nast_fx.studies.quality_pairs import KINDS, SECONDS

if TYPE_CHECKING:
    from nast_fx.studies.results import Result

__all__ = ["results_page"]

COLUMNS = {
    "style_residual": "style",
    "style_floor": "floor",
    "texture_residual": "texture",
    "content_error": "content error",
    "onset_agreement": "onset",
    "chroma_agreement": "chroma",
    "dynamics_db": "dynamics dB",
    "silence_noise_db": "pauses dB",
    "copy": "copy",
}

INTRODUCTION = """\
Written by `nast-fx bench --quality`: the default method at normal quality on the first {seconds:g} s of each
pair, at its own rate in stereo, with `--key off`, since the figures compare with the style as it is. They are
those of `nast-fx evaluate`: style and texture 0 is the style and 1 the untouched content; onset and chroma
are agreement with the content; dynamics and pause noise have the content's own in brackets. Published methods
run at their published settings in mono at 22.05 kHz, with nothing around them.

The envelope stage matches distributions and correlations of band envelopes, the same kind of statistics that
the texture residual tells, on bands of its own; the residual's modulation spectrum is matched by nothing.
What every idea brought is in [experiments](experiments.md).
"""

Value = Callable[["Result"], float | None]


@dataclass(frozen=True)
class Bound:
    """What a listener would ask for, as a mean over pairs: at most, or at least, so much."""

    name: str
    value: Value
    limit: float
    at_least: bool = False

    def holds(self, mean: float) -> bool:
        """Whether a mean is inside."""
        return mean >= self.limit if self.at_least else mean <= self.limit

    @property
    def text(self) -> str:
        """The limit in words."""
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}"


def _figure(key: str) -> Value:
    return lambda result: getattr(result.evaluation.output, key)


def _over_content(key: str, *, absolute: bool = False) -> Value:
    def value(result: Result) -> float | None:
        made, own = (getattr(f, key) for f in (result.evaluation.output, result.evaluation.content))
        if made is None or own is None:
            return None
        return abs(made - own) if absolute else float(made - own)

    return value


def _over_floor(result: Result) -> float | None:
    figures = result.evaluation.output
    if figures.style_residual is None or figures.style_floor is None:
        return None
    return figures.style_residual - figures.style_floor


def _chroma(result: Result) -> float | None:
    return result.evaluation.output.chroma_agreement if result.pair.is_pitched else None


BOUNDS = (
    Bound("style residual above the style's floor", _over_floor, 0.15),
    Bound("texture residual", _figure("texture_residual"), 0.70),
    Bound("onset agreement", _figure("onset_agreement"), 0.95, at_least=True),
    Bound("chroma agreement, pitched content", _chroma, 0.95, at_least=True),
    Bound("dynamics, dB from the content's", _over_content("dynamics_db", absolute=True), 4.0),
    Bound("noise in pauses, dB above the content's", _over_content("silence_noise_db"), 6.0),
    Bound("copy", _figure("copy"), 0.15),
)


def results_page(made: Sequence[Result]) -> tuple[str, str, str]:
    """Write the page; also gives the names of the best and the worst pair."""
    held_out = [result for result in made if result.pair.is_held_out]
    tuned = [result for result in made if not result.pair.is_held_out]
    ranked = sorted(made, key=_badness)
    best, worst = ranked[0].pair.name, ranked[-1].pair.name
    lines = [
        "# Results",
        "",
        *INTRODUCTION.format(seconds=SECONDS).splitlines(),
        "",
        "## On pairs that nothing was chosen on",
        "",
        *_bounds(held_out),
        "",
        *_rivals(held_out),
        *_duels(held_out),
        "## On the pairs that settings were chosen on",
        "",
        *_bounds(tuned),
        "",
        f"![{best}](images/quality-best.png)",
        "",
        f"*Best: {best}*",
        "",
        f"![{worst}](images/quality-worst.png)",
        "",
        f"*Worst: {worst}*",
        "",
    ]
    for kind in KINDS:
        for result in made:
            if result.pair.kind == kind:
                lines += _pair_lines(result)
    return "\n".join(lines), best, worst


def _badness(result: Result) -> float:
    """Sum of what is missed, in units of the limits."""
    total = 0.0
    for bound in BOUNDS:
        value = bound.value(result)
        if value is not None:
            total += max(0.0, (bound.limit - value) * 10 if bound.at_least else (value / bound.limit - 1))
    return total + (result.evaluation.output.texture_residual or 0.0) / 100


def _mean(results: Sequence[Result], value: Value) -> float:
    values = [v for v in map(value, results) if v is not None]
    return sum(values) / len(values) if values else math.nan


def _bounds(results: Sequence[Result]) -> list[str]:
    lines = [
        f"| over {len(results)} pairs | mean | asked for | holds | pairs inside |",
        "|---|---|---|---|---|",
    ]
    for bound in BOUNDS:
        values = [v for v in map(bound.value, results) if v is not None]
        if not values:
            continue
        mean, inside = sum(values) / len(values), sum(map(bound.holds, values))
        holds = "yes" if bound.holds(mean) else "**no**"
        lines.append(f"| {bound.name} | {mean:.3g} | {bound.text} | {holds} | {inside} of {len(values)} |")
    return lines


def _rivals(results: Sequence[Result]) -> list[str]:
    """Means of every method over the pairs that it was rendered on, and ours over the same."""
    rows = ["| | pairs | style | texture | content error | onset | ours has the lower texture residual on |"]
    rows.append("|---|---|---|---|---|---|---|")
    keys = ("style_residual", "texture_residual", "content_error", "onset_agreement")
    candidates: dict[str, Callable[[Result], Figures | None]] = {
        "**ours**": lambda result: result.evaluation.output,
        "match-EQ": lambda result: result.evaluation.match_eq,
        "untouched": lambda result: result.evaluation.content,
    }
    for name in PUBLISHED:
        candidates[name] = lambda result, name=name: result.published.get(name)  # type: ignore[misc]
    for name, figures_of in candidates.items():
        both = [(result.evaluation.output, f) for result in results if (f := figures_of(result)) is not None]
        if not both:
            rows.append(f"| {name} | 0 | - | - | - | - | not rendered yet |")
            continue
        means = [sum(getattr(f, key) or 0.0 for _, f in both) / len(both) for key in keys]
        lower = sum((o.texture_residual or 0) < (f.texture_residual or 0) for o, f in both)
        beats = "" if name == "**ours**" else f"{lower} of {len(both)}"
        rows.append(f"| {name} | {len(both)} | " + " | ".join(f"{m:.2f}" for m in means) + f" | {beats} |")
    return [*rows, ""]


def _duels(results: Sequence[Result]) -> list[str]:
    """Who has the lower style residual at equal content error."""
    rows = [
        "| at equal content error | pairs | ours has the lower style residual on | mean theirs | mean ours |"
    ]
    rows.append("|---|---|---|---|---|")
    for name in PUBLISHED:
        duels = [duel for result in results for duel in result.duels if duel.name == name]
        if duels:
            theirs, ours = (sum(getattr(d, key) for d in duels) / len(duels) for key in ("theirs", "ours"))
            won = sum(duel.is_won for duel in duels)
            rows.append(f"| {name} | {len(duels)} | {won} of {len(duels)} | {theirs:.2f} | {ours:.2f} |")
    return [*rows, ""] if len(rows) > 2 else []


def _pair_lines(result: Result) -> list[str]:
    pair, evaluation = result.pair, result.evaluation
    held = ", held out" if pair.is_held_out else ""
    head = ["", *COLUMNS.values()]
    lines = [f"## {pair.name}", "", f"{pair.kind}, {pair.sample_rate} Hz{held}", ""]
    lines += ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    rows = {"**result**": evaluation.output, **result.published}
    rows |= {"match-EQ": evaluation.match_eq, "untouched": evaluation.content}
    for name, figures in rows.items():
        cells = [_cell(figures, evaluation.content, key) for key in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _cell(figures: Figures, untouched: Figures, key: str) -> str:
    value, own = getattr(figures, key), getattr(untouched, key)
    if value is None:
        return "-"
    if key in {"dynamics_db", "silence_noise_db"}:
        return f"{value:.0f} ({own:.0f})"
    return f"{value:.2f}"
