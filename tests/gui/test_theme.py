from __future__ import annotations

import itertools

import pytest
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication

from nast_fx_gui.theme import COLORS, Theme, contrast, palette_of

ROLE = QPalette.ColorRole
TEXT_ON_GROUND = [
    *itertools.product(
        (ROLE.WindowText, ROLE.Link, ROLE.PlaceholderText), (ROLE.Window, ROLE.Base, ROLE.AlternateBase)
    ),
    (ROLE.Text, ROLE.Base),
    (ROLE.Text, ROLE.AlternateBase),
    (ROLE.ButtonText, ROLE.Button),
    (ROLE.HighlightedText, ROLE.Highlight),
    (ROLE.ToolTipText, ROLE.ToolTipBase),
]


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", COLORS)
def test_text_can_be_read(look: str) -> None:
    palette = palette_of(COLORS[look])
    poor = {
        (text.name, ground.name): round(contrast(palette.color(text), palette.color(ground)), 2)
        for text, ground in TEXT_ON_GROUND
        if contrast(palette.color(text), palette.color(ground)) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("look", COLORS)
@pytest.mark.parametrize("name", ["content", "style", "result", "fault", "hint"])
def test_colors_of_curves_and_faults_can_be_read(look: str, name: str) -> None:
    colors = COLORS[look]
    for ground in (colors.base, colors.window):
        assert contrast(QColor(getattr(colors, name)), QColor(ground)) >= 4.5


@pytest.mark.parametrize("look", COLORS)
def test_edges_can_be_seen(look: str) -> None:
    colors = COLORS[look]
    for ground in (colors.base, colors.window):
        assert contrast(QColor(colors.line), QColor(ground)) >= 3


def test_the_look_changes_at_once(qapp: QApplication) -> None:
    theme = Theme(qapp)
    seen: list[str] = []
    theme.changed.connect(seen.append)
    for name in ("dark", "light"):
        theme.use(name)
        assert QApplication.palette().color(ROLE.Window) == QColor(COLORS[name].window)
    assert seen == ["dark", "light"]
    theme.use("system")
    assert theme.look in COLORS
