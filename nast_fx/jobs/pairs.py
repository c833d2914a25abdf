"""Which content belongs to which result: as the user says, as a render or a batch has noted, or by name."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nast_fx.audio import probe
from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.export.daw_arrange import Made
from nast_fx.jobs.manifest import MANIFEST_NAME
from nast_fx.jobs.stamp import path_key
from nast_fx.models.output import container_of
from nast_fx.models.record import RenderRecord

__all__ = ["find_made"]

RECORDS = (".json", ".jsonl", ".ndjson")
SCORES = (".mid", ".midi")
LARGEST_RECORD = 2**28  # bytes
# As `nast_fx.audio.output_names` names results: of variations with a number, and freed with another.
RESULT_NAME = re.compile(r"(?P<stem>.+)\.(?P<kind>styled|texture)(\.\d+)?(-\d+)?", re.DOTALL)


def find_made(
    results: Sequence[Path], contents: Sequence[Path] = (), score: Path | None = None
) -> list[Made]:
    """Find what each result was made of.

    Parameters
    ----------
    results : sequence of Path
        Results; or files of JSON that tell of some: what ``--json`` printed, or the manifest of a batch.
    contents : sequence of Path
        Contents in the order of the results; one alone is that of all.
    score : Path or None
        Score beside the first content.

    Raises
    ------
    UsageError
        There are more or fewer contents than results, or a content is not known.
    AudioFileError
        A file is missing or tells of no result.
    """
    made: list[Made] = []
    for path in results:
        made += _read_record(path) if path.suffix.lower() in RECORDS else [_noted(path)]
    if contents and len(contents) not in (1, len(made)):
        raise UsageError(
            f"--content is given {len(contents)} times for {len(made)} results; "
            "give one for each, or one for all"
        )
    if contents:
        named = contents if len(contents) == len(made) else [contents[0]] * len(made)
        made = [_with_content(one, content) for one, content in zip(made, named, strict=True)]
    made = [one if _is_known(one) else _by_name(one) for one in made]
    if score is not None:
        made[0] = replace(made[0], score=score)
    return made


def _read_record(path: Path) -> list[Made]:
    """Read what a render printed, line by line, or a manifest."""
    try:
        if path.stat().st_size > LARGEST_RECORD:
            raise AudioFileError(f"{shown(path)}: is too large for a record of renders")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except UnicodeDecodeError as error:
        raise AudioFileError(f"{shown(path)}: is no JSON text") from error
    made = [_from_record(_record(facts, path), path.parent) for facts in _results_in(text)]
    if not made:
        raise AudioFileError(
            f"{shown(path)}: tells of no result; give a result, what --json printed, or a {MANIFEST_NAME}"
        )
    return made


def _results_in(text: str) -> Iterator[dict[str, Any]]:
    """Facts of each result in a manifest, or in lines of JSON; what is neither is passed over."""
    whole = _parsed(text)
    parts = list(map(_parsed, text.splitlines())) if whole is None else [whole]
    if isinstance(whole, dict) and isinstance(whole.get("files"), list):
        done = [one for one in whole["files"] if isinstance(one, dict) and one.get("state") == "done"]
        own = [(one.get("result"), {name: one.get(name) for name in ("content", "output")}) for one in done]
        parts = [(result if isinstance(result, dict) else {}) | names for result, names in own]
    for facts in parts:
        if isinstance(facts, dict) and isinstance(facts.get("output"), str) and not facts.get("dry_run"):
            yield facts


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _record(facts: dict[str, Any], path: Path) -> RenderRecord:
    try:
        return RenderRecord.model_validate(facts)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise AudioFileError(
            f"{shown(path)}: what it tells of {facts['output']} is damaged ({place})"
        ) from None


def _from_record(record: RenderRecord, folder: Path) -> Made:
    """Make of what a render told; relative names start where it was run, or else beside the record."""

    def found(path: Path | None) -> Path | None:
        return folder / path if path and not path.exists() and (folder / path).exists() else path

    record = record.model_copy(update={"export_midi": found(record.export_midi)})
    score = found(record.midi)
    made = Made(
        found(record.output) or record.output,
        found(record.content),
        score if score is not None and score.is_file() else None,
        record.start_seconds,
        record,
    )
    return _without_score(made)


def _with_content(made: Made, content: Path) -> Made:
    return _without_score(replace(made, content=content))


def _without_score(made: Made) -> Made:
    """A content that is a score has no sound of its own, but all that scores tell."""
    if made.content is None or made.content.suffix.lower() not in SCORES:
        return made
    score = made.score or (made.content if made.content.is_file() else None)
    return replace(made, content=None, score=score)


def _noted(result: Path) -> Made:
    """Look for a result in the manifest of a batch beside or above it.

    Raises
    ------
    AudioFileError
        It is no recording.
    """
    probe(result)
    key = path_key(result)
    for folder in result.absolute().parents:
        manifest = folder / MANIFEST_NAME
        try:
            text = manifest.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for facts in _results_in(text):
            if path_key(Path(facts["output"])) == key:
                return replace(_from_record(_record(facts, manifest), folder), result=result)
    return Made(result)


def _is_known(made: Made) -> bool:
    """Whether it is known what it was made of, be it nothing: a record names a content, or none."""
    return made.content is not None or made.record is not None


def _by_name(made: Made) -> Made:
    """Find the content of ``STEM.styled.EXT`` and ``STEM.styled.2.EXT`` beside it."""
    result = made.result
    named = RESULT_NAME.fullmatch(result.stem)
    if named and named["kind"] == "texture":
        return replace(made, record=RenderRecord(output=result))
    stem = named["stem"] if named else ""
    beside = sorted(result.parent.glob(f"{glob.escape(stem)}.*")) if stem else []
    found = [path for path in beside if path.stem == stem and container_of(path.suffix)]
    same = [path for path in found if path.suffix.lower() == result.suffix.lower()]
    if len(same or found) != 1:
        raise UsageError(f"{shown(result)}: it is not known what it was made of; name that with --content")
    return replace(made, content=(same or found)[0])
