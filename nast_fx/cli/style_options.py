"""The options that make the sound of a render, beside those that every job has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from nast_fx.cli.content import SCORE, TAIL, chain_values
from nast_fx.cli.fields import field_option
from nast_fx.cli.options import SOUND, TRACKING, SoundOptions
from nast_fx.models import RenderPlan, Tracking, parse_style

__all__ = ["StyleOptions"]


@dataclass(frozen=True, kw_only=True)
class StyleOptions(SoundOptions):
    """Styles, how far toward them, and the chain around them."""

    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="FILE",
            help="Recording to take the sound of, as FILE\\[@START:LENGTH]\\[=WEIGHT]; several are blended.",
            rich_help_panel=SOUND,
        ),
    ] = None
    amount: Annotated[
        str | None, field_option("--amount", model=RenderPlan, field="amount", panel=SOUND, metavar="0..1")
    ] = None
    follow: Annotated[
        str | None, field_option("--follow", model=RenderPlan, field="follow", panel=SOUND, metavar="0..1")
    ] = None
    strength: Annotated[
        str | None,
        field_option("--strength", model=RenderPlan, field="strength", panel=SOUND, metavar="0..1"),
    ] = None
    loudness_follow: Annotated[
        str | None,
        field_option(
            "--loudness-follow", model=Tracking, field="loudness_follow", panel=TRACKING, metavar="0..1"
        ),
    ] = None
    gate: Annotated[
        str | None, field_option("--gate", model=Tracking, field="gate", panel=TRACKING, metavar="LU")
    ] = None
    chain: Annotated[
        Path | None,
        typer.Option(
            "--chain",
            "-c",
            metavar="CHAIN",
            help="Chain file: effects before and after the style. See nast-fx chain.",
            rich_help_panel=SOUND,
        ),
    ] = None
    tail_seconds: Annotated[str | None, TAIL] = None
    amount_controller: Annotated[
        str | None,
        field_option(
            "--amount-controller", model=Tracking, field="amount_controller", panel=SCORE, metavar="CC"
        ),
    ] = None
    strength_controller: Annotated[
        str | None,
        field_option(
            "--strength-controller", model=Tracking, field="strength_controller", panel=SCORE, metavar="CC"
        ),
    ] = None

    def style_values(self) -> dict[str, Any]:
        """Give the fields of a request that were given here."""
        values = chain_values(self.chain)
        if self.style:
            values["styles"] = tuple(parse_style(text) for text in self.style)
        if self.tail_seconds is not None:
            values["tail_seconds"] = self.tail_seconds
        return values
