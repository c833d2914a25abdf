"""What a batch has made, for programs: a JSON file in the output folder, whole at any moment.

It is there from the beginning, with every file that is to be made, and is written anew while files end and
when the batch does, however it does. What earlier batches have made there stays in it as long as it is there;
what fails in another batch that runs meanwhile is taken over.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nast_fx import __version__
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.stamp import Stamp, path_key, stamp_of
from nast_fx.jobs.task import Outcome, Task
from nast_fx.plain import plain

__all__ = ["MANIFEST_NAME", "Manifest"]

MANIFEST_NAME = "nast-fx-manifest.json"
SCHEMA = 1
WRITE_SECONDS = 2.0  # between two writes
WRITE_SHARE = 50  # a write takes at most the fiftieth part of the time


class Manifest:
    """The manifest of a batch.

    Parameters
    ----------
    path : path
        Where it is written.
    root : path
        Output folder of the batch.
    tasks : iterable of Task
        What is to be made.
    outcomes : iterable of Outcome
        What ended before the work: done already, or not possible.
    passed_over : mapping of Path to str
        Files that are no contents, and why.
    journal : Journal
        Knows what was made there before.
    """

    def __init__(
        self,
        path: Path,
        root: Path,
        tasks: Iterable[Task],
        outcomes: Iterable[Outcome],
        passed_over: Mapping[Path, str],
        journal: Journal,
    ) -> None:
        self.path = path
        self._root = root
        self._passed_over = passed_over
        self._journal = journal
        self._entries: dict[str, dict[str, Any]] = {}
        self._others: dict[str, dict[str, Any]] = {}  # what failed in batches that run meanwhile
        self._stamp: Stamp | None = None  # of what was written last
        self._next = 0.0
        for task in tasks:
            self._entries[path_key(task.output)] = {
                "content": task.content,
                "output": task.output,
                "state": "queued",
                "fingerprint": task.fingerprint,
            }
        for outcome in outcomes:
            self._note(outcome)

    def add(self, outcome: Outcome) -> None:
        """Take up how a file ended; written at most every other second."""
        self._note(outcome)
        if time.monotonic() >= self._next:
            # Without room for it the results go on; at the end it is written, or that is said.
            with contextlib.suppress(AudioFileError):
                self.write("running")

    def write(self, state: str) -> None:
        """Write it: ``running``, ``finished`` or ``broken off``.

        Raises
        ------
        AudioFileError
            It cannot be written.
        """
        began = time.monotonic()
        entries = dict(self._entries)
        for result in self._journal.results(self._root):
            entry = {"content": result.get("content"), "output": result["output"], "state": "done"}
            entries.setdefault(path_key(Path(result["output"])), {**entry, "result": result})
        self._look_at_others()
        for key, entry in self._others.items():
            entries.setdefault(key, entry)
        counts: dict[str, int] = {}
        for entry in entries.values():
            counts[entry["state"]] = counts.get(entry["state"], 0) + 1
        facts = {
            "schema": SCHEMA,
            "made_by": f"nast-fx {__version__}",
            "state": state,
            "folder": self._root,
            "counts": counts,
        }
        passed = [{"file": path, "reason": text} for path, text in self._passed_over.items()]
        text = (
            f'{_text(facts)[:-1]},\n"files": {_lines(entries.values())},\n"passed_over": {_lines(passed)}}}\n'
        )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise file_error(self.path.parent, "cannot be made", error) from error
        with AtomicFile(self.path, overwrite=True) as partial:
            partial.file.write(text.encode())
        self._stamp = stamp_of(self.path)
        took = time.monotonic() - began
        self._next = time.monotonic() + max(WRITE_SECONDS, WRITE_SHARE * took)

    def _look_at_others(self) -> None:
        """Take over what another batch, which runs or has ended meanwhile, has written of its failures."""
        stamp = stamp_of(self.path)
        if stamp is None or stamp == self._stamp:
            return
        try:
            found = json.loads(self.path.read_bytes())
            # What is finished before this begins is an earlier batch's.
            if self._stamp is not None or found["state"] == "running":
                failed = [entry for entry in found["files"] if entry["state"] == "failed"]
                self._others |= {path_key(Path(entry["output"])): entry for entry in failed}
        except (OSError, ValueError, KeyError, TypeError):
            return  # nobody's, or damaged: it is written anew

    def _note(self, outcome: Outcome) -> None:
        key = path_key(outcome.output)
        known = self._entries.get(key, {"content": outcome.content, "output": outcome.output})
        more = {"state": outcome.state, "note": outcome.note, "result": outcome.result or None}
        self._entries[key] = known | more


def _lines(items: Iterable[Mapping[str, Any]]) -> str:
    """Give a list with an item a line: people read it too."""
    return "[" + ",\n".join(_text(item) for item in items) + "]"


def _text(item: Mapping[str, Any]) -> str:
    return json.dumps(plain(item), allow_nan=False)
