"""Verma & Smith 2018: bandwidth compression, bandwidth expansion and timbre with one setting."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from nast_fx.audio import Audio
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Cell, Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import Judge, Judged
from nast_fx.reproductions.materials import seen
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import ScoreNote
from nast_fx.reproductions.spectra import brightness, envelope_difference_db, spectral_agreement
from nast_fx.reproductions.trained import MISSING, weights_or_random
from nast_fx.reproductions.transfers import Made, Run, how_they_ended, run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

SAMPLE_RATE = 16_000  # Hz, as published
SECONDS = 2.57
# (name, content, style): who plays what.
TASKS = (
    ("compression", "harp", "tuning fork"),
    ("expansion", "tuning fork", "harp"),
    ("timbre", "voice", "violin"),
)
WITHOUT = "timbre without envelopes"
PHRASE = (69, 73, 76, 81, 76, 73)

NEARER = "the bandwidth of the result is nearer (in octaves) to the style's than to the content's"
CLAIMS = {
    "compression": Claim(
        "A harp in the style of a tuning fork is compressed in bandwidth.", "Figure 1", NEARER
    ),
    "expansion": Claim("A tuning fork in the style of a harp is expanded in bandwidth.", "a task", NEARER),
    "timbre": Claim(
        "Singing in the style of a violin note takes its timbre and keeps its content.",
        "Figure 2",
        "the result's energy over frequency agrees better with the style's than the content's own does, and "
        "its chroma agrees better with the content than the style recording does",
    ),
}
ONE_SETTING = Claim(
    "A single architecture does all of them with the same set of parameters.",
    "",
    "all three tasks are confirmed in one run with one setting",
)
ENVELOPES = Claim(
    "The losses of the temporal and spectral energy envelopes keep the dynamics.",
    "",
    "with them the result's levels over time and over frequency both differ less (in dB) from the style's "
    "than without them",
)


@dataclass(frozen=True)
class Task:
    """One task's sounds and figures."""

    name: str
    judged: Judged
    content: Audio
    bandwidths: tuple[float, float, float]
    """Of content, style and result, in Hz."""
    spectral: tuple[float, float]
    """Agreement of the energy over frequency with the style's: content, result."""
    differences_db: tuple[float, float]
    """Of the levels from the style's: over time, over frequency."""
    chroma_of_style: float

    @property
    def is_nearer_in_bandwidth(self) -> bool:
        """Whether the bandwidth has gone more than half of the way."""
        content, style, result = (log(max(value, 1.0)) for value in self.bandwidths)
        return abs(result - style) < abs(result - content)


def run(setup: Setup) -> Steps[Result]:
    """Do the three tasks, and the last one without the envelopes."""
    weights = weights_or_random("instruments")
    settings: dict[str, Any] = {"weights": weights, "max_iterations": 60 if setup.is_quick else 300}
    settings["griffin_lim_iterations"] = 60 if setup.is_quick else 200
    sounds = {name: _sound(name, setup.seed) for _, *pair in TASKS for name in pair}
    runs = [
        Run(name, "verma-smith", settings, sounds[style], sounds[content], 0.0, setup.seed, SAMPLE_RATE)
        for name, content, style in TASKS
    ]
    bare = {**settings, "spectral_weight": 0.0, "temporal_weight": 0.0}
    _, voice, violin = TASKS[2]
    runs.append(
        Run(WITHOUT, "verma-smith", bare, sounds[violin], sounds[voice], 0.0, setup.seed, SAMPLE_RATE)
    )
    made = yield from run_all(runs)
    tasks = {one.run.name: _task(one) for one in made}
    return Result(
        tuple(_findings(tasks, is_trained=weights != "random")),
        Table.of([_row(one) for one in tasks.values()]),
        {"Bandwidth and agreement": _picture(tasks)},
        (
            f"{SECONDS} s at {SAMPLE_RATE} Hz: six notes on harp and voice, a single one on tuning fork "
            f"and violin. {players()}",
            f"One setting: {', '.join(f'{key}={value}' for key, value in settings.items())}; all else as it "
            "is by default (300 and 200 iterations).",
            how_they_ended(made),
        ),
        sounds | {name: one.judged.made.audio for name, one in tasks.items()},
    )


REPRODUCTION = Reproduction(
    "verma-smith-tasks",
    "Bandwidth compression, bandwidth expansion and timbre with one setting",
    "Verma & Smith 2018, Neural Style Transfer for Audio Spectrograms",
    run,
)


