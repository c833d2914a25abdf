"""Method, settings and plan of the render: forms that are made from the models, nothing by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QComboBox,
    QGroupBox,
    QLabel,
    QScrollArea,
    QStyleOptionComboBox,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import UsageError
from nast_fx.models import METHOD_SETTINGS, MethodSettings, RenderPlan, Tracking
from nast_fx.models.preset import PresetOutput

from ..certain import certain
from ..controls.form import Form
from ..model.document import Document, State
from ..model.edits import method_settings
from ..translation import gettext as _

__all__ = ["SettingsPanel"]

FIRST_OF_METHOD = ("content_weight", "style_weight", "max_iterations", "start")
HOW_FAR = ("amount", "strength", "quality")
FIRST_OF_PLAN = ("channels", "segment_seconds", "seed")
FIRST_OF_TRACKING = ("key", "loudness")
NOT_OF_A_RENDER = ("loop",)  # of the plan: for textures


class SettingsPanel(QScrollArea):
    """All that a render is set to.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to what has the keyboard
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self.setWidget(inside)
        rest = [name for name in RenderPlan.model_fields if name not in HOW_FAR]
        self.methods: dict[str, Form] = {}
        # The Tab key goes in the order in which they are made.
        self.how_far = Form(RenderPlan, first=HOW_FAR, left_out=(*rest, *NOT_OF_A_RENDER), parent=inside)
        self._group(_("How far"), self.how_far)
        self._add_method(inside)
        self.plan = Form(
            RenderPlan, first=FIRST_OF_PLAN, left_out=(*HOW_FAR, *NOT_OF_A_RENDER), parent=inside
        )
        self._group(_("Render"), self.plan)
        self.tracking = Form(Tracking, first=FIRST_OF_TRACKING, parent=inside)
        self._group(_("Loudness and key"), self.tracking)
        self.output = Form(PresetOutput, first=tuple(PresetOutput.model_fields), parent=inside)
        self._group(_("File"), self.output)
        self._column.addStretch(1)
        for form, change in (
            (self.how_far, document.set_plan),
            (self.plan, document.set_plan),
            (self.tracking, document.set_tracking),
            (self.output, document.set_output),
        ):
            form.edited.connect(
                lambda name, value, form=form, change=change: self._ask(form, name, change, {name: value})
            )
        document.changed.connect(self.show_state)
        self.show_state(None, document.state)

    def minimumSizeHint(self) -> QSize:
        """As wide as the rows need, in any language."""
        inside = certain(self.widget()).minimumSizeHint().width()
        bar = certain(self.verticalScrollBar()).sizeHint().width()
        return QSize(inside + bar, super().minimumSizeHint().height())

    def show_state(self, old: State | None, new: State) -> None:
        """Show a state's settings, and where they differ from its preset's."""
        if old is not None and (old.preset, old.base) == (new.preset, new.base):
            return
        preset, base = new.preset, new.base
        for form in (self.how_far, self.plan):
            form.show_values(preset.plan, base.plan)
        self.tracking.show_values(preset.tracking, base.tracking)
        self.output.show_values(preset.output, base.output)
        self.choice.setCurrentIndex(self.choice.findData(preset.method))
        settings = METHOD_SETTINGS[preset.method]
        after = _("After {paper}").format(paper=settings.paper)
        self.paper.setText(f"{_(settings.title)}. {after}")
        form = self._form_of(preset.method)
        for name, other in self.methods.items():
            other.setVisible(name == preset.method)
        form.show_values(method_settings(preset), _base_settings(new))

    def show_all(self, is_all: bool) -> None:
        """Unfold, or fold, every form."""
        for form in (self.plan, self.tracking, *self.methods.values()):
            form.show_all(is_all)

    def _group(self, title: str, *widgets: QWidget) -> QVBoxLayout:
        group = QGroupBox(title, self.widget())
        column = QVBoxLayout(group)
        for widget in widgets:
            column.addWidget(widget)
        self._column.addWidget(group)
        return column

    def _add_method(self, inside: QWidget) -> None:
        self.choice = _MethodBox(inside)
        self.choice.setAccessibleName(_("Method"))
        self.choice.setToolTip(_("How the style is brought to the content."))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(20)
        for name, settings in METHOD_SETTINGS.items():
            self.choice.addItem(f"{name} \N{EN DASH} {_(settings.title)}", name)
        self.choice.activated.connect(lambda _index: self._document.set_method(self.choice.currentData()))
        self.paper = QLabel(inside)
        self.paper.setWordWrap(True)
        self._method_column = self._group(_("Method"), self.choice, self.paper)

    def _form_of(self, method: str) -> Form:
        """Form of a method, made when it is first chosen."""
        if method not in self.methods:
            form = Form(METHOD_SETTINGS[method], first=FIRST_OF_METHOD, parent=self.widget())
            form.edited.connect(
                lambda name, value: self._ask(form, name, self._set_setting, {"name": name, "value": value})
            )
            self._method_column.addWidget(form)
            self.methods[method] = form
        return self.methods[method]

    def _set_setting(self, *, name: str, value: Any) -> None:
        self._document.set_setting(name, value)

    def _ask(self, form: Form, name: str, change: Any, values: Mapping[str, Any]) -> None:
        """Ask the document for a change; what it refuses is told under the row."""
        try:
            change(**values)
        except UsageError as error:
            self.show_state(None, self._document.state)
            form.show_fault(name, str(error))


class _MethodBox(QComboBox):
    """Shows a method's name, and in its list also what it is: for both there is no room when it is closed."""

    def initStyleOption(self, option: QStyleOptionComboBox | None) -> None:
        """Say what is written in the closed box."""
        super().initStyleOption(option)
        if option is not None:
            option.currentText = str(self.currentData())


def _base_settings(state: State) -> MethodSettings:
    """What the method's settings are compared with: the preset's, or the defaults of another method."""
    if state.base.method == state.preset.method:
        return method_settings(state.base)
    return METHOD_SETTINGS[state.preset.method]()
