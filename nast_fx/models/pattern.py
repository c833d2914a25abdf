"""``{folder}/{stem}.{preset}.{ext}``: how the results of a batch are named.

A name is made of values once; what a value holds (``{}``, ``%``) is never read again. Each part of a name
works on every system and stays in the output folder: characters and names that Windows keeps for itself are
replaced, and what is longer than a disk takes is shortened, with a mark that tells long names apart.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nast_fx.errors import UsageError, did_you_mean

__all__ = ["DEFAULT_PATTERN", "TOKENS", "NamePattern", "default_pattern", "parse_pattern", "preview"]

DEFAULT_PATTERN = "{folder}/{stem}.{preset}.{ext}"

TOKENS: Mapping[str, str] = {
    "folder": "the input's folder, from the folder that was given on",
    "stem": "the input's name without its suffix",
    "ext": "the result's suffix",
    "preset": "name of the preset, or 'styled' without one",
    "method": "name of the method",
    "quality": "draft, normal or high",
    "seed": "seed of every random draw",
    "style": "names of the styles without their suffixes",
    "n": "number of the input, from 1 on",
    "variation": "number of the variation, from 1 on",
}

MAX_BYTES = 240  # of a part of a name: most disks take 255, and a number may be added
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)\s*", re.IGNORECASE)
_MARK = 8  # hexadecimal digits that stand for what was cut off


@dataclass(frozen=True)
class NamePattern:
    """A pattern that was checked.

    Attributes
    ----------
    text : str
    tokens : tuple of str
        Those that it uses, in order.
    """

    text: str
    tokens: tuple[str, ...]

    @property
    def suffix(self) -> str | None:
        """Suffix that it names itself (``.flac``), or None where ``{ext}`` or nothing stands there."""
        literal = list(string.Formatter().parse(self.text))[-1]
        end = literal[0] if literal[1] is None else ""
        dot = end.rfind(".")
        return end[dot:] if dot >= 0 and end[dot + 1 : dot + 2].isalpha() else None

    def name(self, values: Mapping[str, object]) -> str:
        """Give the name below the output folder, with ``/`` between its parts.

        Parameters
        ----------
        values : mapping
            A value for each token; ``folder`` may hold several parts, any other value is one.

        Raises
        ------
        UsageError
            Nothing is left of it.
        """
        text = self.text if "ext" in self.tokens or self.suffix else self.text + ".{ext}"
        filled = []
        for literal, token, _, _ in string.Formatter().parse(text):
            filled.append(literal)
            if token == "folder":
                filled.append("/".join(_plain(part) for part in re.split(r"[/\\]", str(values[token]))))
            elif token is not None:
                filled.append(_plain(str(values[token])))
        parts = [_fitted(part) for part in "".join(filled).split("/") if part]
        if not parts or parts[-1].startswith("."):
            raise UsageError(f"--pattern {self.text}: nothing is left of the name of {values.get('stem')}")
        return "/".join(parts)


def parse_pattern(text: str, sweep: Iterable[str] = ()) -> NamePattern:
    """Read a pattern; ``{{`` and ``}}`` are braces.

    Parameters
    ----------
    text : str
    sweep : iterable of str
        Keys that take several values: tokens too.

    Raises
    ------
    UsageError
        An unknown token, a brace alone, or a name outside of the output folder.
    """
    known = [*TOKENS, *sweep]
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError:
        raise UsageError(
            f"--pattern {text}: a brace stands alone; write {{stem}}, or {{{{ for a brace"
        ) from None
    tokens = []
    for _, token, rule, conversion in fields:
        if token is None:
            continue
        if token not in known:
            near = did_you_mean(token, known) or f"; there are {', '.join(known)}"
            raise UsageError(f"--pattern {text}: there is no token {{{token}}}{near}")
        if rule or conversion:
            raise UsageError(f"--pattern {text}: write {{{token}}} alone")
        tokens.append(token)
    literal = "".join(part for part, *_ in fields)
    _check_place(text, literal)
    return NamePattern(text, tuple(tokens))


def default_pattern(grid: Mapping[str, Sequence[str]], *, has_variations: bool = False) -> str:
    """Give a pattern with all that takes several values in it, so that no two names are one."""
    more = [f"{key}-{{{key}}}" for key, values in grid.items() if len(values) > 1]
    more += ["{variation}"] if has_variations else []
    return DEFAULT_PATTERN.removesuffix("{ext}") + "".join(f"{part}." for part in more) + "{ext}"


def preview(text: str, values: Iterable[Mapping[str, object]], sweep: Iterable[str] = ()) -> list[str]:
    """Give the names of some inputs, as a window shows them while the pattern is typed.

    Raises
    ------
    UsageError
        As `parse_pattern`.
    """
    pattern = parse_pattern(text, sweep)
    return [pattern.name(one) for one in values]


def _check_place(text: str, literal: str) -> None:
    if not text.strip():
        raise UsageError("--pattern is empty; write {folder}/{stem}.{preset}.{ext}, for example")
    if "\\" in text:
        raise UsageError(f"--pattern {text}: write / between folders")
    parts = text.split("/")
    if text.startswith("/") or re.match("[A-Za-z]:", text) or ".." in parts or "." in parts:
        raise UsageError(f"--pattern {text}: names are below the output folder")
    if not parts[-1]:
        raise UsageError(f"--pattern {text}: ends with a folder; the name of the file is missing")
    found = _FORBIDDEN.search(literal.replace("/", ""))
    if found:
        raise UsageError(f"--pattern {text}: {found[0]!r} cannot stand in names of files")


def _plain(value: str) -> str:
    """Make a value that stays inside of a part of a name."""
    flat = _FORBIDDEN.sub("_", value)
    return "_" * len(flat) if flat in {".", ".."} else flat


def _fitted(part: str) -> str:
    """Make a part of a name that every disk takes."""
    part = part.rstrip(". ") or "_"  # Windows drops them
    stem, dot, rest = part.partition(".")
    if _RESERVED.fullmatch(stem):
        part = f"{stem.rstrip()}_{dot}{rest}"
    return part if _size(part) <= MAX_BYTES else _shortened(part)


def _shortened(part: str) -> str:
    """Cut the stem, and mark what was cut off; the suffix stays."""
    stem, dot, suffix = part.rpartition(".")
    if not stem or len(suffix) > _MARK:
        stem, dot, suffix = part, "", ""
    mark = hashlib.sha256(part.encode("utf-8", "surrogateescape")).hexdigest()[:_MARK]
    end = f"~{mark}{dot}{suffix}"
    while _size(stem + end) > MAX_BYTES:
        stem = stem[:-1]
    return stem + end


def _size(text: str) -> int:
    """Bytes on a disk of UTF-8; those of UTF-16 count units, which are never more."""
    return len(text.encode("utf-8", "surrogateescape"))