def _sound(name: str, seed: int) -> Audio:
    length = SECONDS / len(PHRASE)
    phrase = [ScoreNote(index * length, length, pitch, 100) for index, pitch in enumerate(PHRASE)]
    single = [ScoreNote(0.0, SECONDS, PHRASE[0], 100)]
    notes = phrase if name in ("harp", "voice") else single
    return play(notes, name, seconds=SECONDS, sample_rate=SAMPLE_RATE, seed=seed)


def _task(made: Made) -> Task:
    content = made.run.content or made.run.style
    judge = Judge(content, made.run.style)
    signals = seen(content), seen(made.run.style), seen(made.audio)
    content_band, style_band, own_band = (brightness(signal)[1] for signal in signals)
    return Task(
        made.run.name,
        judge(made),
        content,
        (content_band, style_band, own_band),
        (spectral_agreement(signals[0], signals[1]), spectral_agreement(signals[2], signals[1])),
        (
            envelope_difference_db(signals[2], signals[1], over="time"),
            envelope_difference_db(signals[2], signals[1], over="frequency"),
        ),
        judge.baseline.chroma,
    )


def _findings(tasks: dict[str, Task], *, is_trained: bool) -> list[Finding]:
    holds = {name: tasks[name].is_nearer_in_bandwidth for name in ("compression", "expansion")}
    timbre, bare = tasks["timbre"], tasks[WITHOUT]
    keeps = timbre.judged.kept.chroma > timbre.chroma_of_style
    is_nearer = timbre.spectral[1] > timbre.spectral[0]
    holds["timbre"] = is_nearer and keeps
    found = [
        CLAIMS[name].found(_bandwidths(tasks[name]), holds=holds[name], because=_because(tasks[name]))
        for name in ("compression", "expansion")
    ]
    found.append(
        CLAIMS["timbre"].found(
            f"spectral agreement {timbre.spectral[1]:.3f} (content {timbre.spectral[0]:.3f}); chroma "
            f"{timbre.judged.kept.chroma:.2f} (style recording {timbre.chroma_of_style:.2f})",
            holds=holds["timbre"],
            because=f"the energy over frequency is {'' if is_nearer else 'not '}"
            f"nearer to the violin's, and the chroma is {'' if keeps else 'not '}that of the singing",
        )
    )
    met = [name for name, own in holds.items() if own]
    found.append(
        ONE_SETTING.found(
            f"{len(met)} of {len(holds)} tasks",
            holds=len(met) == len(holds),
            because=f"{len(met)} tasks succeed",
        )
    )
    with_them, without = timbre.differences_db, bare.differences_db
    found.append(
        ENVELOPES.found(
            f"over time {with_them[0]:.1f} dB (without {without[0]:.1f}), over frequency "
            f"{with_them[1]:.1f} dB ({without[1]:.1f})",
            holds=with_them[0] < without[0] and with_them[1] < without[1],
            because=f"the differences change by {with_them[0] - without[0]:+.1f} dB over time and by "
            f"{with_them[1] - without[1]:+.1f} dB over frequency",
        )
    )
    return found if is_trained else [one.claim.untestable(MISSING) for one in found]


def _bandwidths(task: Task) -> str:
    content, style, result = task.bandwidths
    return f"content {content:.0f} Hz, style {style:.0f} Hz, result {result:.0f} Hz"


def _because(task: Task) -> str:
    way = "more" if task.is_nearer_in_bandwidth else "less"
    return f"the bandwidth has gone {way} than half of the way, to {task.bandwidths[2]:.0f} Hz"


def _row(task: Task) -> dict[str, Cell]:
    content, style, result = task.bandwidths
    return {
        **task.judged.row(),
        "bandwidth of content": content,
        "bandwidth of style": style,
        "bandwidth of result": result,
        "spectral agreement of content": task.spectral[0],
        "spectral agreement of result": task.spectral[1],
        "level difference over time in dB": task.differences_db[0],
        "level difference over frequency in dB": task.differences_db[1],
    }


def _picture(tasks: dict[str, Task]) -> Figure:
    bands = {
        kind: ((), [task.bandwidths[index] for task in tasks.values()])
        for index, kind in enumerate(("content", "style", "result"))
    }
    agreement = {
        "content with style": ((), [task.spectral[0] for task in tasks.values()]),
        "result with style": ((), [task.spectral[1] for task in tasks.values()]),
    }
    differences = {
        f"over {axis}": ((), [task.differences_db[index] for task in tasks.values()])
        for index, axis in enumerate(("time", "frequency"))
    }
    names = list(tasks)
    return chart(
        [
            Panel("Bandwidth", "", "Hz", bands, names, log="y"),
            Panel("Agreement over frequency", "", "correlation", agreement, names),
            Panel("Levels of result and style", "", "difference in dB", differences, names),
        ],
        n_columns=3,
    )
