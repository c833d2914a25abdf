"""Chain files: read and written as TOML, to write by hand, or as JSON, for programs.

A chain in ten lines::

    schema = 1

    [[slots]]
    plugin = "style"

    [[slots]]
    plugin = "Reverb"
    mix = 0.5
    [slots.parameters]
    room_size = 0.8

What is left out keeps its default, and is left out when written. Reading what was written gives the same
chain, to the last bit of each number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from nast_fx.audio.names import shown
from nast_fx.audio.table_file import checked_suffix, read_table, write_text
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec

__all__ = ["chain_text", "read_chain", "slot_blocks", "write_chain"]

WHAT = "chain file"
SUFFIXES = (".toml", ".json")


def read_chain(path: str | Path) -> ChainSpec:
    """Read a chain file.

    Parameters
    ----------
    path : path
        Ends in ``.toml`` or ``.json``.

    Returns
    -------
    ChainSpec
        Paths in it are as they are written: relative ones start from the folder of the file.

    Raises
    ------
    AudioFileError
        It cannot be read.
    UsageError
        It is neither TOML nor JSON (the line is named), of another schema, or a slot is wrong (its number
        and name are named).
    """
    path = Path(path)
    values = read_table(path, what=WHAT, suffixes=SUFFIXES)
    try:
        return validated(ChainSpec, values)
    except UsageError as error:
        raise UsageError(f"{shown(path)}: {error}") from None
    except RecursionError:
        raise UsageError(f"{shown(path)}: it is nested too deeply") from None


def write_chain(path: str | Path, spec: ChainSpec, *, overwrite: bool = False) -> None:
    """Write `spec` as TOML or JSON, as the suffix of `path` says; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        The place cannot be written, or a file is there and `overwrite` is False.
    UsageError
        The suffix is neither ``.toml`` nor ``.json``.
    """
    path = Path(path)
    if checked_suffix(path, what=WHAT, suffixes=SUFFIXES) == ".toml":
        text = chain_text(spec)
    else:
        text = json.dumps(_values(spec), ensure_ascii=False, indent=2) + "\n"
    write_text(path, text, overwrite=overwrite)


def chain_text(spec: ChainSpec) -> str:
    """Give `spec` as the text of a TOML file, without what is at its default."""
    values = _values(spec)
    slots = values.pop("slots", ())
    blocks = [tomli_w.dumps(values), *slot_blocks(("slots",), slots)]
    return "\n".join(blocks)


def _values(spec: ChainSpec) -> dict[str, Any]:
    """Plain values that are not at their default, and the schema."""
    values = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"schema": spec.schema_version, **values}


def slot_blocks(place: tuple[str, ...], slots: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Give each slot or branch as TOML at `place`: its header, then its tables.

    tomli-w would squeeze short slots into one line each; a chain file is read by people.
    """
    for slot in slots:
        plain = {key: value for key, value in slot.items() if not isinstance(value, (dict, list))}
        yield f"[[{'.'.join(place)}]]\n{tomli_w.dumps(plain)}"
        for key in ("parameters", "state"):
            if key in slot:
                yield tomli_w.dumps(_nested((*place, key), slot[key]))
        for name, curve in slot.get("automation", {}).items():
            # Pairs stay in one line each; JSON's arrays of numbers are TOML's too.
            plain = {key: value for key, value in curve.items() if key != "points"}
            points = f"points = {json.dumps(curve['points'])}\n" if "points" in curve else ""
            yield tomli_w.dumps(_nested((*place, "automation", name), plain)) + points
        for key in ("branches", "slots"):
            yield from slot_blocks((*place, key), slot.get(key, ()))


def _nested(place: tuple[str, ...], table: Mapping[str, Any]) -> dict[str, Any]:
    """Put `table` at `place`, so that its header is written with every name quoted as needed."""
    for name in reversed(place):
        table = {name: table}
    return dict(table)
