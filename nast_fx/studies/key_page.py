"""The page of key figures, as Markdown, and the counting that it needs."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nast_fx.analysis.key import SAFE_CONFIDENCE, KeyEstimate
from nast_fx.models.key import Key
from nast_fx.studies.key_scores import Piece

__all__ = [
    "KeyFigures",
    "Track",
    "Trial",
    "cents_off",
    "key_page",
    "relation",
    "seconds_off",
    "weighted_score",
]

WEIGHTS = {"right": 1.0, "fifth": 0.5, "relative": 0.3, "parallel": 0.2, "other": 0.0}
CLOSE_SECONDS = 4.0
OURS = "nast-fx"


@dataclass(frozen=True)
class Trial:
    """A piece, what was found in it, and what others found by their names."""

    piece: Piece
    found: KeyEstimate
    others: Mapping[str, Key]


@dataclass(frozen=True)
class Track:
    """A recording, what was found in it in how many seconds of working, and what others found."""

    name: str
    found: KeyEstimate
    others: Mapping[str, Key]
    seconds: float
    working_seconds: float


@dataclass(frozen=True)
class KeyFigures:
    """All that was measured; `oracles` are names of the others, `seeds` those of the set."""

    trials: Sequence[Trial]
    modulating: Sequence[Trial]
    tuned: Sequence[Trial]
    tracks: Sequence[Track]
    oracles: Sequence[str]
    seeds: Sequence[int]


def relation(truth: Key, found: Key | None) -> str:
    """Give what `found` is to `truth`: a key of `WEIGHTS`."""
    if found is None:
        return "other"
    if found == truth:
        return "right"
    if found.mode == truth.mode:
        return "fifth" if (found.tonic - truth.tonic) % 12 == 7 else "other"
    if found.tonic == truth.tonic:
        return "parallel"
    return "relative" if found.relative_major == truth.relative_major else "other"


def weighted_score(truth: Key, found: Key | None) -> float:
    """Score as MIREX and mir_eval do, 0 ... 1."""
    return WEIGHTS[relation(truth, found)]


def seconds_off(trial: Trial) -> float | None:
    """Seconds from the piece's change of key to the found one, later is above 0; None unless just one is."""
    if len(trial.found.changes) != 1:
        return None
    return trial.found.changes[0].start_seconds - trial.piece.change_seconds[0]


def cents_off(trial: Trial) -> float | None:
    """Cents from the piece's tuning to the found one, around the circle of 100; None if none was found."""
    if trial.found.tuning_cents is None:
        return None
    return (trial.found.tuning_cents - trial.piece.cents + 50) % 100 - 50


def key_page(figures: KeyFigures) -> str:
    """Write the page."""
    lines = ["# Key", "", "Written by `nast-fx bench --key`.", "", *_set_lines(figures)]
    lines += ["", *_modulation_lines(figures.modulating), "", *_tuning_lines(figures.tuned)]
    return "\n".join([*lines, "", *_track_lines(figures), ""])


def _set_lines(figures: KeyFigures) -> list[str]:
    trials = figures.trials
    confidences = [trial.found.confidence for trial in trials]
    safe = [trial for trial in trials if trial.found.confidence >= SAFE_CONFIDENCE]
    wrong = sum(relation(t.piece.keys[0], t.found.key) not in {"right", "relative"} for t in safe)
    seeds = " and ".join(str(seed) for seed in figures.seeds)
    lines = [
        "## Pieces whose key is known",
        "",
        f"{len(trials)} scores with drums, bass, chords, melody: 24 keys, 2 arrangements, seeds {seeds},",
        "rendered with TimGM6mb, of various tempo, tuned up to 40 cents off. The analysis was made",
        "on seeds 1 to 3. Weights: right 1, fifth 0.5, relative 0.3, parallel 0.2 (MIREX, mir_eval).",
        "",
        "| | weighted score | " + " | ".join(WEIGHTS) + " |",
        "|---|---|" + "---|" * len(WEIGHTS),
        _score_row(OURS, trials, lambda trial: trial.found.key),
        *(_score_row(f"essentia, {name}", trials, _of_other(name)) for name in figures.oracles),
        "",
        f"Confidence: median {statistics.median(confidences):.2f}; at least {SAFE_CONFIDENCE} in {len(safe)}",
        f"of {len(trials)}, of which {wrong} are given a key with other notes than the piece's.",
        f"Pieces with a change of key that they do not have: {sum(bool(t.found.changes) for t in trials)}.",
    ]
    return lines if figures.oracles else [*lines, *_absent()]


