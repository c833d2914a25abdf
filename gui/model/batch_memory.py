"""What is remembered of a batch from one start to the next: how it is named and run, not its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from nast_fx.models import Overwrite

from .batch_setup import BatchSetup
from .remembered import Remembered

__all__ = ["keep_setup", "remembered_setup"]


def keep_setup(remembered: Remembered, setup: BatchSetup) -> None:
    """Write down how a setup is named and run."""
    remembered.set_text("batch/pattern", setup.pattern)
    remembered.set_text("batch/folder", "" if setup.folder is None else str(setup.folder))
    remembered.set_text("batch/overwrite", setup.overwrite)
    remembered.set_text("batch/n_jobs", str(setup.n_jobs))
    remembered.set_flag("batch/recursive", setup.is_recursive)


def remembered_setup(remembered: Remembered) -> dict[str, Any]:
    """Give the fields of a setup as they were kept; what makes no sense any more is left out."""
    usual = BatchSetup()
    folder = remembered.text("batch/folder", "")
    overwrite = remembered.text("batch/overwrite", usual.overwrite)
    n_jobs = remembered.text("batch/n_jobs", "0")
    return {
        "pattern": remembered.text("batch/pattern", usual.pattern) or usual.pattern,
        "folder": Path(folder) if folder else None,
        "overwrite": overwrite if overwrite in get_args(Overwrite) else usual.overwrite,
        "n_jobs": int(n_jobs) if n_jobs.isdecimal() else 0,
        "is_recursive": remembered.flag("batch/recursive", usual.is_recursive),
    }
