"""The page of benchmark figures, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from nast_fx.studies.race import Race, Run
from nast_fx.studies.speed import CONTENT_SECONDS, STYLE_SECONDS, Speed

__all__ = ["bench_page"]


def bench_page(races: Sequence[Race], speed: Speed, *, quick: bool) -> str:
    """Write the page."""
    command = "nast-fx bench --quick" if quick else "nast-fx bench"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `{command}` in one run on one machine ({speed.machine}). Only ratios carry over.",
            "",
            *_race_lines(races),
            "",
            *_speed_lines(speed),
            "",
        ]
    )


def _race_lines(races: Sequence[Race]) -> list[str]:
    n_iterations = races[0].finite.n_iterations
    ratios = [r.ratio for r in races if r.ratio is not None]
    median = f"{statistics.median(ratios):.0f}" if len(ratios) == len(races) else "not reached by all"
    lines = [
        f"## The closed form against the naive finite network, {n_iterations} iterations",
        "",
        "Both minimize 0.1 content + style from the content, on the waveform, with L-BFGS; 22.05 kHz mono,",
        f"{CONTENT_SECONDS} s of content, {STYLE_SECONDS} s of style. The finite network has 4096 filters",
        "and N x N Gram matrices. *Judged* is the same objective under a fresh 4096-filter network that",
        "neither has seen. *Reached* is the shortest run of the closed form that is judged lower.",
        "",
        "| pair | finite: seconds | judged | style | reached after | seconds | times sooner "
        "| closed form at the end: seconds | judged | style |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for race in races:
        reached = "never | - | -"
        if race.reached is not None:
            reached = (
                f"{race.reached.n_iterations} iterations | {race.reached.seconds:.2f} | {race.ratio:.0f}"
            )
        lines.append(f"| {race.name} | {_run_cells(race.finite)} | {reached} | {_run_cells(race.final)} |")
    if any(race.name.startswith("song -> ") for race in races):
        lines += [
            "",
            "No real recordings are installed here (`make system`): these are the project's own sounds.",
        ]
    return [*lines, "", f"Median of {len(races)} pairs: **{median} times sooner**."]


def _run_cells(run: Run) -> str:
    return f"{run.seconds:.1f} | {run.judged:.4f} | {run.style:.4f}"


def _speed_lines(speed: Speed) -> list[str]:
    peak = "not measured" if speed.peak_bytes is None else f"{speed.peak_bytes / 1e6:.0f} MB"
    rows = [
        ("one evaluation (10 s, 22.05 kHz mono, n_fft 2048, hop 512)", f"{1e3 * speed.evaluation:.1f} ms"),
        ("its matrix products alone", f"{1e3 * speed.products:.1f} ms"),
        ("one log-magnitude STFT, forward and backward", f"{1e3 * speed.stft:.1f} ms"),
        ("evaluation over that floor", f"{speed.over_floor:.2f}"),
        ("measured rate of the products", f"{speed.product_rate / 1e9:.0f} GFLOP/s"),
        ("stereo 44.1 kHz, draft: work per second of audio", f"{speed.draft:.2f} s"),
        ("stereo 44.1 kHz, normal: work per second of audio", f"{speed.normal:.2f} s"),
        ("peak memory of a process that renders a minute", peak),
    ]
    table = [f"| {name} | {figure} |" for name, figure in rows]
    return ["## Speed", "", "| what | figure |", "|---|---|", *table]
