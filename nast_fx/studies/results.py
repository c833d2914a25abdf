"""How good the default is on real recordings: a page of figures and two pictures.

Every pair is rendered as a user would have it (native rate, stereo, normal quality), and shown beside
a plain match-EQ, the untouched content, and the same render without level following.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio import ArraySource, Audio, check_samples, load_audio
from nast_fx.evaluate import Evaluation, Figures, evaluate, save_spectrograms
from nast_fx.methods import build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import Progress, Steps
from nast_fx.render import Reference, References, style_source
from nast_fx.studies.recordings import Pair, find_pairs
from nast_fx.studies.sounds import song, strings

__all__ = ["results"]

SECONDS = 10.0
N_REAL_PAIRS = 4
TEXT = "Neural style transfer takes the texture of one recording, and gives it to another. Wait. Listen."

# What a listener would ask for, and in which words it is missed.
BOUNDS = {
    "style_residual": "the style is not reached (more than its own spread and 0.15)",
    "texture_residual": "envelopes and modulations of the style are not reached (above 0.70)",
    "onset_agreement": "the content's onsets are blurred (below 0.95)",
    "chroma_agreement": "the content's harmony moves (below 0.95)",
    "dynamics_db": "dynamics differ by more than 4 dB",
    "silence_noise_db": "pauses are noisier than the content's by more than 6 dB",
    "copy": "parts of the style are audible as such (above 0.15)",
}
COLUMNS = (
    "style_residual",
    "style_floor",
    "texture_residual",
    "content_error",
    "onset_agreement",
    "chroma_agreement",
    "dynamics_db",
    "silence_noise_db",
    "copy",
)


@dataclass(frozen=True)
class Result:
    """One pair's figures."""

    name: str
    evaluation: Evaluation
    without_following: Figures


def results(output: Path | None) -> Steps[str]:
    """Render and judge all pairs; write the page, and a picture into ``images`` beside it.

    Returns
    -------
    str
        The page.
    """
    made = []
    pairs = [*find_pairs(N_REAL_PAIRS, SECONDS), *_speech_pair()]
    for pair in pairs:
        styled = yield from _render(pair, 1.0)
        loose = yield from _render(pair, 0.0)
        yield Progress("evaluate", note=pair.name)
        evaluation = evaluate(pair.content, pair.style, styled)
        made.append(Result(pair.name, evaluation, evaluate(pair.content, pair.style, loose).output))
    page = _page(made)
    if output is not None:
        output.write_text(page, encoding="utf-8")
        yield from _picture(output.parent / "images")
    return page


def _picture(folder: Path) -> Steps[None]:
    """Draw the project's own sounds for the README."""
    yield Progress("evaluate", note="the picture")
    pair = Pair("song -> strings", song(SECONDS), strings(SECONDS))
    styled = yield from _render(pair, 1.0)
    sounds = {"Content": pair.content, "Style": pair.style, "Result": styled}
    folder.mkdir(parents=True, exist_ok=True)
    save_spectrograms(folder / "result.png", sounds, shared_time={"Content", "Result"})


def _render(pair: Pair, follow: float) -> Steps[Audio]:
    content = ArraySource(pair.content)
    references = References((Reference(ArraySource(pair.style), pair.name, 1.0),), 30.0)
    with ExitStack() as stack:
        stats = check_samples(content, pair.name)
        styled = yield from style_source(
            content,
            stats,
            references,
            build_method("infinite"),
            RenderPlan(follow=follow),
            stack,
            tracking=Tracking(key="off"),
        )
        return Audio(styled.source.read(0, content.n_frames), content.sample_rate)


def _speech_pair() -> list[Pair]:
    """Speech with pauses over a beat; needs espeak-ng."""
    program = shutil.which("espeak-ng")
    beats = [pair for pair in find_pairs(N_REAL_PAIRS, SECONDS) if pair.name.startswith("loop_")]
    if program is None or not beats:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run([program, "-s", "140", "-w", str(path), TEXT], check=True, capture_output=True)
        speech = load_audio(path)
    return [Pair(f"speech -> {beats[-1].name.split(' -> ')[0]}", speech, beats[-1].content)]


def _page(made: Sequence[Result]) -> str:
    lines = [
        "# Results",
        "",
        f"Written by `nast-fx bench --quality`: the default method at normal quality, {SECONDS:g} s of each",
        "pair at its own rate and channels, with `--key off`, since the figures compare with the style as it",
        "is. They are those of `nast-fx evaluate`:",
        "style and texture 0 is the style and 1 the untouched content; onset and chroma are agreement with",
        "the content; dynamics and pause noise have the content's own in brackets.",
        "",
    ]
    for result in made:
        lines += [f"## {result.name}", "", *_table(result), "", *_weak(result), ""]
    return "\n".join([*lines, *_summary(made)])


def _table(result: Result) -> list[str]:
    evaluation = result.evaluation
    rows = {
        "**result**": evaluation.output,
        "without following": result.without_following,
        "match-EQ": evaluation.match_eq,
        "untouched": evaluation.content,
    }
    head = [
        "",
        "style",
        "floor",
        "texture",
        "content error",
        "onset",
        "chroma",
        "dynamics dB",
        "pauses dB",
        "copy",
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, figures in rows.items():
        cells = [_cell(figures, evaluation.content, key) for key in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _cell(figures: Figures, untouched: Figures, key: str) -> str:
    value, own = getattr(figures, key), getattr(untouched, key)
    if value is None:
        return "-"
    if key in {"dynamics_db", "silence_noise_db"}:
        return f"{value:.0f} ({own:.0f})"
    return f"{value:.2f}"


def _weak(result: Result) -> list[str]:
    missed = [text for key, text in BOUNDS.items() if _misses(result, key)]
    return [
        f"Weak: {'; '.join(missed)}." if missed else "Nothing is outside of what a listener would ask for."
    ]


def _misses(result: Result, key: str) -> bool:
    figures, untouched = result.evaluation.output, result.evaluation.content
    value, own = getattr(figures, key), getattr(untouched, key)
    if value is None:
        return False
    misses = {
        "style_residual": value > (figures.style_floor or 0.0) + 0.15,
        "texture_residual": value > 0.70,
        "onset_agreement": value < 0.95,
        "chroma_agreement": value < 0.95,
        "dynamics_db": abs(value - own) > 4,
        "silence_noise_db": value > own + 6,
        "copy": value > 0.15,
    }
    return bool(misses[key])


def _summary(made: Sequence[Result]) -> list[str]:
    """Say over all pairs what is weak, and where plain equalizing does better."""
    lines = ["## What is weak, over all pairs", ""]
    for key, text in BOUNDS.items():
        n_missed = sum(_misses(result, key) for result in made)
        if n_missed:
            lines.append(f"- {n_missed} of {len(made)}: {text}.")
    for key in ("style_residual", "texture_residual"):
        better = [
            result.name
            for result in made
            if _worse(getattr(result.evaluation.output, key), getattr(result.evaluation.match_eq, key))
        ]
        if better:
            lines.append(f"- A plain match-EQ has the lower {key.replace('_', ' ')} on {', '.join(better)}.")
    return [*lines, ""]


def _worse(ours: float | None, theirs: float | None) -> bool:
    return ours is not None and theirs is not None and ours > theirs
