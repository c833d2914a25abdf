"""Running a reproduction into a folder: page, table, pictures, facts, and the page over all of them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import save_audio
from nast_fx.audio.atomic import check_place
from nast_fx.errors import AudioFileError
from nast_fx.evaluate.files import write_whole
from nast_fx.evaluate.plots import png
from nast_fx.progress import Progress, Steps
from nast_fx.reproductions import REPRODUCTIONS
from nast_fx.reproductions.base import Finding, Reproduction, Result, Setup
from nast_fx.reproductions.page import csv_text, facts_of, overview, page

__all__ = ["IMAGES", "OVERVIEW", "Reproduced", "prepare_folder", "reproduce"]

OVERVIEW = "reproductions.md"
IMAGES = "images"
DPI = 80


@dataclass(frozen=True)
class Reproduced:
    """The files of one reproduction by what they are, and what was found."""

    name: str
    files: Mapping[str, Path]
    findings: tuple[Finding, ...]
    seconds: float


def prepare_folder(folder: Path, names: list[str]) -> None:
    """Make the folder, and check that the files of these reproductions can be written there.

    Raises
    ------
    AudioFileError
        It cannot be written, or holds a page of such a name that is not of this program.
    """
    try:
        (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(f"{folder}: cannot be written: {error.strerror}") from error
    for name in names:
        if (folder / f"{name}.md").exists() and _read_facts(folder / f"{name}.json") is None:
            raise AudioFileError(
                f"{folder / name}.md is there and is not of this program; choose another folder"
            )
        check_place(folder / f"{name}.md")
    check_place(folder / OVERVIEW)


def reproduce(
    reproduction: Reproduction, setup: Setup, folder: Path, *, keep_sounds: bool = False
) -> Steps[Reproduced]:
    """Run one reproduction and write what it found; a second run replaces the first one's files.

    Parameters
    ----------
    folder : Path
        Of `prepare_folder`.
    keep_sounds : bool
        Write what was made as WAV files too.
    """
    began = time.perf_counter()
    result = yield from reproduction.run(setup)
    seconds = time.perf_counter() - began
    yield Progress("write", share=1.0)
    name = reproduction.name
    facts = facts_of(reproduction, setup, result, seconds)
    pictures = _pictures(name, result, folder)
    files = {"page": folder / f"{name}.md", "table": folder / f"{name}.csv", "facts": folder / f"{name}.json"}
    links = {title: path.relative_to(folder).as_posix() for title, path in pictures.items()}
    if reproduction.is_pictured:
        facts["picture"] = next(iter(links.items()), None)
    _write(files["page"], page(facts, result.table, links))
    _write(files["table"], csv_text(result.table))
    _write(files["facts"], json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    _write(folder / OVERVIEW, overview(_all_facts(folder)))
    sounds = _sounds(name, result, folder) if keep_sounds else {}
    return Reproduced(name, {**files, **pictures, **sounds}, result.findings, seconds)


def _pictures(name: str, result: Result, folder: Path) -> dict[str, Path]:
    places = {}
    for number, (title, figure) in enumerate(result.figures.items(), start=1):
        places[title] = folder / IMAGES / f"{name}-{number}.png"
        write_whole(places[title], png(figure, dpi=DPI))
    return places


def _sounds(name: str, result: Result, folder: Path) -> dict[str, Path]:
    places = {}
    for title, audio in result.sounds.items():
        safe = "".join(mark if mark.isalnum() or mark in "+-." else "-" for mark in title)
        places[title] = folder / f"{name}.{safe}.wav"
        save_audio(places[title], audio, overwrite=True)
    return places


def _all_facts(folder: Path) -> list[Mapping[str, Any]]:
    """Facts of every reproduction that was run into the folder, in the order of the papers."""
    found = (_read_facts(folder / f"{name}.json") for name in REPRODUCTIONS)
    return [facts for facts in found if facts is not None]


def _read_facts(path: Path) -> Mapping[str, Any] | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.get("name") == path.stem else None


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode("utf-8"))
