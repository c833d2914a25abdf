"""How progress looks: a bar on a terminal, a line every few seconds in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nast_fx.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["describe_progress", "progress_display"]

LOG_SECONDS = 5.0  # between two lines in a log

STAGES = {
    "batch": "",
    "watch": "watching",
    "full": "",
    "read": "reading",
    "analyze": "listening",
    "loudness": "measuring loudness",
    "tuning": "finding the tuning",
    "key": "finding the key",
    "tempo": "finding the beat",
    "level": "leveling",
    "chain": "running the chain",
    "scan": "opening plugins",
    "plugins": "opening plugins",
    "edit": "editing",
    "transfer": "styling",
    "griffin-lim": "finding phases",
    "write": "writing",
    "evaluate": "measuring",
}

QUEUES = ("batch", "watch", "full")  # whose notes say more than their steps

Show = Callable[[Progress], None]


@contextmanager
def progress_display(title: str) -> Iterator[Show]:
    """Open a display on stderr; it is gone, and the cursor is back, when the block is left."""
    if not sys.stderr.isatty():
        yield _log(title)
        return
    with _rich_bar() as bar:
        task = bar.add_task(title, total=1.0, detail="")
        yield lambda progress: bar.update(
            task,
            completed=1.0 if progress.stage == "write" else progress.share,
            description=" ".join(filter(None, [title, _stage(progress)])),
            detail=describe_progress(progress),
        )


def describe_progress(progress: Progress) -> str:
    """Say segment, step, loss and time left, as far as they are known."""
    parts = []
    if progress.n_segments > 1:
        parts.append(f"segment {min(progress.segment + 1, progress.n_segments)}/{progress.n_segments}")
    if progress.n_steps:
        parts.append(f"step {progress.step}/{progress.n_steps}")
    if "loss" in progress.losses:
        parts.append(f"loss {progress.losses['loss']:.3g}")
    if progress.seconds_left is not None:
        parts.append(f"{_clock(progress.seconds_left)} left")
    if progress.stage in QUEUES and progress.note:
        parts.insert(0, progress.note)
    return ", ".join(parts) or progress.note


def _stage(progress: Progress) -> str:
    return STAGES.get(progress.stage, progress.stage)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _rich_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress

    # Names of files may look like markup; they are shown as they are.
    return RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True),
        transient=True,
        # Where stdout is not the terminal, its lines are a script's.
        redirect_stdout=sys.stdout.isatty(),
    )


def _log(title: str) -> Show:
    """Write a plain line every few seconds; what is over sooner needs none."""
    last, said = time.monotonic(), ""
    prefix = f"{title}: " if title else ""

    def show(progress: Progress) -> None:
        nonlocal last, said
        if (now := time.monotonic()) - last < LOG_SECONDS:
            return
        text = ", ".join(filter(None, [_stage(progress), describe_progress(progress)]))
        if text == said:
            return
        last, said = now, text
        sys.stderr.write(f"{prefix}{text}\n")
        sys.stderr.flush()

    return show
