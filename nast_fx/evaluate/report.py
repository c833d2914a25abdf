"""The report of a render: one HTML file that explains itself and needs nothing else.

Pictures are embedded twice, for a light and a dark page; nothing is fetched, nothing is run.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from os import PathLike
from typing import TYPE_CHECKING

from nast_fx.audio import Audio
from nast_fx.evaluate.explanations import EXPLANATIONS, Explanation
from nast_fx.evaluate.figures import Evaluation
from nast_fx.evaluate.files import write_whole
from nast_fx.evaluate.plots import DARK, LIGHT, Theme, loss_figure, png, spectrogram_figure
from nast_fx.evaluate.tracking_plot import tracking_figure
from nast_fx.render.tracked import Tracked, tracking_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_report"]

CANDIDATES = {"output": "Result", "match_eq": "Match-EQ", "content": "Untouched"}

STYLE_SHEET = """
:root { color-scheme: light dark; --page: #ffffff; --text: #1d1d25; --soft: #5c5c68; --line: #e2e2e8;
  --mark: #f4f1fa; --accent: #6a3fa0; }
@media (prefers-color-scheme: dark) { :root { --page: #17171d; --text: #e6e6ec; --soft: #a0a0ac;
  --line: #33333d; --mark: #23202c; --accent: #c3a4ee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2.5rem 1.25rem 4rem; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; color: var(--accent); }
p, li { max-width: 48rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .5rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { font-size: .85rem; color: var(--soft); font-weight: 600; white-space: nowrap; }
.facts { width: auto; }
.facts th { font-weight: 500; color: var(--soft); padding-left: 0; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.output { background: var(--mark); font-weight: 600; }
.meaning { color: var(--soft); font-size: .88rem; font-weight: 400; max-width: 27rem; }
.better { font-size: .88rem; }
pre { overflow-x: auto; padding: .8rem 1rem; background: var(--mark); border-radius: 6px; font-size: .85rem; }
img { display: block; width: 100%; height: auto; border-radius: 6px; }
"""


def write_report(
    path: str | PathLike[str],
    *,
    title: str,
    facts: Mapping[str, str | float],
    evaluation: Evaluation | None,
    content: Audio | None,
    style: Audio,
    output: Audio,
    history: Sequence[Mapping[str, float]] | None,
    notes: Sequence[str],
    tracked: Tracked | None = None,
    preset: str = "",
) -> None:
    """Write one self-contained HTML file about a render, whole or not at all.

    Parameters
    ----------
    title : str
        Headline and title of the page.
    facts, notes : mapping of label to value, sequence of sentences
        Shown as a table and a list, in their order.
    evaluation, content : Evaluation, Audio or None
        None leaves the figures out; a texture has no content.
    history : sequence of rows or None
        Losses by name, with an optional ``step``: see `loss_figure`.
    tracked : Tracked, optional
        Loudness, silence and key, before and after.
    preset : str
        The settings in effect, as the text of a preset file.

    Raises
    ------
    AudioFileError
        The file cannot be written.
    """
    audios = {"Content": content, "Style": style, "Result": output}
    heard = {name: audio for name, audio in audios.items() if audio is not None}
    sections = [
        _facts(facts),
        _notes(notes),
        _section("Figures", "" if evaluation is None else _figures_table(evaluation)),
        _section("Loudness and key", _tracking(tracked) if tracked else ""),
        _section("Spectrograms", _spectrograms(heard)),
        _section("Losses", _losses(history) if history else ""),
        _section("Settings in effect, as a preset", _preset(preset) if preset else ""),
    ]
    write_whole(path, _page(title, "".join(sections)).encode("utf-8", errors="replace"))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE_SHEET}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def _section(heading: str, body: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}</section>\n" if body else ""


def _facts(facts: Mapping[str, str | float]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(_fact(value))}</td></tr>\n'
        for label, value in facts.items()
    )
    return f'<table class="facts">\n{rows}</table>\n'


def _fact(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>\n" for note in notes)
    return _section("Notes", f"<ul>\n{items}</ul>\n" if items else "")


def _figures_table(evaluation: Evaluation) -> str:
    """One row a figure; a candidate of which nothing is known has no column."""
    values = evaluation.as_dict()
    candidates = [name for name in CANDIDATES if values[name]["frames"] is not None]
    heads = "".join(f'<th scope="col" class="number">{CANDIDATES[name]}</th>' for name in candidates)
    rows = []
    for key, meaning in EXPLANATIONS.items():
        cells = "".join(
            f'<td class="number {name}">{_number(values[name][key], meaning)}</td>' for name in candidates
        )
        rows.append(
            f'<tr><th scope="row">{meaning.label}<div class="meaning">{meaning.sentence}</div></th>'
            f'{cells}<td class="better">{meaning.better}</td></tr>\n'
        )
    return (
        "<p>The result beside two baselines: the content through a plain match-EQ, and the content as it "
        "was. All but the last three figures are taken at one level, in mono at 22.05 kHz.</p>\n"
        f'<div class="wide"><table>\n<thead><tr><th scope="col">Figure</th>{heads}'
        f'<th scope="col">Better is</th></tr></thead>\n<tbody>\n{"".join(rows)}</tbody>\n</table></div>\n'
    )


def _number(value: float | bool | None, meaning: Explanation) -> str:
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.{meaning.digits}f}".replace("-", "\N{MINUS SIGN}")
    return f"{text}&nbsp;{meaning.unit}" if meaning.unit else text


def _tracking(tracked: Tracked) -> str:
    """Figures before and after, and both curves."""
    rows = "".join(
        f'<tr><th scope="row">{label}</th>'
        + "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)
        + "</tr>\n"
        for label, *cells in tracking_rows(tracked)
    )
    keys = f"<p>{escape(tracked.transposition.summary)}</p>\n" if tracked.transposition.summary else ""
    return (
        '<table class="facts">\n<thead><tr><th></th><th class="number">Content</th>'
        f'<th class="number">Result</th></tr></thead>\n<tbody>\n{rows}</tbody></table>\n{keys}'
        + _picture(lambda theme: tracking_figure(tracked, theme=theme), "Loudness over time")
    )


def _spectrograms(audios: Mapping[str, Audio]) -> str:
    shared = {"Content", "Result"} if "Content" in audios else {"Result"}
    return (
        "<p>Each recording at one level; content and result share their time axis, the style has its "
        "own.</p>\n"
        + _picture(
            lambda theme: spectrogram_figure(audios, shared_time=shared, theme=theme),
            "Spectrograms of " + ", ".join(name.lower() for name in audios),
        )
    )


def _losses(history: Sequence[Mapping[str, float]]) -> str:
    return _picture(lambda theme: loss_figure(history, theme=theme), "Losses over the steps")


def _preset(text: str) -> str:
    return f"<pre>{escape(text)}</pre>\n"


def _picture(draw: Callable[[Theme], Figure], description: str) -> str:
    """Embed a figure for a light and a dark page."""
    light, dark = (_data_uri(draw(theme)) for theme in (LIGHT, DARK))
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(description)}"></picture>\n'
    )


def _data_uri(figure: Figure) -> str:
    return "data:image/png;base64," + base64.b64encode(png(figure)).decode("ascii")
