"""Barry & Kim 2018, section 4.3: the six loss configurations of Table 1."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nast_fx.audio import Audio
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Cell, Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import Judge, Judged
from nast_fx.reproductions.materials import groove, seen, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.rhythm import autocorrelation_agreement
from nast_fx.reproductions.scores import ANTHEM_SECONDS, ScoreNote, anthem
from nast_fx.reproductions.spectra import block_copy
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

CONFIGURATIONS = (1, 2, 3, 4, 5, 6)

FASTEST = Claim(
    "(1) STFT alone is the fastest.",
    "Table 1",
    "the fewest seconds an iteration of all six",
)
LONG_TERM = Claim(
    "Mel style networks greatly help with the long-term nature of the style (2, 3 over 1; 5, 6 over 4).",
    "Table 1",
    "the mean local autocorrelation of the onsets agrees better with the style's in each of the four",
)
ABSTRACT = Claim(
    "Mel and CQT contents (4-6) take on the style's attributes without laying two sounds over each other.",
    "Table 1",
    "each of 4, 5 and 6 has a lower style residual, and is less like the content second by second, than the "
    "configuration with the same style (1, 2, 3)",
)
IMPROVES = Claim(
    "(5) works well on almost all examples, and improves some examples from (2).",
    "Table 1",
    "(5) retains content and style, and has a lower style residual than (2)",
)
LISTENING = Claim(
    "(4) works best for singing, (6) for the most difficult examples.", "Table 1, song pairs at a web address"
)


def run(setup: Setup) -> Steps[Result]:
    """Transfer one pair through all six."""
    seconds = 3.0 if setup.is_quick else 9.0
    notes = play([*anthem(), *_later(seconds)], "piano", seconds=seconds, sample_rate=RATE, seed=setup.seed)
    content = user_sound(setup, "content", seconds, notes)
    style = user_sound(setup, "style", seconds, groove(seconds, RATE, setup.seed))
    runs = [
        Run(f"({number})", "barry-kim", _settings(setup, number), style, content, seed=setup.seed)
        for number in CONFIGURATIONS
    ]
    made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = [judge(one) for one in made]
    rows = [_row(one, content, style) for one in judged]
    return Result(
        (*_findings(judged, rows), LISTENING.untestable("it is a judgment by ear on recordings not given")),
        Table.of(rows),
        {"The six configurations": _picture(rows)},
        (
            f"Content is the anthem, style is a beat of drums and bass; {seconds:g} s. {players()}",
            f"Each configuration as it is preset, {_iterations(setup)} iterations"
            + (
                " from the content (published: 300 to 15 000 from noise); STFT and mel networks in their "
                "closed form with ReLU, 16 filters of the CQT network (256)."
                if setup.is_quick
                else " from noise (published: 300 to 15 000), 4096, 1025 and 256 filters, SELU."
            ),
            how_they_ended(made),
        ),
        {"content": content, "style": style, **{one.run.name: one.audio for one in made}},
    )


REPRODUCTION = Reproduction(
    "barry-kim-table1",
    "The six configurations of Table 1",
    "Barry & Kim 2018, Style Transfer for Musical Audio Using Multiple Time-Frequency Representations, 4.3",
    run,
    frozenset({"content", "style"}),
)


def _later(seconds: float) -> list[ScoreNote]:
    """Repeat the anthem until the end, every other time a fourth higher."""
    return [
        replace(note, start=note.start + turn * ANTHEM_SECONDS)
        for turn in range(1, math.ceil(seconds / ANTHEM_SECONDS))
        for note in anthem(5 * (turn % 2))
    ]


def _iterations(setup: Setup) -> int:
    return 80 if setup.is_quick else 300


def _settings(setup: Setup, number: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"configuration": number, "max_iterations": _iterations(setup)}
    if setup.is_quick:
        settings |= {"width": "infinite", "activation": "relu", "cqt_filters": 16, "start": "content"}
    return settings


def _row(one: Judged, content: Audio, style: Audio) -> dict[str, Cell]:
    signal = seen(one.made.audio)
    return {
        **one.row(),
        "seconds an iteration": one.made.seconds / max(1, len(one.made.history) - 1),
        "rhythm of the style": autocorrelation_agreement(seen(style), signal),
        "block likeness to content": block_copy(signal, seen(content)),
        "block likeness to style": block_copy(signal, seen(style)),
    }


def _findings(judged: list[Judged], rows: list[dict[str, Cell]]) -> list[Finding]:
    speed, rhythm, likeness = (
        [float(row[name] or 0.0) for row in rows]
        for name in ("seconds an iteration", "rhythm of the style", "block likeness to content")
    )
    residual = [one.style_residual for one in judged]
    fastest = speed.index(min(speed)) + 1
    better = [
        number for number, base in ((2, 1), (3, 1), (5, 4), (6, 4)) if rhythm[number - 1] > rhythm[base - 1]
    ]
    nearer = [n for n in (4, 5, 6) if residual[n - 1] < residual[n - 4] and likeness[n - 1] < likeness[n - 4]]
    fifth = judged[4]
    return [
        FASTEST.found(
            _series(speed, "s"),
            holds=fastest == 1,
            because=f"({fastest}) takes the least time an iteration",
        ),
        LONG_TERM.found(
            _series(rhythm),
            holds=len(better) == 4,
            because=f"{_numbers(better)} of (2), (3), (5), (6) agree better than without the mel network",
        ),
        ABSTRACT.found(
            "style residual " + _series(residual) + "; likeness to content " + _series(likeness),
            holds=len(nearer) == 3,
            because=f"{_numbers(nearer)} of (4), (5), (6) are nearer to the style and less like the content",
        ),
        IMPROVES.found(
            f"(5) {residual[4]:.2f}, (2) {residual[1]:.2f}; content error {fifth.kept.error:.2f}",
            holds=fifth.works and residual[4] < residual[1],
            because=f"(5) {'retains' if fifth.works else 'does not retain'} content and style, and its style "
            f"residual is {residual[4]:.2f} against {residual[1]:.2f}",
        ),
    ]


def _series(values: list[float], unit: str = "") -> str:
    return ", ".join(f"({index}) {value:.2f}{unit and ' ' + unit}" for index, value in enumerate(values, 1))


def _numbers(numbers: list[int]) -> str:
    return ", ".join(f"({number})" for number in numbers) or "none"


def _picture(rows: list[dict[str, Cell]]) -> Figure:
    names = [str(row["run"]) for row in rows]

    def bars(*keys: str) -> dict[str, tuple[tuple[()], list[float]]]:
        return {key: ((), [float(row[key] or 0.0) for row in rows]) for key in keys}

    return chart(
        [
            Panel("Against content and style", "", "figure", bars("content error", "style residual"), names),
            Panel(
                "Rhythm and likeness",
                "",
                "figure",
                bars("rhythm of the style", "block likeness to content", "block likeness to style"),
                names,
            ),
        ]
    )
