"""`nast-fx edit`: style a recording in place, as an external editor of a DAW does."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.content import MIDI
from nast_fx.cli.jobs import Job, make_jobs, show_preview, summary_of
from nast_fx.cli.options import OUTPUT, JobOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.preset_values import preset_facts
from nast_fx.cli.style_options import StyleOptions
from nast_fx.errors import UsageError
from nast_fx.models import RenderRequest

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = (
    "The file that was there is kept beside it as FILE.bak, FILE.2.bak and so on. Examples: "
    "nast-fx edit take.wav --preset subtle-glue --style rain; "
    "nast-fx edit take.wav --style bells --amount 0.4 --backup-folder old"
)
# What the file decides itself, and what stands beside a result of its own.
NOT_OF_EDITS = (
    "output",
    "overwrite",
    "format",
    "bits",
    "tail_seconds",
    "variations",
    "history",
    "report",
)
KEPT = {"format": None, "bits": None, "tail_seconds": 0.0}


@dataclass(frozen=True, kw_only=True)
class EditOptions(StyleOptions, JobOptions):
    """What `edit` takes, but for `NOT_OF_EDITS`."""

    content: Annotated[
        Path, typer.Argument(metavar="FILE", help="Recording to style and replace: WAV or AIFF.")
    ]
    midi: Annotated[Path | None, MIDI] = None
    backup: Annotated[
        bool,
        typer.Option(
            "--backup/--no-backup",
            help="Keep the file that was there; an older backup is never replaced.",
            rich_help_panel=OUTPUT,
        ),
    ] = True
    backup_folder: Annotated[
        Path | None,
        typer.Option(
            "--backup-folder",
            metavar="FOLDER",
            help="Where it is kept; by default beside the file.",
            rich_help_panel=OUTPUT,
        ),
    ] = None

    def job(self) -> Job:
        """Make the request; what of a preset an edit cannot do is said."""
        given = {"content": self.content, "midi": self.midi, **self.style_values()}
        (job,) = make_jobs(self, RenderRequest, **given)
        changed = {name: value for name, value in KEPT.items() if getattr(job.request, name) != value}
        if not changed:
            return job
        note = "The preset's format and tail are not used: an edit keeps the file's own format and length."
        request = job.request.model_copy(update=changed)
        return replace(job, request=request, notes=(*job.notes, note))

    def folder(self) -> Path | None:
        """Where the backup goes."""
        if not self.backup:
            if self.backup_folder is not None:
                raise UsageError("--no-backup and --backup-folder contradict each other; give only one")
            return None
        return self.backup_folder or Path(os.path.realpath(self.content)).parent


@app.command(epilog=EPILOG)
@takes(EditOptions, without=NOT_OF_EDITS)
def edit(options: EditOptions) -> None:
    """Style a recording and put the result into its place, whole or not at all.

    Length, rate, channels, depth, metadata and rights stay; a link is followed. For DAWs and wave editors
    that call an external editor with a file.
    """
    from nast_fx.jobs.sound_kinds import render_facts
    from nast_fx.render import SegmentFiles
    from nast_fx.render.edit import edit_file, preview_edit

    job, folder = options.job(), options.folder()
    request = job.request
    assert isinstance(request, RenderRequest)  # by `job`
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    if options.verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    for text in job.notes:
        reporter.note(text)
    if options.dry_run:
        show_preview(preview_edit(request, backup_folder=folder), job, reporter, {})
        return
    store = None if options.fresh else SegmentFiles()
    edited = reporter.follow(edit_file(request, store, backup_folder=folder))
    for text in edited.rendered.notes:
        reporter.note(text)
    facts = render_facts(edited.rendered, request, {}) | preset_facts(request, job.preset)
    kept = f"\nThe file that was there is {edited.backup}." if edited.backup else ""
    reporter.result(
        {**facts, "backup": edited.backup},
        line=str(edited.rendered.output),
        summary=f"{summary_of(edited.rendered)}{kept}",
    )
