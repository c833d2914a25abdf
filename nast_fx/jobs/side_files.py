"""The files beside a result: losses as CSV, a report as HTML, what was tracked as MIDI, a preset."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from nast_fx import __version__
from nast_fx.audio import Audio, load_audio
from nast_fx.audio.atomic import check_place
from nast_fx.audio.output_names import output_path, place
from nast_fx.errors import UsageError
from nast_fx.evaluate import evaluate, evaluate_texture, write_report
from nast_fx.evaluate.files import write_whole
from nast_fx.export import export_render
from nast_fx.models import RenderRequest, StyleReference, TextureRequest
from nast_fx.presets import FoundPreset, effective_preset, effective_text, preset_text
from nast_fx.progress import Progress, Steps, drain
from nast_fx.render import Rendered
from nast_fx.render.content import open_content, open_score
from nast_fx.render.learnt import learnt_audio, learnt_file

__all__ = ["SideFiles", "history_csv", "mean_history"]

MAX_REPORT_SECONDS = 300.0  # of a longer result the report looks at the beginning


class SideFiles:
    """Where the files beside a result go; checked when made, written after the render.

    They follow the request's overwrite policy, except that ``skip`` replaces them: they belong to a
    result that is made anew.

    Raises
    ------
    UsageError
        Two files have one name.
    AudioFileError
        A place cannot be written.
    """

    def __init__(
        self,
        request: RenderRequest | TextureRequest,
        asked: Mapping[str, Path],
        preset: FoundPreset | None = None,
    ) -> None:
        self.request = request
        self.preset = preset
        self.paths: dict[str, Path] = {}
        for name, path in asked.items():
            self.paths[name] = self._placed(name, path)
        # What cannot be written is said before the work.
        self._preset_text = self._saved_preset() if "save-preset" in self.paths else ""

    def write(self, rendered: Rendered) -> Steps[Mapping[str, Path]]:
        """Write what was asked for; gives the files by name."""
        if path := self.paths.get("history"):
            write_whole(path, history_csv(rendered).encode())
        if path := self.paths.get("export-midi"):
            export_render(path, rendered, replace=True)
        if "save-preset" in self.paths:
            self.save_preset()
        if path := self.paths.get("report"):
            yield Progress("evaluate", note="measuring the result")
            self._write_report(path, rendered)
        return self.paths

    def save_preset(self) -> Path:
        """Write what was in effect, which needs no render, and give its path."""
        path = self.paths["save-preset"]
        write_whole(path, self._preset_text.encode())
        return path

    def _saved_preset(self) -> str:
        path = self.paths["save-preset"]
        if path.suffix.lower() != ".toml":
            raise UsageError(f"--save-preset {path}: a preset ends in .toml")
        text = effective_text(self.request, path)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError(f"--save-preset {path}: the name of a file in it is no text") from None
        return text

    def _placed(self, name: str, asked: Path) -> Path:
        request = self.request
        if not asked.name:
            raise UsageError(f"--{name} needs the name of a file")
        path = output_path(asked, asked, asked.suffix, variation=request.variation)
        results = dict(self.paths)
        if (out := request.output) is not None and out.name:
            results["out"] = output_path(out, out, out.suffix, variation=request.variation)
        for other, taken in results.items():
            if os.path.realpath(taken) == os.path.realpath(path):
                raise UsageError(f"--{other} and --{name} are one file: {path}")
        policy = "overwrite" if request.overwrite == "skip" else request.overwrite
        path, replace = place(path, request.inputs, policy)
        check_place(path, overwrite=replace)
        return path

    def _write_report(self, path: Path, rendered: Rendered) -> None:
        request = self.request
        tail = request.tail_seconds if isinstance(request, RenderRequest) else 0.0
        seconds = min(rendered.frames / rendered.sample_rate - tail, MAX_REPORT_SECONDS)
        chosen = max(request.styles, key=lambda style: style.weight)
        style = _part(chosen.path, chosen.start_seconds, chosen.length_seconds)
        output = load_audio(rendered.output, 0.0, seconds)
        content = _content(request, seconds) if isinstance(request, RenderRequest) else None
        write_report(
            path,
            title=rendered.output.name,
            facts=_facts(request, rendered, self.preset),
            evaluation=evaluate(content, style, output) if content else evaluate_texture(style, output),
            content=content,
            style=style,
            output=output,
            history=mean_history(rendered),
            tracked=rendered.tracked,
            notes=[*rendered.notes, *self._own_notes(rendered, chosen)],
            preset=preset_text(effective_preset(request, rendered.output.stem)),
        )

    def _own_notes(self, rendered: Rendered, chosen: StyleReference) -> list[str]:
        """Say what the figures do not cover."""
        notes = []
        if len(self.request.styles) > 1:
            notes.append(f"The figures compare with {chosen.path.name}, the style of the greatest weight.")
        if rendered.frames > MAX_REPORT_SECONDS * rendered.sample_rate:
            notes.append(f"The figures are those of the first {MAX_REPORT_SECONDS:g} s.")
        if rendered.tracked.transposition.moves:
            notes.append("The figures compare with content and style as they were before transposition.")
        return notes


def history_csv(rendered: Rendered) -> str:
    """Give the losses as CSV: one row a segment and step, in the order of time."""
    records = sorted(rendered.records, key=lambda record: record.index)
    names = list(dict.fromkeys(name for record in records for row in record.history for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["segment", "step", *names])
    for record in records:
        for step, row in enumerate(record.history):
            writer.writerow([record.index, step, *(row.get(name, "") for name in names)])
    return text.getvalue()


def mean_history(rendered: Rendered) -> list[dict[str, float]]:
    """Give the mean of the segments' losses at each step; a segment that has ended keeps its last ones."""
    histories = [record.history for record in rendered.records if record.history]
    rows = []
    for step in range(max(map(len, histories), default=0)):
        at_step = [history[min(step, len(history) - 1)] for history in histories]
        names = at_step[0]
        rows.append({"step": float(step)} | {n: sum(row[n] for row in at_step) / len(at_step) for n in names})
    return rows


