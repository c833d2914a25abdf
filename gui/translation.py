"""Texts in the user's language: gettext over ``locale/LANGUAGE/LC_MESSAGES/nast-fx.mo``.

A text is looked up when it is shown, never when a module is loaded: the language is chosen at the start.
``python -m nast_fx_gui.translation`` makes the ``.mo`` files of the ``.po`` files that people write.
"""

from __future__ import annotations

import ast
import gettext as standard
import struct
from pathlib import Path

__all__ = ["LANGUAGES", "compile_catalogs", "gettext", "read_po", "use_language"]

DOMAIN = "nast-fx"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""What there is, each by its own name."""

MAGIC = 0x950412DE  # of a GNU .mo file


class _Chosen:
    """The catalog in use."""

    catalog: standard.NullTranslations = standard.NullTranslations()


def gettext(text: str) -> str:
    """Give `text` in the user's language, or as it is."""
    return _Chosen.catalog.gettext(text) if text else text


def use_language(code: str) -> None:
    """Show texts in a language from now on; one that is not there is English.

    Parameters
    ----------
    code : str
        As in ``de`` or ``de_DE``.
    """
    languages = [code, code.partition("_")[0]]
    _Chosen.catalog = standard.translation(DOMAIN, LOCALE_FOLDER, languages, fallback=True)


def read_po(path: Path) -> dict[str, str]:
    """Read the texts of a ``.po`` file and what they are in its language."""
    found: dict[str, str] = {}
    texts = {"msgid": "", "msgstr": ""}
    key = "msgid"
    for line in [*path.read_text(encoding="utf-8").splitlines(), 'msgid ""']:
        word, _, rest = line.strip().partition(" ")
        if word == "msgid" and texts["msgstr"]:
            found[texts["msgid"]] = texts["msgstr"]
        if word in texts:
            key, texts[word] = word, ""
            if word == "msgid":
                texts["msgstr"] = ""
        if (quoted := rest if word in texts else line.strip()).startswith('"'):
            texts[key] += ast.literal_eval(quoted)
    return found


def compile_catalogs() -> list[Path]:
    """Write the ``.mo`` file beside each ``.po`` file."""
    made = []
    for source in sorted(LOCALE_FOLDER.rglob("*.po")):
        target = source.with_suffix(".mo")
        target.write_bytes(mo_bytes(read_po(source)))
        made.append(target)
    return made


def mo_bytes(texts: dict[str, str]) -> bytes:
    """Give a catalog as the bytes of a GNU ``.mo`` file, without the hash table that nobody needs."""
    pairs = [(key.encode(), value.encode()) for key, value in sorted(texts.items())]
    tables, strings = [b"", b""], b""
    start = 28 + 16 * len(pairs)  # behind the head and both tables
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), start + len(strings))
            strings += pair[column] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + tables[0] + tables[1] + strings


if __name__ == "__main__":
    compile_catalogs()
