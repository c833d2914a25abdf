"""What screen readers are told of a widget: PyQt6 has no ``QAccessible``, so Qt's own library is asked.

The calls are those of the C++ ABI of Linux and macOS; `is_known` says whether they are understood here.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

import PyQt6
from PyQt6 import sip
from PyQt6.QtWidgets import QCheckBox, QPushButton, QWidget

__all__ = ["CLIENT", "NO_ROLE", "is_known", "name_of", "role_of"]

NO_ROLE, CLIENT = 0x0, 0xA  # qaccessible_base.h; the second is any widget of which nothing is known
BUTTON, CHECK_BOX = 0x2B, 0x2C
TEXT_SLOT, ROLE_SLOT = 12, 15  # places of virtual functions of QAccessibleInterface (qaccessible.h)
NAME = 0  # QAccessible::Text


class _String(ctypes.Structure):
    """QString: whose, where, how many letters of UTF-16."""

    _fields_ = (("owner", ctypes.c_void_p), ("letters", ctypes.c_void_p), ("length", ctypes.c_ssize_t))


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(Path(PyQt6.__file__).parent / "Qt6" / "lib" / "libQt6Gui.so.6"))
    query = library._ZN11QAccessible24queryAccessibleInterfaceEP7QObject
    query.restype, query.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return library


def _virtual(widget: QWidget, slot: int) -> tuple[int, int]:
    """Give a widget's interface, and the address of one of its functions."""
    query = _library()._ZN11QAccessible24queryAccessibleInterfaceEP7QObject
    interface = query(int(sip.unwrapinstance(widget)))
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    return interface, int(table[slot] or 0)


def role_of(widget: QWidget) -> int:
    """Give a widget's role, a number of ``QAccessible::Role``."""
    interface, address = _virtual(widget, ROLE_SLOT)
    return int(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(address)(interface))


def name_of(widget: QWidget) -> str:
    """Give a widget's name: the one that it was given, its text, or its label's."""
    interface, address = _virtual(widget, TEXT_SLOT)
    found = ctypes.CFUNCTYPE(_String, ctypes.c_void_p, ctypes.c_int)(address)(interface, NAME)
    return ctypes.string_at(found.letters, 2 * found.length).decode("utf-16-le") if found.length else ""


def is_known() -> bool:
    """Say whether Qt's answers are understood on this system."""
    try:
        _library()
    except (OSError, AttributeError):
        return False
    button, box = QPushButton("&Go on"), QCheckBox("x")
    return (role_of(button), role_of(box), name_of(button)) == (BUTTON, CHECK_BOX, "Go on")