def _absent() -> list[str]:
    return ["", "essentia is not installed here: its figures are left out."]


def _of_other(name: str) -> Callable[[Trial], Key | None]:
    return lambda trial: trial.others[name]


def _score_row(name: str, trials: Sequence[Trial], found: Callable[[Trial], Key | None]) -> str:
    counts = Counter(relation(trial.piece.keys[0], found(trial)) for trial in trials)
    score = sum(WEIGHTS[name] * count for name, count in counts.items()) / len(trials)
    return f"| {name} | **{score:.3f}** | " + " | ".join(str(counts[name]) for name in WEIGHTS) + " |"


def _modulation_lines(trials: Sequence[Trial]) -> list[str]:
    lines = [
        "## Pieces that change their key once",
        "",
        "| from | to | changes at | found |",
        "|---|---|---|---|",
    ]
    n_close = 0
    for trial in trials:
        first, second = trial.piece.keys
        found = ", ".join(f"{span.key} at {span.start_seconds:.1f} s" for span in trial.found.spans)
        lines.append(f"| {first} | {second} | {trial.piece.change_seconds[0]:.1f} s | {found} |")
        off = seconds_off(trial)
        n_close += off is not None and abs(off) <= CLOSE_SECONDS
    return [*lines, "", f"Split once, within {CLOSE_SECONDS:g} s of the change: {n_close} of {len(trials)}."]


def _tuning_lines(trials: Sequence[Trial]) -> list[str]:
    lines = ["## Tuning", "", "| cents | " + " | ".join(["found"] * 2) + " |", "|---|---|---|"]
    for cents in sorted({trial.piece.cents for trial in trials}):
        found = [trial.found.tuning_cents for trial in trials if trial.piece.cents == cents]
        cells = " | ".join("none" if value is None else f"{value:.1f}" for value in found)
        lines.append(f"| {cents:g} | {cells} |")
    off = [abs(value) for value in map(cents_off, trials) if value is not None]
    note = "Most instruments of this soundfont are about 3 cents sharp themselves."
    return [*lines, "", f"Farthest off: {max(off):.1f} cents. {note}"]


def _track_lines(figures: KeyFigures) -> list[str]:
    tracks, oracles = figures.tracks, figures.oracles
    if not tracks:
        return ["## Real tracks", "", "None are installed here (`make system`)."]
    lines = [
        "## Real tracks",
        "",
        "What the key of these is, nobody has written down: only agreement is counted.",
        "",
        f"| track | {OURS} | confidence | changes |" + "".join(f" essentia, {name} |" for name in oracles),
        "|---|---|---|---|" + "---|" * len(oracles),
    ]
    for track in tracks:
        others = "".join(f" {track.others[name]} |" for name in oracles)
        own = f"{track.found.key} | {track.found.confidence:.2f} | {len(track.found.changes)}"
        lines.append(f"| {track.name} | {own} |{others}")
    for name in oracles:
        counts = Counter(relation(track.others[name], track.found.key) for track in tracks)
        agreement = statistics.mean(weighted_score(track.others[name], track.found.key) for track in tracks)
        said = ", ".join(f"{count} {what}" for what, count in counts.most_common())
        lines += ["", f"Agreement with essentia, {name}: {said}; weighted {agreement:.2f}."]
    hours = sum(track.seconds for track in tracks) / 3600
    working = sum(track.working_seconds for track in tracks)
    return [*lines, "", f"An hour of one channel takes {working / hours:.1f} s of one core."]
