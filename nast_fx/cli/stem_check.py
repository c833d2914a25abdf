"""What `batch --stems` says of results that shall sum to a mix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nast_fx.cli.console import Reporter, write_json
from nast_fx.errors import NothingToDoError
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.stem_group import StemGroup

if TYPE_CHECKING:
    from nast_fx.jobs.stems import StemVerdict

__all__ = ["check_groups"]


def check_groups(
    groups: Sequence[StemGroup], journal: Journal, reporter: Reporter, *, as_json: bool
) -> list[StemVerdict]:
    """Compare styled stems with the styled mix, and say what was found."""
    from nast_fx.jobs.stems import check_group

    verdicts = []
    for group in groups:
        try:
            verdict = reporter.follow(check_group(group, journal.latest))
        except NothingToDoError as error:
            reporter.note(f"{error}.")
            continue
        verdicts.append(verdict)
        if as_json:
            write_json({"type": "stems", **vars(verdict)})
        elif not verdict.problems:
            reporter.note(f"The stems sum to {verdict.mix.name}: in time, in polarity, at their levels.")
    return verdicts
