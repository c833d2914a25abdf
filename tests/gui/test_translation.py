from __future__ import annotations

import gettext as standard
from collections.abc import Iterator
from pathlib import Path

import pytest

from nast_fx_gui import translation


@pytest.fixture(autouse=True)
def _english_after() -> Iterator[None]:
    yield
    translation.use_language("en")


def test_a_catalog_is_read_as_it_was_written(tmp_path: Path) -> None:
    source = tmp_path / "x.po"
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        '# of the menu\n#: a.py:3\nmsgid "&Open ..."\nmsgstr "Ö&ffnen ..."\n\n'
        'msgid ""\n"two "\n"parts\\n"\nmsgstr ""\n"zwei \\"Teile\\"\\n"\n\nmsgid "later"\nmsgstr ""\n',
        encoding="utf-8",
    )
    texts = translation.read_po(source)
    assert texts["two parts\n"] == 'zwei "Teile"\n'
    (tmp_path / "x.mo").write_bytes(translation.mo_bytes(texts))
    with (tmp_path / "x.mo").open("rb") as file:
        catalog = standard.GNUTranslations(file)
    assert catalog.gettext("&Open ...") == "Ö&ffnen ..."
    assert catalog.gettext("two parts\n") == 'zwei "Teile"\n'
    assert catalog.gettext("later") == "later"


def test_an_unknown_language_is_english() -> None:
    translation.use_language("xx")
    assert translation.gettext("Cancel") == "Cancel"
    assert translation.gettext("") == ""
