"""A job's files on a machine that is not the user's: where they lie, and how the user calls them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nast_fx.models.portable_style import STYLE_SUFFIX

__all__ = ["Layout"]


class Layout:
    """A folder with a job's files, each under its own name: results carry names.

    Parameters
    ----------
    folder : path
        Empty; whoever made it removes it.
    job : mapping
        `nast_fx.jobs.parcel.Parcel.message`.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any]) -> None:
        self._folder = folder
        self._job = job
        self._places: dict[str, str] = {}
        self._names: dict[str, str] = {}  # of ours to the user's
        for number, file in enumerate(job["files"]):
            place = self._place("in", str(number), file["name"])
            self._places[file["token"]] = str(place)
            self._names[str(place)] = file["shown_as"]
        self._sides = {kind: self._place(kind, name) for kind, (name, _) in job["sides"].items()}
        for kind, (_, near) in job["sides"].items():
            self._names[str(self._sides[kind])] = near
        self._output: Path | None = None
        if job["output"]:
            name, near = job["output"]
            self._output = self._place("out", name)
            self._names[str(self._output)] = near
        for file in job["files"]:
            if file["name"] == file["shown_as"] + STYLE_SUFFIX:  # a style that was called by its name
                self._names[file["name"]] = file["shown_as"]

    def place_of(self, file: Mapping[str, Any]) -> Path:
        """Where an input is to lie; its folder is there."""
        return Path(self._places[file["token"]])

    @property
    def values(self) -> dict[str, Any]:
        """The job with places instead of tokens."""
        request = self._replaced(self._job["request"])
        if self._output is not None:
            request["output"] = str(self._output)
        return {
            "kind": self._job["kind"],
            "request": request,
            "side_files": {kind: str(path) for kind, path in self._sides.items()},
            "fresh": self._job["fresh"],
        }

    def made(self, facts: Mapping[str, Any]) -> list[tuple[str, Path]]:
        """Give the files that were made, by their kinds; the result first."""
        found = [] if self._output is None else [("output", Path(facts["output"]))]
        for kind, path in self._sides.items():
            if path.suffix.lower() in (".html", ".htm"):
                text = path.read_text(encoding="utf-8")
                path.write_text(self._renamed(text, html.escape), encoding="utf-8")
            # A file may have been split into several; all are where the one was to be.
            found += [(kind, one) for one in sorted(path.parent.iterdir())]
        return found

    def near(self, value: Any) -> Any:
        """Give facts, or a sentence, with the user's own paths."""
        if isinstance(value, str):
            return self._renamed(value, str)
        if isinstance(value, Mapping):
            return {key: self.near(item) for key, item in value.items()}
        return [self.near(item) for item in value] if isinstance(value, list) else value

    def _place(self, *parts: str) -> Path:
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._places.get(value, value)
        if isinstance(value, Mapping):
            return {key: self._replaced(item) for key, item in value.items()}
        return [self._replaced(item) for item in value] if isinstance(value, list) else value

    def _renamed(self, text: str, written: Any) -> str:
        for ours in sorted(self._names, key=len, reverse=True):
            text = text.replace(written(ours), written(self._names[ours]))
        return text
