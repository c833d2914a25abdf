"""How a queue of renders is worked off, and what a batch is asked with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from nast_fx.models.base import Settings, setting
from nast_fx.models.pattern import DEFAULT_PATTERN
from nast_fx.models.request import Overwrite

__all__ = ["BatchRequest", "PlanRequest", "QueueLimits"]


class QueueLimits(Settings):
    """How a queue is worked off."""

    n_jobs: int | None = setting(
        None,
        "How many files are rendered side by side; empty is one for two processors, at most 4.",
        ge=1,
        le=256,
    )
    threads: int | None = setting(
        None, "Threads of each; empty shares the processors out. Part of a result's identity.", ge=1, le=1024
    )
    when_full: Literal["wait", "stop"] = setting(
        "wait", "On a full disk: wait until there is room, or stop the batch."
    )


class BatchRequest(QueueLimits):
    """Render many files, each in a worker of its own; parts say how each of them goes."""

    inputs: tuple[Path, ...] = setting((), "Recordings, and folders of them.")
    output: Path | None = setting(None, "Folder to write to.")
    resume: bool = setting(
        False,
        "Without inputs: go on with the last batch that was broken off (of output, if it is given).",
    )
    pattern: str | None = setting(
        None, f"Names of the results below output; empty is {DEFAULT_PATTERN} and the keys of the sweep."
    )
    recursive: bool = setting(False, "Folders in folders too.")
    include: tuple[str, ...] = setting((), "Of folders only files with such names, as *.wav.")
    exclude: tuple[str, ...] = setting((), "Of folders no files with such names.")
    stems: bool = setting(False, "The files are stems of one mix, which is styled too.")
    mix: Path | None = setting(None, "The mix of the stems; empty is their sum.")
    request: dict[str, Any] = setting(
        {}, "Fields of a render's request, but for content, output and overwrite."
    )
    preset: str = setting("", "What names of results call the settings; empty is styled.")
    sweep: tuple[str, ...] = setting((), "Settings that take several values, each as key=a,b,c.")
    side_patterns: dict[Literal["history", "report", "export-midi"], str] = setting(
        {}, "Files to write beside each result, and how they are named, as {folder}/{stem}.html."
    )
    overwrite: Overwrite = setting("fail", "What to do with a name that is taken.")


class PlanRequest(BatchRequest):
    """Say what a batch would do to which file, and how results would be named."""

    first: int | None = setting(
        None, "Look only at so many files, to name them quickly while a pattern is typed.", ge=1
    )
