"""The real program, which also says where its widgets are: hands are the test's, this is only its eyes.

Each line of stdin is a text; the answer is a line of JSON: all that is seen now and is named so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from PyQt6.QtCore import QModelIndex, QPoint, QRect, QSocketNotifier
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QMenu, QTabBar, QWidget

from nast_fx_gui import app as program


def seen(widget: QWidget, place: QRect, name: str, **more: Any) -> dict[str, Any]:
    """Give what is seen, with its place on the screen in pixels."""
    corner = widget.mapToGlobal(QPoint(0, 0)) + place.topLeft()
    box = [corner.x(), corner.y(), place.width(), place.height()]
    text = text_of(widget)
    kind = type(widget).__name__
    return {"name": name, "kind": kind, "text": text, "box": box, "is_enabled": widget.isEnabled(), **more}


def text_of(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return str(text()) if callable(text) else ""


def parts() -> Iterator[dict[str, Any]]:
    """Give all that is seen: widgets, entries of menus, tabs, rows of lists."""
    for widget in QApplication.allWidgets():
        if not widget.isVisible():
            continue
        title = widget.windowTitle() if widget.isWindow() else ""
        name = title or widget.accessibleName() or text_of(widget)
        is_down = bool(getattr(widget, "isChecked", bool)())
        yield seen(widget, widget.rect(), name.replace("&", ""), is_down=is_down)
        if isinstance(widget, QMenu):
            for action in widget.actions():
                yield seen(widget, widget.actionGeometry(action), action.text().replace("&", ""))
        if isinstance(widget, QTabBar):
            for number in range(widget.count()):
                yield seen(widget, widget.tabRect(number), widget.tabText(number))
        if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
            yield from rows(widget)


def rows(view: QAbstractItemView) -> Iterator[dict[str, Any]]:
    model, port = view.model(), view.viewport()
    assert model is not None
    assert port is not None
    for row in range(model.rowCount(QModelIndex())):
        texts = [str(model.index(row, column).data()) for column in range(model.columnCount(QModelIndex()))]
        place = view.visualRect(model.index(row, 0))
        yield seen(port, place, texts[0].split("\n")[0], row=texts)


def answer() -> None:
    name = sys.stdin.readline().rstrip("\n")
    found = [part for part in parts() if part["name"] == name]
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    make_window = program.make_window

    def make_watched(app: QApplication, *args: Any) -> Any:
        notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, app)
        notifier.activated.connect(answer)
        return make_window(app, *args)

    program.make_window = make_watched
    sys.exit(program.main(sys.argv[1:]))
