"""The options that make a sound, those of every job, and how they become a plan and a method's settings.

Options arrive as text and are checked by the models, so that a wrong value gives the same sentence
everywhere; only the names in it are turned into those of the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from nast_fx.cli.fields import field_option
from nast_fx.cli.parameters import checked, option_names
from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models import (
    METHOD_SETTINGS,
    MethodSettings,
    RenderPlan,
    RenderRequest,
    Settings,
    Tracking,
    parse_overrides,
    validated,
)
from nast_fx.models.base import setting
from nast_fx.models.output import OutputFormat

__all__ = ["JobOptions", "ReportingOptions", "SoundOptions"]

SOUND, TRACKING, PLACE, OUTPUT, RUN = "Sound", "Loudness and key", "Length and channels", "Output", "Run"
CUTS = ("segment_seconds", "segment_beats", "segment_markers")  # ways to cut: one that is given ends others
SEGMENT_NAMES = {"segment_beats": "--segment beats"}


def _methods(incomplete: str) -> list[str]:
    return [name for name in METHOD_SETTINGS if name.startswith(incomplete)]


def _presets(incomplete: str) -> list[str]:
    from nast_fx.presets import list_presets

    return [found.name for found in list_presets()[0] if found.name.startswith(incomplete)]


class Variations(Settings):
    """How often a job is done."""

    variations: int = setting(1, "Results with seed, seed+1 ...; files are numbered.", ge=1, le=1000)


@dataclass(frozen=True, kw_only=True)
class ReportingOptions:
    """How a command talks."""

    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on stdout.", rich_help_panel=RUN)
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no notes.", rich_help_panel=RUN)
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what the engine does.", rich_help_panel=RUN)
    ] = False


@dataclass(frozen=True, kw_only=True)
class SoundOptions(ReportingOptions):
    """What makes a sound; names of `RenderPlan` fields are the plan's own."""

    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            "-p",
            metavar="NAME|FILE.toml",
            help="Settings by name: see nast-fx presets list. Options that are given win over it.",
            autocompletion=_presets,
            rich_help_panel=SOUND,
        ),
    ] = None
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            help="See nast-fx methods list. (default infinite)",
            autocompletion=_methods,
            rich_help_panel=SOUND,
        ),
    ] = None
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting of the method: see nast-fx methods show NAME. Repeatable.",
            rich_help_panel=SOUND,
        ),
    ] = None
    quality: Annotated[
        str | None, field_option("--quality", model=RenderPlan, field="quality", panel=SOUND)
    ] = None
    style_seconds: Annotated[
        str | None,
        field_option("--style-seconds", model=RenderPlan, field="style_seconds", panel=SOUND, metavar="S"),
    ] = None
    seed: Annotated[
        str | None, field_option("--seed", model=RenderPlan, field="seed", panel=SOUND, metavar="N")
    ] = None
    loudness: Annotated[
        str | None,
        field_option("--loudness", model=Tracking, field="loudness", panel=TRACKING, metavar="LUFS"),
    ] = None
    ceiling: Annotated[
        str | None, field_option("--ceiling", model=Tracking, field="ceiling", panel=TRACKING, metavar="DBTP")
    ] = None
    key: Annotated[
        str | None, field_option("--key", model=Tracking, field="key", panel=TRACKING, metavar="KEY")
    ] = None
    segment_seconds: Annotated[
        str | None,
        field_option(
            "--segment",
            model=RenderPlan,
            field="segment_seconds",
            panel=PLACE,
            metavar="S|beats:N|markers",
            more="Or beats:16, to cut on every sixteenth beat, or markers, to cut at those of a score.",
        ),
    ] = None
    overlap_seconds: Annotated[
        str | None,
        field_option("--overlap", model=RenderPlan, field="overlap_seconds", panel=PLACE, metavar="S"),
    ] = None
    channels: Annotated[
        str | None, field_option("--channels", model=RenderPlan, field="channels", panel=PLACE)
    ] = None
    format: Annotated[
        str | None, field_option("--format", model=OutputFormat, field="container", panel=OUTPUT)
    ] = None
    bits: Annotated[str | None, field_option("--bits", model=OutputFormat, field="bits", panel=OUTPUT)] = None

    def plan(self, base: Mapping[str, Any] | None = None) -> RenderPlan:
        """Make the plan of what was given, over that of a preset (`base`)."""
        values = self._given(RenderPlan)
        known = dict(base or {})
        if "segment_seconds" in values:
            values |= _cut(values.pop("segment_seconds"))
            known = {key: value for key, value in known.items() if key not in CUTS}
        return checked(RenderPlan, {**known, **values}, names=option_names(type(self)) | SEGMENT_NAMES)

    def tracking(self, base: Mapping[str, Any] | None = None) -> Tracking:
        """Make what is said about loudness and key, over that of a preset (`base`)."""
        return checked(Tracking, {**(base or {}), **self._given(Tracking)}, names=option_names(type(self)))

    def method_settings(self, method: str, base: Mapping[str, Any] | None = None) -> MethodSettings:
        """Check a method's name and settings without loading it."""
        if method not in METHOD_SETTINGS:
            raise UsageError(f"there is no method '{method}'{did_you_mean(method, METHOD_SETTINGS)}")
        return validated(METHOD_SETTINGS[method], {**(base or {}), **parse_overrides(self.set or [])})

    def _given(self, model: type[Settings]) -> dict[str, Any]:
        """Options that are fields of a model."""
        return {
            name: value for name in model.model_fields if (value := getattr(self, name, None)) is not None
        }


