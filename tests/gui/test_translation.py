from __future__ import annotations

import ast
import gettext as standard
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import nast_fx
from nast_fx.models import METHOD_SETTINGS, Preset, RenderPlan, Settings, SlotSpec, StyleReference, Tracking
from nast_fx.models.plugin_table import BUILTINS
from nast_fx.models.preset import PresetOutput
from nast_fx_gui import translation
from nast_fx_gui.controls.facts import facts_of
from nast_fx_gui.controls.parameter_facts import parameter_facts
from nast_fx_gui.panels.preset_actions import WORDS
from nast_fx_gui.panels.slot_head import FIELDS

GUI = Path(translation.__file__).parent
ENGINE = Path(nast_fx.__file__).parent


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


def texts_of_sources() -> set[str]:
    """All that the window's sources show through `_`, and the stages that the engine reports."""
    found = set()
    for folder, names in ((GUI, ("_",)), (ENGINE, ("Progress",))):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    found |= {
                        one.value
                        for one in node.args[:1]
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    }
    return found


def texts_of_models() -> set[str]:
    """Labels and help of all fields that have a row, and what methods are called."""
    rows: list[tuple[type[Settings], str]] = [(Preset, name) for name in (*WORDS, "tail_seconds")]
    rows += [(SlotSpec, name) for name in FIELDS]
    for model in (*METHOD_SETTINGS.values(), RenderPlan, Tracking, PresetOutput, StyleReference):
        rows += [(model, name) for name in model.model_fields]
    found = {settings.title for settings in METHOD_SETTINGS.values()}
    plugins = [(info, part) for info in BUILTINS.values() for part in info.parameters.values()]
    described = [facts_of(model, name) for model, name in rows]
    for facts in (*described, *(parameter_facts(part) for _info, part in plugins)):
        found |= {text for text in (facts.label, facts.help, facts.unit) if text}
    return found | {info.help for info in BUILTINS.values()}


@pytest.mark.parametrize("language", sorted(set(translation.LANGUAGES) - {"en"}))
def test_every_text_is_translated(language: str) -> None:
    texts = translation.read_po(translation.LOCALE_FOLDER / language / "LC_MESSAGES" / "nast-fx.po")
    wanted = texts_of_sources() | texts_of_models()
    assert len(wanted) > 300
    assert not sorted(wanted - set(texts))
    assert not sorted(set(texts) - wanted - {""}), "nobody shows these any more"


@pytest.mark.parametrize("language", sorted(set(translation.LANGUAGES) - {"en"}))
def test_translations_have_the_same_places(language: str) -> None:
    texts = translation.read_po(translation.LOCALE_FOLDER / language / "LC_MESSAGES" / "nast-fx.po")
    wrong = [
        text
        for text, other in texts.items()
        if text and (places(text) != places(other) or text.count("&") != other.count("&"))
    ]
    assert not wrong


def places(text: str) -> set[str]:
    """Names in braces."""
    return {name for _before, name, _format, _rest in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(set(translation.LANGUAGES) - {"en"}))
def test_catalogs_are_made_of_what_people_wrote(language: str) -> None:
    source = translation.LOCALE_FOLDER / language / "LC_MESSAGES" / "nast-fx.po"
    assert source.with_suffix(".mo").read_bytes() == translation.mo_bytes(translation.read_po(source))
    translation.use_language(f"{language}_XX")
    assert translation.gettext("Cancel") != "Cancel"
