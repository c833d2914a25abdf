"""One slot of a chain file written anew; the rest of a TOML file stays as it was written, comments too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from nast_fx.audio import shown
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.chain.spec_file import chain_text, read_chain, write_chain
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.models.chain_walk import slot_places, with_slot

__all__ = ["save_slot", "slot_text"]

_HEADER = re.compile(r"\s*\[\[\s*slots\s*\]\]")


def slot_text(slot: SlotSpec) -> str:
    """Give a slot as TOML, to paste into a chain file: from its ``[[slots]]`` on."""
    text = chain_text(ChainSpec(slots=(slot,)))
    return text[text.index("[[slots]]") :]


def save_slot(path: Path, place: str, before: SlotSpec, after: SlotSpec) -> None:
    """Put a slot in place of another one; the file is replaced whole or not at all.

    Parameters
    ----------
    path : path
        A chain file.
    place : str
        Of the slot; see `slot_places`.
    before : SlotSpec
        What was there when it was read.
    after : SlotSpec

    Raises
    ------
    AudioFileError
        The file cannot be read or written.
    UsageError
        Another program has changed the slot in the meantime.
    """
    spec = read_chain(path)
    if dict(slot_places(spec.slots)).get(place) != before:
        raise UsageError(f"{shown(path)}: slot {place} was changed in the meantime; it is left as it is")
    changed = with_slot(spec, place, after)
    text = _patched(path, int(place.split(".")[0]), changed) if path.suffix.lower() == ".toml" else ""
    if not text:
        write_chain(path, changed, overwrite=True)
        return
    with AtomicFile(path, overwrite=True) as atomic:
        try:
            atomic.file.write(text.encode("utf-8"))
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


def _patched(path: Path, number: int, changed: ChainSpec) -> str:
    """Give a file's text with one slot written anew; empty where its layout does not allow that."""
    lines = path.read_text("utf-8-sig").splitlines(keepends=True)
    starts = [index for index, line in enumerate(lines) if _HEADER.match(line)]
    if len(starts) != len(changed.slots):
        return ""
    start, end = starts[number - 1], [*starts, len(lines)][number]
    while end > start and lines[end - 1].strip()[:1] in ("", "#"):
        end -= 1  # what is said ahead of the next slot is not this one's
    text = "".join([*lines[:start], slot_text(changed.slots[number - 1]), *lines[end:]])
    try:
        same = (
            validated(ChainSpec, tomllib.loads(text)) == changed
        )  # a header may also stand in a text of several lines
    except (UsageError, tomllib.TOMLDecodeError):
        return ""
    return text if same else ""