def _content(request: RenderRequest, seconds: float) -> Audio:
    """Read the content as it was styled; a score is played once more."""
    with ExitStack() as stack:
        source = drain(open_content(request, open_score(request), stack)).source
        n_frames = min(source.n_frames, round(seconds * source.sample_rate))
        return Audio(source.read(0, n_frames), source.sample_rate)


def _part(path: Path, start: float, length: float | None) -> Audio:
    if (file := learnt_file(path)) is not None:
        return learnt_audio(file)
    return load_audio(path, start, min(length or MAX_REPORT_SECONDS, MAX_REPORT_SECONDS))


def _facts(
    request: RenderRequest | TextureRequest, rendered: Rendered, preset: FoundPreset | None
) -> dict[str, str | float]:
    facts: dict[str, str | float] = {}
    if isinstance(request, RenderRequest):
        facts["Content"] = str(request.content)
    facts["Style"] = ", ".join(f"{style.path} ({style.weight:g})" for style in request.styles)
    facts["Result"] = str(rendered.output)
    facts["Length"] = f"{rendered.frames} frames at {rendered.sample_rate} Hz, {rendered.channels} channels"
    if rendered.effects:
        facts["Chain"] = ", ".join(rendered.effects)
    if preset is not None:
        facts["Preset"] = f"{preset.preset.name} ({preset.path})"
    facts["Method"] = rendered.method
    facts["Settings"] = ", ".join(f"{key}={value}" for key, value in rendered.settings.items())
    plan = request.plan.model_dump(exclude_defaults=True)
    facts["Plan"] = ", ".join(f"{key}={value}" for key, value in plan.items()) or "all defaults"
    facts["Seed"] = str(rendered.seed)
    facts["Outcome"] = rendered.outcome
    facts["Device"] = rendered.device
    facts["Time"] = f"{rendered.seconds:.1f} s"
    facts["Made by"] = f"nast-fx {__version__}"
    return facts
