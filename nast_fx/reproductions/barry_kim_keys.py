"""Barry & Kim 2018, section 4.2: one content in thirteen keys, under five content representations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nast_fx.audio import Audio
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.materials import seen
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.ranks import rank_correlation
from nast_fx.reproductions.scores import ANTHEM_SECONDS, anthem
from nast_fx.reproductions.spectra import log_error
from nast_fx.reproductions.transfers import RATE, Made, Run, how_they_ended, run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

Start = Literal["noise", "content"]
Place = tuple[str, int, Start, float]
"""Content representation, semitones, start, Gamma of the style."""

QUICK_KEYS = (-6, 0, 3, 6)
FULL_KEYS = tuple(range(-6, 7))
QUICK_CQT_FILTERS = 16
STYLE_GAMMA = 50.0
EXPLAINED = 0.5  # rank correlation above which one figure explains another
SWEPT_KEY = 3  # where start and Gamma are varied too, to show what the outcome hangs on
# Start, and Gamma of the style.
HOW: tuple[tuple[Start, float], ...] = (
    ("noise", STYLE_GAMMA),
    ("content", STYLE_GAMMA),
    ("noise", 500.0),
    ("content", 500.0),
)

# What makes the content term; the first is the reference, the last four are to hide the key.
CONTENTS: dict[str, dict[str, Any]] = {
    "STFT": {"gamma_content_stft": 1.0},
    "mel": {"gamma_content_mel": 1.0},
    "CQT": {"gamma_content_cqt": 1.0, "pooling": 1},
    "CQT pooled": {"gamma_content_cqt": 1.0},
    "mel+CQT pooled": {"gamma_content_mel": 1.0, "gamma_content_cqt": 1.0},
}
INVARIANT = ("mel", "CQT pooled", "mel+CQT pooled")


def _lower(name: str, text: str) -> Claim:
    return Claim(
        text,
        "Figure 5 (no numbers in the text)",
        f"the error of {name} is lower than that of STFT at every transposition but 0",
    )


CLAIMS = {
    "mel": _lower("mel", "A mel content of few bands has a lower error than the STFT in every other key."),
    "CQT pooled": _lower(
        "CQT pooled", "A max-pooled CQT content has a lower error than the STFT in every other key."
    ),
    "mel+CQT pooled": _lower(
        "mel+CQT pooled", "Both together have a lower error than the STFT in every other key."
    ),
}
POOLING = Claim(
    "Max-pooling the features of the CQT makes them key-invariant.",
    "",
    "the mean error over all transpositions but 0 is lower with pooling than without",
)
STEADY = Claim(
    "Changing the key between style and content has less of an effect on the key-invariant contents.",
    "Figure 5",
    "the rise of the mean error of the other keys over that of the same key is lower than the STFT's for "
    "all three",
)


def run(setup: Setup) -> Steps[Result]:
    """Transfer the anthem in its key onto itself in every key."""
    keys = QUICK_KEYS if setup.is_quick else FULL_KEYS
    versions = {key: _anthem(key, setup.seed) for key in keys}
    content = versions[0]
    usual = _start(setup), STYLE_GAMMA
    swept = [how for how in HOW if how != usual]
    places: list[Place] = [(name, key, *usual) for name in CONTENTS for key in keys]
    places += [(name, SWEPT_KEY, *how) for name in CONTENTS for how in swept]
    runs = [
        Run(
            f"{name}, {key:+d}, {start} start, Gamma {gamma:g}",
            "barry-kim",
            _settings(setup, CONTENTS[name], start, gamma),
            versions[key],
            content,
            seed=setup.seed,
        )
        for name, key, start, gamma in places
    ]
    made = yield from run_all(runs)
    all_errors = {
        place: log_error(seen(one.audio), seen(one.run.style))
        for place, one in zip(places, made, strict=True)
    }
    errors = {name: {key: all_errors[name, key, *usual] for key in keys} for name in CONTENTS}
    untouched = {key: log_error(seen(content), seen(versions[key])) for key in keys}
    return Result(
        tuple(_findings(errors, untouched, from_content=_start(setup) == "content")),
        Table.of(_rows(made, all_errors, untouched)),
        {"Error against the transposition": _picture(errors, all_errors, untouched)},
        (
            f'The first {ANTHEM_SECONDS:g} s of "The Star-Spangled Banner" for piano, content in C, style '
            f"moved by {', '.join(f'{key:+d}' for key in keys)} semitones. {players()}",
            f"Style: the STFT network (Gamma {STYLE_GAMMA:g}); content: one of five (Gamma 1 each); no L1 "
            "penalty. The STFT and mel networks are in their closed form with ReLU; the CQT network has "
            f"{_cqt_filters(setup)} filters (256 published).",
            f"{_iterations(setup)} iterations from {_start(setup)} (published: 300 to 15 000 from noise"
            + (", which so few cannot bring to a minimum)." if setup.is_quick else ")."),
            "The error is the mean squared difference of the log magnitudes of result and style, both at one "
            "level; 'untouched' is the content as it is.",
            _left_open(setup, errors),
            *(_how_it_hangs(all_errors, start, gamma) for start, gamma in swept),
            _why(dict(zip(places, made, strict=True)), all_errors, usual),
            how_they_ended(made),
        ),
        {f"anthem {key:+d}": audio for key, audio in versions.items()}
        | {one.run.name: one.audio for one in made},
    )


REPRODUCTION = Reproduction(
    "barry-kim-keys",
    "Key invariance of five content representations",
    "Barry & Kim 2018, Style Transfer for Musical Audio Using Multiple Time-Frequency Representations, 4.2",
    run,
    is_pictured=True,
)


def _anthem(key: int, seed: int) -> Audio:
    return play(anthem(key), "piano", seconds=ANTHEM_SECONDS, sample_rate=RATE, seed=seed)


def _iterations(setup: Setup) -> int:
    return 100 if setup.is_quick else 1000


def _start(setup: Setup) -> Start:
    return "content" if setup.is_quick else "noise"


def _cqt_filters(setup: Setup) -> int:
    return QUICK_CQT_FILTERS if setup.is_quick else 256


def _settings(setup: Setup, own: dict[str, Any], start: Start, gamma: float) -> dict[str, Any]:
    none = {f"gamma_content_{view}": 0.0 for view in ("stft", "mel", "cqt")}
    return {
        "configuration": 1,
        "width": "infinite",
        "activation": "relu",
        "sparsity_weight": 0.0,
        "cqt_filters": _cqt_filters(setup),
        "gamma_style_stft": gamma,
        "start": start,
        "max_iterations": _iterations(setup),
        **none,
        **own,
    }


def _findings(
    errors: dict[str, dict[int, float]], untouched: dict[int, float], *, from_content: bool = False
) -> list[Finding]:
    others = [key for key in untouched if key != 0]
    mean = {name: sum(of[key] for key in others) / len(others) for name, of in errors.items()}
    findings = []
    for name, claim in CLAIMS.items():
        higher = [key for key in others if errors[name][key] >= errors["STFT"][key]]
        because = (
            f"it is not lower at {', '.join(f'{key:+d}' for key in higher)}, and {mean[name]:.3f} in the "
            f"mean against {mean['STFT']:.3f}"
            if higher
            else f"it is {mean[name]:.3f} in the mean against {mean['STFT']:.3f}"
        )
        findings.append(
            claim.found(
                f"lower at {len(others) - len(higher)} of {len(others)} transpositions",
                holds=not higher,
                because=because,
            )
        )
    rises = {name: mean[name] - of[0] for name, of in errors.items()}
    findings.append(
        POOLING.found(
            f"{mean['CQT pooled']:.4f} pooled, {mean['CQT']:.4f} not",
            holds=mean["CQT pooled"] < mean["CQT"],
            because=f"pooling changes the mean error by {mean['CQT pooled'] - mean['CQT']:+.4f}",
        )
    )
    if from_content:
        same = "from the content the same key is a minimum already, so that there is no error to rise from"
        return [*findings, STEADY.untestable(f"{same}; the full size starts at noise")]
    findings.append(
        STEADY.found(
            ", ".join(f"{name} {rise:+.3f}" for name, rise in rises.items()),
            holds=all(rises[name] < rises["STFT"] for name in INVARIANT),
            because="the rises are "
            + ", ".join(f"{rises[name]:+.3f} for {name}" for name in INVARIANT)
            + f" against {rises['STFT']:+.3f} for the STFT",
        )
    )
    return findings


def _left_open(setup: Setup, errors: dict[str, dict[int, float]]) -> str:
    if _start(setup) == "content":
        return (
            "At 0 semitones the start is the minimum, and the error is 0 whatever the content representation."
        )
    return (
        "What is left open: where style and content are the same recording the error is "
        + ", ".join(f"{of[0]:.3f} with {name}" for name, of in errors.items())
        + "; a content that does not fix the sound, or a minimum that is not reached, shows there."
    )


def _why(made: dict[Place, Made], errors: dict[Place, float], usual: tuple[Start, float]) -> str:
    """Hold the error against how much of the style's loss a content leaves."""
    places = [place for place in made if place[2:] == usual and place[1] != 0]
    left = {place: made[place].loss("style-stft") / made[place].loss("style-stft", 0) for place in places}
    correlation = rank_correlation([left[place] for place in places], [errors[place] for place in places])
    shares = {name: [left[place] for place in places if place[0] == name] for name in CONTENTS}
    listed = ", ".join(f"{100 * sum(of) / len(of):.0f} % with {name}" for name, of in shares.items())
    explained = (
        "A content that is slower to let the style fall has the higher error, whatever it knows of keys."
        if correlation > EXPLAINED
        else "That does not explain the errors."
    )
    return (
        f"What is left of the style's loss is {listed}; over these runs the rank correlation of that and the "
        f"error is {correlation:.2f}. {explained}"
    )