@dataclass(frozen=True, kw_only=True)
class JobOptions(SoundOptions):
    """What every rendering command takes."""

    variations: Annotated[
        str | None,
        field_option("--variations", model=Variations, field="variations", panel=SOUND, metavar="N"),
    ] = None
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File or folder to write to; by default beside the input.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    overwrite: Annotated[
        str, field_option("--overwrite", model=RenderRequest, field="overwrite", panel=OUTPUT)
    ] = "fail"
    history: Annotated[
        Path | None,
        typer.Option(
            "--history", metavar="FILE.csv", help="Write the losses of every step.", rich_help_panel=OUTPUT
        ),
    ] = None
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Measure the result and write a page with figures and spectrograms.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    device: Annotated[
        str | None, field_option("--device", "-d", model=RenderPlan, field="device", panel=RUN)
    ] = None
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Use no segment that an earlier, perhaps stopped render has finished, and keep none.",
            rich_help_panel=RUN,
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything, say what would be done.", rich_help_panel=RUN),
    ] = False

    def side_files(self) -> dict[str, Path]:
        """Files beside the result, by the option that asks for them."""
        asked = {
            "history": self.history,
            "report": self.report,
            "export-midi": getattr(self, "export_midi", None),
            "save-preset": getattr(self, "save_preset", None),
        }
        return {name: path for name, path in asked.items() if path is not None}

    def n_variations(self) -> int:
        """How many results are asked for."""
        given = {"variations": self.variations} if self.variations is not None else {}
        return checked(Variations, given, names={"variations": "--variations"}).variations


def _cut(text: str) -> dict[str, Any]:
    """Read ``--segment``: seconds, ``beats:N`` or ``markers``."""
    word, colon, count = text.strip().lower().partition(":")
    if word == "markers" and not colon:
        return {"segment_markers": True}
    if word == "beats" and colon:
        if not count.isdigit():
            raise UsageError(f"--segment {text}: the beats must be a whole number, as in beats:16")
        return {"segment_beats": count}
    if not word.replace(".", "", 1).isdigit():
        raise UsageError(f"--segment {text}: write seconds (10), beats:N (beats:16) or markers")
    return {"segment_seconds": text}
