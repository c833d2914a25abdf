"""How a queue of renders is worked off, and what a batch is asked with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from nast_fx.models.base import Settings, setting
from nast_fx.models.pattern import DEFAULT_PATTERN
from nast_fx.models.request import Overwrite

__all__ = ["BatchRequest", "PlanRequest", "QueueLimits", "parse_resources"]


_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9a-fA-F:.%]+\]|[^\s/:\[\]]+):\d{1,5}/?")



def _checked_address(text: str | None) -> str | None:
    if text is not None and not _ADDRESS.fullmatch(text):
        raise ValueError("like tcp://HOST:8786")
    return text


def _checked_resources(text: str) -> str:
    if parse_resources(text) is None:
        raise ValueError("like GPU=1, several joined by commas")
    return text


def parse_resources(text: str) -> dict[str, float] | None:
    """Read ``GPU=1,MEMORY=2e9``; None if it is something else."""
    resources = {}
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"\s*(\w[\w.-]*)\s*=\s*(\d[\d.]*(?:e\d\d?)?)\s*", part)
        try:
            resources[match[1]] = float(match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            return None
    return None if 0.0 in resources.values() else resources


class QueueLimits(Settings):
    """How a queue is worked off."""

    n_jobs: int | None = setting(
        None,
        "How many files are rendered side by side; empty is one for two processors, at most 4, or as many as "
        "a cluster can do.",
        ge=1,
        le=256,
    )
    threads: int | None = setting(
        None, "Threads of each; empty shares the processors out. Part of a result's identity.", ge=1, le=1024
    )
    when_full: Literal["wait", "stop"] = setting(
        "wait", "On a full disk: wait until there is room, or stop the batch."
    )
    cluster: Annotated[str | None, AfterValidator(_checked_address)] = setting(
        None, "Scheduler of a dask cluster whose workers do the jobs, as tcp://HOST:8786."
    )
    cluster_resources: Annotated[str, AfterValidator(_checked_resources)] = setting(
        "", "What a worker of the cluster must offer for a job, as GPU=1; several are joined by commas."
    )
    storage: str | None = setting(
        None,
        "Folder that the cluster reaches too, as file:///mnt/share or s3://bucket/folder: inputs and results "
        "go through it instead of through the scheduler.",
    )

    @model_validator(mode="after")
    def _storage_is_a_clusters(self) -> QueueLimits:
        if self.cluster is None and (self.storage or self.cluster_resources):
            raise ValueError("--storage and --cluster-resources belong to --cluster")
        return self


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
