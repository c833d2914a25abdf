"""Preset files: TOML that people read and write by hand.

A preset in ten lines::

    schema = 1
    name = "Glass room"
    method = "infinite"

    [settings]
    content_weight = 0.05

    [plan]
    amount = 0.8

Reading what was written gives the same preset. A file of an older schema is read as if it were of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from nast_fx.audio.names import shown
from nast_fx.audio.table_file import checked_suffix, parsed_table, read_table, write_text
from nast_fx.chain.spec_file import slot_blocks
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.preset import Preset, migrate

__all__ = ["SUFFIX", "parse_preset", "preset_text", "read_preset", "write_preset"]

SUFFIX = ".toml"
WHAT = "preset"


def read_preset(path: str | Path) -> Preset:
    """Read a preset file; files that it names are as they are written.

    Raises
    ------
    AudioFileError
        It cannot be read.
    UsageError
        It is no TOML, of a newer schema, or a key or a value is wrong: the sentence says where.
    """
    path = Path(path)
    return _made(read_table(path, what=WHAT, suffixes=(SUFFIX,)), shown(path))


def parse_preset(data: bytes, where: str) -> Preset:
    """Read the text of a preset file; `where` begins every message (raises UsageError as `read_preset`)."""
    return _made(parsed_table(data, where, what=WHAT), where)


def write_preset(path: str | Path, preset: Preset, *, overwrite: bool = False) -> None:
    """Write a preset as TOML, whole or not at all.

    Raises
    ------
    AudioFileError
        The place cannot be written, or a file is there and `overwrite` is False.
    UsageError
        The name does not end in ``.toml``.
    """
    path = Path(path)
    checked_suffix(path, what=WHAT, suffixes=(SUFFIX,))
    write_text(path, preset_text(preset), overwrite=overwrite)


def preset_text(preset: Preset) -> str:
    """Give a preset as the text of its file, without what it does not set."""
    values = preset.values()
    chain, styles, tags = values.pop("chain", {}), values.pop("styles", ()), values.pop("tags", ())
    blocks = [_head({key: value for key, value in values.items() if not isinstance(value, dict)}, tags)]
    blocks += [tomli_w.dumps({key: table}) for key, table in values.items() if isinstance(table, dict)]
    blocks += [f"[[styles]]\n{tomli_w.dumps(style)}" for style in styles]
    blocks += slot_blocks(("chain", "slots"), chain.get("slots", ()))
    return "\n".join(blocks)


def _head(plain: Mapping[str, Any], tags: list[str]) -> str:
    """What is of no table; a list of words stays in one line, a text of several lines keeps them."""
    lines: list[str] = []
    for key, value in plain.items():
        lines.append(tomli_w.dumps({key: value}, multiline_strings=_reads_back(value)))
        if key == "name" and tags:
            # JSON's lists of words are TOML's too: a tag holds no control character.
            lines.append(f"tags = {json.dumps(tags, ensure_ascii=False)}\n")
    return "".join(lines)


def _reads_back(value: Any) -> bool:
    """Whether a text keeps its lines when it is written over several: a lone carriage return would not."""
    return isinstance(value, str) and "\n" in value and "\r" not in value


def _made(values: dict[str, Any], where: str) -> Preset:
    try:
        return validated(Preset, migrate(values))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