def _how_it_hangs(errors: dict[Place, float], start: Start, gamma: float) -> str:
    """Say which contents are below the STFT with another start or weight."""
    lower = [
        name
        for name in INVARIANT
        if errors[name, SWEPT_KEY, start, gamma] < errors["STFT", SWEPT_KEY, start, gamma]
    ]
    found = f"below the STFT are {', '.join(lower)}" if lower else "no other is below the STFT"
    return f"At {SWEPT_KEY:+d} semitones, {start} start and Gamma {gamma:g}, {found}."


def _rows(
    made: list[Made], errors: dict[Place, float], untouched: dict[int, float]
) -> list[dict[str, str | float | int | None]]:
    return [
        {
            "content representation": name,
            "semitones": key,
            "start": start,
            "style Gamma": gamma,
            "error": error,
            "untouched": untouched[key],
            "loss at start": one.loss(at=0),
            "loss at end": one.loss(),
            "style loss at end": one.loss("style-stft"),
            "outcome": one.outcome,
            "seconds": one.seconds,
        }
        for ((name, key, start, gamma), error), one in zip(errors.items(), made, strict=True)
    ]


def _picture(
    errors: dict[str, dict[int, float]], all_errors: dict[Place, float], untouched: dict[int, float]
) -> Figure:
    curves = {**errors, "untouched": untouched}
    lines = {name: (list(of), list(of.values())) for name, of in curves.items()}
    swept = {name: ((), [all_errors[name, SWEPT_KEY, *how] for how in HOW]) for name in CONTENTS}
    title = f"The same at {SWEPT_KEY:+d} semitones"
    return chart(
        [
            Panel("Error of the result against the style", "semitones", "error", lines),
            Panel(title, "", "error", swept, [f"{start}, {gamma:g}" for start, gamma in HOW]),
        ]
    )
