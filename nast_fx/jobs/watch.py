"""A hot folder: what is put into it is worked on as soon as it is complete, and moved away then.

A file is complete when its size and time have stood still for a while, and no program has it open for
writing, where the system tells (Linux tells of the user's own programs).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nast_fx.audio.atomic import copy_exact, rename_to_free
from nast_fx.audio.names import file_error
from nast_fx.jobs.find import Content, Selection, find_contents
from nast_fx.jobs.stamp import Stamp, stamp_of
from nast_fx.jobs.task import ELSEWHERE, Outcome
from nast_fx.progress import Progress, Steps

__all__ = ["HotFolder", "watch_folder"]

DONE, FAILED = "done", "failed"
LOOK_SECONDS = 0.5
RETRY_SECONDS = 60.0  # for a file that could not be moved away
_WRITABLE = os.O_WRONLY | os.O_RDWR

Work = Callable[[Sequence[Content]], Steps[list[Outcome]]]


@dataclass
class HotFolder:
    """A folder that is watched.

    Attributes
    ----------
    root : Path
    settle_seconds : float
        How long a file must stand still.
    selection : Selection
    output : Path or None
        A folder of results inside of it is left out.
    plays_scores : bool
        Whether MIDI files are contents.
    """

    root: Path
    settle_seconds: float = 3.0
    selection: Selection = field(default_factory=Selection)
    output: Path | None = None
    plays_scores: bool = False
    _seen: dict[Path, tuple[Stamp, float]] = field(default_factory=dict)
    _not_before: dict[Path, float] = field(default_factory=dict)

    def look(self) -> list[Content]:
        """Give what is complete now."""
        now = time.monotonic()
        found = find_contents([self.root], self.selection, output=self.output, plays_scores=self.plays_scores)
        contents = [content for content in found.contents if not self._is_moved(content)]
        seen: dict[Path, tuple[Stamp, float]] = {}
        complete = []
        for content in contents:
            stamp = stamp_of(content.path)
            if stamp is None:
                continue
            before, since = self._seen.get(content.path, (stamp, now))
            seen[content.path] = (stamp, since if stamp == before else now)
            stands = now - seen[content.path][1] >= self.settle_seconds and stamp.size > 0
            if stands and now >= self._not_before.get(content.path, 0) and not _is_written(content.path):
                complete.append(content)
        self._seen = seen
        return complete

    @property
    def is_waiting(self) -> bool:
        """Whether there are files that may still become complete."""
        return bool(self._seen)

    def put_away(self, content: Content, outcomes: Sequence[Outcome]) -> Path | None:
        """Move a source to ``done`` or ``failed``; None if it is left for later.

        It is where it was changed meanwhile, and where another batch is working on it.

        Raises
        ------
        AudioFileError
            It cannot be moved.
        """
        stamp, _ = self._seen.pop(content.path)
        if stamp_of(content.path) != stamp:
            return None
        if not outcomes or any(outcome.note == ELSEWHERE for outcome in outcomes):
            self._not_before[content.path] = time.monotonic() + RETRY_SECONDS
            return None
        bad = [outcome for outcome in outcomes if outcome.state not in ("done", "skipped")]
        folder = self.root / (FAILED if bad else DONE) / content.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            moved = _moved(content.path, folder)
            if bad:
                reasons = "".join(f"{outcome.note}\n" for outcome in bad)
                moved.with_name(f"{moved.name}.txt").write_text(reasons, "utf-8", "backslashreplace")
        except OSError as error:
            self._not_before[content.path] = time.monotonic() + RETRY_SECONDS
            raise file_error(content.path, f"cannot be moved to {folder}", error) from error
        return moved

    def _is_moved(self, content: Content) -> bool:
        return content.folder.partition("/")[0] in (DONE, FAILED)


def watch_folder(
    hot: HotFolder, work: Work, *, once: bool = False, on_moved: Callable[[Path], None] | None = None
) -> Steps[list[Outcome]]:
    """Work on what comes, until it is closed; with `once` until what is there is done.

    Parameters
    ----------
    hot : HotFolder
    work : callable
        From contents to their outcomes, as a generator.
    on_moved : callable, optional
        Called with the place of each source that was moved away.

    Returns
    -------
    list of Outcome
        Only with `once`.

    Raises
    ------
    AudioFileError
        A source cannot be moved away; it is not begun again at once.
    """
    outcomes: list[Outcome] = []
    ends = time.monotonic() + hot.settle_seconds + 2 * LOOK_SECONDS
    while True:
        if contents := hot.look():
            made = yield from work(contents)
            for content in contents:
                mine = [one for one in made if one.content.absolute() == content.path.absolute()]
                moved = hot.put_away(content, mine)
                if moved is not None and on_moved is not None:
                    on_moved(moved)
            if once:
                outcomes += made
            continue
        if once and (not hot.is_waiting or time.monotonic() > ends):
            return outcomes
        yield Progress("watch", note=str(hot.root))
        time.sleep(LOOK_SECONDS)


def _moved(path: Path, folder: Path) -> Path:
    """Move a file into a folder, under the first name that is free there."""
    number = 1
    while True:
        name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        target = folder / name
        try:
            rename_to_free(path, target)
            return target
        except FileExistsError:
            number += 1
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copy_exact(path, target)
            path.unlink()
            return target


def _is_written(path: Path) -> bool:
    """Whether a program has a file open for writing, as far as the system tells."""
    if sys.platform == "win32":
        try:
            os.rename(path, path)  # refused while somebody has it open
        except OSError:
            return True
        return False
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError):
        wanted = path.stat()
        for process in Path("/proc").glob("[0-9]*"):
            if process.name != str(os.getpid()) and _writes(process, wanted):
                return True
    return False


def _writes(process: Path, wanted: os.stat_result) -> bool:
    try:
        for handle in (process / "fd").iterdir():
            found = handle.stat()
            if (found.st_dev, found.st_ino) != (wanted.st_dev, wanted.st_ino):
                continue
            facts = (process / "fdinfo" / handle.name).read_text()
            flags = next(line for line in facts.splitlines() if line.startswith("flags:"))
            if int(flags.split()[1], 8) & _WRITABLE:
                return True
    except (OSError, StopIteration, ValueError):
        pass  # another user's, or gone
    return False
