"""Light and dark: Fusion with palettes of our own, so that the window looks alike everywhere.

Every text stands at least 4.5:1 on its ground (WCAG 2.1, 1.4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QPainter, QPalette
from PyQt6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget

from .certain import certain

__all__ = ["COLORS", "THEMES", "Colors", "Theme", "contrast", "palette_of"]

THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Colors:
    """Colors of one look, as ``#rrggbb``.

    Attributes
    ----------
    window, text, base, raised, button, accent, on_accent, hint, link, line, disabled, tip : str
        Ground and text, ground of fields, every other row, buttons, what is chosen and text on it, hints,
        links, edges, what cannot be used, ground of tooltips.
    content, style, result : str
        Curves and waveforms; each also has its own place and name.
    fault : str
        Text of a sentence about what is wrong.
    """

    window: str
    text: str
    base: str
    raised: str
    button: str
    accent: str
    on_accent: str
    hint: str
    link: str
    line: str
    disabled: str
    tip: str
    content: str
    style: str
    result: str
    fault: str


COLORS = {
    "light": Colors(
        window="#f3f4f6",
        text="#16191d",
        base="#ffffff",
        raised="#f0f2f5",
        button="#e6e8ec",
        accent="#1f5fbf",
        on_accent="#ffffff",
        hint="#5a616b",
        link="#1a56b0",
        line="#7f8691",
        disabled="#8b919b",
        tip="#fffbe6",
        content="#2563a8",
        style="#9a5200",
        result="#1c7a45",
        fault="#a61b1b",
    ),
    "dark": Colors(
        window="#23262b",
        text="#eceff3",
        base="#191b1f",
        raised="#202328",
        button="#31353c",
        accent="#3d7ee0",
        on_accent="#0b0d10",
        hint="#a2aab6",
        link="#8ab8ff",
        line="#7b838f",
        disabled="#767d88",
        tip="#33373f",
        content="#7fb2f0",
        style="#f0b060",
        result="#6fd39a",
        fault="#ff9a94",
    ),
}


class Theme(QObject):
    """The look of the program: light, dark, or what the system has.

    Parameters
    ----------
    app : QApplication
    """

    changed = pyqtSignal(str)  # "light" or "dark", when the look is another one

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._asked = "system"
        self.look = ""
        app.setStyle(_Style("Fusion"))
        certain(QGuiApplication.styleHints()).colorSchemeChanged.connect(self._follow)

    def use(self, name: str) -> None:
        """Take a theme of `THEMES`."""
        self._asked = name
        self._follow()

    @property
    def colors(self) -> Colors:
        """Colors in use."""
        return COLORS[self.look or "light"]

    def _follow(self) -> None:
        look = _system_look() if self._asked == "system" else self._asked
        if look == self.look:
            return
        self.look = look
        self._app.setPalette(palette_of(COLORS[look]))
        self.changed.emit(look)


class _Style(QProxyStyle):
    """Fusion, whose check boxes have an edge that is seen on a dark ground too (WCAG 2.1, 1.4.11)."""

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        if element == QStyle.PrimitiveElement.PE_IndicatorCheckBox and option and painter:
            painter.setPen(option.palette.color(QPalette.ColorRole.Mid))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


def palette_of(colors: Colors) -> QPalette:
    """Make a palette."""
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, color in (
        ((role.Window,), colors.window),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), colors.text),
        ((role.Base,), colors.base),
        ((role.AlternateBase,), colors.raised),
        ((role.Button,), colors.button),
        ((role.Highlight, role.Accent), colors.accent),
        ((role.HighlightedText, role.BrightText), colors.on_accent),
        ((role.PlaceholderText,), colors.hint),
        ((role.Link, role.LinkVisited), colors.link),
        ((role.ToolTipBase,), colors.tip),
        ((role.Mid,), colors.line),
    ):
        for one in roles:
            palette.setColor(one, QColor(color))
    button = QColor(colors.button)
    palette.setColor(role.Light, button.lighter(130))
    palette.setColor(role.Midlight, button.lighter(112))
    palette.setColor(role.Dark, button.darker(140))
    palette.setColor(role.Shadow, button.darker(220))
    for one in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(colors.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colors.line))
    return palette


def contrast(one: QColor, other: QColor) -> float:
    """Contrast of two colors, 1 ... 21 (WCAG 2.1, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _system_look() -> str:
    scheme = certain(QGuiApplication.styleHints()).colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"
